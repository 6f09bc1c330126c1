"""Define the program ``sdscm`` and its commands."""

from __future__ import annotations

import re
from inspect import cleandoc
from typing import Annotated, Any

import typer

from benchmarks.cli import (
    arms,
    audit,
    benchmark,
    calibrate,
    discover,
    estimate,
    estimators,
    generate,
    inspect,
    lm,
    mediate,
    paper,
    paper_data,
    realism,
    release,
    results,
    select,
    semisynth,
    spec,
    submission,
)
from benchmarks.cli.output import say

app = typer.Typer(invoke_without_command=True)


def _show_version(given: bool) -> None:
    if given:
        from sdscm import __version__

        say(f"sdscm {__version__}")
        raise typer.Exit


@app.callback()
def sdscm(
    context: typer.Context,
    debug: Annotated[
        bool,
        typer.Option("--debug", help="Show the traceback of an error."),
    ] = False,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Benchmark causal effect estimators on data with known effects, made by language models.

    Each command has its own help with an example: sdscm generate --help
    """
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def _command(group: typer.Typer, function: Any) -> None:
    name = function.__name__.rstrip("_").replace("_", "-")
    # Typer keeps the line breaks of later paragraphs, which a narrow terminal then breaks again.
    text = re.sub(r"(?<!\n)\n(?!\n)", " ", cleandoc(function.__doc__))
    group.command(name, help=text, epilog=function.epilog)(function)


def _group(callback: Any, *commands: Any, **options: Any) -> None:
    group = typer.Typer(**options)
    group.callback(epilog=callback.epilog)(callback)
    for each in commands:
        _command(group, each)
    app.add_typer(group, name=callback.__name__)


for each in (
    generate.generate,
    inspect.inspect,
    inspect.scenarios,
    calibrate.calibrate,
    audit.audit,
    benchmark.benchmark,
    benchmark.leaderboard,
    results.report,
    select.select,
    release.export,
    submission.submit,
    submission.predict,
    submission.score,
    realism.realism,
    discover.discover,
    arms.arms,
    mediate.mediate,
    estimate.estimate,
    semisynth.semisynth,
):
    _command(app, each)
_group(release.release, release.make, release.verify, no_args_is_help=True)
_group(submission.submission, submission.check, no_args_is_help=True)
_group(results.results, results.verify, results.query, results.why, no_args_is_help=True)
_group(
    estimators.estimators,
    estimators.list_,
    estimators.show,
    estimators.check,
    invoke_without_command=True,
)
_group(
    paper.paper,
    paper_data.variants,
    paper.run,
    paper.tables,
    paper.figures,
    paper.toy,
    no_args_is_help=True,
    cls=paper.Group,
)
_group(lm.lm, lm.prepare, lm.check, invoke_without_command=True)
_group(
    spec.spec,
    spec.new,
    spec.check,
    spec.phrase,
    spec.from_graph,
    spec.to_graph,
    spec.from_table,
    no_args_is_help=True,
)


def command() -> Any:
    """Make the command ``sdscm``, with its flags shown without the type ``<bool>``."""
    made = typer.main.get_command(app)
    _show_plain_flags(made)
    return made


def _show_plain_flags(made: Any) -> None:
    for option in made.get_params(typer.Context(made)):
        if getattr(option, "is_flag", False):
            option.metavar = ""
    for inner in getattr(made, "commands", {}).values():
        _show_plain_flags(inner)
