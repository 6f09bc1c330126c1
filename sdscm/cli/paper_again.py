"""``sdscm paper refit``: some cells of the records fitted once more."""

from __future__ import annotations

from typing import Annotated

import typer

from sdscm.cli import options
from sdscm.cli.output import say
from sdscm.cli.paper_data import (
    RESULTS,
    RUNS,
    Data,
    Results,
    Runs,
    among,
    read_records,
    read_releases,
)
from sdscm.cli.progress import run_progress, working
from sdscm.errors import InputError


def refit(
    each: Annotated[int, typer.Option(min=1, help="Fits of each method, drawn at random.")] = 2,
    methods: Annotated[
        str | None,
        typer.Option(help="Names between commas.", show_default="all of the paper"),
    ] = None,
    rows: Annotated[
        str, typer.Option(help="Rows of the datasets, between commas; 10000 pools ten.")
    ] = "1000",
    draw: Annotated[int, typer.Option(min=0, help="Another number draws other fits.")] = 0,
    data: Data = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=0,
            show_default="as many as the cores bear",
            help="Worker processes of one thread; 0 runs in this one.",
        ),
    ] = None,
    results: Results = RESULTS,
    runs: Runs = RUNS,
) -> None:
    """Fit some of the recorded cells once more, and say how far the numbers are from the record.

    The records are left as they are. Exits with 1 if a number is not that of the record; networks
    depend on what they are trained beside, in their rounding, and with it on another epoch at which
    they stop.
    """
    from benchmarks.paper.again import compare, drawn, fit_again
    from benchmarks.paper.methods import METHODS, named
    from benchmarks.paper.plan import SIZES, cells
    from benchmarks.report.tables import markdown_table
    from benchmarks.threads import workers_for

    chosen = named(options.listed("methods", methods)) if methods is not None else list(METHODS)
    sizes = [size for size in SIZES if str(size) in among(rows, map(str, SIZES), "rows")]
    processes = 0 if workers == 0 else workers_for(workers, 1)
    _, table, _ = read_records(results, runs)
    releases, _ = read_releases(data)
    with working("looking at the data"):
        wanted = cells(releases, chosen, 1, 1, sizes=sizes)
        picked = drawn(wanted, table["key"], each, draw)
    if not picked:
        raise InputError(
            "no record is of these methods, this code and these versions of the libraries, so "
            "there is nothing to compare with; run first: sdscm paper run"
        )
    with run_progress() as progress:
        again = fit_again(picked, releases, processes, progress)
    found = compare(table, again)
    shown = [
        [str(row.method), f"{row.same} of {row.cells}", f"{row.largest:.1g}", str(row.number)]
        for row in found.itertuples(index=False)
    ]
    say(*markdown_table(["method", "same", "largest difference", "of"], shown, left=1).splitlines())
    if (found["same"] < found["cells"]).any():
        raise typer.Exit(1)
