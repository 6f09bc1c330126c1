"""Doubly robust learners with and without trimming."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import trimming

import estimators
from benchmarks.provenance.hashing import derive_seed


def test_fits_are_summed_up_over_seeds():
    """A fit explodes by its average effect or by its PEHE."""
    errors = {"ate": [0.1, 2.0, 0.3], "pehe": [0.2, 3.0, 1.5]}
    fits = pd.DataFrame({"number": 5, "method": "LinearDR", "seed": range(3), **errors})
    (row,) = trimming.over_seeds(fits).to_dict("records")
    assert (row["seeds"], row["exploded"]) == (3, 2)
    assert (row["ate_median"], row["ate_largest"]) == (0.3, 2.0)
    assert (row["pehe_median"], row["pehe_largest"]) == (1.5, 3.0)


def test_the_error_of_a_fit_is_in_units_of_y(made_up):
    release = made_up(2, 2, 100)
    (fit,) = trimming.trimming(release, [1], ("RF",), seeds=1).to_dict("records")
    seen = release.dataset(1).setting("all")
    seed = derive_seed("trimming", release.lm, 1, "RF", 0)
    effect = estimators.get("RF", random_state=seed).fit(seen.X, seen.t, seen.y).effect(seen.X)
    assert fit["ate"] == pytest.approx(abs(effect.mean() - seen.ite.mean()) / seen.y.std())
    mean_square = np.mean((effect - seen.ite) ** 2)
    assert fit["pehe"] == pytest.approx(np.sqrt(mean_square) / seen.y.std())
