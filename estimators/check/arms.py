"""Rules on several arms, for estimators that take them."""

from __future__ import annotations

import numpy as np

from estimators.check.answers import LARGEST_ERROR
from estimators.check.subject import Subject, check_data, fit, of_rows
from estimators.check.verdict import require
from estimators.interface import HasArmEffects

#: True average effects of arms 1 and 2 of the data.
EFFECTS = (2.0, -1.0)


def orders_arms(subject: Subject) -> None:
    """With three arms, effects(X) and ates(X) have a finite column for each arm but 0, in order."""
    if not isinstance(subject.fitted, HasArmEffects):
        return
    easy = check_data(4 * len(subject.data.y), randomised=True)
    third = np.arange(len(easy.y)) % 3 == 2
    t = np.where(third, 2, easy.t)
    base = easy.y - easy.t * easy.ite
    y = base + np.select([t == 1, t == 2], [EFFECTS[0], EFFECTS[1]], 0.0)
    estimator = fit(subject.new(easy.ite), easy.X, t, y)
    shown = of_rows(estimator, easy.X)
    effects, ates = estimator.effects(easy.X, **shown), estimator.ates(easy.X, **shown)
    for name, answer, shape in (("effects", effects, (len(y), 2)), ("ates", ates, (2,))):
        require(isinstance(answer, np.ndarray), f"{name} returned {type(answer).__name__}")
        require(answer.shape == shape, f"{name} returned shape {answer.shape}, not {shape}")
        require(np.isfinite(answer).all(), f"{name} returned NaN or infinity")
    if not getattr(estimator, "learns", True):
        return
    for name, answer in (("the mean of effects(X)", effects.mean(axis=0)), ("ates(X)", ates)):
        for arm, (found, true) in enumerate(zip(answer, EFFECTS, strict=True), start=1):
            require(
                abs(found - true) <= LARGEST_ERROR * abs(true),
                f"{name} is {found:.3g} for arm {arm}, the truth {true:g}",
            )


def declares_its_arms(subject: Subject) -> None:
    """Its registration says whether it takes more than two arms."""
    declared = subject.info is not None and subject.info.many_arms
    able = isinstance(subject.fitted, HasArmEffects)
    require(able or not declared, "many_arms is declared, but it has no effects(X) and ates(X)")
    require(declared or not able, "it has effects(X) and ates(X); write many_arms = True")
