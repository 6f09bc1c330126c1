"""Scores of estimated natural effects against the true ones."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.mediation.job import Ends, MediationAnswer
from benchmarks.mediation.truth import NaturalEffects, indirect_share
from benchmarks.tasks.score import Score

_SIZE, _SHARE = (0.0, math.inf), (0.0, 1.0)


@dataclass(frozen=True)
class MediationScore(Score):
    """A score of estimated natural effects.

    Attributes
    ----------
    function
        Function of the answer, the truth and SD(y). NaN where the score is not defined.
    """

    function: Callable[[MediationAnswer, NaturalEffects, float], float]


def _nde_error(answer: MediationAnswer, truth: NaturalEffects, sd: float) -> float:
    return abs(answer.nde - truth.nde) / sd


def _nie_error(answer: MediationAnswer, truth: NaturalEffects, sd: float) -> float:
    return abs(answer.nie - truth.nie) / sd


def _error(answer: MediationAnswer, truth: NaturalEffects, sd: float) -> float:
    return (_nde_error(answer, truth, sd) + _nie_error(answer, truth, sd)) / 2


def _share_error(answer: MediationAnswer, truth: NaturalEffects, sd: float) -> float:
    return abs(indirect_share(answer.nde, answer.nie) - truth.share)


def _held(ends: Ends | None, value: float) -> float:
    return math.nan if ends is None else float(ends[0] <= value <= ends[1])


#: All scores, in the order of the columns of a board.
SCORES: tuple[MediationScore, ...] = (
    MediationScore(
        "error",
        "Error / SD(y)",
        "lower",
        _SIZE,
        "Mean of the absolute errors of the natural direct and the natural indirect effect, in "
        "units of SD(y).",
        _error,
    ),
    MediationScore(
        "nde_error",
        "|NDE error| / SD(y)",
        "lower",
        _SIZE,
        "Absolute error of the natural direct effect E[Y(1, M(0))] - E[Y(0)] (Pearl 2001), in "
        "units of SD(y).",
        _nde_error,
    ),
    MediationScore(
        "nie_error",
        "|NIE error| / SD(y)",
        "lower",
        _SIZE,
        "Absolute error of the natural indirect effect E[Y(0, M(1))] - E[Y(0)] (Pearl 2001), in "
        "units of SD(y).",
        _nie_error,
    ),
    MediationScore(
        "share_error",
        "Error of the share",
        "lower",
        _SHARE,
        "Absolute error of |NIE| / (|NDE| + |NIE|), the share of the indirect effect. Not defined "
        "if both effects are 0.",
        _share_error,
    ),
    MediationScore(
        "nde_coverage",
        "NDE coverage",
        None,
        _SHARE,
        "Share of the 95 % intervals that hold the true direct effect of the population.",
        lambda answer, truth, _: _held(answer.nde_interval, truth.nde),
    ),
    MediationScore(
        "nie_coverage",
        "NIE coverage",
        None,
        _SHARE,
        "Share of the 95 % intervals that hold the true indirect effect of the population.",
        lambda answer, truth, _: _held(answer.nie_interval, truth.nie),
    ),
)


def score(answer: MediationAnswer, truth: NaturalEffects, sd: float) -> dict[str, float]:
    """Compute all scores of an answer.

    Parameters
    ----------
    answer
        The estimates.
    truth
        The true effects.
    sd
        Standard deviation of y, above 0.

    Examples
    --------
    >>> from benchmarks.mediation import MediationAnswer, NaturalEffects, score
    >>> truth = NaturalEffects(nde=1.0, nie=0.5, total=2.0)
    >>> score(MediationAnswer(nde=2.0, nie=0.5), truth, sd=2.0)["error"]
    0.25
    """
    return {each.name: float(each.function(answer, truth, sd)) for each in SCORES}
