"""p values of a family of questions, adjusted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def adjusted(p_values: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    """Holm's and Benjamini and Hochberg's adjusted p values, each of shape (k,).

    Holm bounds the chance of any false finding (Holm, Scandinavian Journal of Statistics 1979), the
    other the expected share of false findings (Benjamini and Hochberg, Journal of the Royal
    Statistical Society B 1995). NaN stays NaN and does not count.
    """
    # Seconds to import, which no other command is to pay.
    from statsmodels.stats.multitest import multipletests

    given = np.asarray(p_values, dtype=float)
    there = ~np.isnan(given)
    holm, hochberg = np.full_like(given, np.nan), np.full_like(given, np.nan)
    if there.any():
        holm[there] = multipletests(given[there], method="holm")[1]
        hochberg[there] = multipletests(given[there], method="fdr_bh")[1]
    return holm, hochberg
