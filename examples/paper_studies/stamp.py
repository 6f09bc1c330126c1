"""Mark the packed records of the paper as made by the installed code.

For a change of code that changes no number beyond rounding, so that no record need be computed
again. Run refit.py first: it compares fits of the installed code with the records. The identity of
the code that made a record stays in its column made_with.

    python examples/paper_studies/refit.py --each 10
    python examples/paper_studies/stamp.py
    python examples/paper_studies/stamp.py --methods TARNet,TNet
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import pandas as pd
from shared import add_records, parser, say, script

from benchmarks.cli.paper_data import PACKED
from benchmarks.paper.methods import named
from benchmarks.paper.records import identities, one_each, pack, read_records
from sdscm.errors import InputError


def stamped(records: pd.DataFrame, methods: Sequence[str]) -> tuple[pd.DataFrame, pd.Series]:
    """Give records of some methods the identity of the installed code.

    Parameters
    ----------
    records
        As `one_each` gives them.
    methods
        Those whose library is not installed keep their identity.

    Returns
    -------
    The records, and the number of those that changed by method.
    """
    now = records["method"].map(identities(methods)).fillna("")
    older = (now != "") & (now != records["identity"])
    before = records.get("made_with", pd.Series("", records.index)).fillna("")
    made_with = before.mask(older & (before == ""), records["identity"])
    changed = records.assign(identity=records["identity"].mask(older, now), made_with=made_with)
    return changed, records.loc[older, "method"].value_counts()


@script
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the script, and return its exit code."""
    made = parser(__doc__, data=False)
    made.add_argument("--methods", help="names between commas (default: all of the records)")
    add_records(made)
    options = made.parse_args(arguments)
    packed = options.results / PACKED
    records, _ = one_each(read_records(packed, options.runs))
    if records.empty:
        raise InputError(f"no records in {options.runs} or {options.results}")
    names = list(records["method"].unique())
    if options.methods is not None:
        names = [method.name for method in named(options.methods.split(","))]
    changed, counts = stamped(records, names)
    pack(changed, packed)
    for method, count in counts.sort_index().items():
        say(f"{method}: {count} records")
    say(f"Records with another identity now: {int(counts.sum())}. Written: {packed}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
