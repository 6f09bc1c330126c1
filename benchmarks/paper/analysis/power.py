"""What the verdicts can tell apart: how many other methods' printed numbers an interval holds."""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks.datasets.paper.release import ROWS
from benchmarks.paper.analysis.verdict import REPRODUCED
from benchmarks.paper.methods import METHODS

#: What numbers must have in common to be compared.
_GROUP = ["table", "lm", "setting", "rows", "metric"]
_FOUND = ["numbers", "difference", "half_width", "inside", "others"]


def held_by_intervals(made: pd.DataFrame) -> pd.DataFrame:
    """How wide the intervals are, beside the differences and beside what they must tell apart.

    An interval that holds the printed numbers of most other methods says little of its own.

    Parameters
    ----------
    made
        What `benchmarks.paper.analysis.tables.tables` gave.

    Returns
    -------
    A row for each ``table``, ``lm``, ``setting``, ``rows`` and ``metric``, over the ``numbers``
    that are reproduced, whose printed number is above 0, and that an interval excuses (those of
    methods without chance are held against the digits where N = 1,000): medians of the size of the
    ``difference`` and of the ``half_width`` of the interval, both in units of the number; and of
    the pairs of one of them with a number printed for another method (``others``; the same four
    decimals are no pair), how many have this ``inside`` the interval of that.
    """
    exact = [method.name for method in METHODS if method.exact]
    above = made.assign(printed=pd.to_numeric(made["published"], errors="coerce"))
    above = above[above["printed"].notna()]
    found = []
    for which, part in above.groupby(_GROUP, sort=False):
        by_interval = ~part["method"].isin(exact) | (part["rows"] != ROWS)
        mine = part[by_interval & (part["verdict"] == REPRODUCED) & part["low"].notna()]
        pairs = mine.merge(part["printed"].rename("other"), how="cross")
        pairs = pairs[pairs["other"] != pairs["printed"]]
        if pairs.empty:
            continue
        counts = (
            len(mine),
            float(np.median(mine["difference"].abs())),
            float(np.median(mine["high"] - mine["low"]) / 2),
            int(pairs["other"].between(pairs["low"], pairs["high"]).sum()),
            len(pairs),
        )
        found.append((*which, *counts))
    return pd.DataFrame(found, columns=[*_GROUP, *_FOUND])
