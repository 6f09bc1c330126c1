"""How a comparison of two runs is printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.cli.output import heading, say, table

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
_ALONE = {"before only": "Only in the first", "after only": "Only in the second"}


def show(found: Comparison) -> None:
    """Print what changed, a table for each group and metric."""
    from benchmarks.boards.comparison import GROUP, RULE

    say(f"{found.before} -> {found.after}")
    say(_data(found))
    say(*found.differences[:_LINES])
    if len(found.differences) > _LINES:
        say(f"... and {len(found.differences) - _LINES} more differences")
    for verdict, said in _ALONE.items():
        names = dict.fromkeys(found.table.loc[found.table["verdict"] == verdict, "estimator"])
        if names:
            say(f"{said}: {', '.join(names)}")
    both = found.table[~found.table["verdict"].isin(list(_ALONE))]
    for _, part in both.groupby([*GROUP, "metric"], sort=False):
        _part(part, found)
    if both.empty:
        say("No method has a score in both runs; choose other metrics with --columns.")
        return
    say("", RULE)


def _data(found: Comparison) -> str:
    if found.same_data == found.pairs:
        said = f"The {found.pairs} datasets are the same in both."
        said = "The one dataset is the same in both." if found.pairs == 1 else said
    elif found.same_data:
        said = f"Of {found.pairs} pairs of datasets, {found.same_data} hold the same data."
    else:
        said = (
            f"{found.pairs} pairs of datasets, none with the same data: a change is of the data, "
            "the methods, or both."
        )
    return said + (f" {found.alone} datasets have no partner." if found.alone else "")


def _part(part: pd.DataFrame, found: Comparison) -> None:
    from benchmarks import metrics
    from sdscm.number_format import number, p_value, signed, span

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
    interval = f"{found.level:.0%} interval"
    header = ["Method", "Before", "After", "Change", interval, "p, adjusted", "Verdict"]
    table(header, rows, right=header[1:-1])
    counts = part["verdict"].value_counts()
    told = [f"{counts[name]} {said}" for name, said in _VERDICTS.items() if name in counts]
    blocks = part["blocks"].max()
    say(
        f"{', '.join(told)}; {blocks} {'phrasing or file' if blocks == 1 else 'phrasings or files'}"
    )
