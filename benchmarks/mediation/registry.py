"""Register mediation methods, in order. A method is one class with ``fit``, ``nde`` and ``nie``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, Protocol, Self, TypeVar, get_args

import numpy as np
import pandas as pd

from benchmarks.tasks.registry import TaskMethodInfo, TaskRegistry

#: Group of entry points, which name modules that register mediation methods.
ENTRY_POINT_GROUP = "sdscm.mediation"

#: What a method may be shown beside X, t, m and y. ``truth``: the true effects, for oracles.
Need = Literal["truth"]


class MediationMethod(Protocol):
    """Estimates the natural direct and indirect effect of a treatment.

    A method with intervals also has ``nde_interval(alpha)`` and ``nie_interval(alpha)``, which
    return the lower and the upper end of level 1 - alpha.

    Examples
    --------
    >>> from benchmarks import mediation
    >>> import numpy as np
    >>> import pandas as pd
    >>> t = np.array([0, 1, 0, 1])
    >>> X, m = pd.DataFrame({"x": [0, 0, 1, 1]}), pd.DataFrame({"m": [0, 1, 1, 0]})
    >>> fitted = mediation.get("No mediation").make().fit(X, t, m, np.array([1.0, 3.0, 2.0, 4.0]))
    >>> round(fitted.nde(), 6), fitted.nie()
    (2.0, 0.0)
    """

    def fit(
        self, X: pd.DataFrame, t: np.ndarray, m: pd.DataFrame, y: np.ndarray, **shown: Any
    ) -> Self:
        """Fit the method.

        Parameters
        ----------
        X : DataFrame of shape (n, p)
            Covariates from before the treatment, as columns of 0 and 1.
        t : array of shape (n,)
            The treatment, 0 or 1.
        m : DataFrame of shape (n, q)
            The mediators: integers 0, 1, ..., the category of each.
        y : array of shape (n,)
            The outcome.
        shown
            What the method declared in ``needs``; nothing else is passed.
        """
        ...

    def nde(self) -> float:
        """The natural direct effect, E[Y(1, M(0))] - E[Y(0)], in units of y."""
        ...

    def nie(self) -> float:
        """The natural indirect effect, E[Y(0, M(1))] - E[Y(0)], in units of y."""
        ...


class MediationInfo(TaskMethodInfo):
    """Describe a mediation method.

    Attributes
    ----------
    name, factory, assumes, source, origin
        Name on boards; what makes an instance, with ``random_state`` if it takes that; assumptions
        under which the method is right; citation; module or plugin that registered it.
    needs
        What it is shown beside X, t, m and y; see `Need`.

    Examples
    --------
    >>> from benchmarks import mediation
    >>> mediation.get("Oracle").oracle, mediation.get("No mediation").oracle
    (True, False)
    """

    known_needs = get_args(Need)
    truths = ("truth",)


_REGISTRY = TaskRegistry(
    "mediation method", MediationInfo, "benchmarks.mediation.methods", ENTRY_POINT_GROUP
)
_Factory = TypeVar("_Factory", bound=Callable[..., Any])


def register(
    name: str, *, assumes: str, source: str, needs: tuple[str, ...] = ()
) -> Callable[[_Factory], _Factory]:
    """Decorate a class, or a function that makes an instance, as a mediation method.

    Parameters
    ----------
    name, assumes, source, needs
        See `MediationInfo`.

    Raises
    ------
    InputError
        If the name is taken by other code, or a need is unknown.

    Examples
    --------
    >>> from benchmarks import mediation
    >>> @mediation.register("All direct", assumes="no confounding, no mediation", source="")
    ... class AllDirect:
    ...     def fit(self, X, t, m, y):
    ...         self.total = float(y[t == 1].mean() - y[t == 0].mean())
    ...         return self
    ...     def nde(self):
    ...         return self.total
    ...     def nie(self):
    ...         return 0.0
    >>> mediation.check_method("All direct")
    """
    return _REGISTRY.register(name, assumes, source, needs)


def names() -> list[str]:
    """List the names of all methods, in order.

    Examples
    --------
    >>> from benchmarks import mediation
    >>> mediation.names()[:2]
    ['DoWhy two-stage', 'Oracle']
    """
    return _REGISTRY.names()


def get(name: str) -> MediationInfo:
    """Return the method with this name.

    Raises
    ------
    InputError
        If no method has the name.

    Examples
    --------
    >>> from benchmarks import mediation
    >>> mediation.get("Multiply robust").source[:9]
    'Tchetgen '
    """
    return _REGISTRY.get(name)
