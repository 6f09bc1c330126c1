"""Estimators by name: the built-in ones, and those that plugins register.

A built-in is imported when it is first used. Entry points are imported when a name is not that of a
built-in, or when all names are listed. So listing imports no library of an extra.
"""

from __future__ import annotations

import difflib
import importlib
import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from typing import Any, TypeVar

from estimators.catalogue import BUILT_INS
from estimators.errors import (
    EstimatorError,
    MissingExtraError,
    PluginError,
    UnknownEstimatorError,
    describe_error,
)
from estimators.interface import Estimand, EstimatorInfo, FitMany, Intervals, bounds_of
from estimators.registration import (
    Target,
    check_declarations,
    check_estimand,
    check_name,
    check_target,
    parameters_of,
)

ENTRY_POINT_GROUP = "sdscm.estimators"

AnyTarget = TypeVar("AnyTarget", bound=Callable[..., Any])


@dataclass(frozen=True)
class Problem:
    """A plugin that could not be loaded.

    Attributes
    ----------
    plugin
        The name of its entry point.
    message
        The problem, in one line.

    Examples
    --------
    >>> estimators.Problem("mine", "it raises an error").message
    'it raises an error'
    """

    plugin: str
    message: str


@dataclass(frozen=True)
class _Entry:
    info: EstimatorInfo
    target: Target | str
    """A class or function, or where to import it from: ``module:class``."""

    def load(self) -> Target:
        """Import the class or function.

        Raises
        ------
        MissingExtraError
            If its library is not installed.
        """
        if not isinstance(self.target, str):
            return self.target
        module, _, attribute = self.target.partition(":")
        try:
            return getattr(importlib.import_module(module), attribute)
        except ModuleNotFoundError as error:
            if not self.info.extra:
                raise
            raise MissingExtraError(f"estimator {self.info.name!r}", self.info.extra) from error

    def make(self, parameters: dict[str, Any]) -> Any:
        """Make an unfitted estimator with these parameters.

        Raises
        ------
        EstimatorError
            If it has no such parameter.
        PluginError
            If its constructor raises.
        """
        target, name = self.load(), self.info.name
        allowed = parameters_of(target)
        for key in parameters:
            if key not in allowed:
                known = ", ".join(allowed) if allowed else "none"
                raise EstimatorError(f"{name}: has no parameter {key!r}; its parameters: {known}")
        if not inspect.isclass(target):
            # Imported here, because it imports scikit-learn.
            from estimators.function_estimator import FunctionATE, FunctionEffect

            wrapper = FunctionATE if self.info.estimand == "ATE" else FunctionEffect
            return wrapper(target, parameters or None)
        try:
            return target(**parameters)
        except MissingExtraError:
            raise
        # The constructor of a plugin may raise anything, and must not stop a run.
        except (Exception, SystemExit) as error:
            raise PluginError(
                f"{self.info.origin}: estimator {name!r} cannot be made: {describe_error(error)}"
            ) from error


class Registry:
    """A table of estimators by name. `estimators.get` and others are methods of `REGISTRY`.

    Parameters
    ----------
    built_ins
        Pairs of what is known of an estimator, and where its class is: ``module:class``.
    """

    def __init__(self, built_ins: Sequence[tuple[EstimatorInfo, str]] = BUILT_INS) -> None:
        self._entries = {info.name: _Entry(info, where) for info, where in built_ins}
        self._problems: list[Problem] | None = None
        self._origin: str | None = None

    def register(
        self,
        name: str,
        *,
        estimand: Estimand = "CATE",
        family: str = "plugin",
        summary: str = "",
        source: str = "",
        assumes: str = "",
        ate: str = "",
        intervals: Intervals | None = None,
        fit_many: FitMany = "",
        fit_group: str = "",
        stochastic: bool | None = None,
        costly: bool = False,
    ) -> Callable[[AnyTarget], AnyTarget]:
        """Decorate a class with ``fit``, or a function ``(X, t, y) -> effects``, to give it a name.

        A function returns one effect for each row, or one number with ``estimand="ATE"``. Its
        arguments beyond X, t and y need a default and become its parameters. For the other
        arguments see `EstimatorInfo`; ``summary`` is by default the first line of the docstring,
        and ``stochastic`` is True if there is a parameter ``random_state``.
        Registering the same object of the same origin again replaces it.

        Raises
        ------
        PluginError
            If the name is taken, or differs from another one in case only.
        EstimatorError
            If the name is not a line of text, the estimand is not ATE, CATE or ITE, the object
            cannot be an estimator of it or be made without arguments, or it lacks a capability that
            it declares.

        Examples
        --------
        >>> @estimators.register("HalfDifference", estimand="ATE")
        ... def half_difference(X, t, y):
        ...     "Half the difference in means."
        ...     return (y[t == 1].mean() - y[t == 0].mean()) / 2
        >>> estimators.info("HalfDifference").summary
        'Half the difference in means.'
        """
        check_name(name)
        check_estimand(name, estimand)

        def decorate(target: AnyTarget) -> AnyTarget:
            check_target(name, target, estimand)
            # inspect.getdoc would take the docstring of a base class.
            documented = inspect.cleandoc(target.__doc__ or "").partition("\n")[0]
            info = EstimatorInfo(
                name=name,
                family=family,
                estimand=estimand,
                summary=summary or documented,
                source=source,
                assumes=assumes,
                origin=self._origin or f"module {target.__module__}",
                ate=ate,
                intervals=intervals or Intervals(),
                fit_many=fit_many,
                fit_group=fit_group,
                stochastic="random_state" in parameters_of(target)
                if stochastic is None
                else stochastic,
                costly=costly,
                needs=tuple(getattr(target, "needs", ())),
                bounds=bounds_of(target),
                many_arms=bool(getattr(target, "many_arms", False)),
            )
            check_declarations(info, target)
            self._add(_Entry(info, target))
            return target

        return decorate

    def get(self, name: str, **parameters: Any) -> Any:
        """Make the estimator of that name.

        Raises
        ------
        UnknownEstimatorError
            If no estimator has that name.
        MissingExtraError
            If its library is not installed.
        PluginError
            If the plugin of that name could not be loaded, or its constructor raises.
        EstimatorError
            If it has no such parameter.

        Examples
        --------
        >>> data = sdscm.SDSCM("headache", "tabular:0").dataset(200)
        >>> fitted = estimators.get("LinReg").fit(data.X, data.t, data.y)
        >>> round(fitted.ate(data.X), 3), round(data.sate, 3)
        (-0.007, -0.025)
        """
        return self._find(name).make(parameters)

    def parameters(self, name: str) -> dict[str, Any]:
        """Parameters of the estimator of that name, with their defaults.

        Raises the errors of `get`.

        Examples
        --------
        >>> estimators.parameters("RF")
        {'n_estimators': 100, 'min_samples_leaf': 1, 'random_state': 0, 'standardise': True}
        """
        return parameters_of(self._find(name).load())

    def names(self) -> list[str]:
        """Names of all estimators, the built-in ones first.

        Examples
        --------
        >>> estimators.names()[:4]
        ['Oracle', 'Zero', 'ExactMatch', 'DiffInMeans']
        """
        return [info.name for info in self.infos()]

    def info(self, name: str) -> EstimatorInfo:
        """Description of the estimator of that name.

        Raises
        ------
        UnknownEstimatorError
            If no estimator has that name.
        PluginError
            If the plugin of that name could not be loaded.

        Examples
        --------
        >>> estimators.info("LinReg").estimand
        'CATE'
        """
        return self._find(name).info

    def where(self, name: str) -> str:
        """Where the class or function of that name is, as ``module:name``; nothing is imported.

        Raises what `info` raises.

        Examples
        --------
        >>> estimators.where("LinReg")
        'estimators.adapters.sklearn_estimators:LinReg'
        """
        target = self._find(name).target
        return target if isinstance(target, str) else f"{target.__module__}:{target.__qualname__}"

    def infos(self) -> list[EstimatorInfo]:
        """Descriptions of all estimators, the built-in ones first.

        Examples
        --------
        >>> estimators.infos()[0].family
        'Baseline'
        """
        self._discover()
        return [entry.info for entry in self._entries.values()]

    def problems(self) -> list[Problem]:
        """Entry points that could not be loaded.

        Examples
        --------
        >>> estimators.problems()
        []
        """
        return list(self._discover())

    @contextmanager
    def loading(self, origin: str) -> Iterator[list[str]]:
        """Attribute the registrations inside the block to ``origin``: keep all of them, or none.

        Yields a list that holds the registered names after the block. Earlier registrations of the
        same origin are replaced.

        Raises
        ------
        PluginError
            If the block raises, or registers a name that is taken; the message names the origin.
        """
        before, outer = dict(self._entries), self._origin
        self._entries = {k: e for k, e in before.items() if e.info.origin != origin}
        self._origin = origin
        registered: list[str] = []
        try:
            yield registered
        # A plugin may raise anything, and may call sys.exit; it must not stop the others.
        except (Exception, SystemExit) as error:
            self._entries = before
            if isinstance(error, PluginError):
                raise
            raise PluginError(f"{origin}: {describe_error(error)}") from error
        finally:
            self._origin = outer
        registered += [k for k, e in self._entries.items() if e.info.origin == origin]

    @contextmanager
    def without_plugins(self) -> Iterator[None]:
        """Know the built-in estimators only, and forget after the block what it registers."""
        before = self._entries
        self._entries = {k: e for k, e in before.items() if e.info.origin == "built-in"}
        try:
            yield
        finally:
            self._entries = before

    def _add(self, entry: _Entry) -> None:
        name, origin = entry.info.name, entry.info.origin
        alike = [known for known in self._entries if known.lower() == name.lower()]
        if alike and alike[0] != name:
            raise PluginError(
                f"{origin}: the name {name!r} differs from {alike[0]!r} in case only; register "
                "under another name"
            )
        taken = self._entries.get(name)
        if taken is not None and not (
            taken.info.origin == origin
            and _qualified_name(taken.target) == _qualified_name(entry.target)
        ):
            owner = "a built-in" if taken.info.origin == "built-in" else taken.info.origin
            raise PluginError(
                f"{origin}: the name {name!r} is taken by {owner}; register under another name"
            )
        self._entries[name] = entry

    def _find(self, name: str) -> _Entry:
        if not isinstance(name, str):
            raise UnknownEstimatorError(
                f"the name of an estimator is a text, and this is of type {type(name).__name__}; "
                "an object that you made needs no name"
            )
        if name not in self._entries:
            for problem in self._discover():
                if problem.plugin == name:
                    raise PluginError(problem.message)
        if name in self._entries:
            return self._entries[name]
        by_lowered = {known.lower(): known for known in self._entries}
        close = difflib.get_close_matches(str(name).lower(), by_lowered, n=3)
        hint = f"; did you mean {' or '.join(repr(by_lowered[c]) for c in close)}?" if close else ""
        broken = "; ".join(problem.message for problem in self._discover())
        unloaded = f"; not loaded: {broken}" if broken else ""
        raise UnknownEstimatorError(
            f"no estimator {name!r}{hint} (list them: sdscm estimators list){unloaded}"
        )

    def _discover(self) -> list[Problem]:
        """Load the entry points once; return those that failed."""
        if self._problems is None:
            self._problems = []
            for point in metadata.entry_points(group=ENTRY_POINT_GROUP):
                try:
                    self._load(point)
                except PluginError as error:
                    self._problems.append(Problem(point.name, str(error)))
        return self._problems

    def _load(self, point: metadata.EntryPoint) -> None:
        package = f" of {point.dist.name}" if point.dist is not None else ""
        origin = f"plugin {point.name!r}{package}"
        with self.loading(origin) as registered:
            point.load()
        if not registered and not self._holds_module(point.module):
            raise PluginError(
                f"{origin}: {point.value} registers nothing; decorate a class or function "
                "with @estimators.register(name)"
            )

    def _holds_module(self, module: str) -> bool:
        """Return True if a class of that module is registered, as when it was imported before."""
        modules = (getattr(entry.target, "__module__", "") for entry in self._entries.values())
        return any(name == module or name.startswith(f"{module}.") for name in modules)


def _qualified_name(target: Target | str) -> str:
    return target if isinstance(target, str) else target.__qualname__


#: The registry that the functions of the package use.
REGISTRY = Registry()
