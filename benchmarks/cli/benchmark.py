"""``sdscm benchmark`` and ``sdscm leaderboard``: run suites, and print their boards."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmarks.cli import options
from benchmarks.cli.comparison import show
from benchmarks.cli.destination import writable_folder
from benchmarks.cli.output import heading, report_table, say, written
from benchmarks.cli.progress import run_progress, working

if TYPE_CHECKING:
    from benchmarks import Result


def add_to(app: typer.Typer) -> None:
    app.command(
        epilog=options.examples(
            "sdscm benchmark quick",
            "sdscm benchmark suite.yaml --workers 2 --plugin mine.py",
            "sdscm benchmark own-data --data my_folder",
        )
    )(benchmark)
    app.command(
        epilog=options.examples(
            "sdscm leaderboard quick --top 10",
            "sdscm leaderboard quick --columns pehe_sd,qini,regret_sd,ate_r2,seconds",
            "sdscm leaderboard --compare results/quick quick",
        )
    )(leaderboard)


def benchmark(
    suite: options.Suite,
    workers: options.Workers = None,
    results: options.Results = options.RESULTS,
    runs: options.Runs = options.RUNS,
    plugin: options.Plugins = None,
    data: Annotated[
        Path | None,
        typer.Option(
            show_default="that of the suite's file",
            help="Folder of the files that the suite names.",
        ),
    ] = None,
    share: Annotated[
        float | None,
        typer.Option(
            help="Part of the paper's datasets that the suite runs on.", show_default="the suite's"
        ),
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(
            metavar="auto|ADDRESS", help="Run the cells on a Ray cluster. Changes no score."
        ),
    ] = None,
    mixed: options.Mixed = False,
    retry: options.Retry = False,
    top: options.Top = 5,
) -> None:
    """Run the cells of a suite that are not recorded yet, and write its leaderboards.

    A run can be stopped at any time; the same command continues it.
    """
    import benchmarks

    writable_folder(results, "--results")
    writable_folder(runs, "--runs")
    # Plugins are loaded before the suite, which may name their metrics.
    options.load_plugins(plugin)
    with run_progress() as progress:
        loaded = benchmarks.load_suite(suite, data)
        result = benchmarks.run(
            loaded if share is None else loaded.with_share(share),
            workers=workers,
            results_dir=results,
            runs_dir=runs,
            plugins=plugin or (),
            progress=progress,
            retry=retry,
            mixed=mixed,
            cluster=cluster,
        )
    _show(result, top)
    say("", f"Cells run now: {result.computed} of {len(result.cells)}.")


def leaderboard(
    suite: options.Suite,
    results: options.Results = options.RESULTS,
    runs: options.Runs = options.RUNS,
    mixed: options.Mixed = False,
    columns: Annotated[
        str | None,
        typer.Option(
            help="Metrics of the tables: names with commas between.", show_default="the suite's"
        ),
    ] = None,
    compare: Annotated[
        str | None,
        typer.Option(
            metavar="RUN",
            help="Compare with another run instead, and test each change: a suite, the folder of "
            "a run, or a folder of results. Nothing is written.",
        ),
    ] = None,
    plugin: options.Plugins = None,
    top: options.Top = 5,
) -> None:
    """Write the boards of a run from its records, and print the best estimators.

    The run may be unfinished or in progress; no cell is run.
    """
    import benchmarks

    chosen = options.listed("columns", columns) if columns is not None else None
    if compare is not None:
        options.load_plugins(plugin)
        with working("reading the records"):
            found = benchmarks.compare(compare, suite, runs_dir=runs, columns=chosen, mixed=mixed)
        show(found)
        return
    writable_folder(results, "--results")
    with working("reading the records"):
        result = benchmarks.leaderboard(
            suite,
            results_dir=results,
            runs_dir=runs,
            mixed=mixed,
            columns=chosen,
            plugins=plugin or (),
        )
    _show(result, top)


def _show(result: Result, top: int) -> None:
    from benchmarks.boards.board_table import board_tables

    for board_table in board_tables(result.boards, result.suite):
        heading(f"{board_table.title}; {board_table.place}")
        report_table(board_table, top)
    lost = result.cells[result.cells["status"] != "ok"]
    if len(lost):
        counts = ", ".join(f"{n} {status}" for status, n in lost["status"].value_counts().items())
        say("", f"Cells without a score: {counts}; the reasons are in leaderboard.md.")
    for note in result.notes:
        say("", f"{note}.")
    written(result.files, after=[""])
