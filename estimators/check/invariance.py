"""Rules on what effects must follow: not the zero of y, but the names of the treatments."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from estimators.check.subject import Subject, estimates
from estimators.check.verdict import require

#: Mean change of the effects that a shift of y may cause, in standard deviations of y: the splits
#: of trees may change by rounding.
SHIFT_TOLERANCE = 0.05
#: By how much the average effects of t and 1 - t may fail to cancel, as a share of the larger:
#: folds, subsamples and starting weights may fall otherwise when the arms are swapped.
RELABEL_TOLERANCE = 0.5


def ignores_a_shift(subject: Subject) -> None:
    """A constant added to y leaves the effects where they are, unless it says otherwise."""
    if not getattr(subject.fitted, "shift_invariant", True):
        return
    data = subject.data
    shifted = estimates(subject.fit(replace(data, y=data.y + 8)), data.X)
    change = np.mean(np.abs(shifted - estimates(subject.fitted, data.X)))
    limit = SHIFT_TOLERANCE * np.std(data.y)
    require(
        change <= limit,
        f"with y + 8 they change by {change:.3g} on average, more than {limit:.3g}; "
        "set shift_invariant = False on the class if that is its nature",
    )


def flips_signs(subject: Subject) -> None:
    """Effects change their sign when the names of the two treatments are swapped."""
    data = subject.data
    swapped = replace(data, t=1 - data.t, ite=-data.ite)
    ate = float(np.mean(estimates(subject.fitted, data.X)))
    other = float(np.mean(estimates(subject.fit(swapped), data.X)))
    require(
        abs(ate + other) <= RELABEL_TOLERANCE * max(abs(ate), abs(other)),
        f"the average effect is {ate:.3g} for t and {other:.3g} for 1 - t",
    )
