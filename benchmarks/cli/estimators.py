"""``sdscm estimators``: list the estimators, show one, check one."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Annotated, Any

import typer

from benchmarks.cli import options
from benchmarks.cli.output import pairs, say, table, warn
from benchmarks.cli.progress import working
from sdscm.number_format import NONE

if TYPE_CHECKING:
    from estimators import EstimatorInfo

_CAPABILITIES = (
    "effect",
    "ate",
    "effect_interval",
    "ate_interval",
    "ite_interval",
    "effects",
    "ates",
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of an estimator.")]


@options.examples("sdscm estimators", "sdscm estimators show LinReg")
def estimators(context: typer.Context, plugin: options.Plugins = None) -> None:
    """List the estimators, show one, or check one against the rules."""
    options.load_plugins(plugin)
    if context.invoked_subcommand is None:
        list_()


@options.examples("sdscm estimators list")
def list_(plugin: options.Plugins = None) -> None:
    """List all estimators by name."""
    import estimators
    from estimators.errors import missing_wheels

    options.load_plugins(plugin)
    infos = estimators.infos()
    table(["Name", "Family", "Estimand", "Intervals", "Extra", "Source"], map(_row, infos))
    for family, extra in {info.family: info.extra for info in infos}.items():
        if why := missing_wheels(extra):
            warn(f"not available here: the family {family} ({why})")
    for problem in estimators.problems():
        warn(f"warning: {problem.message}")


def _row(info: EstimatorInfo) -> list[str]:
    intervals = ", ".join(info.intervals.kinds)
    plugin = "" if info.origin == "built-in" else info.origin
    source = "; ".join(filter(None, [info.source, plugin]))
    cells = [info.name, info.family, info.estimand, intervals, info.extra, source]
    return [cell or NONE for cell in cells]


@options.examples("sdscm estimators show LinReg")
def show(name: Name, plugin: options.Plugins = None) -> None:
    """Show an estimator: summary, citation, assumptions, parameters, and how it answers.

    The docstring of its class follows. It describes the settings, and the reasons for those that
    differ from the library's.
    """
    import estimators
    from estimators.errors import missing_wheels

    options.load_plugins(plugin)
    info = estimators.info(name)
    say(f"{info.name}: {info.summary}")
    rows = [
        ("family", info.family),
        ("estimand", info.estimand),
        ("source", info.source),
        ("assumes", info.assumes),
        (
            "extra",
            info.extra and (missing_wheels(info.extra) or f"pip install 'sdscm[{info.extra}]'"),
        ),
        ("needs", ", ".join(info.needs)),
        (
            "bounds",
            {"": "", "none": "of any strength"}.get(info.bounds, f"at a given {info.bounds}"),
        ),
        ("from", info.origin),
        ("average effect", info.ate),
        *((f"{kind} intervals", getattr(info.intervals, kind)) for kind in info.intervals.kinds),
    ]
    details, docstring = _details(info)
    pairs([row for row in rows if row[1]] + details)
    if docstring:
        say("", *docstring.splitlines())


def _details(info: EstimatorInfo) -> tuple[list[tuple[str, str]], str]:
    """Return rows with the parameters and the methods of an estimator, and its docstring."""
    import estimators

    try:
        defaults = estimators.parameters(info.name)
        made: Any = estimators.get(info.name)
    except (estimators.MissingExtraError, estimators.PluginError) as error:
        return [("parameters", str(error))], ""
    parameters = ", ".join(f"{key} = {value!r}" for key, value in defaults.items())
    answers = [each for each in _CAPABILITIES if hasattr(made, each)]
    # Not inspect.getdoc, which would take the docstring of a base class.
    docstring = inspect.cleandoc(getattr(made, "function", type(made)).__doc__ or "")
    return [("parameters", parameters or "none"), ("answers", ", ".join(answers))], docstring


@options.examples("sdscm estimators check LinReg", "sdscm estimators check Mine --plugin mine.py")
def check(
    name: Name,
    plugin: options.Plugins = None,
    large: Annotated[bool, typer.Option("--large", help="Also fit 20,000 rows.")] = False,
) -> None:
    """Check that an estimator keeps the rules of the interface."""
    import estimators

    options.load_plugins(plugin)
    with working(f"checking {name}"):
        report = estimators.check_estimator(name, large=large)
    for rule in report.passed:
        say(f"  ok  {rule}")
    say(f"{report.estimator} keeps all {len(report.passed)} rules.")
