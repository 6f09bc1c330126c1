"""The rule on accuracy: on easy data an estimate must be roughly right."""

from __future__ import annotations

import numpy as np

from estimators.check.subject import Subject
from estimators.check.verdict import require
from estimators.interface import HasATE, HasEffect

#: Largest error of the average effect, as a share of it.
LARGEST_ERROR = 0.5


def finds_an_easy_effect(subject: Subject) -> None:
    """On easy randomised data its average effect has the right sign and about the right size."""
    estimator, data = subject.fitted_on_easy, subject.easy
    if not getattr(estimator, "learns", True):
        return
    truth = float(np.mean(data.ite))
    found = {}
    if isinstance(estimator, HasEffect):
        found["the mean of effect(X)"] = float(np.mean(estimator.effect(data.X)))
    if isinstance(estimator, HasATE):
        found["ate(X)"] = float(estimator.ate(data.X))
    for what, value in found.items():
        require(
            abs(value - truth) <= LARGEST_ERROR * abs(truth),
            f"{what} is {value:.3g}, the truth {truth:.3g}; set learns = False on the class if "
            "its answers do not depend on the data",
        )
