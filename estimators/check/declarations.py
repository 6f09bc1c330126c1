"""Rules on declarations: an estimator must do what its registration declares."""

from __future__ import annotations

import numpy as np
import pandas as pd

from estimators.check.subject import Subject, all_answers, ate, check_data, effect, fit
from estimators.check.verdict import difference, require
from estimators.errors import EstimatorError
from estimators.interface import (
    ATE_OF_COMPLIERS,
    ATE_OF_FIT,
    ATE_OF_ROWS,
    EstimatorInfo,
    HasATE,
    HasEffect,
    bounds_of,
)
from estimators.registry import REGISTRY


def _info(subject: Subject) -> EstimatorInfo:
    if subject.info is None:
        raise TypeError("rules on declarations are for registered estimators")
    return subject.info


def gives_its_estimand(subject: Subject) -> None:
    """It estimates the estimand that it was registered with."""
    estimand, estimator = _info(subject).estimand, subject.fitted
    if estimand == "ATE":
        require(not isinstance(estimator, HasEffect), "it has effect(X); register it for the CATE")
    else:
        able = hasattr(estimator, "effect") or hasattr(estimator, "ite_interval")
        require(able, f"it has no effect(X); register it for the ATE, not the {estimand}")


def declares_its_intervals(subject: Subject) -> None:
    """Its registration describes each of its intervals, and no others."""
    declared = _info(subject).intervals.kinds
    for kind in ("effect", "ate", "ite"):
        present = hasattr(subject.fitted, f"{kind}_interval")
        require(
            present or kind not in declared, f"{kind} intervals are declared, but there are none"
        )
        require(
            not present or kind in declared,
            f"{kind}_interval is not described; register with "
            f'intervals=estimators.Intervals({kind}="...")',
        )


def declares_its_needs(subject: Subject) -> None:
    """Its registration names what it needs beside X, t and y."""
    declared, needs = _info(subject).needs, tuple(getattr(subject.fitted, "needs", ()))
    require(declared == needs, f"registered with needs {declared}, but the class has {needs}")


def declares_its_bounds(subject: Subject) -> None:
    """Its registration names the strength of hidden confounding that its bounds need."""
    declared, found = _info(subject).bounds, bounds_of(subject.fitted)
    require(declared == found, f"registered with bounds {declared!r}, but the class has {found!r}")


def gives_the_declared_average(subject: Subject) -> None:
    """Its average effect is the one that its registration describes."""
    declared, estimator, X = _info(subject).ate, subject.fitted, subject.data.X
    if not isinstance(estimator, HasATE):
        return
    if declared == ATE_OF_ROWS:
        expected, given = _mean_effect(estimator, X)
    elif declared in (ATE_OF_FIT, ATE_OF_COMPLIERS):
        expected, given = ate(estimator, X), ate(estimator, X.iloc[: len(X) // 2])
    else:
        return
    require(
        expected is not None and np.isclose(given, expected, rtol=1e-6),
        f"it is not {declared}: it is {given:.6g}, and that is {expected}; "
        "register with ate=... and a description",
    )


#: Largest difference in SD(y) between datasets fitted together and alone: rounding, which the
#: steps of an iterative fit magnify.
TOGETHER = 0.02


def fits_many_as_one_by_one(subject: Subject) -> None:
    """Where it has fit_many, estimators that are fitted together answer as if fitted alone."""
    info = _info(subject)
    if not info.fit_many:
        return
    if info.fit_many == "datasets":
        data, tolerance = [subject.data, check_data(240, seed=1)], TOGETHER
        alone = [subject.new(each.ite) for each in data]
        together = [subject.new(each.ite) for each in data]
    else:
        data, tolerance = [subject.data, subject.data], 0.0
        first = subject.new(data[0].ite)
        names = [each.name for each in REGISTRY.infos() if each.fit_group == info.fit_group]
        other = next((name for name in names if name != info.name), info.name)
        parameters = first.get_params(deep=False)
        alone = [subject.new(data[0].ite), REGISTRY.get(other, **parameters)]
        together = [first, REGISTRY.get(other, **parameters)]
    type(together[0]).fit_many(together, [(each.X, each.t, each.y) for each in data])
    for one, other_one, each in zip(together, alone, data, strict=True):
        fit(other_one, each.X, each.t, each.y)
        expected = all_answers(other_one, each)
        for method, answer in all_answers(one, each).items():
            near = np.allclose(answer, expected[method], rtol=0, atol=tolerance * np.std(each.y))
            require(near, f"{method} after fit_many: {difference(answer, expected[method])}")


def _mean_effect(estimator: HasATE, X: pd.DataFrame) -> tuple[float | None, float]:
    """Mean of the effects of some rows, None without effects, and their average effect."""
    if not isinstance(estimator, HasEffect):
        return None, ate(estimator, X)
    some = X.iloc[: len(X) // 2]
    try:
        return float(np.mean(effect(estimator, some))), ate(estimator, some)
    except EstimatorError:  # some know the effects of all rows of fit only
        return float(np.mean(effect(estimator, X))), ate(estimator, X)
