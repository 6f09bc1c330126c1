"""Define the options that the commands of ``sdscm paper`` share, and ``sdscm paper variants``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmarks.cli import options
from benchmarks.cli.destination import new_file
from benchmarks.cli.output import pairs, say
from benchmarks.cli.progress import working
from sdscm.errors import InputError
from sdscm.literals import SETTINGS
from sdscm.number_format import counted

if TYPE_CHECKING:
    import pandas as pd

    from benchmarks.datasets.paper.release import Release
    from benchmarks.suite.model import Suite

RESULTS = Path("results/paper")
RUNS = Path("runs")
#: Name of the file of packed records in the folder of the results.
PACKED = "cells.parquet"

Data = Annotated[
    Path | None,
    typer.Option(
        help="Clone of the authors' repository, or folder of the packed copy.",
        show_default="$SDSCM_PAPER_DATA, or ../shared/paper next to the checkout",
    ),
]
Results = Annotated[Path, typer.Option(help="Folder of the tables and the packed records.")]
Runs = Annotated[Path, typer.Option(help="Folder of the runs of the paper's suites.")]
Rows = Annotated[str, typer.Option(help="Rows of the datasets, between commas; 10000 pools ten.")]
Settings = Annotated[
    str, typer.Option(help="Settings between commas: which covariates estimators see.")
]
ALL_SETTINGS = ",".join(SETTINGS)
LMs = Annotated[
    str | None,
    typer.Option(help="Language models between commas.", show_default="those in the data"),
]
Workers = Annotated[
    int | None,
    typer.Option(
        min=0,
        show_default="as many as the cores allow",
        help="Worker processes of one thread; 0 uses this process.",
    ),
]


@options.examples("sdscm paper variants --data path/to/clone")
def variants(
    data: Data = None,
    out: Annotated[
        Path | None, typer.Option(help="CSV file for the phrasing of each dataset.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
) -> None:
    """Find from the scores alone the datasets that were made with the same phrasing.

    For the packed copy of the data, the result is compared with its column 'variant', whose numbers
    may differ. A part of the datasets is enough.
    """
    import numpy as np
    import pandas as pd

    from benchmarks.datasets.paper.loading import find, packed_copy
    from benchmarks.datasets.paper.phrasings import disagreements, recover
    from benchmarks.datasets.paper.release import DATASETS

    if out is not None:
        new_file(out, (".csv",), force)
    folder = find(data)
    found, differing = [], 0
    for lm, release in read_releases(folder, whole=False).items():
        packed = packed_copy(lm, folder) is not None
        number = release.variant  # for CSV files the reader has recovered it
        if packed:
            with working(f"comparing the datasets of {lm}"):
                number = recover(release.X, np.stack([release.y0, release.y1], axis=-1))
        _, sizes = np.unique(number, return_counts=True)
        each = f"{sizes.min()} to {sizes.max()} datasets"
        if sizes.min() == sizes.max():
            each = f"{counted(sizes[0], 'dataset')} each"
        lacking = f" of {DATASETS:,}" if len(number) < DATASETS else ""
        rows = [
            ("Datasets", f"{len(number):,}{lacking}"),
            ("Phrasings", f"{len(sizes)}, of {each}"),
        ]
        if packed:
            differ = disagreements(number, release.variant)
            differing += differ
            agreed = "agrees for every dataset" if differ == 0 else f"differs for {differ} datasets"
            rows.append(("Column 'variant'", agreed))
        say(lm)
        pairs(rows)
        found.append(pd.DataFrame({"lm": lm, "dataset": release.ids, "variant": number}))
    if out is not None:
        pd.concat(found).to_csv(out, index=False, lineterminator="\n")
        say(f"Written: {out}")
    if differing:
        raise typer.Exit(1)


def read_releases(
    data: Path | None, lms: list[str] | None = None, *, whole: bool = True
) -> dict[str, Release]:
    """Read the releases of some language models, or of all that are found.

    Most numbers are averages over all datasets and would differ for a part of them. By default
    each release must therefore be complete.
    """
    from benchmarks.datasets.paper.loading import find, models_in, read

    folder = find(data)
    wanted = lms or models_in(folder)
    with working("reading the data"):
        releases = {lm: read(lm, folder) for lm in wanted}
    if whole:
        for release in releases.values():
            release.require_all()
    return releases


def releases_if_there(data: Path | None) -> dict[str, Release]:
    """Read the releases; empty if the user has named no data and none are found."""
    from benchmarks.datasets.paper.loading import find

    try:
        find(data)
    except InputError:
        if data is not None:
            raise
        return {}
    return read_releases(data)


def suites_of(
    methods: str | None,
    rows: str,
    settings: str,
    lms: str | None,
    data: Path | None,
    results: Path,
    share: float = 1,
    costly_share: float = 1,
) -> list[Suite]:
    """Make the suites of a part of the paper's datasets and methods, from the options of a run."""
    from benchmarks.datasets.paper.loading import find, models_in
    from benchmarks.datasets.paper.release import LMS
    from benchmarks.paper.methods import METHODS, named
    from benchmarks.paper.suites import SUITES, part_of_suite

    chosen = named(options.listed("methods", methods)) if methods is not None else list(METHODS)
    sizes = _among(rows, map(str, SUITES), "rows")
    seen = _among(settings, SETTINGS, "settings")
    folder = find(data)
    models = models_in(folder) if lms is None else _among(lms, LMS, "lms")
    made = [
        part_of_suite(
            size,
            chosen,
            share,
            costly_share,
            lms=models,
            settings=[setting for setting in SETTINGS if setting in seen],
            data=folder,
            records=(results / PACKED).absolute(),
        )
        for size in SUITES
        if str(size) in sizes
    ]
    return [suite for suite in made if suite is not None]


def read_records(results: Path, runs: Path) -> tuple[pd.DataFrame, dict[str, int]]:
    """Read one record of each cell, and count the records that other code made, by method.

    Raises
    ------
    InputError
        If no record is found.
    """
    from benchmarks.paper import records

    table, stale = records.one_each(records.read_records(results / PACKED, runs))
    if table.empty:
        raise InputError(f"no records in {runs} or {results}; run first: sdscm paper run")
    return table, stale


def say_table(table: pd.DataFrame, left: int, form: str = ".4f") -> None:
    """Print a table whose first ``left`` columns are left-aligned, with decimals in one format."""
    from sdscm.report_page.markdown import markdown_table

    rows = [
        [f"{value:{form}}" if isinstance(value, float) else str(value) for value in row]
        for row in table.itertuples(index=False)
    ]
    say(*markdown_table(list(table.columns), rows, left=left).splitlines())


def _among(text: str, known: Iterable[str], option: str) -> list[str]:
    """Split an option at its commas, and check each text against the known ones."""
    known, chosen = list(known), options.listed(option, text)
    for each in chosen:
        if each not in known:
            raise InputError(f"--{option}: '{each}' is not one of {', '.join(known)}")
    return chosen
