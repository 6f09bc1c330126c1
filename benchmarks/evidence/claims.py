"""What an estimator may be held to on each synthetic truth, and what it may not, with the reason.

Whoever is not named here is held to everything that it offers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Target = Literal["effect", "ate"]
Kind = Literal["effect", "ate", "ite"]


@dataclass(frozen=True)
class Claim:
    """One thing that an estimator is held to, or not.

    Attributes
    ----------
    reason
        Why it is not held to it; empty if it is.
    """

    reason: str = ""

    @property
    def holds(self) -> bool:
        return not self.reason


#: The share of 200 seeds in which an interval of level 0.95 should cover; for effects and ITEs, the
#: mean over the rows as well. Above 0.95 is conservative, which is no fault. Three standard errors
#: of 200 draws of 0.95 are 0.046.
BANDS: dict[Kind, tuple[float, float]] = {
    "effect": (0.90, 1.0),
    "ate": (0.90, 1.0),
    "ite": (0.92, 1.0),
}

_NAIVE = "adjusts for nothing"
_LINEAR_OUTCOME = "its outcome model is linear"
_LINEAR_MODELS = "its models of outcome or treatment are linear"
_LINEAR_EFFECT = "its effect is linear in the covariates"
_LOGISTIC = "its propensities are logistic, and it rests on them alone"
_ONE_EFFECT = "has one effect for every row"
_FULLY_GROWN = "trees with one row a leaf keep the noise of that row"
_SPLITS_ONLY = "adjusts by its splits alone, too slowly to be centred"
_FOREST_BIAS = "forests smooth, and their intervals leave that bias out"

_ANY = "any"
#: (estimator, truth, target) -> why its error need not vanish; ``any`` stands for each truth.
_INCONSISTENT: dict[tuple[str, str, Target], str] = {
    ("Zero", _ANY, "effect"): "answers 0",
    ("Zero", _ANY, "ate"): "answers 0",
    ("T-Only OLS", _ANY, "effect"): _ONE_EFFECT,
    ("LinReg", _ANY, "effect"): _ONE_EFFECT,
    ("LinearS", _ANY, "effect"): _ONE_EFFECT,
    ("RF", _ANY, "effect"): _FULLY_GROWN,
    ("ForestS", _ANY, "effect"): _FULLY_GROWN,
    ("ForestT", _ANY, "effect"): _FULLY_GROWN,
    **{(name, "linear", "ate"): _NAIVE for name in ("DiffInMeans", "T-Only OLS")},
    **{(name, "nonlinear", "ate"): _NAIVE for name in ("DiffInMeans", "T-Only OLS")},
    **{
        (name, "nonlinear", "ate"): _LINEAR_OUTCOME
        for name in ("LinReg", "LinearS", "LinearT", "DoWhy linear")
    },
    ("LinearT", "nonlinear", "effect"): _LINEAR_OUTCOME,
    **{(name, "nonlinear", "ate"): _LINEAR_MODELS for name in ("IPW", "AIPW", "DoWhy weighting")},
    ("CausalML R-LGBM", "nonlinear", "effect"): _LOGISTIC,
    ("CausalML R-LGBM", "nonlinear", "ate"): _LOGISTIC,
    **{(name, "nonlinear", "effect"): _LINEAR_EFFECT for name in ("LinearDML", "LinearDR")},
}
#: (estimator, truth, kind) -> why its intervals need not cover, though its error may vanish.
_UNCOVERED: dict[tuple[str, str, Kind], str] = {
    ("CausalForest", _ANY, "effect"): _SPLITS_ONLY,
    ("ForestDML", _ANY, "effect"): _FOREST_BIAS,
    ("ForestDR", _ANY, "effect"): _FOREST_BIAS,
}


def claims_consistency(name: str, truth: str, target: Target) -> Claim:
    """Whether the error of an estimator should vanish as rows are added.

    Parameters
    ----------
    name
        The estimator.
    truth
        One of `TRUTHS`.
    target
        ``effect``: its effects against the CATE; ``ate``: its average effect.
    """
    return Claim(_INCONSISTENT.get((name, truth, target), _anywhere(name, target)))


def claims_coverage(name: str, truth: str, kind: Kind) -> Claim:
    """Whether the intervals of an estimator should cover; see `BANDS`.

    Intervals around a quantity that the estimator does not approach are held to nothing.
    """
    uncovered = _UNCOVERED.get((name, truth, kind)) or _UNCOVERED.get((name, _ANY, kind))
    if uncovered:
        return Claim(uncovered)
    if kind == "ite":
        return Claim()
    return claims_consistency(name, truth, kind)


def named() -> set[str]:
    """The estimators that are excused from something."""
    return {name for name, _, _ in (*_INCONSISTENT, *_UNCOVERED)}


def _anywhere(name: str, target: Target) -> str:
    return _INCONSISTENT.get((name, _ANY, target), "")
