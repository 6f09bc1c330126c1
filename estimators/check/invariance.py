"""Rules on invariance: a shift of y, and swapped names of the treatments."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from estimators.check.subject import Subject, estimates
from estimators.check.verdict import require

#: Largest mean change of the effects by a shift of y, in standard deviations of y: rounding may
#: change the splits of trees.
SHIFT_TOLERANCE = 0.05
#: Largest sum of the average effects of t and 1 - t, as a share of the larger one: with swapped
#: arms, folds, subsamples and initial weights are other ones.
RELABEL_TOLERANCE = 0.5


def ignores_a_shift(subject: Subject) -> None:
    """A constant added to y does not change the effects, unless the class declares that it does."""
    if not getattr(subject.fitted, "shift_invariant", True):
        return
    data = subject.data
    shifted = estimates(subject.fit(replace(data, y=data.y + 8)), data.X)
    change = np.mean(np.abs(shifted - estimates(subject.fitted, data.X)))
    limit = SHIFT_TOLERANCE * np.std(data.y)
    require(
        change <= limit,
        f"with y + 8 they change by {change:.3g} on average, more than {limit:.3g}; "
        "set shift_invariant = False on the class if the method is such",
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
