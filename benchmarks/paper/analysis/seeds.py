"""The spread over seeds of the numbers of the paper's tables, and the intervals that it gives."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
from scipy import stats

from benchmarks.boards.intervals import WithInterval

#: Written by ``examples/paper_studies/seeds.py --spread``.
PATH = Path(__file__).parents[1] / "seed_spread.csv"
KEY = ["method", "lm", "setting", "metric"]
#: Degrees of freedom under which a few fits make most of the variance: no interval is given. One
#: fit that fails makes all of it.
FEWEST_DF = 5
#: The paper prints four decimals: rounding moves a number by up to half of the last.
_ROUNDING = 5e-5


def read_spread() -> pd.DataFrame:
    """Read the spread over seeds of the numbers with N = 1,000, one a row.

    Returns
    -------
    DataFrame with the columns ``method``, ``lm``, ``setting``, ``metric``; ``datasets`` that were
    fitted again with other seeds; how many of these were ``drawn``, while the others were picked
    for extreme records; ``fits`` of each; ``sd``, the standard deviation of the number over seeds,
    in its units; ``df``, the degrees of freedom of that estimate.
    """
    return pd.read_csv(PATH)


def seed_interval(ours: float, sd: float, df: float, level: float) -> WithInterval:
    """Compute the interval for the published number if only the seeds of all fits differ.

    Both numbers are draws from one distribution, so that their difference has twice its variance.

    Parameters
    ----------
    ours
    sd, df
        As `read_spread` has them.
    level
        Of the interval.

    Returns
    -------
    ``ours`` and the two ends; the rounding of the published number is added to the interval.
    """
    half = float(stats.t.ppf((1 + level) / 2, df)) * math.sqrt(2) * sd + _ROUNDING
    return ours, ours - half, ours + half
