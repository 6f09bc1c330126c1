"""The suites behind the paper's tables, and a part of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.datasets.paper.release import DATASETS, POOLED, POOLED_ROWS, ROWS
from benchmarks.paper.methods import PaperMethod, parameters_of
from benchmarks.suite.entries import EstimatorEntry, PaperEntry, count_of_share
from benchmarks.suite.loading import load_suite
from benchmarks.suite.model import Suite
from sdscm.errors import InputError
from sdscm.literals import Setting

#: By the rows of the datasets: those of 1,000 rows are in Table 1 and in half of Table 2, the pools
#: of 10,000 rows in the other half.
SUITES: Mapping[int, str] = {ROWS: "paper-table1", POOLED_ROWS: "paper-table2"}


def part_of_suite(
    rows: int,
    methods: Sequence[PaperMethod],
    share: float,
    costly_share: float,
    *,
    lms: Sequence[str],
    settings: Sequence[Setting],
    data: Path | None = None,
    records: Path | None = None,
) -> Suite | None:
    """Make a suite of a part of the paper's job.

    Parameters
    ----------
    rows
        1,000 or 10,000.
    methods
    share
        Part of the datasets of 1,000 rows for the methods that are not costly.
    costly_share
        Part of the datasets for the costly ones, and of the pools for all.
    lms, settings
        Language models and settings.
    data
        The released data; see `find`.
    records
        Packed records that count as done.

    Returns
    -------
    None if no method is left: those of the average alone do not run on pools.

    Raises
    ------
    InputError
        If a share is not above 0 and at most 1.
    """
    for value in (share, costly_share):
        if not 0 < value <= 1:
            raise InputError(f"the share is {value:g}; give a number above 0, up to 1")
    pools = rows == POOLED_ROWS
    shares = {
        method: costly_share if pools or method.costly else share
        for method in methods
        if method.effects or not pools
    }
    if not shares:
        return None
    largest = max(shares.values())
    count = DATASETS // POOLED if pools else DATASETS
    changed: dict[str, Any] = {
        "datasets": [
            PaperEntry.model_validate({"paper": {"lm": lm, "share": largest, "pools": pools}})
            for lm in lms
        ],
        "settings": list(settings),
        "estimators": [
            EstimatorEntry(
                name=method.name,
                params=parameters_of(method.name),
                # Of numbers of datasets: each share is rounded to whole datasets for itself.
                share=count_of_share(own, count) / count_of_share(largest, count),
            )
            for method, own in shares.items()
        ],
        "records": None if records is None else str(records),
    }
    return load_suite(SUITES[rows], data).model_copy(update=changed)
