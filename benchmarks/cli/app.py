"""Define the program ``sdscm`` and its commands."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from benchmarks.cli import (
    audit,
    benchmark,
    estimators,
    generate,
    inspect,
    lm,
    paper,
    report,
    results,
    scenarios,
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


generate.add_to(app)
inspect.add_to(app)
scenarios.add_to(app)
audit.add_to(app)
benchmark.add_to(app)
report.add_to(app)
results.add_to(app)
estimators.add_to(app)
paper.add_to(app)
lm.add_to(app)


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
