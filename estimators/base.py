"""Base classes of estimators: checked input, no output of libraries, one seed.

A subclass writes methods with a leading underscore, which get clean arrays. The public methods here
check their input, collect warnings in ``warnings_`` and protect the global random generators. An
estimator inherits its capabilities: see `CATEEstimator`, `ATEEstimator`, `EffectIntervals`,
`ATEIntervals` and `ITEIntervals`. A method whose answers depend on the units of X or y inherits
`Standardised` as well.

The parameters of the built-in estimators are fields of dataclasses with ``eq=False, repr=False``:
comparison and ``repr`` are scikit-learn's. A constructor written by hand works as well.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import joblib
import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from estimators.errors import EstimatorError
from estimators.interface import Need
from estimators.support.quiet import add_notes, quiet
from estimators.support.seeds import guarded_global_generators, resolve_seed
from estimators.support.units import StandardUnits
from estimators.support.validation import (
    as_matrix,
    as_needs,
    as_outcome,
    as_row_needs,
    as_treatment,
    require_arms,
    require_level,
)

#: Decimals of y in standard units.
STANDARD_DECIMALS = 9
#: Lower and upper ends of intervals, two arrays of shape (n,).
Ends = tuple[np.ndarray, np.ndarray]


class EffectEstimator(BaseEstimator, ABC):
    """Base of every estimator: scikit-learn's parameters and cloning, and a checked ``fit``.

    The constructor stores its parameters unchanged. A parameter ``random_state`` is an integer or
    None, and decides all random draws of the fit, those of the nuisance models included.

    Attributes
    ----------
    warnings_
        Warnings and printed lines of the libraries, one short string each.
    seed_
        The seed of the fit.

    Examples
    --------
    >>> issubclass(estimators.CATEEstimator, estimators.EffectEstimator)
    True
    >>> estimators.get("RF").get_params()["random_state"]
    0
    """

    #: If True, ``_fit`` and the answers get X and y in standard units, and the public methods
    #: return effects in units of y; see `Standardised`.
    standardise: bool = False
    #: Exemptions from the rules of `check_estimator` on units: the change of units (``scale of y``,
    #: ``shift of y``, ``scale of X``), and why and how much it changes the effects.
    depends_on_units: ClassVar[Mapping[str, str]] = {}
    #: If False, the answers do not depend on the data, and their accuracy is not checked.
    learns: ClassVar[bool] = True
    #: What ``fit`` needs by name beside X, t and y; see `estimators.Need`.
    needs: ClassVar[tuple[Need, ...]] = ()
    #: If True, ``fit`` takes more than two arms; see `ManyArms`.
    many_arms: ClassVar[bool] = False
    #: The fewest rows in each arm that ``fit`` needs.
    rows_per_arm: ClassVar[int] = 1

    columns_: tuple[str, ...] | None
    n_features_in_: int
    seed_: int
    warnings_: list[str]
    _units_of_X: StandardUnits | None = None
    _units_of_y: StandardUnits | None = None

    def fit(self, X: pd.DataFrame | np.ndarray, t: np.ndarray, y: np.ndarray, **shown: Any) -> Self:
        """Fit on X of shape (n, p), t of 0 and 1 and y of floats, both of shape (n,).

        ``shown`` holds what the estimator ``needs``, by name.

        Raises
        ------
        EstimatorError
            If lengths differ, a value is NaN, infinite or text, an arm has too few rows, or a need
            is missing.

        Examples
        --------
        >>> data = sdscm.SDSCM("headache", "tabular:0").dataset(200)
        >>> estimators.get("LinReg").fit(data.X, data.t, data.y)
        LinReg()
        """
        arrays = self._checked(X, t, y)
        names = X.columns if isinstance(X, pd.DataFrame) else range(arrays[0].shape[1])
        needed = as_needs(self, shown, len(arrays[0]), [str(name) for name in names])
        with self._library_code():
            self._fit(*arrays, **needed)
        self._remember_columns(X)
        return self

    def _checked(
        self, X: pd.DataFrame | np.ndarray, t: np.ndarray, y: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Check the arguments of ``fit``, and return them as clean arrays; set the seed."""
        matrix = as_matrix(X)
        treatment = as_treatment(t, len(matrix), self.many_arms)
        outcome = as_outcome(y, len(matrix))
        require_arms(treatment, self.rows_per_arm)
        self.warnings_ = []
        self.seed_ = resolve_seed(getattr(self, "random_state", None))
        self._units_of_X = StandardUnits.of(matrix) if self.standardise else None
        self._units_of_y = StandardUnits.of(outcome[:, None]) if self.standardise else None
        return self._standard_X(matrix), treatment, self._standard_y(outcome)

    def _standard_X(self, X: np.ndarray) -> np.ndarray:
        return X if self._units_of_X is None else self._units_of_X.standard(X)

    def _standard_y(self, y: np.ndarray) -> np.ndarray:
        if self._units_of_y is None:
            return y
        # Otherwise the rounding of a unit decides between equally good splits of trees.
        return np.round(self._units_of_y.standard(y[:, None])[:, 0], STANDARD_DECIMALS)

    def _in_units_of_y(self, effects: Any) -> Any:
        """Effects, or their average, in units of y."""
        return effects if self._units_of_y is None else effects * self._units_of_y.scale[0]

    def _ends_in_units_of_y(self, ends: Any) -> Any:
        """Lower and upper ends in units of y; they change places where y was turned around."""
        lower, upper = map(self._in_units_of_y, ends)
        turned = self._units_of_y is not None and self._units_of_y.scale[0] < 0
        return (upper, lower) if turned else (lower, upper)

    def _remember_columns(self, X: pd.DataFrame | np.ndarray) -> None:
        """Store the names and the number of the covariates after a successful fit."""
        self.columns_ = tuple(map(str, X.columns)) if isinstance(X, pd.DataFrame) else None
        self.n_features_in_ = X.shape[1]

    @abstractmethod
    def _fit(self, *args: Any, **kwargs: Any) -> None:
        """Fit on clean arrays X, t and y; an estimator with ``needs`` gets them by name."""

    @contextmanager
    def _library_code(self) -> Iterator[None]:
        """Run a library without output, with the seed, and without processes of its own."""
        notes: list[str] = []
        try:
            with (
                quiet(notes),
                guarded_global_generators(self.seed_),
                # Some libraries always use every core (CausalML's R-learner).
                joblib.parallel_config(backend="sequential"),
            ):
                yield
        finally:
            add_notes(self.warnings_, notes)

    def _covariates(self, X: pd.DataFrame | np.ndarray) -> np.ndarray:
        if not hasattr(self, "n_features_in_"):
            raise EstimatorError(f"{type(self).__name__}: not fitted yet; call fit(X, t, y) first")
        matrix = as_matrix(X, self.columns_)
        if matrix.shape[1] != self.n_features_in_:
            raise EstimatorError(
                f"X: has {matrix.shape[1]} columns, but fit saw {self.n_features_in_}"
            )
        return self._standard_X(matrix)


@dataclass(eq=False, repr=False)
class Standardised(EffectEstimator):
    """Computes in standard units, so that the units of the data decide no result.

    ``fit`` shifts and scales each covariate and y to mean 0 and standard deviation 1, and turns
    them around or not, so that an affine change of a unit leaves the standard units as they are.
    Effects and intervals are returned in units of y. The methods with a leading underscore, the
    attributes that they set and the parameters that are distances or outcomes are in standard
    units.

    Parameters
    ----------
    standardise
        If False, the library gets X and y as they are. The paper's tables need that.

    Examples
    --------
    >>> isinstance(estimators.get("LinReg"), estimators.Standardised)
    True
    """

    standardise: bool = field(default=True, kw_only=True)


class ATEEstimator(EffectEstimator):
    """Estimates the average effect.

    Examples
    --------
    >>> class Difference(estimators.ATEEstimator):
    ...     def _fit(self, X, t, y):
    ...         self.value = y[t == 1].mean() - y[t == 0].mean()
    ...     def _ate(self, X):
    ...         return self.value
    >>> data = sdscm.SDSCM("headache", "tabular:0").dataset(200)
    >>> round(Difference().fit(data.X, data.t, data.y).ate(data.X), 3)
    -0.046
    """

    def ate(self, X: pd.DataFrame | np.ndarray, **shown: Any) -> float:
        """Average effect over the rows of X, in units of y.

        ``shown`` holds the texts or proxies of these rows, by name, if the estimator needs them.

        Examples
        --------
        >>> data = sdscm.SDSCM("headache", "tabular:0").dataset(200)
        >>> round(estimators.get("IPW").fit(data.X, data.t, data.y).ate(data.X), 3)
        -0.005
        """
        matrix = self._covariates(X)
        needed = as_row_needs(self, shown, len(matrix))
        with self._library_code():
            return float(self._in_units_of_y(self._ate(matrix, **needed)))

    @abstractmethod
    def _ate(self, X: np.ndarray) -> float:
        """Average effect, from clean covariates; texts or proxies come by name, if needed."""


class CATEEstimator(ATEEstimator):
    """Estimates the effect of each row; the average effect is their mean.

    Examples
    --------
    >>> class Nearest(estimators.CATEEstimator):
    ...     def _fit(self, X, t, y):
    ...         self.X, self.t, self.y = X, t, y
    ...     def _effect(self, X):
    ...         same = [self.X[:, 0] == value for value in X[:, 0]]
    ...         means = [[self.y[rows & (self.t == arm)].mean() for arm in (0, 1)] for rows in same]
    ...         return [treated - control for control, treated in means]
    >>> data = sdscm.SDSCM("headache", "tabular:0").dataset(200)
    >>> Nearest().fit(data.X, data.t, data.y).effect(data.X).shape
    (200,)
    """

    def effect(self, X: pd.DataFrame | np.ndarray, **shown: Any) -> np.ndarray:
        """Effect of each row of X, shape (n,), in units of y.

        ``shown`` holds the texts or proxies of these rows, by name, if the estimator needs them.

        Examples
        --------
        >>> data = sdscm.SDSCM("headache", "tabular:0").dataset(200)
        >>> estimators.get("LinReg").fit(data.X, data.t, data.y).effect(data.X).shape
        (200,)
        """
        matrix = self._covariates(X)
        needed = as_row_needs(self, shown, len(matrix))
        with self._library_code():
            return self._in_units_of_y(_per_row(self._effect(matrix, **needed), len(matrix)))

    @abstractmethod
    def _effect(self, X: np.ndarray) -> np.ndarray:
        """Effect of each row, from clean covariates; texts or proxies by name, if needed."""

    def _ate(self, X: np.ndarray, *_: Any, **needed: Any) -> float:
        return float(np.mean(self._effect(X, **needed)))


class EffectIntervals(CATEEstimator):
    """Has intervals for the effect of each row.

    Examples
    --------
    >>> isinstance(estimators.get("LinReg"), estimators.EffectIntervals)
    True
    """

    def effect_interval(
        self, X: pd.DataFrame | np.ndarray, alpha: float = 0.05, **shown: Any
    ) -> Ends:
        """Lower and upper ends of level 1 - alpha, two arrays of shape (n,).

        ``shown`` holds the texts or proxies of these rows, by name, if the estimator needs them.

        Examples
        --------
        >>> data = sdscm.SDSCM("headache", "tabular:0").dataset(200)
        >>> fitted = estimators.get("LinReg").fit(data.X, data.t, data.y)
        >>> low, high = fitted.effect_interval(data.X, alpha=0.1)
        >>> bool((low <= fitted.effect(data.X)).all())
        True
        """
        require_level(alpha)
        matrix = self._covariates(X)
        needed = as_row_needs(self, shown, len(matrix))
        with self._library_code():
            ends = self._effect_interval(matrix, alpha, **needed)
        return self._ends_in_units_of_y(_ends_per_row(ends, len(matrix)))

    @abstractmethod
    def _effect_interval(self, X: np.ndarray, alpha: float) -> Ends:
        """Intervals of each row, from clean covariates."""


class ATEIntervals(ATEEstimator):
    """Has an interval for the average effect.

    Examples
    --------
    >>> isinstance(estimators.get("LinReg"), estimators.ATEIntervals)
    True
    """

    def ate_interval(
        self, X: pd.DataFrame | np.ndarray, alpha: float = 0.05, **shown: Any
    ) -> tuple[float, float]:
        """Lower and upper end of level 1 - alpha for the average effect over the rows of X.

        ``shown`` holds the texts or proxies of these rows, by name, if the estimator needs them.

        Examples
        --------
        >>> data = sdscm.SDSCM("headache", "tabular:0").dataset(200)
        >>> fitted = estimators.get("LinReg").fit(data.X, data.t, data.y)
        >>> low, high = fitted.ate_interval(data.X)
        >>> low < fitted.ate(data.X) < high
        True
        """
        require_level(alpha)
        matrix = self._covariates(X)
        needed = as_row_needs(self, shown, len(matrix))
        with self._library_code():
            ends = self._ate_interval(matrix, alpha, **needed)
        lower, upper = self._ends_in_units_of_y(ends)
        return float(lower), float(upper)

    @abstractmethod
    def _ate_interval(self, X: np.ndarray, alpha: float) -> tuple[float, float]:
        """Interval of the average effect, from clean covariates."""


class OneEffect(EffectIntervals, ATEIntervals):
    """Estimates one effect for every row: the average effect, with its interval."""

    def _effect(self, X: np.ndarray) -> np.ndarray:
        return np.full(len(X), self._ate(X))

    @abstractmethod
    def _ate(self, X: np.ndarray) -> float:
        """The effect of every row."""

    def _effect_interval(self, X: np.ndarray, alpha: float) -> Ends:
        lower, upper = self._ate_interval(X, alpha)
        return np.full(len(X), lower), np.full(len(X), upper)


class ITEIntervals(EffectEstimator):
    """Has intervals for the effects of units whose t and y were observed.

    Examples
    --------
    >>> class Wide(estimators.ITEIntervals):
    ...     def _fit(self, X, t, y):
    ...         self.sd = y.std()
    ...     def _ite_interval(self, X, t, y, alpha):
    ...         return -4 * self.sd + 0 * y, 4 * self.sd + 0 * y
    >>> data = sdscm.SDSCM("headache", "tabular:0").dataset(200)
    >>> fitted = Wide().fit(data.X, data.t, data.y)
    >>> low, high = fitted.ite_interval(data.X, data.t, data.y)
    >>> bool((low < high).all())
    True
    """

    def ite_interval(
        self, X: pd.DataFrame | np.ndarray, t: np.ndarray, y: np.ndarray, alpha: float = 0.05
    ) -> Ends:
        """Lower and upper ends of level 1 - alpha, two arrays of shape (n,).

        ``t`` and ``y`` are those of the rows of X, shape (n,) each.
        """
        require_level(alpha)
        matrix = self._covariates(X)
        treatment, outcome = as_treatment(t, len(matrix)), as_outcome(y, len(matrix))
        with self._library_code():
            ends = self._ite_interval(matrix, treatment, self._standard_y(outcome), alpha)
        return self._ends_in_units_of_y(_ends_per_row(ends, len(matrix)))

    @abstractmethod
    def _ite_interval(self, X: np.ndarray, t: np.ndarray, y: np.ndarray, alpha: float) -> Ends:
        """Intervals of each unit, from clean arrays."""


def _per_row(values: Any, n: int) -> np.ndarray:
    """Reshape to (n,): libraries return shapes (n,), (n, 1) or (n, 1, 1)."""
    return np.asarray(values, dtype=float).reshape(n)


def _ends_per_row(ends: Any, n: int) -> Ends:
    lower, upper = ends
    return _per_row(lower, n), _per_row(upper, n)
