"""Properties that estimators must have on each simulated design, and the exemptions.

An estimator without an exemption must have all properties of the answers that it offers.
"""

from __future__ import annotations

from typing import Literal

Target = Literal["effect", "ate"]
Kind = Literal["effect", "ate", "ite"]
_TARGETS: tuple[Target, ...] = ("effect", "ate")

#: Least and largest coverage of intervals of level 0.95 over 200 seeds; for effects and ITEs it is
#: averaged over the rows as well. A conservative interval covers more than 0.95, which is allowed.
#: Three standard errors of 200 draws of 0.95 are 0.046.
BANDS: dict[Kind, tuple[float, float]] = {
    "effect": (0.90, 1.0),
    "ate": (0.90, 1.0),
    "ite": (0.92, 1.0),
}

_NAIVE = "adjusts for nothing"
_NO_MATCH = "no two rows are alike, so that it is the difference in means"
_LINEAR_OUTCOME = "its outcome model is linear"
_LINEAR_MODELS = "its models of outcome or treatment are linear"
_LINEAR_EFFECT = "its effect is linear in the covariates"
_LOGISTIC = "its propensities are logistic, and it rests on them alone"
_ONE_EFFECT = "has one effect for every row"
_FULLY_GROWN = "trees with one row a leaf keep the noise of that row"
_OVERFITS = "XGBoost's defaults follow the noise, and the error falls slowly"
_FOR_TRIALS = "its splits look for effects, not for confounders: made for randomised treatments"
_SPLITS_ONLY = "adjusts by its splits alone, too slowly to be centred"
_FOREST_BIAS = "forests smooth, and their intervals leave that bias out"
_OBSERVED_NOISE = "its effect of an observed unit holds that unit's noise"
_TEN_STRATA = "ten strata leave some confounding within each, however many rows there are"
_BOOSTED_BIAS = "boosted trees on 400 rows leave some confounding, and the interval leaves it out"
_AUTOMATIC = "EconML's automatic nuisance models on half of 500 rows leave some confounding"
_SHRUNK = (
    "its priors shrink the effect: low by 0.10 with 500 rows, half of an interval's half width"
)
_ZERO_PROPENSITY = (
    "its propensity model, where it is a forest, gives rows a probability of 0, clipped at 1e-6"
)
_RANDOM_FEATURES = "its effect is linear in 20 random features"
_WRONG_PROPENSITY = "its logistic propensity is wrong, and its interval needs both models right"

# Each reason follows from theory, or else from a trial with 250 and 4,000 rows. A slow test checks
# all estimators with 500 and 8,000 rows.

_ANY = "any"
#: (estimator, design, target) -> reason why its error need not vanish. ``any`` matches all designs.
_INCONSISTENT: dict[tuple[str, str, Target], str] = {
    ("Zero", _ANY, "effect"): "answers 0",
    ("Zero", _ANY, "ate"): "answers 0",
    ("T-Only OLS", _ANY, "effect"): _ONE_EFFECT,
    **{
        (name, _ANY, "effect"): _ONE_EFFECT
        for name in ("LinReg", "LinearS", "ConstantEffect", "CausalML S-Linear", "CausalML LRS")
    },
    ("ExactMatch", _ANY, "effect"): _NO_MATCH,
    ("ExactMatch", "linear", "ate"): _NO_MATCH,
    ("ExactMatch", "nonlinear", "ate"): _NO_MATCH,
    ("BART-ITE", _ANY, "effect"): _OBSERVED_NOISE,
    ("RF", _ANY, "effect"): _FULLY_GROWN,
    ("ForestS", _ANY, "effect"): _FULLY_GROWN,
    ("ForestT", _ANY, "effect"): _FULLY_GROWN,
    **{(name, "linear", "ate"): _NAIVE for name in ("DiffInMeans", "T-Only OLS")},
    **{(name, "nonlinear", "ate"): _NAIVE for name in ("DiffInMeans", "T-Only OLS")},
    **{
        (name, "nonlinear", "ate"): _LINEAR_OUTCOME
        for name in ("LinReg", "LinearS", "DoWhy linear", "CausalML S-Linear", "CausalML LRS")
    },
    **{
        (name, "nonlinear", target): _LINEAR_OUTCOME
        for name in ("LinearT", "CausalML T-Linear", "CausalML X-Linear")
        for target in _TARGETS
    },
    **{
        (name, "nonlinear", target): _LINEAR_MODELS
        for name in ("IPW", "AIPW", "DoWhy weighting", "CausalML R-Linear", "CausalML DR-Linear")
        for target in _TARGETS
    },
    **{
        (name, "nonlinear", target): _LOGISTIC
        for name in ("CausalML R-LGBM", "CausalML R-XGB")
        for target in _TARGETS
    },
    **{
        (name, "nonlinear", "ate"): _LOGISTIC for name in ("DoWhy stratification", "DoWhy matching")
    },
    ("DoWhy stratification", "linear", "ate"): _TEN_STRATA,
    **{
        (f"CausalML {learner}-XGB", truth, "effect"): _OVERFITS
        for learner, truth in (
            *(("T", "linear"), ("X", "linear"), ("R", "linear"), ("DR", "linear")),
            ("T", "nonlinear"),
        )
    },
    **{
        (name, truth, target): _FOR_TRIALS
        for name in ("CausalML tree", "CausalML forest")
        for truth in ("linear", "nonlinear")
        for target in _TARGETS
    },
    **{
        (name, "nonlinear", "effect"): _LINEAR_EFFECT
        for name in (
            "LinearDML",
            "LinearDR",
            "LinearDR-trimmed",
            "SparseLinearDML",
            "SparseLinearDR",
        )
    },
    ("KernelDML", "nonlinear", "effect"): _RANDOM_FEATURES,
    **{(name, "nonlinear", "ate"): _ZERO_PROPENSITY for name in ("LinearDR", "ForestDR")},
    ("ForestDR", "nonlinear", "effect"): _ZERO_PROPENSITY,
}
#: (estimator, design, kind) -> reason why its intervals need not cover with 500 rows, although its
#: error may vanish. LinearDR covered 0.900 and 0.905 in 200 draws, at the edge of the band, for the
#: same reason as LinearDML, which covers 0.91 with plain linear and logistic models instead of the
#: automatic ones. The two sparse methods have the same nuisance models: SparseLinearDML covered
#: 0.88 in 60 draws.
_UNCOVERED: dict[tuple[str, str, Kind], str] = {
    ("CausalForest", _ANY, "effect"): _SPLITS_ONLY,
    ("ForestDML", _ANY, "effect"): _FOREST_BIAS,
    ("ForestDR", _ANY, "effect"): _FOREST_BIAS,
    ("ConstantEffect", "linear", "ate"): _BOOSTED_BIAS,
    ("LinearDML", "linear", "ate"): _AUTOMATIC,
    ("LinearDR", _ANY, "ate"): _AUTOMATIC,
    ("SparseLinearDML", "linear", "ate"): _AUTOMATIC,
    ("SparseLinearDR", _ANY, "ate"): _AUTOMATIC,
    ("CausalML TMLE", "nonlinear", "ate"): _WRONG_PROPENSITY,
    ("stochtree BCF", "nonlinear", "ate"): _SHRUNK,
}


def exempt_from_consistency(name: str, design: str, target: Target) -> str:
    """Return the reason why the error of an estimator need not vanish as rows are added.

    The error is that of its effects against the CATE, or of its average effect. The reason is empty
    if the error has to vanish.
    """
    return _INCONSISTENT.get((name, design, target)) or _INCONSISTENT.get((name, _ANY, target), "")


def exempt_from_coverage(name: str, design: str, kind: Kind) -> str:
    """Return the reason why the intervals of an estimator need not cover; see `BANDS`.

    Intervals around an estimate that is not consistent need not cover. The reason is empty if they
    have to.
    """
    uncovered = _UNCOVERED.get((name, design, kind)) or _UNCOVERED.get((name, _ANY, kind))
    if uncovered or kind == "ite":
        return uncovered or ""
    return exempt_from_consistency(name, design, kind)


def exempt_estimators() -> set[str]:
    """Return the names of the estimators with an exemption."""
    return {name for name, _, _ in (*_INCONSISTENT, *_UNCOVERED)}
