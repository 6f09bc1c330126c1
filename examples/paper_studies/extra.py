"""Write what the paper does not report: ranks, outliers, CATE and ITE, other estimators.

The page is extra.md in the folder of the results. CATE and ITE need the data, and are left out
without them. Other estimators are those of `sdscm paper run --methods` that the paper does not use.

    python examples/paper_studies/extra.py
    python examples/paper_studies/extra.py --data path/to/clone
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Mapping, Sequence

import pandas as pd
from effect_errors import against_cate, floors, outliers
from ranks import Comparison, comparisons, ranks
from shared import add_records, parser, read_records, say, script

from benchmarks.cli.destination import writable_folder
from benchmarks.cli.paper_data import releases_if_there
from benchmarks.datasets.paper.release import Release
from benchmarks.paper.analysis.tables import LEVEL
from benchmarks.paper.methods import NAMES
from benchmarks.paper.report.tables import older, scored_datasets
from sdscm.files import put_atomically
from sdscm.number_format import NONE, number, two_decimals, with_interval
from sdscm.report_page.markdown import markdown_table

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


def page(records: pd.DataFrame, releases: Mapping[str, Release], stale: Mapping[str, int]) -> str:
    """Write the page in Markdown.

    Parameters
    ----------
    records, stale
        As `one_each` gives them.
    releases
        By language model; empty without the data.
    """
    in_paper = records["method"].isin(NAMES)
    paper, others = records[in_paper], records[~in_paper]
    few = outliers(paper)
    parts = [
        "# What the paper did not ask",
        "From the records behind [tables.md](tables.md), by `examples/paper_studies/extra.py`. "
        f"Datasets of 1,000 rows. {older(stale, records)}".rstrip(),
        "## Ranks over the phrasings",
        "Each phrasing ranks the methods by their mean error over the datasets on which all of "
        f"them have a score (1 is best); in brackets {LEVEL:.0%} bootstrap intervals over "
        "phrasings. Errors in SD(y): of the average effect (ATE), of the effects of rows (PEHE). "
        "Methods that were run on fewer datasets are in a table of their own beside the others, on "
        "the datasets that all have.",
        *_ranks(ranks(paper)),
        "## Few datasets that make an RMSE",
        "Methods with 99 % of their squared error of the average effect in at most 1 % of their "
        "datasets, or in three. All others that are off by more than 1 SD(y) are listed as well. "
        "RMSE in units of y.",
        _plain(few) if len(few) else "None.",
    ]
    for lm, release in releases.items():
        parts += [
            f"## Hidden covariates: errors against ITE and CATE, {lm}",
            "Root mean squared errors of the effects of rows, in units of y. The floor is the "
            "error of the true CATE, given the shown covariates, against the ITE: an estimator "
            "gets below it only by chance, or by learning the rows that it was fitted on by heart. "
            "The next columns are its square as a part of the variance of the ITE, and the R² of "
            "the true CATE as a mean over the datasets, which is the largest possible value of "
            "Table 2's right R². The error against the CATE is not measured. It is the error "
            "against the ITE minus the floor (of squares), if an estimate does not follow the "
            "hidden part of the rows that it was fitted on. BART-ITE's estimates follow it, by the "
            "outcomes of these rows; those of forests may in part.",
            _plain(against_cate(paper[paper["lm"] == lm], floors(release))),
        ]
    compared = list(comparisons(records))
    if compared:
        parts += _other_estimators(compared, others)
    return "\n\n".join(parts) + "\n"


def _ranks(ranked: pd.DataFrame) -> Iterator[str]:
    for (lm, setting, table), part in ranked.groupby(["lm", "setting", "table"], sort=False):
        if table == 0:
            yield f"### {lm}, {setting}"
        texts = [
            with_interval(*row, two_decimals)
            for row in part[["rank", "low", "high"]].itertuples(index=False)
        ]
        wide = part.assign(text=texts).pivot(index="method", columns="error", values="text")
        wide = wide.reindex(part["method"].unique()).fillna(NONE)
        counts = part.drop_duplicates("error").set_index("error")
        header = [
            "{}, {} datasets of {} phrasings".format(
                str(error).upper(), *counts.loc[error, ["datasets", "phrasings"]]
            )
            for error in wide
        ]
        yield markdown_table(["Method", *header], list(wide.itertuples()), left=1)


def _other_estimators(compared: Sequence[Comparison], others: pd.DataFrame) -> Iterator[str]:
    lost = others.loc[others["status"] != "ok", "method"].value_counts()
    failures = ", ".join(f"{method} {count}" for method, count in lost.items())
    yield "## Estimators beyond the paper"
    yield (
        "Bold: estimators that the paper does not have, and that have no published number. They "
        "are compared with its methods on the datasets on which all of a table have scores; costly "
        "ones are run on fewer, and have a table of their own. Ranks and brackets as above. R² and "
        "RMSE (in units of y) of the average effect as in Table 1; R² of the effects of rows, the "
        "right way, mean; PEHE in SD(y), median over datasets; coverage of the SATE by the "
        f"{LEVEL:.0%} interval. Cells without a score: {failures or 'none'}."
    )
    yield "They have scores on these datasets; those of the paper's methods are in tables.md."
    yield "\n".join(f"- {line}" for line in scored_datasets(others))
    header = ["Method", "Rank, ATE", "Rank, PEHE", "R², ATE", "RMSE, ATE", "R², rows"]
    header += ["PEHE / SD(y)", "Coverage"]
    for lm, setting, datasets, phrasings, methods in compared:
        yield f"### {lm}, {setting}: {datasets} datasets of {phrasings} phrasings"
        rows = [
            [
                row.method if row.method in NAMES else f"**{row.method}**",
                with_interval(*row.rank_ate, two_decimals),
                with_interval(*row.rank_pehe, two_decimals),
                with_interval(*row.r2, lambda value: _decimals(value, 3)),
                with_interval(*row.rmse, lambda value: _decimals(value, 4)),
                with_interval(*row.rows_r2),
                number(row.pehe),
                number(row.coverage),
            ]
            for row in methods.itertuples()
        ]
        yield markdown_table(header, rows, left=1)


def _decimals(value: float, digits: int) -> str:
    return f"{value:.{digits}f}" if abs(value) < 1e4 else f"{value:.2e}"


def _plain(table: pd.DataFrame) -> str:
    rows = [
        [_significant(value) if isinstance(value, float) else str(value) for value in row]
        for row in table.itertuples(index=False)
    ]
    left = sum(name in ("lm", "setting", "method") for name in table.columns)
    return markdown_table([_HEADERS[str(name)] for name in table.columns], rows, left=left)


def _significant(value: float) -> str:
    return NONE if math.isnan(value) else f"{value:.4g}"


@script
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the script, and return its exit code."""
    made = parser(__doc__)
    add_records(made)
    options = made.parse_args(arguments)
    path = writable_folder(options.results, "--results") / "extra.md"
    releases = releases_if_there(options.data)
    records, stale = read_records(options.results, options.runs)
    put_atomically(path, page(records, releases, stale))
    say("Written:", f"  {path}")
    if not releases:
        say("CATE and ITE are left out, since the data are missing; see docs/how-to/paper.md.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
