"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from sdscm.errors import InputError
from sdscm.literals import DEFAULT_LM, OutcomeKind, ScoringName
from sdscm.literals import Precision as LMPrecision

Spec = Annotated[
    str,
    typer.Argument(
        metavar="SPEC",
        help="Name of a shipped scenario (see: sdscm scenarios), or path of a .yaml or .json file.",
    ),
]
Suite = Annotated[
    str, typer.Argument(metavar="SUITE", help="Name of a shipped suite, or path of a .yaml file.")
]
LM = Annotated[
    str,
    typer.Option(
        "--lm", help="Language model: an embedded one, a Hugging Face id, or the path of a folder."
    ),
]
Seed = Annotated[int, typer.Option(min=0, help="Seed of the units' noise.")]
Temperature = Annotated[
    float, typer.Option(help="Divides the scores; above 1 the distributions are flatter.")
]
Scoring = Annotated[ScoringName, typer.Option(help="What of a sentence is scored.")]
Overlap = Annotated[
    float, typer.Option(help="Share of a uniform draw in the treatment's mechanism, 0 to 1.")
]
Confounding = Annotated[
    float, typer.Option(help="Multiplies the treatment's log-odds: 0 randomises, 1 is the model's.")
]
Effect = Annotated[
    float, typer.Option(help="Scales what the treatment changes: 0 for no effect at all.")
]
Device = Annotated[str, typer.Option(help="Where the language model computes: cpu, cuda, ...")]
Precision = Annotated[
    LMPrecision,
    typer.Option(help="All but float32 are faster and approximate; see docs/performance.md."),
]
Memory = Annotated[
    float | None,
    typer.Option(
        metavar="GIB",
        min=0,
        help="GiB that the language model's key/value cache may take; default a quarter of what "
        "there is, on a CPU 4 at most. Changes no number.",
    ),
]
Outcome = Annotated[OutcomeKind, typer.Option("--outcome", help="What y is.")]
Scores = Annotated[
    list[str] | None,
    typer.Option(
        "--score",
        metavar="VALUE=NUMBER",
        help="What a value of the outcome counts, for expected-score and category; repeatable.",
    ),
]
Plugins = Annotated[
    list[Path] | None,
    typer.Option(
        "--plugin",
        metavar="FILE.py",
        help="Python file that registers estimators or metrics; repeatable.",
    ),
]
Results = Annotated[Path, typer.Option(help="Boards go to RESULTS/<suite>/.")]
Runs = Annotated[Path, typer.Option(help="Datasets and records are kept in RUNS/<suite>/.")]
Mixed = Annotated[
    bool,
    typer.Option(
        "--mixed", help="Take records that other versions of the code or of libraries made."
    ),
]
Top = Annotated[int, typer.Option(min=1, help="Estimators of a board to print.")]

__all__ = [
    "DEFAULT_LM",
    "Confounding",
    "Device",
    "Effect",
    "LM",
    "Memory",
    "Mixed",
    "Outcome",
    "Overlap",
    "Plugins",
    "Precision",
    "Results",
    "Runs",
    "Scores",
    "Scoring",
    "Seed",
    "Spec",
    "Suite",
    "Temperature",
    "Top",
    "examples",
    "gibibytes",
    "load_plugins",
    "scores",
    "settings",
]


def examples(*commands: str) -> str:
    """The end of a command's help."""
    return "\n\n".join(["Example:" if len(commands) == 1 else "Examples:", *commands])


def settings(
    option: str,
    given: Sequence[str] | None,
    example: str,
    split: Callable[[str, str], tuple[str, str, str]] = str.partition,
) -> dict[str, str]:
    """What a repeatable option NAME=VALUE says; an InputError if it is written wrong."""
    found: dict[str, str] = {}
    for each in given or ():
        name, equals, value = split(each, "=")
        if not (name and equals and value):
            raise InputError(f"{option} {each}: write {example}")
        if name in found:
            raise InputError(f"{option} {each}: '{name}' is set twice; give it one value")
        found[name] = value
    return found


def scores(given: Sequence[str] | None) -> dict[str, float] | None:
    """What ``--score`` says; None if it is not given."""
    found = {}
    for value, number in settings(
        "--score", given, "VALUE=NUMBER, such as --score well=1", str.rpartition
    ).items():
        try:
            found[value] = float(number)
        except ValueError:
            raise InputError(f"--score {value}={number}: '{number}' is not a number") from None
    return found or None


def gibibytes(memory: float | None) -> int | None:
    """The option ``--memory`` in bytes."""
    return None if memory is None else int(memory * 2**30)


def load_plugins(paths: Sequence[Path] | Iterable[Path] | None) -> None:
    """Register what plugin files hold; raises ``EstimatorError`` if one is broken."""
    import estimators

    for path in paths or ():
        estimators.load_plugin(path)


def listed(option: str, text: str) -> list[str]:
    """The words that stand between the commas of an option.

    Raises
    ------
    InputError
        If there are none, or nothing stands between two commas.
    """
    words = [word.strip() for word in text.split(",")]
    if words == [""]:
        raise InputError(f"--{option}: it is empty; give names, or leave the option out")
    if not all(words):
        raise InputError(f"--{option}: nothing stands between two commas in {text!r}; give names")
    return words
