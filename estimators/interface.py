"""The interface of an estimator. This module imports nothing else of the project."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

Estimand = Literal["ATE", "CATE", "ITE"]

#: Fits that `HasFitMany.fit_many` does in one call. ``datasets``: one method with one set of
#: parameters on several datasets of the same shape. ``methods``: several methods of one
#: ``fit_group`` on one dataset, with the same parameters and the same seed.
FitMany = Literal["", "datasets", "methods"]

#: The two usual definitions of an average effect. The conformance check tests them; any other text
#: is for readers only.
ATE_OF_ROWS = "the mean of effect(X) over the rows of X"
ATE_OF_FIT = "that of the rows of fit, the same for every X"
#: The average effect of methods with an instrument: the local average treatment effect (LATE).
ATE_OF_COMPLIERS = "that of the compliers (LATE), the same for every X"

#: What an estimator can need beside X, t and y. ``instrument``: an array of 0 and 1 of shape (n,),
#: for ``fit``. ``text``: a Series of n texts that state the covariates, and ``proxies``: a
#: DataFrame of codes of shape (n, q), for ``fit`` and for all answers. ``graph``: a
#: `networkx.DiGraph` over the names of all variables, for ``fit``. Its nodes have the attributes
#: ``role`` (``treatment``, ``outcome``, ``instrument``, ``proxy`` or ``covariate``) and
#: ``observed``. A column of X with the name of a variable holds its codes; indicators of its values
#: are columns named ``variable=value``.
Need = Literal["instrument", "text", "proxies", "graph"]
#: The needs that describe rows, so that answers for other rows need them, too.
OF_ROWS: tuple[Need, ...] = ("text", "proxies")


#: The strength of hidden confounding that bounds of the average effect need. ``none``: the bounds
#: need no number. ``gamma``: the largest odds ratio between P(t = 1 | x, u) and P(t = 1 | x), at
#: least 1. ``partial_r2``: the shares of the variance of the outcome and of the treatment, left by
#: the covariates, that the hidden ones explain. ``riesz_r2``: the same, with the inverse-propensity
#: weights in place of the treatment. `sdscm.HiddenConfounding` has the definitions.
Strength = Literal["none", "gamma", "partial_r2", "riesz_r2"]


@dataclass(frozen=True)
class Intervals:
    """Descriptions of the intervals of an estimator; empty for those that it lacks.

    Attributes
    ----------
    effect, ate, ite
        Method and variance of ``effect_interval``, ``ate_interval`` and ``ite_interval``.

    Examples
    --------
    >>> estimators.Intervals(ate="HC3").kinds
    ('ate',)
    """

    effect: str = ""
    ate: str = ""
    ite: str = ""

    @property
    def kinds(self) -> tuple[str, ...]:
        """The intervals that it has, among ``effect``, ``ate`` and ``ite``."""
        return tuple(field.name for field in fields(self) if getattr(self, field.name))


@dataclass(frozen=True)
class EstimatorInfo:
    """Description of an estimator, known without importing its library.

    Attributes
    ----------
    name
        Its name on the command line and on boards.
    family
        Its library or kind, e.g. ``EconML``.
    estimand
        The finest effect that it estimates.
    summary
        Description of the method, in one line.
    source
        Citation of the method.
    assumes
        The conditions under which its answers are right, in one line.
    extra
        The optional extra of ``sdscm`` that installs its library; empty for the core.
    oracle
        True if it gets the truth, as a check of the scores.
    origin
        ``built-in``, or the plugin that registered it.
    ate
        Definition of its average effect: `ATE_OF_ROWS`, `ATE_OF_FIT` or another text. The default
        is the second for an estimator of the ATE only, and the first for others.
    intervals
        Descriptions of its intervals; see `Intervals`.
    fit_many
        Which fits go into one call of ``fit_many``; empty if it has no such method. See `FitMany`
        and `HasFitMany`.
    fit_group
        Name of the group of methods that share one fit. A suite gives them the same seed.
    stochastic
        True if the estimates depend on ``random_state``, by more than rounding. A suite fits such
        an estimator with several seeds.
    needs
        What ``fit`` gets by name beside X, t and y; see `Need`. In a setting that does not show it,
        the method is not applicable.
    bounds
        The strength of hidden confounding that its ``ate_bounds`` needs, see `Strength`; empty if
        it has no bounds.
    many_arms
        True if it takes treatments with more than two arms; see `HasArmEffects`.
    costly
        True if a fit on 1,000 rows takes more than five seconds on one core (the table of times in
        docs/reference/estimators.md). By default a suite fits such an estimator with one seed only.

    Examples
    --------
    >>> estimators.info("IPW").estimand
    'ATE'
    >>> estimators.info("IPW").intervals.kinds
    ('ate',)
    """

    name: str
    family: str
    estimand: Estimand
    summary: str
    source: str = ""
    extra: str = ""
    oracle: bool = False
    origin: str = "built-in"
    ate: str = ""
    intervals: Intervals = Intervals()
    fit_many: FitMany = ""
    fit_group: str = ""
    stochastic: bool = True
    costly: bool = False
    needs: tuple[Need, ...] = ()
    assumes: str = ""
    bounds: Strength | Literal[""] = ""
    many_arms: bool = False

    def __post_init__(self) -> None:
        if not self.ate:
            usual = ATE_OF_FIT if self.estimand == "ATE" else ATE_OF_ROWS
            object.__setattr__(self, "ate", usual)


class Estimator(Protocol):
    """The only method that every estimator has: ``fit`` on X, t, y.

    ``X`` is a DataFrame of shape (n, p) with numbers, ``t`` an array of 0 and 1 of shape (n,),
    ``y`` an array of floats of shape (n,). All other methods are capabilities, found by their
    presence: see `HasEffect`, `HasATE`, `HasEffectInterval`, `HasATEInterval`, `HasATEBounds`,
    `HasITEInterval`, `HasArmEffects` and `HasFitMany`. An estimator has at least one of ``effect``
    and ``ate``.

    An estimator that needs more than X, t and y names it in the class attribute ``needs``, for
    example ``needs = ("instrument",)``, and gets it by name: ``fit(X, t, y, instrument=z)``. What
    describes rows (``text``, ``proxies``) is also given to its answers: ``effect(X, text=texts)``.

    Examples
    --------
    >>> class Difference:
    ...     def fit(self, X, t, y):
    ...         self.value = y[t == 1].mean() - y[t == 0].mean()
    ...         return self
    ...     def ate(self, X):
    ...         return float(self.value)
    >>> data = sdscm.SDSCM("headache", "tabular:0").dataset(200)
    >>> round(Difference().fit(data.X, data.t, data.y).ate(data.X), 3)
    -0.046
    """

    def fit(self, X: pd.DataFrame, t: np.ndarray, y: np.ndarray) -> Self: ...


@runtime_checkable
class HasEffect(Protocol):
    """Estimates the effect of each row of X: an array of shape (n,), in units of y.

    Examples
    --------
    >>> isinstance(estimators.get("LinReg"), estimators.HasEffect)
    True
    >>> isinstance(estimators.get("IPW"), estimators.HasEffect)
    False
    """

    def effect(self, X: pd.DataFrame) -> np.ndarray: ...


@runtime_checkable
class HasATE(Protocol):
    """Estimates the average effect over the rows of X, in units of y.

    Examples
    --------
    >>> isinstance(estimators.get("LinReg"), estimators.HasATE)
    True
    >>> isinstance(estimators.get("IPW"), estimators.HasATE)
    True
    """

    def ate(self, X: pd.DataFrame) -> float: ...


@runtime_checkable
class HasEffectInterval(Protocol):
    """Intervals of level 1 - alpha for the effect of each row: two arrays of shape (n,).

    Examples
    --------
    >>> isinstance(estimators.get("LinReg"), estimators.HasEffectInterval)
    True
    >>> isinstance(estimators.get("IPW"), estimators.HasEffectInterval)
    False
    """

    def effect_interval(
        self, X: pd.DataFrame, alpha: float = 0.05
    ) -> tuple[np.ndarray, np.ndarray]: ...


@runtime_checkable
class HasATEInterval(Protocol):
    """Interval of level 1 - alpha for the average effect: two floats.

    Examples
    --------
    >>> isinstance(estimators.get("LinReg"), estimators.HasATEInterval)
    True
    >>> isinstance(estimators.get("IPW"), estimators.HasATEInterval)
    True
    """

    def ate_interval(self, X: pd.DataFrame, alpha: float = 0.05) -> tuple[float, float]: ...


@runtime_checkable
class HasATEBounds(Protocol):
    """Bounds of the average effect under hidden confounding of a given strength: two floats.

    The class attribute ``strength`` names the argument that a call gives: ``ate_bounds(X,
    gamma=2.0)``, ``ate_bounds(X, partial_r2=(0.3, 0.1))``, ``ate_bounds(X, riesz_r2=(0.3, 0.1))``
    or, with ``none``, ``ate_bounds(X)``. Without the attribute it is ``gamma``. With ``alpha`` the
    ends also cover the sampling error.

    Examples
    --------
    >>> isinstance(estimators.get("Marginal sensitivity"), estimators.HasATEBounds)
    True
    >>> isinstance(estimators.get("IPW"), estimators.HasATEBounds)
    False
    """

    def ate_bounds(
        self, X: pd.DataFrame, *, alpha: float | None = None, **strength: Any
    ) -> tuple[float, float]: ...


def bounds_of(estimator: Any) -> Strength | Literal[""]:
    """The strength that the bounds of an estimator or class need; empty if it has no bounds."""
    return getattr(estimator, "strength", "gamma") if hasattr(estimator, "ate_bounds") else ""


@runtime_checkable
class HasITEInterval(Protocol):
    """Intervals of level 1 - alpha for the effects of units whose t and y were observed.

    Examples
    --------
    >>> class Wide:
    ...     def ite_interval(self, X, t, y, alpha=0.05):
    ...         return y - 100, y + 100
    >>> isinstance(Wide(), estimators.HasITEInterval)
    True
    """

    def ite_interval(
        self, X: pd.DataFrame, t: np.ndarray, y: np.ndarray, alpha: float = 0.05
    ) -> tuple[np.ndarray, np.ndarray]: ...


@runtime_checkable
class HasArmEffects(Protocol):
    """Takes K arms in ``fit``, t of 0, 1, ..., K - 1, and estimates their effects against arm 0.

    ``effects`` returns those of each row, an array of shape (n, K - 1), and ``ates`` their averages
    over the rows of X, of shape (K - 1,), in units of y. Column k - 1 is of arm k.

    Examples
    --------
    >>> isinstance(estimators.get("LinearT"), estimators.HasArmEffects)
    True
    >>> isinstance(estimators.get("RF"), estimators.HasArmEffects)
    False
    """

    def effects(self, X: pd.DataFrame) -> np.ndarray: ...

    def ates(self, X: pd.DataFrame) -> np.ndarray: ...


@runtime_checkable
class HasFitMany(Protocol):
    """Fits several estimators in one call, at less cost than one by one.

    ``estimators`` are unfitted instances; ``datasets`` are the (X, t, y) of each, as ``fit`` takes
    them. After the call each instance answers as after its own ``fit``: to the last digit if
    methods share a fit, up to rounding if datasets are fitted together. `EstimatorInfo.fit_many`
    says which instances a call may get.

    Raises
    ------
    Exception
        If one of them cannot be fitted. The caller then fits them one by one.

    Examples
    --------
    >>> class OneByOne:
    ...     @classmethod
    ...     def fit_many(cls, estimators, datasets):
    ...         for estimator, (X, t, y) in zip(estimators, datasets):
    ...             estimator.fit(X, t, y)
    >>> isinstance(OneByOne(), estimators.HasFitMany)
    True
    """

    @classmethod
    def fit_many(
        cls,
        estimators: Sequence[Any],
        datasets: Sequence[tuple[pd.DataFrame, np.ndarray, np.ndarray]],
    ) -> None: ...
