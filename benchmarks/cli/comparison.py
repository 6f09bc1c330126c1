"""Print a comparison of two runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.cli.output import heading, say, table
from sdscm.number_format import counted, level, number, p_value, signed, span

if TYPE_CHECKING:
    import pandas as pd

    from benchmarks import Comparison

_LINES = 12
_VERDICTS = {
    "better": "better",
    "worse": "worse",
    "changed": "changed",
    "noise": "may be noise",
    "same": "the same",
    "untested": "not tested",
    "unpaired": "no pair of scores",
}
_UNPAIRED = {"before only": "Only in the first", "after only": "Only in the second"}


def show(found: Comparison) -> None:
    """Print the changes, one table for each group and metric."""
    from benchmarks.boards.comparison import GROUP, RULE

    say(f"{found.before} -> {found.after}")
    say(_data(found))
    say(*found.differences[:_LINES])
    if len(found.differences) > _LINES:
        say(f"... and {len(found.differences) - _LINES} more differences")
    for verdict, title in _UNPAIRED.items():
        names = dict.fromkeys(found.table.loc[found.table["verdict"] == verdict, "estimator"])
        if names:
            say(f"{title}: {', '.join(names)}")
    both = found.table[~found.table["verdict"].isin(list(_UNPAIRED))]
    for _, part in both.groupby([*GROUP, "metric"], sort=False):
        _part(part, found)
    if both.empty:
        say("No method has a score in both runs; choose other metrics with --columns.")
        return
    say("", RULE)


def _data(found: Comparison) -> str:
    """Describe the datasets that the two runs share."""
    if found.same_data == found.pairs == 1:
        text = "The one dataset is the same in both."
    elif found.same_data == found.pairs:
        text = f"The {found.pairs} datasets are the same in both."
    elif found.same_data:
        text = f"Of {found.pairs} pairs of datasets, {found.same_data} hold the same data."
    else:
        text = (
            f"{found.pairs} pairs of datasets, none with the same data: a change can come from the "
            "data, the methods, or both."
        )
    return text + (f" {found.alone} datasets have no partner." if found.alone else "")


def _part(part: pd.DataFrame, found: Comparison) -> None:
    from benchmarks import metrics

    first = part.iloc[0]
    metric = metrics.get(first["metric"])
    where = [f"{key} {first[key]}" for key in ("lm", "setting") if first[key]]
    where += [f"{first['rows']} rows"] if first["rows"] != "fitted" else []
    heading(f"{', '.join(where)}: {metric.title}, {metric.direction('1 - alpha')}")
    rows = []
    for row in part.to_dict("records"):
        verdict = _VERDICTS[row["verdict"]]
        lost = row["lost_before"], row["lost_after"]
        if lost[0] != lost[1]:
            verdict += f"; cells lost {lost[0]} -> {lost[1]}"
        rows.append(
            [
                row["estimator"],
                number(row["before"]),
                number(row["after"]),
                signed(row["change"]),
                span(row["low"], row["high"]),
                p_value(row["adjusted"]),
                verdict,
            ]
        )
    interval = f"{level(found.level)} interval"
    header = ["Method", "Before", "After", "Change", interval, "p, adjusted", "Verdict"]
    table(header, rows, right=header[1:-1])
    counts = part["verdict"].value_counts()
    summary = [f"{counts[name]} {title}" for name, title in _VERDICTS.items() if name in counts]
    blocks = counted(part["blocks"].max(), "phrasing or file", "phrasings or files")
    say(f"{', '.join(summary)}; {blocks}")
