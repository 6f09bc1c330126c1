"""``sdscm report``: write one HTML page about a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmarks.cli import options
from benchmarks.cli.destination import writable_folder
from benchmarks.cli.output import written
from benchmarks.cli.progress import working


def add_to(app: typer.Typer) -> None:
    app.command(
        epilog=options.examples("sdscm report quick", "sdscm report quick --out shared/page")
    )(report)


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
) -> None:
    """Write one HTML page about a run from its records: boards, figures and provenance.

    The page needs no network and no other file. The run may be unfinished; no cell is run.
    """
    import benchmarks
    from benchmarks.report.html import write_page
    from sdscm.report_page import require_libraries

    require_libraries()
    options.load_plugins(plugin)
    writable_folder(out or results, "--out" if out else "--results")
    with working("reading the records"):
        result = benchmarks.leaderboard(suite, results_dir=None, runs_dir=runs, mixed=mixed)
    with working("drawing the figures"):
        files = write_page(result, out or results / result.suite.name / "report", mixed=mixed)
    written(files)
