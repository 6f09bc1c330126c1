"""The numbers that the paper prints, as a small table of facts."""

from __future__ import annotations

from importlib import resources

import pandas as pd

#: Where they stand: Tables 1 and 2 of arXiv 2411.08019 v2 (EMNLP 2025).
SOURCE = "Bynum and Cho, arXiv 2411.08019 v2, Tables 1 and 2"
#: What the paper prints for every number that is not above 0.
NOT_ABOVE_ZERO = "<=0"


def published() -> pd.DataFrame:
    """A row a printed number.

    Returns
    -------
    DataFrame with the columns ``table`` (1 or 2), ``method``, ``lm``, ``setting``, ``rows`` (1,000
    or 10,000), ``metric`` (``r2`` and ``rmse`` of the average effect in table 1; ``r2_swapped`` of
    the effects of rows in table 2) and ``published`` (as printed, a text).
    """
    with (resources.files("benchmarks") / "paper" / "published.csv").open(encoding="utf-8") as file:
        return pd.read_csv(file, dtype={"published": str})
