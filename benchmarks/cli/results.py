"""``sdscm report`` and ``sdscm results``: show, verify and query the records of a run."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmarks.cli import options
from benchmarks.cli.destination import writable_folder
from benchmarks.cli.output import heading, say, written
from benchmarks.cli.progress import run_progress, working
from sdscm.number_format import counted

if TYPE_CHECKING:
    from benchmarks.interface import Outcome


@options.examples("sdscm report quick", "sdscm report quick --watch --every 30")
def report(
    suite: options.Suite,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            show_default="RESULTS/<suite>/report",
            help="Folder for report.html, and for figures/ with each figure as PNG and PDF.",
        ),
    ] = None,
    results: options.Results = options.RESULTS,
    runs: options.Runs = options.RUNS,
    mixed: options.Mixed = False,
    plugin: options.Plugins = None,
    watch: Annotated[
        bool,
        typer.Option(
            "--watch",
            help="While the run goes on, write a short page that reloads itself; at its end, the "
            "whole one.",
        ),
    ] = False,
    every: Annotated[
        float, typer.Option(min=1, metavar="SECONDS", help="Time between two pages of --watch.")
    ] = 10,
) -> None:
    """Write one HTML page about a run from its records: boards, figures and provenance.

    The page needs no network and no other file. The run may be unfinished; no cell is run.
    """
    import benchmarks
    from benchmarks.report.html import write_page
    from benchmarks.report.watch import watch as follow
    from sdscm.report_page import require_libraries

    require_libraries()
    options.load_plugins(plugin)
    writable_folder(out or results, "--out" if out else "--results")
    if watch:
        folder = benchmarks.folder_of(suite, runs)
        page = (out or results / folder.name / "report") / "report.html"
        say(f"The page: {page}")
        with run_progress() as progress:
            ended = follow(folder, page, every, progress, mixed=mixed)
        if not ended:
            say(f"The whole page: sdscm report {suite}")
            return
    with run_progress(brief=True) as progress:
        result = benchmarks.leaderboard(
            suite, results_dir=None, runs_dir=runs, mixed=mixed, progress=progress
        )
    with working("drawing the figures"):
        files = write_page(result, out or results / result.suite.name / "report", mixed=mixed)
    written(files)


@options.examples("sdscm results verify quick")
def results() -> None:
    """Verify and query the records of runs."""


@options.examples("sdscm results verify quick")
def verify(
    suite: options.Suite, runs: options.Runs = options.RUNS, plugin: options.Plugins = None
) -> None:
    """List damaged records and datasets; the run may be in progress.

    The exit code is 1 if there are any. The next run of the suite computes them again.
    """
    import benchmarks
    from benchmarks.storage.verify import damage, unused

    options.load_plugins(plugin)
    folder = benchmarks.folder_of(suite, runs)
    with working("reading the records"):
        found = list(damage(folder))
        left = unused(folder)
    say(*found)
    if left:
        say(f"{len(left)} files of a run that was killed or is writing now: {left[0]} ...")
    say(f"{len(found)} damaged" if found else f"{folder}: no damage found")
    if found:
        raise typer.Exit(1)


@options.examples(
    'sdscm results query quick "select estimator, avg(pehe_sd) from scores group by all"'
)
def query(
    suite: options.Suite,
    sql: Annotated[str, typer.Argument(metavar="SQL", help="Query for DuckDB.")],
    runs: options.Runs = options.RUNS,
    plugin: options.Plugins = None,
) -> None:
    """Query the tables records, scores and datasets of a run in SQL; the answer is CSV."""
    import benchmarks
    from benchmarks.boards.query import query as ask

    options.load_plugins(plugin)
    with working("reading the records"):
        answer = ask(benchmarks.folder_of(suite, runs), sql)
    say(answer.to_csv(index=False).rstrip("\n"))


@options.examples("sdscm results why quick", "sdscm results why quick LinearDML")
def why(
    suite: options.Suite,
    words: Annotated[
        str,
        typer.Argument(
            metavar="[CELL]", help="Part of the names of cells, such as a method or a dataset."
        ),
    ] = "",
    runs: options.Runs = options.RUNS,
    plugin: options.Plugins = None,
) -> None:
    """Print why cells have no score, with their tracebacks.

    Cells of one method with the same reason are shown once.
    """
    import benchmarks
    from benchmarks.boards.query import lost_cells

    options.load_plugins(plugin)
    folder = benchmarks.folder_of(suite, runs)
    with working("reading the records"):
        found = list(lost_cells(folder, words))
    if not found:
        say(f"{folder}: no cell on record failed, timed out or was skipped")
    for record, cells in found:
        outcome, more = record.outcome, counted(cells - 1, "more cell") if cells > 1 else ""
        heading(f"{record.cell}: {outcome.status}" + f", and {more} with this reason" * bool(more))
        say(outcome.reason)
        took = "" if math.isnan(outcome.wall) else f"after {outcome.wall:.3g} s, "
        say(f"{took}time limit {record.time_limit:g} s, seed {record.cell.seed}")
        say(*(f"warning: {each}" for each in outcome.warnings))
        say(*(outcome.traceback.splitlines() or [_no_traceback(outcome)]))


def _no_traceback(outcome: Outcome) -> str:
    if outcome.status == "timeout":
        return "no traceback: its process was stopped at the limit; time_limit of the suite sets it"
    if outcome.status == "skipped":
        return "no traceback: it was not run"
    if outcome.reason.startswith("its process ended"):
        return "no traceback: its process ended before it could answer"
    return "no traceback on record; run the suite again with --retry to get one"
