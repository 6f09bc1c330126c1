"""Rules on intervals: their shape, their order and their level."""

from __future__ import annotations

import numpy as np

from estimators.check.subject import Subject, interval_methods
from estimators.check.verdict import require


def orders_intervals(subject: Subject) -> None:
    """Intervals have the right shape, the lower end first, and grow with their level."""
    data = subject.data
    for method, interval in interval_methods(subject.fitted, data).items():
        shape = () if method == "ate_interval" else (len(data.X),)
        widths = []
        for alpha in (0.5, 0.05):
            lower, upper = (np.asarray(end, dtype=float) for end in interval(alpha))
            require(
                lower.shape == upper.shape == shape,
                f"{method} gave shapes {lower.shape} and {upper.shape}, not {shape}",
            )
            require(
                not (np.isnan(lower).any() or np.isnan(upper).any()),
                f"{method} gave NaN for an end",
            )
            require(np.all(lower <= upper), f"{method} gave a lower end above the upper one")
            widths.append(upper - lower)
        narrow, wide = widths
        require(np.all(wide >= narrow - 1e-9), f"{method} is wider at alpha 0.5 than at alpha 0.05")
        # Only those of no width at all, or of an infinite one, may be the same at each level.
        may_grow = (narrow > 0) & np.isfinite(narrow)
        require(
            not may_grow.any() or (wide > narrow)[may_grow].any(),
            f"{method} is the same at alpha 0.5 as at alpha 0.05",
        )
