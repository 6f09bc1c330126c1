"""Define the options that several commands share, each with one name and one help text."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from sdscm.errors import InputError
from sdscm.literals import DEFAULT_LM as DEFAULT_LM
from sdscm.literals import OutcomeKind, ScoringName
from sdscm.literals import Precision as LMPrecision

if TYPE_CHECKING:
    import sdscm
    from benchmarks.execution.ray_models import ClusterModels
    from sdscm.lm import LanguageModel

_Command = TypeVar("_Command", bound=Callable[..., Any])

RESULTS = Path("results")
RUNS = Path("runs")

Spec = Annotated[
    str,
    typer.Argument(
        metavar="SPEC",
        help="Name of a shipped scenario (see: sdscm scenarios), or path of a .yaml or .json file.",
    ),
]
Suite = Annotated[
    str,
    typer.Argument(
        metavar="SUITE",
        help="Name of a shipped suite, path of a .yaml file, or a release.",
    ),
]

# Language model
LM_HELP = (
    "Language model: an embedded one, a Hugging Face id, a folder, or a server (see: sdscm lm)"
)
LM = Annotated[str, typer.Option("--lm", help=f"{LM_HELP}.")]
Device = Annotated[str, typer.Option(help="Device of the language model: cpu, cuda, ...")]
Precision = Annotated[
    LMPrecision,
    typer.Option(
        help="Arithmetic of the language model. float32-fast and bfloat16 are faster and "
        "approximate; float64 is slower and equal on all processors. "
        "See docs/explanation/performance.md."
    ),
]
Memory = Annotated[
    float | None,
    typer.Option(
        metavar="GIB",
        min=0,
        help="Memory limit of the language model's key/value cache, in GiB; changes no number.",
        show_default="a quarter of the free memory, on a CPU at most 4",
    ),
]

LMOptions = Annotated[
    list[str] | None,
    typer.Option(
        "--lm-option",
        metavar="NAME=VALUE",
        help="Option that only this kind of language model has, such as concurrency=16 of a "
        "server; repeatable.",
    ),
]

Cluster = Annotated[
    str | None,
    typer.Option(
        metavar="auto|ADDRESS",
        help="Score on the nodes of a Ray cluster. Changes no number if the processors are alike.",
    ),
]

# Sampling
Units = Annotated[
    int,
    typer.Option("--units", min=1, metavar="N", help="Number of sampled units of each phrasing."),
]
Phrasings = Annotated[
    str, typer.Option("--phrasings", metavar="N|all", help="Number of phrasings.")
]
Seed = Annotated[int, typer.Option(min=0, help="Seed of the units' noise.")]
Temperature = Annotated[
    float, typer.Option(help="Divides the scores; above 1 the distributions are flatter.")
]
Scoring = Annotated[ScoringName, typer.Option(help="Which part of a sentence is scored.")]
Overlap = Annotated[
    float, typer.Option(help="Weight of a uniform draw in the treatment's mechanism, 0 to 1.")
]
Confounding = Annotated[
    float,
    typer.Option(help="Multiplies the treatment's log-odds: 0 randomises, 1 is the model's own."),
]
Effect = Annotated[
    float, typer.Option(help="Multiplies the effect of the treatment: 0 removes it.")
]

# The causal question
Treatment = Annotated[
    str | None,
    typer.Option(metavar="VARIABLE", help="Treatment variable.", show_default="the spec's"),
]
OutcomeVariable = Annotated[
    str | None,
    typer.Option(metavar="VARIABLE", help="Outcome variable.", show_default="the spec's"),
]
Measure = Annotated[
    OutcomeKind, typer.Option(help="Scale of the outcome: the number that y is for a unit.")
]
OUTCOME_VALUE = typer.Option(
    metavar="VALUE", help="Outcome value whose probability is measured.", show_default="the spec's"
)
Scores = Annotated[
    list[str] | None,
    typer.Option(
        "--score",
        metavar="VALUE=NUMBER",
        help="Number of an outcome value, for expected-score and category; once for each value.",
    ),
]
CONTRAST = typer.Option(
    metavar="CONTROL,TREATED",
    help="Two values of the treatment; in an audit also two of its groups of values, repeatable.",
    show_default="the first two",
)

# A table without a known truth
TableFile = Annotated[
    Path, typer.Argument(metavar="FILE", help="A table, one row for each unit: .csv, .parquet.")
]
TreatmentColumn = Annotated[
    str, typer.Option("--treatment", metavar="COLUMN", help="Treatment: two values.")
]
OutcomeColumn = Annotated[
    str, typer.Option("--outcome", metavar="COLUMN", help="Outcome: numbers.")
]
Treated = Annotated[
    str | None,
    typer.Option(
        metavar="VALUE",
        help="The value of the treatment that is treated.",
        show_default="the larger or later one",
    ),
]
Covariates = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN,...",
        help="Covariates, measured before the treatment.",
        show_default="all other columns",
    ),
]
Categorical = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN,...",
        help="Covariates of numbers that are names; columns of texts are categories anyway.",
    ),
]

# Runs
Plugins = Annotated[
    list[Path] | None,
    typer.Option(
        "--plugin",
        metavar="FILE.py",
        help="Python file that registers estimators or metrics; repeatable.",
    ),
]
Results = Annotated[Path, typer.Option(help="Folder of the boards: RESULTS/<suite>/.")]
Runs = Annotated[Path, typer.Option(help="Folder of datasets and records: RUNS/<suite>/.")]
Workers = Annotated[
    int | None,
    typer.Option(
        min=0,
        show_default="as many as the cores allow",
        help="Worker processes; 0 uses this process, for a debugger. Changes no score.",
    ),
]
Retry = Annotated[bool, typer.Option("--retry", help="Run cells again that failed or timed out.")]
Mixed = Annotated[
    bool,
    typer.Option(
        "--mixed", help="Accept records of other versions of the code or of the libraries."
    ),
]
Top = Annotated[int, typer.Option(min=1, help="Number of estimators of a board to print.")]
Force = Annotated[bool, typer.Option("--force", help="Overwrite existing files.")]


def models_on(context: typer.Context, cluster: str) -> ClusterModels:
    """Connect to a Ray cluster until the command ends."""
    from benchmarks.execution.ray_models import models_on

    return context.with_resource(models_on(cluster))


def examples(*commands: str) -> Callable[[_Command], _Command]:
    """Decorate a command with the examples at the end of its help."""

    def decorate(command: _Command) -> _Command:
        title = "Example:" if len(commands) == 1 else "Examples:"
        vars(command)["epilog"] = "\n\n".join([title, *commands])
        return command

    return decorate


def settings(
    option: str,
    given: Sequence[str] | None,
    example: str,
    split: Callable[[str, str], tuple[str, str, str]] = str.partition,
) -> dict[str, str]:
    """Parse a repeatable option NAME=VALUE; raise an InputError if it is malformed."""
    found: dict[str, str] = {}
    for each in given or ():
        name, equals, value = split(each, "=")
        if not (name and equals and value):
            raise InputError(f"{option} {each}: write {example}")
        if name in found:
            raise InputError(f"{option} {each}: '{name}' is set twice; give it one value")
        found[name] = value
    return found


def lm_options(given: Sequence[str] | None) -> dict[str, str]:
    """Parse ``--lm-option``."""
    return settings("--lm-option", given, "NAME=VALUE, such as --lm-option concurrency=16")


def number(option: str, text: str) -> float:
    """Parse a finite number; ``option`` is shown in the InputError."""
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise InputError(f"{option}: '{text}' is not a number")
    return found


def scores(given: Sequence[str] | None) -> dict[str, float] | None:
    """Parse ``--score``; None if it is not given."""
    example = "VALUE=NUMBER, such as --score well=1"
    texts = settings("--score", given, example, str.rpartition)
    return {value: number(f"--score {value}={text}", text) for value, text in texts.items()} or None


def contrast(spec: sdscm.Spec, given: str) -> tuple[str, str]:
    """Split ``--contrast`` at its comma; values may contain commas themselves."""
    known = {*spec.treatment.values, *dict(spec.treatment.groups)}
    parts = given.split(",")
    cuts = [
        (",".join(parts[:place]).strip(), ",".join(parts[place:]).strip())
        for place in range(1, len(parts))
    ]
    if not cuts:
        raise InputError(f"--contrast {given}: write CONTROL,TREATED with a comma between")
    return next((cut for cut in cuts if known.issuperset(cut)), cuts[0])


def phrasing_count(given: str) -> int | None:
    """Parse ``--phrasings``: a number, or None for all."""
    if given == "all":
        return None
    if not given.isdecimal() or int(given) == 0:
        raise InputError(f"--phrasings {given}: give a number above 0, or all")
    return int(given)


def gibibytes(memory: float | None) -> int | None:
    """Convert ``--memory`` to bytes."""
    return None if memory is None else int(memory * 2**30)


def language_model(
    name: str,
    device: str,
    precision: LMPrecision,
    memory: float | None,
    lm_option: Sequence[str] | None,
) -> LanguageModel:
    """Load the language model that ``--lm`` and its options name."""
    from sdscm.lm import load_lm

    return load_lm(
        name,
        device=device,
        precision=precision,
        memory=gibibytes(memory),
        options=lm_options(lm_option),
    )


def load_plugins(paths: Iterable[Path] | None) -> list[str]:
    """Register what plugin files define, and return the names of their estimators.

    A broken file is an EstimatorError.
    """
    import estimators

    return [name for path in paths or () for name in estimators.load_plugin(path)]


def listed(option: str, text: str) -> list[str]:
    """Split the value of an option at its commas outside parentheses.

    Raises
    ------
    InputError
        If the value is empty, or a name between two commas is empty.
    """
    words = [word.strip() for word in re.split(r",(?![^()]*\))", text)]
    if words == [""]:
        raise InputError(f"--{option}: is empty; give names, or leave the option out")
    if not all(words):
        raise InputError(f"--{option}: a name between two commas is empty in {text!r}; give names")
    return words
