"""The page of what the paper did not ask."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from benchmarks.boards.bootstrap import WithInterval
from benchmarks.paper.analysis.other_estimators import MethodComparison
from benchmarks.paper.analysis.tables import LEVEL
from benchmarks.report.tables import markdown_table
from sdscm.number_format import NONE, number, with_interval


def markdown(
    ranked: pd.DataFrame,
    few: pd.DataFrame,
    against: Mapping[str, pd.DataFrame],
    compared: Sequence[MethodComparison] = (),
    lost: Mapping[str, int] | None = None,
    older: str = "",
    standing: Sequence[str] = (),
) -> str:
    """What the paper did not ask, as Markdown.

    Parameters
    ----------
    ranked, few
        What `benchmarks.paper.analysis.extra.ranks` and ``outliers`` gave.
    against
        What ``against_cate`` gave, by language model; empty without the data.
    compared
        What `benchmarks.paper.analysis.other_estimators.comparisons` gave.
    lost
        Cells without a score of each estimator beyond the paper.
    older
        Which records other code made, in words; see `benchmarks.paper.report.tables.older`.
    standing
        Which datasets the estimators beyond the paper stand on, in words.
    """
    parts = [
        "# What the paper did not ask",
        "From the records behind [tables.md](tables.md), by `sdscm paper extra`. Datasets of 1,000 "
        f"rows. {older}".rstrip(),
        "## Ranks over the phrasings",
        "Each phrasing ranks the methods by their mean error over the datasets on which all of "
        f"them have a score (1 is best); in brackets {LEVEL:.0%} bootstrap intervals over "
        "phrasings. Errors in SD(y): of the average effect (ATE), of the effects of rows (PEHE). "
        "Methods that have been run on fewer datasets are in a table of their own beside the "
        "others, on the datasets of all.",
    ]
    for (lm, setting, table), part in ranked.groupby(["lm", "setting", "table"], sort=False):
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
        title = [] if table else [f"### {lm}, {setting}"]
        parts += [*title, markdown_table(["Method", *header], rows, left=1)]
    parts += [
        "## Few datasets that make an RMSE",
        "Methods whose squared error of the average effect is 99 % that of at most 1 % of their "
        "datasets, or of three. With these stand all others that are off by more than 1 SD(y). "
        "RMSE in units of y.",
        _plain(few) if len(few) else "None.",
    ]
    for lm, errors in against.items():
        parts += [
            f"## Hidden covariates: errors against ITE and CATE, {lm}",
            "Root mean squared errors of the effects of rows, in units of y. The floor is that of "
            "the true CATE given the shown covariates against the ITE: no estimator gets below it "
            "but by chance, or by learning the rows it was fitted on by heart. Beside it, its "
            "square as a part of the variance of the ITE, and the R² of the true CATE, mean over "
            "the datasets: on the scale of Table 2's right R² the largest that can be had. The "
            "error against the CATE is not measured. It is what is left of the error against the "
            "ITE without the floor (of squares), if an estimate does not follow the hidden part of "
            "the rows that it was fitted on. BART-ITE's do, by the outcomes of these rows; those "
            "of forests may in part.",
            _plain(errors),
        ]
    if compared:
        parts += _beyond(compared, lost or {}, standing)
    return "\n\n".join(parts) + "\n"


def _beyond(
    compared: Sequence[MethodComparison], lost: Mapping[str, int], standing: Sequence[str]
) -> Iterator[str]:
    failures = ", ".join(f"{method} {count}" for method, count in lost.items() if count)
    yield "## Estimators beyond the paper"
    yield (
        "Bold: estimators that the paper does not have, so that there is no published number. They "
        "stand among its methods on the same datasets, those on which all of a table have scores; "
        "costly ones are run on fewer, and have a table of their own. Ranks and brackets as above. "
        "R² and RMSE (in units of y) of the average effect as in Table 1; R² of the effects of "
        "rows, the right way, mean; PEHE in SD(y), median over datasets; coverage of the SATE by "
        f"the {LEVEL:.0%} interval. Cells without a score: {failures or 'none'}."
    )
    if standing:
        yield "They have scores on these datasets; those of the paper's methods are in tables.md."
        yield "\n".join(f"- {line}" for line in standing)
    header = ["Method", "Rank, ATE", "Rank, PEHE", "R², ATE", "RMSE, ATE", "R², rows"]
    header += ["PEHE / SD(y)", "Coverage"]
    for each in compared:
        yield (
            f"### {each.lm}, {each.setting}: {each.datasets} datasets of {each.phrasings} phrasings"
        )
        rows = [
            [
                f"**{row.method}**" if row.beyond else row.method,
                _interval(row.ate_rank, 2),
                _interval(row.pehe_rank, 2),
                _interval(row.r2, 3),
                _interval(row.rmse, 4),
                with_interval(*row.effects_r2),
                number(row.pehe),
                number(row.coverage),
            ]
            for row in each.rows
        ]
        yield markdown_table(header, rows, left=1)


def _interval(value: WithInterval, digits: int) -> str:
    estimate, *ends = (f"{each:.{digits}f}" if abs(each) < 1e4 else f"{each:.2e}" for each in value)
    return NONE if math.isnan(value[0]) else f"{estimate} [{', '.join(ends)}]"


#: What people read instead of the names of columns.
_HEADERS = {
    "lm": "LM",
    "setting": "Setting",
    "method": "Method",
    "datasets": "Datasets",
    "rmse": "RMSE",
    "which": "Which",
    "rmse_without": "RMSE without them",
    "ite": "Against the ITE",
    "cate": "Against the CATE",
    "floor": "Floor",
    "floor_share": "Floor², part of the variance",
    "largest_r2": "R² of the true CATE",
}


def _plain(table: pd.DataFrame) -> str:
    rows = [
        [_short(value) if isinstance(value, float) else str(value) for value in row]
        for row in table.itertuples(index=False)
    ]
    left = sum(name in ("lm", "setting", "method") for name in table.columns)
    return markdown_table([_HEADERS[str(name)] for name in table.columns], rows, left=left)


def _short(value: float) -> str:
    return NONE if math.isnan(value) else f"{value:.4g}"
