"""Show what the verdicts on the paper's numbers can tell apart.

Counts how many numbers that the paper prints for other methods lie inside the intervals that
support a verdict. The page is power.md in the folder of the results.

    python examples/paper_studies/power.py
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import pandas as pd
from shared import add_records, parser, read_records, say, script

from benchmarks.cli.destination import writable_folder
from benchmarks.paper.analysis.tables import tables
from benchmarks.paper.analysis.verdict import INSIDE, REPRODUCED
from benchmarks.paper.methods import NAMES
from sdscm.files import put_atomically
from sdscm.report_page.markdown import markdown_table

#: Numbers are compared with those that have these columns in common.
_GROUP = ["table", "lm", "setting", "rows", "metric"]
_FOUND = ["numbers", "difference", "half_width", "inside", "others"]


def held_by_intervals(made: pd.DataFrame) -> pd.DataFrame:
    """Compare the widths of the intervals with the differences, and with the other numbers.

    An interval that holds the printed numbers of most other methods says little about its own.

    Parameters
    ----------
    made
        From `benchmarks.paper.analysis.tables.tables`.

    Returns
    -------
    A row for each ``table``, ``lm``, ``setting``, ``rows`` and ``metric``, over the ``numbers``
    that are reproduced because of an interval and whose printed number is above 0: medians of the
    size of the ``difference`` and of the ``half_width`` of the interval, both in units of the
    number; and of the pairs of one of them with a number printed for another method (``others``;
    the same four decimals are no pair), how many have this ``inside`` the interval of that.
    """
    above = made.assign(printed=pd.to_numeric(made["published"], errors="coerce"))
    above = above[above["printed"].notna()]
    found = []
    for which, part in above.groupby(_GROUP, sort=False):
        inside = part["reason"].str.startswith(INSIDE)
        mine = part[inside & (part["verdict"] == REPRODUCED)]
        pairs = mine.merge(part["printed"].rename("other"), how="cross")
        pairs = pairs[pairs["other"] != pairs["printed"]]
        if pairs.empty:
            continue
        counts = (
            len(mine),
            float(mine["difference"].abs().median()),
            float((mine["high"] - mine["low"]).median() / 2),
            int(pairs["other"].between(pairs["low"], pairs["high"]).sum()),
            len(pairs),
        )
        found.append((*which, *counts))
    return pd.DataFrame(found, columns=[*_GROUP, *_FOUND])


def page(made: pd.DataFrame) -> str:
    """Write the page in Markdown, from what `tables` gave."""
    rows = [
        [
            *(str(row.table), row.lm, row.setting, f"{row.rows:,}", row.metric, str(row.numbers)),
            *(f"{row.difference:.2g}", f"{row.half_width:.2g}", f"{row.inside} of {row.others}"),
        ]
        for row in held_by_intervals(made).itertuples()
    ]
    header = ["Table", "LM", "Setting", "N", "Number", "Numbers", "Difference", "Half width"]
    parts = [
        "# What the verdicts can tell apart",
        "From the records behind [tables.md](tables.md), by `examples/paper_studies/power.py`. For "
        "the numbers that are reproduced because of an interval: medians of the size of the "
        "difference and of half the interval's width, and how many of the numbers that the paper "
        "prints for other methods lie inside these intervals as well. Where most of them do, the "
        "verdict says little about the method, and the difference says more.",
        markdown_table([*header, "Others inside"], rows, left=5) if rows else "None.",
    ]
    return "\n\n".join(parts) + "\n"


@script
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the script, and return its exit code."""
    made = parser(__doc__, data=False)
    add_records(made)
    options = made.parse_args(arguments)
    path = writable_folder(options.results, "--results") / "power.md"
    records, _ = read_records(options.results, options.runs)
    put_atomically(path, page(tables(records[records["method"].isin(NAMES)])))
    say("Written:", f"  {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
