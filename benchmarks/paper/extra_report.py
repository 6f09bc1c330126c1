"""The page of what the paper did not ask."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from benchmarks.paper.tables import LEVEL
from benchmarks.report.tables import NONE, markdown_table


def markdown(ranked: pd.DataFrame, few: pd.DataFrame, against: Mapping[str, pd.DataFrame]) -> str:
    """What the paper did not ask, as Markdown.

    Parameters
    ----------
    ranked, few
        What `benchmarks.paper.extra.ranks` and ``outliers`` gave.
    against
        What ``against_cate`` gave, by language model; empty without the data.
    """
    parts = [
        "# What the paper did not ask",
        "From the records behind [tables.md](tables.md), by `sdscm paper extra`. Datasets of 1,000 "
        "rows.",
        "## Ranks over the phrasings",
        "Each phrasing ranks the methods by their mean error over the datasets on which all of "
        f"them have a score (1 is best); in brackets {LEVEL:.0%} bootstrap intervals over "
        "phrasings. Errors in SD(y): of the average effect (ATE), of the effects of rows (PEHE).",
    ]
    for (lm, setting), part in ranked.groupby(["lm", "setting"], sort=False):
        texts = [
            f"{rank:.2f} [{low:.2f}, {high:.2f}]"
            for rank, low, high in zip(part["rank"], part["low"], part["high"], strict=True)
        ]
        wide = part.assign(text=texts).pivot(index="method", columns="error", values="text")
        order = part[part["error"] == part["error"].iloc[0]]["method"]
        wide = wide.reindex([*order, *wide.index.difference(list(order))]).fillna(NONE)
        counts = part.drop_duplicates("error").set_index("error")
        header = [
            f"{name.upper()}, {datasets} datasets of {phrasings} phrasings"
            for name, datasets, phrasings in counts.loc[
                list(wide.columns), ["datasets", "phrasings"]
            ].itertuples()
        ]
        rows = [[str(method), *map(str, texts)] for method, *texts in wide.itertuples()]
        parts += [f"### {lm}, {setting}", markdown_table(["Method", *header], rows, left=1)]
    parts += [
        "## Few datasets that make an RMSE",
        "Methods whose squared error of the average effect is 99 % that of at most 1 % of their "
        "datasets.",
        _plain(few) if len(few) else "None.",
    ]
    for lm, table in against.items():
        parts += [
            f"## Hidden covariates: errors against ITE and CATE, {lm}",
            "Root mean squared errors of the effects of rows, in units of y. The floor is that of "
            "the true CATE given the shown covariates against the ITE: no estimator gets below it "
            "but by chance, or by learning the rows it was fitted on by heart. One less its share "
            "of the variance of the ITE is the largest R² that can be had.",
            _plain(table),
        ]
    return "\n\n".join(parts) + "\n"


def _plain(table: pd.DataFrame) -> str:
    rows = [
        [f"{value:.4g}" if isinstance(value, float) else str(value) for value in row]
        for row in table.itertuples(index=False)
    ]
    return markdown_table([str(name) for name in table.columns], rows, left=1)
