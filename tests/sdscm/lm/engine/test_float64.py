"""Conversions to float32 keep float64, and scores are rounded."""

from __future__ import annotations

import numpy as np
import torch

from sdscm.lm.engine.float64 import QUANTUM, keep_float64, rounded


def test_conversions_keep_float64() -> None:
    third = torch.tensor(1, dtype=torch.float64) / 3
    with keep_float64(torch.float64):
        for kept in (third.float(), third.to(torch.float32), third.to(dtype=torch.float32)):
            assert kept.dtype == torch.float64
            assert float(kept) == float(third)
    with keep_float64(torch.float32):
        assert third.float().dtype == torch.float32
    assert third.float().dtype == torch.float32


def test_scores_are_multiples_of_the_quantum() -> None:
    scores = rounded(np.array([-1.23456789, -1.23456789 + 1e-13]))
    assert scores[0] == scores[1]
    assert abs(scores[0] + 1.23456789) <= QUANTUM / 2
