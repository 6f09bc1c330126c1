"""``sdscm estimators``: what can be put on a board, and whether it keeps the rules."""

from __future__ import annotations

import inspect
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from benchmarks.cli import options
from benchmarks.cli.output import one_line, pairs, say, table
from benchmarks.cli.progress import working

if TYPE_CHECKING:
    from estimators import EstimatorInfo

_CAPABILITIES = ("effect", "ate", "effect_interval", "ate_interval", "ite_interval")

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of an estimator.")]


def add_to(app: typer.Typer) -> None:
    group = typer.Typer(invoke_without_command=True)
    group.callback(epilog=options.examples("sdscm estimators", "sdscm estimators show LinReg"))(
        estimators
    )
    group.command("list", epilog=options.examples("sdscm estimators list"))(list_all)
    group.command(epilog=options.examples("sdscm estimators show LinReg"))(show)
    group.command(
        epilog=options.examples(
            "sdscm estimators check LinReg", "sdscm estimators check Mine --plugin mine.py"
        )
    )(check)
    app.add_typer(group, name="estimators")


def estimators(context: typer.Context, plugin: options.Plugins = None) -> None:
    """List the estimators, show one, or check one against the rules."""
    options.load_plugins(plugin)
    if context.invoked_subcommand is None:
        list_all()


def list_all(plugin: options.Plugins = None) -> None:
    """List all estimators by name."""
    import estimators

    options.load_plugins(plugin)
    infos = estimators.infos()
    table(["Name", "Family", "Estimand", "Intervals", "Extra", "Source"], map(_row, infos))
    for problem in estimators.problems():
        print(one_line(f"warning: {problem.message}"), file=sys.stderr)


def _row(info: EstimatorInfo) -> list[str]:
    intervals = ", ".join(info.intervals.kinds)
    told = [info.name, info.family, info.estimand, intervals, info.extra, _source(info)]
    return [cell or "–" for cell in told]


def _source(info: EstimatorInfo) -> str:
    """The citation, and who brought it if that was not the project."""
    brought_by = "" if info.origin == "built-in" else info.origin
    return "; ".join(filter(None, [info.source, brought_by]))


def show(name: Name, plugin: options.Plugins = None) -> None:
    """Show what an estimator is, its citation and parameters, and what its answers rest on.

    At the end stand the words of its class: what its settings are, and where and why they differ
    from those of its library.
    """
    import estimators

    options.load_plugins(plugin)
    info = estimators.info(name)
    say(f"{info.name}: {info.summary}")
    rows = [
        ("family", info.family),
        ("estimand", info.estimand),
        ("source", info.source),
        ("extra", info.extra and f"pip install 'sdscm[{info.extra}]'"),
        ("from", info.origin),
        ("average effect", info.ate),
        *((f"{kind} intervals", getattr(info.intervals, kind)) for kind in info.intervals.kinds),
    ]
    made, words = _made(info)
    pairs([row for row in rows if row[1]] + made)
    if words:
        say("", *words.splitlines())


def _made(info: EstimatorInfo) -> tuple[list[tuple[str, str]], str]:
    """What is known only once the estimator's library is imported, and the words of its class."""
    import estimators

    try:
        defaults = estimators.parameters(info.name)
        made: Any = estimators.get(info.name)
    except (estimators.MissingExtraError, estimators.PluginError) as error:
        return [("parameters", str(error))], ""
    told = ", ".join(f"{key} = {value!r}" for key, value in defaults.items())
    answers = [each for each in _CAPABILITIES if hasattr(made, each)]
    # Not inspect.getdoc, which would take the words of a base class.
    words = inspect.cleandoc(getattr(made, "function", type(made)).__doc__ or "")
    return [("parameters", told or "none"), ("answers", ", ".join(answers))], words


def check(
    name: Name,
    plugin: options.Plugins = None,
    large: Annotated[bool, typer.Option("--large", help="Fit 20,000 rows as well.")] = False,
) -> None:
    """Check that an estimator keeps the rules of the harness."""
    import estimators

    options.load_plugins(plugin)
    with working(f"checking {name}"):
        report = estimators.check_estimator(name, large=large)
    for rule in report.passed:
        say(f"  ok  {rule}")
    say(f"{report.estimator} keeps all {len(report.passed)} rules.")
