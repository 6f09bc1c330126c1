"""Write the tables as Markdown, CSV and LaTeX, with the datasets behind them."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import pandas as pd

from benchmarks.datasets.paper.release import DATASETS, POOLED, ROWS
from benchmarks.paper.analysis.tables import LEVEL
from benchmarks.paper.analysis.verdict import (
    DIFFERS,
    NOT_ABOVE_ZERO,
    NOT_JUDGED,
    OPEN,
    OVER,
    REPRODUCED,
    SEEDS,
    SOURCE,
    VERDICTS,
)
from sdscm.data.dataset import SETTINGS
from sdscm.files import put_atomically
from sdscm.number_format import NONE, with_interval
from sdscm.report_page.markdown import markdown_table

Row = Mapping[Any, Any]
Grid = tuple[list[str], list[list[str]]]


def write(
    folder: Path, made: pd.DataFrame, records: pd.DataFrame, stale: Mapping[str, int]
) -> list[Path]:
    """Write ``tables.md``, ``tables.csv`` and ``tables.tex`` to a folder.

    Parameters
    ----------
    folder
    made
        What `tables` gave.
    records
        What it was made from.
    stale
        Records of each method that were made with other code or libraries than those here.
    """
    contents = {
        "tables.md": markdown(made, records, stale),
        "tables.csv": made.to_csv(index=False, float_format="%.6g", lineterminator="\n"),
        "tables.tex": latex(made),
    }
    for name, content in contents.items():
        put_atomically(folder / name, content)
    return [folder / name for name in contents]


def markdown(made: pd.DataFrame, records: pd.DataFrame, stale: Mapping[str, int]) -> str:
    """Write all tables in Markdown, with their notes."""
    lines = [*scored_datasets(records), older(stale, records)]
    parts = [
        "# Tables 1 and 2 of the paper",
        f"Published: {SOURCE}. Ours: made again from the released data by `sdscm paper run` and "
        "`sdscm paper tables`. In brackets: "
        f"{LEVEL:.0%} intervals for chance. With a dagger they are for the seeds of the paper's "
        "fits and of these, where all datasets were run and nothing else is chance: from fits with "
        "other seeds (`examples/paper_studies/seeds.py --spread`). The others are percentile "
        "bootstrap intervals, which resample datasets within phrasings, since the paper's number "
        "is of the same 50. With a star they resample phrasings, because some has one dataset or "
        "none in the share: if each has one, such an interval is too wide. A verdict takes "
        "datasets of every phrasing. A number inside a wide interval is open. So is one of which a "
        "few fits make most of the spread over seeds: it has no interval. Where neither number is "
        "above 0, which is all that the paper prints, there is no difference. Effects that are "
        "equal for all rows have a swapped R² of 0; those of LinearS are so up to rounding, by "
        "which it divides (-1e24).",
        _summary(made),
        "## Datasets of each method",
        "\n".join(f"- {line}" for line in lines if line),
    ]
    for title, (header, rows) in grids(made):
        parts += [f"## {title}", markdown_table(header, rows, left=1)]
    place = {"Table": "table", "Method": "method", "LM": "lm", "Setting": "setting"}
    number = place | {"N": "rows", "Number": "metric", "Reason": "reason"}
    cell = {"Method": "method", "LM": "lm", "Rows": "rows", "Setting": "setting"}
    cell |= {"Dataset": "number", "Status": "status", "Reason": "reason"}
    for title, part, columns in (
        ("Numbers that differ", made[made["verdict"] == DIFFERS], number),
        ("Numbers that are open", made[made["verdict"] == OPEN], number),
        ("Numbers that are not judged", made[made["verdict"] == NOT_JUDGED], number),
        ("Cells without a score", records[records["status"] != "ok"], cell),
    ):
        if len(part):
            rows = part[list(columns.values())].astype(str).to_numpy().tolist()
            parts += [f"## {title}", markdown_table(list(columns), rows, left=len(columns))]
    return "\n\n".join(parts) + "\n"


#: Stands after an interval that does not resample datasets within phrasings.
_MARK = {OVER: "*", SEEDS: "†"}

#: Stands before the tables of LaTeX: what their marks mean.
_MARKS = (
    f"% In brackets: {LEVEL:.0%} bootstrap intervals, of datasets within phrasings; with a star of"
    " phrasings; with a dagger intervals over seeds.",
    "% Swapped R2 takes the estimate for the truth, as the paper's code does.",
    "% Effects that are equal for all rows have a swapped R2 of 0; LinearS's are so up to rounding"
    " (-1e24).",
)


def latex(made: pd.DataFrame) -> str:
    """Write all tables as ``tabular`` environments of the package booktabs."""
    parts = ["\n".join([f"% Published: {SOURCE}.", *_MARKS])]
    for title, (header, rows) in grids(made):
        head, *lines = (" & ".join(map(_escaped, row)) + r" \\" for row in (header, *rows))
        parts.append(
            "\n".join(
                [
                    r"\begin{table}",
                    rf"\caption{{{_escaped(title)}}}",
                    rf"\begin{{tabular}}{{l{'r' * (len(header) - 1)}}}",
                    r"\toprule",
                    head,
                    r"\midrule",
                    *lines,
                    r"\bottomrule",
                    r"\end{tabular}",
                    r"\end{table}",
                ]
            )
        )
    return "\n\n".join(parts) + "\n"


def grids(made: pd.DataFrame) -> Iterator[tuple[str, Grid]]:
    """Yield titles, headers and texts of the tables that people read."""
    names = {"rmse": "RMSE", "r2": "R²", "r2_swapped": "Swapped R²"}
    for (table, lm, setting, size), part in made.groupby(["table", "lm", "setting", "rows"]):
        header, rows = ["Method"], []
        for metric, published in part.groupby("metric", sort=False)["published"].first().items():
            name = names[str(metric)]
            compared = [f"{name} published", "ours", "difference", "verdict"]
            header += compared if published else [name]
        for method, numbers in part.groupby("method", sort=False):
            cells = [str(method)]
            for number in numbers.to_dict("records"):
                cells += _compared(number) if number["published"] else [_number(number)]
            lost = f" ({number['failed']} failed)" if number["failed"] else ""
            rows.append([*cells, f"{number['datasets']}{lost}"])
        what, of = ("average effects", "") if table == 1 else ("effects of rows", f", N = {size:,}")
        yield f"Table {table}, {what}: {lm}, {setting}{of}", ([*header, "Datasets"], rows)


def _compared(number: Row) -> list[str]:
    printed = "≤ 0" if number["published"] == NOT_ABOVE_ZERO else number["published"]
    return [printed, _number(number), _digits(number["difference"], "+"), number["verdict"]]


def _number(number: Row) -> str:
    mark = "" if math.isnan(number["low"]) else _MARK.get(number["interval"], "")
    return with_interval(number["ours"], number["low"], number["high"], _digits) + mark


def _digits(value: float, sign: str = "") -> str:
    if math.isnan(value):
        return NONE
    return f"{value:{sign}.4f}" if abs(value) < 100 else f"{value:{sign}.2e}"


def _summary(made: pd.DataFrame) -> str:
    held = made[made["published"] != ""]
    lines = []
    for table, part in held.groupby("table"):
        run = part[part["ours"].notna()]
        lines.append(
            f"- Table {table}: of {len(part)} published numbers {len(run)} were made again."
        )
        of_all = run["datasets"] == run["rows"].map({ROWS: DATASETS}).fillna(DATASETS // POOLED)
        for what, those in (("all datasets", run[of_all]), ("a share of them", run[~of_all])):
            if len(those):
                lines.append(f"  - From {what} {len(those)}: {_verdicts(those)}.")
    return "\n".join(lines)


def _verdicts(numbers: pd.DataFrame) -> str:
    """Count each verdict, with what the reproduced ones rest on."""
    notes = {
        OPEN: "not of every phrasing, too wide an interval, or of a spread that a few fits make",
        NOT_JUDGED: "spread over seeds not measured",
    }
    counts = []
    for verdict in VERDICTS:
        those = numbers[numbers["verdict"] == verdict]
        reasons = those["reason"].value_counts().items()
        notes[REPRODUCED] = "; ".join(f"{reason}: {count}" for reason, count in reasons)
        note = f" ({notes[verdict]})" if verdict in notes else ""
        counts += [f"{verdict}: {len(those)}{note}"] * bool(len(those))
    return ", ".join(counts)


def scored_datasets(records: pd.DataFrame) -> list[str]:
    """Describe the datasets on which the methods of records have scores, as `describe_datasets`."""
    good = records[records["status"] == "ok"]
    numbers: dict[tuple[str, str, int], set[int]] = {}
    for (method, lm, rows), part in good.groupby(["method", "lm", "rows"], sort=False):
        seen = {str(name): set(each["number"]) for name, each in part.groupby("setting")}
        apart = len(seen) < len(SETTINGS) or len(set(map(frozenset, seen.values()))) > 1
        for setting, those in seen.items():
            named = f"{method} in setting {setting}" if apart else str(method)
            numbers[named, str(lm), cast(int, rows)] = those
    return describe_datasets(numbers)


def older(stale: Mapping[str, int], records: pd.DataFrame) -> str:
    """How many records of which methods other code made, in words; empty if none."""
    counts = records["method"].value_counts()
    old = ", ".join(f"{m} ({n} of {counts.get(m, n)})" for m, n in stale.items() if n)
    if not old:
        return ""
    return (
        f"Cells made with other code or other versions of libraries than those here: {old}. "
        "`sdscm paper run --current-code` computes them again."
    )


def describe_datasets(numbers: Mapping[tuple[str, str, int], Collection[int]]) -> list[str]:
    """List the datasets of methods, one line for all methods with the same datasets.

    Parameters
    ----------
    numbers
        Of the datasets, or of the pooled ones, by method, language model and rows.
    """
    methods: dict[tuple[str, int, tuple[int, ...]], list[str]] = {}
    for (method, lm, rows), which in numbers.items():
        methods.setdefault((lm, rows, tuple(sorted(which))), []).append(method)
    lines = []
    for (lm, rows, which), names in sorted(methods.items(), key=lambda item: item[0]):
        what, whole = ("ids", DATASETS) if rows == ROWS else ("pools", DATASETS // POOLED)
        shown = "all" if len(which) == whole else f"{len(which)} of {whole}: {spans(which)}"
        lines.append(f"{lm}, N = {rows:,}, {what} {shown} ({', '.join(names)})")
    return lines


def spans(numbers: Sequence[int]) -> str:
    """Ascending numbers in few words: ``1-3, 7``."""
    found: list[list[int]] = []
    for number in numbers:
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return ", ".join(f"{a}" if a == b else f"{a}-{b}" for a, b in found)


_TEX = {
    "%": r"\%",
    "_": r"\_",
    "&": r"\&",
    "R²": r"$R^2$",
    "≤": r"$\le$",
    "†": r"$\dagger$",
    NONE: "--",
}


def _escaped(text: str) -> str:
    for plain, escaped in _TEX.items():
        text = text.replace(plain, escaped)
    return text
