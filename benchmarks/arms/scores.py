"""Score effects of several arms against the truth."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.arms.job import ArmAnswer
from benchmarks.metrics import formulas
from benchmarks.tasks.score import Score
from sdscm.data.multi_arm import MultiArmDataset

_NAN = float("nan")
_ERROR = (0.0, math.inf)

#: All scores, in the order of the columns of a board.
SCORES: tuple[Score, ...] = (
    Score(
        "pehe_sd",
        "PEHE / SD(y)",
        "lower",
        _ERROR,
        "Root mean squared error of the effects of the units against the reference arm, in units "
        "of SD(y), averaged over the other arms. The target is the CATE given the covariates that "
        "the setting shows where it is known, else the effect of the unit.",
    ),
    Score(
        "ate_error_sd",
        "|ATE error| / SD(y)",
        "lower",
        _ERROR,
        "Absolute error of the average effect over these units, in units of SD(y), averaged over "
        "the arms beside the reference.",
    ),
    Score(
        "policy_value_sd",
        "Policy value / SD(y)",
        "higher",
        (-math.inf, math.inf),
        "Mean true effect against the reference arm if each unit gets the arm with the best "
        "estimate, in units of SD(y); more of y is better.",
    ),
    Score(
        "regret_sd",
        "Regret / SD(y)",
        "lower",
        _ERROR,
        "Policy value of the best choice given what the setting shows, less that of the method.",
    ),
)


@dataclass(frozen=True, eq=False)
class ArmTruth:
    """The truth of a dataset in a setting.

    Attributes
    ----------
    effects : array of shape (n, K - 1)
        The target of effects: the CATE, or the individual effects if it is unknown.
    ates : array of shape (K - 1,)
        The sample average effects.
    sd
        SD(y).
    """

    effects: np.ndarray
    ates: np.ndarray
    sd: float

    @classmethod
    def of(cls, data: MultiArmDataset) -> ArmTruth:
        """The truth of a dataset in its setting."""
        effects = data.effects if data.cate is None else data.cate
        # Scores in units of an SD(y) of 0 do not exist.
        return cls(effects, data.sates, float(data.y.std()) or _NAN)


def best_arm(effects: np.ndarray) -> np.ndarray:
    """The arm with the largest effect of each unit, of shape (n,); the first one of equal ones."""
    return np.column_stack([np.zeros(len(effects)), effects]).argmax(axis=1)


def policy_value(chosen: np.ndarray, effects: np.ndarray) -> float:
    """Mean effect against arm 0 of the chosen arms, in units of y.

    The gain over treating all units with the reference arm (Zhou, Athey and Wager, "Offline
    multi-action policy learning", Operations Research 2023, section 2).
    """
    with_reference = np.column_stack([np.zeros(len(effects)), effects])
    return float(with_reference[np.arange(len(effects)), chosen].mean())


def by_pair(answer: ArmAnswer, truth: ArmTruth) -> list[dict[str, float]]:
    """Score each arm against the reference, with its average effect and the true one."""
    found = []
    for k, (ate, true) in enumerate(zip(answer.ates, truth.ates, strict=True)):
        pehe = _NAN
        if answer.effects is not None:
            pehe = formulas.pehe(answer.effects[:, k], truth.effects[:, k]) / truth.sd
        error = abs(float(ate - true)) / truth.sd
        found.append(
            {"pehe_sd": pehe, "ate_error_sd": error, "ate": float(ate), "true_ate": float(true)}
        )
    return found


def score(answer: ArmAnswer, truth: ArmTruth) -> dict[str, Any]:
    """Compute all scores of an answer; NaN for those of units that it does not have."""
    pairs = by_pair(answer, truth)
    value = regret = _NAN
    if answer.effects is not None:
        value = policy_value(best_arm(answer.effects), truth.effects) / truth.sd
        regret = policy_value(best_arm(truth.effects), truth.effects) / truth.sd - value
    return {
        "pehe_sd": float(np.mean([pair["pehe_sd"] for pair in pairs])),
        "ate_error_sd": float(np.mean([pair["ate_error_sd"] for pair in pairs])),
        "policy_value_sd": value,
        "regret_sd": max(regret, 0.0),  # rounding
    }
