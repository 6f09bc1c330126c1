"""``sdscm select``: score rules that pick a method without the truth."""

from __future__ import annotations

from typing import Annotated

import typer

from benchmarks.cli import options
from benchmarks.cli.destination import writable_folder
from benchmarks.cli.output import heading, report_table, say, written
from benchmarks.cli.progress import run_progress


@options.examples(
    "sdscm select quick",
    "sdscm select quick --selectors random,r_score,dr_score --default LinearT",
)
def select(
    suite: options.Suite,
    selectors: Annotated[
        str | None,
        typer.Option(metavar="NAME,...", help="Names of selectors.", show_default="all"),
    ] = None,
    default: Annotated[
        str,
        typer.Option(metavar="METHOD", help="Method that the selector 'default' always picks."),
    ] = "LinReg",
    results: options.Results = options.RESULTS,
    runs: options.Runs = options.RUNS,
    plugin: options.Plugins = None,
    mixed: options.Mixed = False,
) -> None:
    """Let rules that see no truth pick a method on each dataset of a run, and score their picks.

    Of a release that has not run here, the predictions in it are used. No method is fitted. The
    boards go to RESULTS/<suite>/selectors/, and those of the settings are printed.
    """
    import benchmarks
    from benchmarks.selection.board import board_table, widest

    names = None if selectors is None else options.listed("selectors", selectors)
    writable_folder(results, "--results")
    options.load_plugins(plugin)
    with run_progress(brief=True) as progress:
        found = benchmarks.select(
            suite,
            selectors=names,
            default=default,
            results_dir=results,
            runs_dir=runs,
            mixed=mixed,
            progress=progress,
        )
    for board in widest(found.boards):
        heading(board.title)
        report_table(board_table(board))
    lost = found.picks[found.picks["status"] != "ok"]
    if len(lost):
        say("", f"{len(lost)} picks failed; the reasons are in selectors.md and picks.csv.")
    written(found.files, after=[""])
