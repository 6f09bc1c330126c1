"""Define selectors, and what they see: the data of an applied scientist, never the truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd

from benchmarks.selection.nuisances import Nuisances, fit_nuisances
from sdscm.errors import InputError

#: Scores of methods by name. A method without a score, or with NaN, is not picked.
Scores = Mapping[str, float]


@dataclass(frozen=True, eq=False)
class Shown:
    """What a selector sees of a dataset in a setting. Its arrays are copies that cannot be written.

    Attributes
    ----------
    X : DataFrame of shape (n, p)
        Covariates of all rows that the methods were fitted with; categories as indicators.
    t, y : arrays of shape (n,)
        Treatment, 0 or 1, and observed outcome.
    held_out : boolean array of shape (n,)
        The rows that no method was fitted on; all False if the suite holds out none.
    effects : dict of arrays of shape (n,)
        Estimated effect of each row, in units of y, by the method's name. Only methods that
        answered for all rows are there.
    seed
        Seed for whatever is random in the selector.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> t, y = np.array([0, 1, 0, 1]), np.array([0.0, 1.0, 0.0, 1.0])
    >>> effects = {"Zero": np.zeros(4), "One": np.ones(4)}
    >>> shown = benchmarks.selection.Shown(
    ...     pd.DataFrame({"x": [0.0, 0.0, 1.0, 1.0]}), t, y, np.zeros(4, bool), effects, seed=0
    ... )
    >>> shown.of_each(lambda effect: abs(effect - 1).mean())
    {'Zero': 1.0, 'One': 0.0}
    """

    X: pd.DataFrame
    t: np.ndarray
    y: np.ndarray
    held_out: np.ndarray
    effects: Mapping[str, np.ndarray]
    seed: int

    @property
    def compared(self) -> np.ndarray:
        """The rows on which methods are compared: the held-out rows, or else all. Shape (n,)."""
        return self.held_out if self.held_out.any() else np.ones(len(self.t), dtype=bool)

    def of_each(self, score: Callable[[np.ndarray], float]) -> dict[str, float]:
        """Score the effects of each method on the compared rows."""
        rows = self.compared
        return {name: float(score(effect[rows])) for name, effect in self.effects.items()}

    @cached_property
    def nuisances(self) -> Nuisances:
        """Expected outcomes and propensities of all rows, out of fold; see `fit_nuisances`."""
        return fit_nuisances(self.X.to_numpy(dtype=float), self.t, self.y, self.seed)


@dataclass(frozen=True)
class Selector:
    """A rule that picks a method without the truth: the one with the best score.

    Attributes
    ----------
    name, title
        Name in files for programs and in options, and name in tables for people.
    better
        ``lower`` or ``higher``. Methods that share the best score are picked with equal chance.
    function
        Function from a `Shown` to the score of each method. A method that it leaves out, or whose
        score is NaN, is not picked. It raises if it does not apply.
    source
        Citation of the formula.

    Raises
    ------
    InputError
        If ``better`` is another word.

    Examples
    --------
    >>> benchmarks.selection.get("r_score").title
    'R-score'
    """

    name: str
    title: str
    better: Literal["lower", "higher"]
    function: Callable[[Shown], Scores]
    source: str

    def __post_init__(self) -> None:
        if self.better not in ("lower", "higher"):
            raise InputError(
                f"selector '{self.name}': better '{self.better}': choose 'lower' or 'higher'"
            )

    @property
    def definition(self) -> str:
        """The first sentence of the function's docstring."""
        return " ".join((self.function.__doc__ or "").partition("\n\n")[0].split())
