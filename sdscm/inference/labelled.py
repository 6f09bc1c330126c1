"""Exact distributions and effects as pandas objects, labelled with the variables' values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from sdscm.arguments import check_whole, names_of
from sdscm.display import html_card, html_note, html_table
from sdscm.errors import InputError
from sdscm.inference.enumeration import MAX_CONTEXTS, ExactArrays
from sdscm.inference.outcome import OutcomeFunction
from sdscm.literals import OutcomeKind
from sdscm.number_format import NONE
from sdscm.sampling.interventions import FixedTarget, variable_of
from sdscm.sampling.mechanisms import Mechanisms

Names = str | Sequence[str]
Targets = Mapping[str, FixedTarget]


class Enumeration:
    """All distributions and effects of an SD-SCM without sampling error; see `SDSCM.exact`.

    Each result has the values of the variables as its labels. ``arrays`` has the same methods with
    NumPy arrays as results, an axis for each variable.

    Parameters
    ----------
    mechanisms
        The mechanisms of the SD-SCM.
    max_contexts
        Largest number of contexts to score for one variable.

    Examples
    --------
    >>> exact = sdscm.SDSCM("headache", "tabular:0").exact()
    >>> exact
    <Enumeration: headache, at most 27 contexts for a variable>
    >>> round(exact.effect(), 3)
    0.021
    """

    def __init__(self, mechanisms: Mechanisms, max_contexts: int = MAX_CONTEXTS) -> None:
        check_whole("max_contexts", max_contexts, 1)
        self.arrays = ExactArrays(mechanisms, max_contexts)
        self.spec = self.arrays.spec

    def __repr__(self) -> str:
        return f"<Enumeration: {self.spec.name}, {self._about}>"

    @property
    def _about(self) -> str:
        largest = max(map(self.contexts, self.spec.order))
        limit = self.arrays.max_contexts
        return f"at most {largest:,} contexts for a variable" + f" (limit {limit:,})" * (
            largest > limit
        )

    def _repr_html_(self) -> str:
        rows = [
            (name, ", ".join(self.spec.parents(name)) or NONE, f"{self.contexts(name):,}")
            for name in self.spec.order
        ]
        return html_card(
            f"Enumeration: {self.spec.name}",
            self._about,
            html_table(["variable", "parents", "contexts"], rows),
            html_note("Ask marginal, conditional, joint, mean, effect or log_table."),
        )

    def contexts(self, name: str) -> int:
        """Number of contexts of a variable: the product of its parents' domain sizes.

        Examples
        --------
        >>> exact = sdscm.SDSCM("headache", "tabular:0").exact()
        >>> exact.contexts("feeling")
        24
        """
        return self.arrays.contexts(variable_of(self.spec, name, "exact").name)

    def feasible(self, names: Names | None = None) -> bool:
        """True if the mechanisms of these variables (by default all) can be tabulated.

        Examples
        --------
        >>> exact = sdscm.SDSCM("headache", "tabular:0").exact()
        >>> exact.feasible()
        True
        """
        wanted = self.spec.order if names is None else names_of("exact", names)
        return all(self.contexts(name) <= self.arrays.max_contexts for name in wanted)

    def log_table(self, name: str) -> pd.DataFrame:
        """log P(variable | parents): a row for each context, a column for each value.

        Raises
        ------
        TooLargeError
            If the variable has more contexts than ``max_contexts``.

        Examples
        --------
        >>> exact = sdscm.SDSCM("headache", "tabular:0").exact()
        >>> exact.log_table("weather").round(3)
        weather   warm   cold  windy
        season
        spring  -0.125 -2.809 -2.859
        summer  -0.380 -3.802 -1.224
        autumn  -0.391 -2.182 -1.556
        winter  -0.825 -1.365 -1.184
        """
        variable = variable_of(self.spec, name, "exact").name
        return self._table(self.arrays.log_table(variable), self.spec.parents(variable), variable)

    def marginal(self, names: Names, do: Targets | None = None) -> pd.Series:
        """P(names), or P(names | do(...)): a Series with the values as its index.

        Parameters
        ----------
        names
            A variable, or several, in the order of the index's levels.
        do
            For each target a value, or a distribution over its domain; see
            `sdscm.sampling.interventions`.

        Examples
        --------
        >>> exact = sdscm.SDSCM("headache", "tabular:0").exact()
        >>> exact.marginal("relief").round(3)
        relief
        a walk    0.475
        a nap     0.525
        Name: P(relief), dtype: float64
        >>> exact.marginal("feeling", do={"relief": "a nap"}).round(3).to_dict()
        {'better': 0.39, 'worse': 0.61}
        """
        wanted = names_of("exact", names)
        if not wanted:
            raise InputError("exact: name a variable, or several")
        found = self.arrays.marginal(wanted, do)
        given = f" | do({', '.join(do)})" if do else ""
        return self._series(found, wanted, f"P({', '.join(wanted)}{given})")

    def conditional(self, name: str, given: Names, do: Targets | None = None) -> pd.DataFrame:
        """P(name | given): a row for each combination of given values, a column for each value.

        NaN where the given values have probability 0.

        Examples
        --------
        >>> exact = sdscm.SDSCM("headache", "tabular:0").exact()
        >>> exact.conditional("feeling", "relief").round(3)
        feeling  better  worse
        relief
        a walk    0.384  0.616
        a nap     0.397  0.603
        """
        variable, wanted = variable_of(self.spec, name, "exact").name, names_of("given", given)
        return self._table(self.arrays.conditional(variable, wanted, do), wanted, variable)

    def joint(self) -> pd.Series:
        """P(all variables), in the order tau.

        Examples
        --------
        >>> exact = sdscm.SDSCM("headache", "tabular:0").exact()
        >>> len(exact.joint())
        15552
        """
        return self.marginal(self.spec.order)

    def mean(
        self,
        outcome: OutcomeKind | ArrayLike | pd.Series = "log-probability",
        given: Names = (),
        do: Targets | None = None,
        *,
        outcome_value: str | None = None,
        scores: Mapping[str, float] | None = None,
    ) -> float | pd.Series:
        """E[outcome | given, do(...)]: a number, or a Series over the given values.

        Parameters
        ----------
        outcome, outcome_value, scores
            As in `SDSCM.dataset`. Or ``outcome`` is a function of the outcome variable's parents: a
            column of ``log_table(...)``, or an array with one axis for each parent.
        given, do
            As in `conditional`.

        Examples
        --------
        >>> exact = sdscm.SDSCM("headache", "tabular:0").exact()
        >>> round(exact.mean("probability", do={"relief": "a walk"}), 3)
        0.625
        """
        wanted = names_of("given", given)
        values = self._outcome(outcome, outcome_value, scores)
        return self._number(self.arrays.mean(values, wanted, do), wanted, "mean")

    def effect(
        self,
        outcome: OutcomeKind | ArrayLike | pd.Series = "log-probability",
        given: Names = (),
        contrast: tuple[str, str] | None = None,
        *,
        outcome_value: str | None = None,
        scores: Mapping[str, float] | None = None,
    ) -> float | pd.Series:
        """E[Y(treated) - Y(control) | given]: a number, or a Series over the given values.

        Without given covariates this is the population average effect (PATE), else the CATE.

        Parameters
        ----------
        outcome, outcome_value, scores
            As in `mean`.
        given
            Covariates that the treatment does not change.
        contrast
            Values (control, treated) of the treatment; by default its first two.

        Raises
        ------
        InputError
            If a covariate is a descendant of the treatment: it has different values under treatment
            and control.

        Examples
        --------
        >>> exact = sdscm.SDSCM("headache", "tabular:0").exact()
        >>> round(exact.effect("probability"), 3)
        -0.016
        >>> exact.effect("probability", given="diary").round(3)
        diary
        after a walk she felt better   -0.036
        after a walk she felt worse    -0.123
        after a nap she felt better    -0.316
        after a nap she felt worse      0.412
        Name: effect, dtype: float64
        """
        wanted = names_of("given", given)
        values = self._outcome(outcome, outcome_value, scores)
        return self._number(self.arrays.effect(values, wanted, contrast), wanted, "effect")

    def _outcome(
        self,
        outcome: OutcomeKind | ArrayLike | pd.Series,
        value: str | None,
        scores: Mapping[str, float] | None,
    ) -> np.ndarray:
        """The outcome as a function of its variable's parents, an axis for each."""
        name = self.spec.outcome.name
        if isinstance(outcome, str):
            chosen = OutcomeFunction.of(self.spec, outcome, value, scores)  # type: ignore[arg-type]
            return chosen.mean(self.arrays.log_table(name))
        if value is not None or scores is not None:
            raise InputError("exact: outcome_value and scores need the name of a kind of outcome")
        if isinstance(outcome, pd.Series):
            parents = self.spec.parents(name)
            rows = self._index(parents)
            if list(outcome.index.names) != list(rows.names):
                raise InputError(
                    f"exact: the outcome's index is {', '.join(map(str, outcome.index.names))}; it "
                    f"must be that of log_table('{name}'): {', '.join(parents) or 'one row'}"
                )
            aligned = outcome.reindex(rows).to_numpy(dtype=float)
            return aligned.reshape([len(self.spec.variable(each).values) for each in parents])
        try:
            return np.asarray(outcome, dtype=float)
        except (TypeError, ValueError):
            raise InputError(
                f"exact: the outcome is neither a name nor numbers; take log_table('{name}')[value]"
            ) from None

    def _number(self, found: np.ndarray, given: Sequence[str], name: str) -> float | pd.Series:
        return self._series(found, given, name) if given else float(found)

    def _series(self, found: np.ndarray, names: Sequence[str], title: str) -> pd.Series:
        return pd.Series(found.reshape(-1), index=self._index(names), name=title)

    def _table(self, found: np.ndarray, rows: Sequence[str], name: str) -> pd.DataFrame:
        columns = self._index([name])
        return pd.DataFrame(
            found.reshape(-1, len(columns)), index=self._index(rows), columns=columns
        )

    def _index(self, names: Sequence[str]) -> pd.Index:
        """The values of one variable, or the combinations of several; one row for none."""
        values = [self.spec.variable(name).values for name in names]
        if not names:
            return pd.RangeIndex(1)
        if len(names) == 1:
            return pd.Index(values[0], name=names[0])
        return pd.MultiIndex.from_product(values, names=list(names))
