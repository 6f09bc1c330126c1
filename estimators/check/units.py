"""Rules on units: effects are in units of y, and other units of X or y change nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from estimators.check.subject import CheckData, Subject, all_answers, fit, has_two_ends
from estimators.check.verdict import require

#: Largest mean change of an answer by other units, in standard deviations of y. For an estimator
#: with a ``random_state`` it is the largest change by one of `OTHER_SEEDS`, if that is larger:
#: rounding may change the splits of trees.
SAME = 1e-6
OTHER_SEEDS = (101, 102, 103)


@dataclass(frozen=True)
class UnitChange:
    """A change of units of the data of `check_data`.

    Attributes
    ----------
    rule
        ``scale of y``, ``shift of y`` or ``scale of X``: the key in ``depends_on_units``.
    scale, shift
        The other y is ``shift + scale * y``.
    X
        Scale and shift of covariates, by name.
    """

    rule: str
    scale: float = 1.0
    shift: float = 0.0
    X: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def of(self, data: CheckData) -> CheckData:
        """The data in the other units."""
        columns = {name: shift + scale * data.X[name] for name, (scale, shift) in self.X.items()}
        y, ite = self.shift + self.scale * data.y, self.scale * data.ite
        return replace(data, X=data.X.assign(**columns), y=y, ite=ite)

    def back(self, method: str, answer: np.ndarray) -> np.ndarray:
        """An answer for the other data in the first units."""
        turned = has_two_ends(method) and self.scale < 0
        return (answer[::-1] if turned else answer) / self.scale


def _all(scale: float) -> dict[str, tuple[float, float]]:
    return dict.fromkeys(("age", "dose", "smokes", "stage"), (scale, 0.0))


#: A date in milliseconds, and a dose in another unit and direction.
DATES = UnitChange("scale of X", X={"age": (8.64e7, 1.7e12), "dose": (-1e-3, 3.0)})
#: Changes of units by name: those of the rules, and others for the table in
#: docs/reference/estimators.md.
CHANGES: Mapping[str, UnitChange] = {
    "y x -1e-4": UnitChange("scale of y", scale=-1e-4),
    "y x 1e6": UnitChange("scale of y", scale=1e6),
    "y + 2^20": UnitChange("shift of y", shift=2.0**20),
    "y + 2^30": UnitChange("shift of y", shift=2.0**30),
    "X as dates": DATES,
    "X x 1e-6": UnitChange("scale of X", X=_all(1e-6)),
    "X x 1e7": UnitChange("scale of X", X=_all(1e7)),
    "X x -1": UnitChange("scale of X", X=_all(-1.0)),
}


def scales_with_y(subject: Subject) -> None:
    """Scale of y: c times y gives c times the effects."""
    _ignores(subject, CHANGES["y x -1e-4"])


def ignores_a_shift(subject: Subject) -> None:
    """Shift of y: a constant added to y leaves the effects as they are."""
    _ignores(subject, CHANGES["y + 2^20"])


def ignores_units_of_X(subject: Subject) -> None:
    """Scale of X: other units of the covariates leave the effects as they are."""
    _ignores(subject, DATES)


def _ignores(subject: Subject, change: UnitChange) -> None:
    if getattr(subject.fitted, "depends_on_units", {}).get(change.rule):
        return
    changes = changes_of_answers(subject, change)
    if max(changes.values()) <= SAME:
        return
    spread = spread_over_seeds(subject)
    for method, found in changes.items():
        limit = max(SAME, spread.get(method, 0.0))
        require(
            found <= limit,
            f"{method} changes by {found:.2g} SD(y) on average, more than {limit:.2g}; inherit "
            "estimators.Standardised, or give the reason in depends_on_units of the class",
        )


def changes_of_answers(subject: Subject, change: UnitChange) -> dict[str, float]:
    """Mean absolute change of each answer by other units, in standard deviations of y."""
    other = change.of(subject.data)
    answers = all_answers(subject.fit(other), other)
    return _distances(
        subject, {method: change.back(method, answer) for method, answer in answers.items()}
    )


def spread_over_seeds(subject: Subject) -> dict[str, float]:
    """Largest mean absolute change of each answer by another seed, in standard deviations of y.

    Empty for an estimator without the parameter ``random_state``.
    """
    data = subject.data
    estimator = subject.new(data.ite)
    parameters = estimator.get_params(deep=False) if hasattr(estimator, "get_params") else {}
    arguments = parameters.get("arguments") or {}  # those of a function
    if "random_state" not in parameters | arguments:
        return {}
    largest: dict[str, float] = {}
    for seed in OTHER_SEEDS:
        changed = {"random_state": seed}
        estimator.set_params(**({"arguments": arguments | changed} if arguments else changed))
        answers = all_answers(fit(estimator, data.X, data.t, data.y), data)
        for method, found in _distances(subject, answers).items():
            largest[method] = max(found, largest.get(method, 0.0))
    return largest


def _distances(subject: Subject, answers: Mapping[str, np.ndarray]) -> dict[str, float]:
    """Mean distance of answers from the usual ones, in standard deviations of y."""
    data = subject.data
    usual = all_answers(subject.fitted, data)
    return {
        method: _distance(answer, usual[method]) / float(np.std(data.y))
        for method, answer in answers.items()
    }


def _distance(first: np.ndarray, second: np.ndarray) -> float:
    """Mean distance; infinite ends of intervals are the same if both are infinite."""
    apart = np.subtract(first, second, out=np.zeros(np.shape(first)), where=first != second)
    return float(np.mean(np.abs(apart)))
