"""Where the commands of ``sdscm paper`` find the released data, and ``sdscm paper variants``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sdscm.cli import options
from sdscm.cli.destination import new_file
from sdscm.cli.output import pairs, say
from sdscm.cli.progress import working
from sdscm.dataset import SETTINGS
from sdscm.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from benchmarks.paper.records import Records
    from benchmarks.paper.release import Release

RESULTS = Path("results/paper")
RUNS = Path("runs/paper")

Data = Annotated[
    Path | None,
    typer.Option(
        help="Clone of the authors' repository, or folder of the packed copy.",
        show_default="$SDSCM_PAPER_DATA, or ../shared/paper beside the checkout",
    ),
]
Results = Annotated[Path, typer.Option(help="Tables and the packed records go here.")]
Runs = Annotated[Path, typer.Option(help="Records of cells are appended here as they end.")]
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
        show_default="as many as the cores bear",
        help="Worker processes of one thread; 0 runs in this one.",
    ),
]


def variants(
    data: Data = None,
    out: Annotated[
        Path | None, typer.Option(help="CSV file for the phrasing of each dataset.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
) -> None:
    """Tell from the scores alone which datasets were made with the same phrasing.

    Where the data come as the packed copy, what is found is compared with its column 'variant',
    whose numbers may be others.
    """
    import numpy as np
    import pandas as pd

    from benchmarks.paper.release import DATASETS
    from benchmarks.paper.variants import disagreements, recover

    if out is not None:
        new_file(out, (".csv",), force)
    releases, packed = read_releases(data)
    found, differing = [], 0
    for lm, release in releases.items():
        number = release.variant  # of CSV files it was recovered when they were read
        if packed:
            with working(f"comparing the datasets of {lm}"):
                number = recover(release.X, np.stack([release.y0, release.y1], axis=-1))
        _, sizes = np.unique(number, return_counts=True)
        least, most = sizes.min(), sizes.max()
        noun = "dataset" if most == 1 else "datasets"
        each = f"{least} {noun} each" if least == most else f"{least} to {most} {noun}"
        lacking = f" of {DATASETS:,}" if len(number) < DATASETS else ""
        told = [
            ("Datasets", f"{len(number):,}{lacking}"),
            ("Phrasings", f"{len(sizes)}, of {each}"),
        ]
        if packed:
            differ = disagreements(number, release.variant)
            differing += differ
            agreed = "agrees for every dataset" if differ == 0 else f"differs for {differ} datasets"
            told.append(("Column 'variant'", agreed))
        say(lm)
        pairs(told)
        found.append(pd.DataFrame({"lm": lm, "dataset": release.ids, "variant": number}))
    if out is not None:
        pd.concat(found).to_csv(out, index=False, lineterminator="\n")
        say(f"Written: {out}")
    if differing:
        raise typer.Exit(1)


def read_releases(
    data: Path | None, lms: list[str] | None = None
) -> tuple[dict[str, Release], bool]:
    """The releases that are there, and whether they come as the packed copy."""
    from benchmarks.paper.data import find, has, read
    from benchmarks.paper.release import LMS

    folder = find(data)
    wanted = lms or [lm for lm in LMS if has(lm, folder)]
    with working("reading the data"):
        return {lm: read(lm, folder) for lm in wanted}, any(folder.glob("*.parquet"))


def read_records(results: Path, runs: Path) -> tuple[Records, pd.DataFrame, dict[str, int]]:
    """The records, one of each cell, and how many of each method other code made."""
    from benchmarks.paper.records import Records, one_each

    records = Records(runs, results / "cells.parquet")
    table, stale = one_each(records.table())
    if table.empty:
        raise InputError(f"no records in {runs} or {results}; run first: sdscm paper run")
    return records, table, stale


def among(text: str, known: Iterable[str], option: str) -> list[str]:
    """The texts between the commas, each one of those that are known."""
    known, chosen = list(known), options.listed(option, text)
    for each in chosen:
        if each not in known:
            raise InputError(f"--{option}: '{each}' is not one of {', '.join(known)}")
    return chosen
