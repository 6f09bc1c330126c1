"""Estimators by name: the built-in ones, and those that plugins register.

Built-ins are imported when they are asked for, entry points when a name is not built in or when
all names are listed. So listing imports no library of an extra.
"""

from __future__ import annotations

import difflib
import importlib
import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from typing import Any, TypeVar, get_args

from estimators.catalogue import BUILT_INS
from estimators.errors import (
    EstimatorError,
    MissingExtraError,
    PluginError,
    UnknownEstimatorError,
    told,
)
from estimators.function_estimator import FunctionATE, FunctionEffect, extra_arguments
from estimators.interface import Estimand, EstimatorInfo, FitMany, Intervals

ENTRY_POINT_GROUP = "sdscm.estimators"

Target = TypeVar("Target", bound=Callable[..., Any])


@dataclass(frozen=True)
class Problem:
    """A plugin that could not be loaded.

    Attributes
    ----------
    plugin
        The name of its entry point.
    message
        One line on what is wrong.
    """

    plugin: str
    message: str


@dataclass(frozen=True)
class _Entry:
    info: EstimatorInfo
    target: Callable[..., Any] | str
    """A class or function, or where to import it from: ``module:class``."""

    def load(self) -> Callable[..., Any]:
        if not isinstance(self.target, str):
            return self.target
        module, _, attribute = self.target.partition(":")
        try:
            return getattr(importlib.import_module(module), attribute)
        except ModuleNotFoundError as error:
            if not self.info.extra:
                raise
            raise MissingExtraError(f"estimator {self.info.name!r}", self.info.extra) from error


class Registry:
    """A table of estimators by name; `estimators.get` and its kin are the methods of one of these.

    Parameters
    ----------
    built_ins
        Pairs of what is known of an estimator, and where its class is.
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
        ate: str = "",
        intervals: Intervals | None = None,
        fit_many: FitMany = "",
        fit_group: str = "",
    ) -> Callable[[Target], Target]:
        """Decorate a class with ``fit``, or a function ``(X, t, y) -> effects``, to give it a name.

        A function returns one effect for each row, or one number with ``estimand="ATE"``; arguments
        beyond X, t and y need a default and become its parameters. Without ``summary``, the first
        line of the docstring is taken. ``ate`` and ``intervals`` say what the average effect is and
        how intervals arise, ``fit_many`` and ``fit_group`` which fits can be done in one call; see
        `EstimatorInfo`. Registering the same object of the same origin
        again replaces it.

        Raises
        ------
        PluginError
            If the name is taken, or differs from another in case alone.
        EstimatorError
            If the name is not a line of text, the estimand is none of ATE, CATE and ITE, the object
            cannot be an estimator of it or be made without arguments, or it lacks intervals that it
            declares.
        """
        _check_name(name)
        if estimand not in get_args(Estimand):
            raise EstimatorError(
                f"register {name!r}: estimand is {estimand!r}, must be one of "
                f"{', '.join(get_args(Estimand))}"
            )

        def decorate(target: Target) -> Target:
            _check_target(name, target, estimand)
            declared = intervals or Intervals()
            _check_intervals(name, target, declared)
            _check_fit_many(name, target, fit_many, fit_group)
            # Not inspect.getdoc, which would take the words of a base class.
            documented = inspect.cleandoc(target.__doc__ or "").partition("\n")[0]
            info = EstimatorInfo(
                name=name,
                family=family,
                estimand=estimand,
                summary=summary or documented,
                source=source,
                origin=self._origin or f"module {target.__module__}",
                ate=ate,
                intervals=declared,
                fit_many=fit_many,
                fit_group=fit_group,
            )
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
        """
        entry = self._find(name)
        target = entry.load()
        allowed = _parameters(target)
        for key in parameters:
            if key not in allowed:
                names = ", ".join(allowed) if allowed else "none"
                raise EstimatorError(f"{name}: has no parameter {key!r}; its parameters: {names}")
        if inspect.isclass(target):
            return _made(entry.info, target, parameters)
        wrapper = FunctionATE if entry.info.estimand == "ATE" else FunctionEffect
        return wrapper(target, parameters or None)

    def parameters(self, name: str) -> dict[str, Any]:
        """Parameters of the estimator of that name, with their defaults.

        Raises what `get` raises.
        """
        return _parameters(self._find(name).load())

    def names(self) -> list[str]:
        """Names of all estimators, the built-in ones first."""
        self._discover()
        return list(self._entries)

    def info(self, name: str) -> EstimatorInfo:
        """What is known of the estimator of that name.

        Raises
        ------
        UnknownEstimatorError
            If no estimator has that name.
        PluginError
            If the plugin of that name could not be loaded.
        """
        return self._find(name).info

    def infos(self) -> list[EstimatorInfo]:
        """What is known of all estimators, in the order of `names`."""
        self._discover()
        return [entry.info for entry in self._entries.values()]

    def problems(self) -> list[Problem]:
        """Plugins among the entry points that could not be loaded."""
        return list(self._discover())

    @contextmanager
    def loading(self, origin: str) -> Iterator[list[str]]:
        """Attribute what is registered inside the block to ``origin``: all of it, or nothing.

        Yields a list that holds, after the block, the names that were registered. What this origin
        had registered before is replaced.

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
        # A plugin is a stranger's code: whatever it raises, a call of sys.exit included, is its
        # error and must not stop the others.
        except (Exception, SystemExit) as error:
            self._entries = before
            if isinstance(error, PluginError):
                raise
            raise PluginError(f"{origin}: {told(error)}") from error
        finally:
            self._origin = outer
        registered += [k for k, e in self._entries.items() if e.info.origin == origin]

    def _add(self, entry: _Entry) -> None:
        name, origin = entry.info.name, entry.info.origin
        alike = [known for known in self._entries if known.lower() == name.lower()]
        if alike and alike[0] != name:
            raise PluginError(
                f"{origin}: the name {name!r} differs from {alike[0]!r} in case alone; register "
                "under another name"
            )
        taken = self._entries.get(name)
        if taken is not None and not (
            taken.info.origin == origin and _identity(taken.target) == _identity(entry.target)
        ):
            whose = "a built-in" if taken.info.origin == "built-in" else taken.info.origin
            raise PluginError(
                f"{origin}: the name {name!r} is taken by {whose}; register under another name"
            )
        self._entries[name] = entry

    def _find(self, name: str) -> _Entry:
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
        """Load the entry points, once; return those that failed."""
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
        """Whether something of that module is registered, as when it was imported before."""
        modules = (getattr(entry.target, "__module__", "") for entry in self._entries.values())
        return any(name == module or name.startswith(f"{module}.") for name in modules)


def _identity(target: Callable[..., Any] | str) -> str:
    return target if isinstance(target, str) else target.__qualname__


def _made(info: EstimatorInfo, target: type, parameters: dict[str, Any]) -> Any:
    try:
        return target(**parameters)
    except MissingExtraError:
        raise
    # A stranger's constructor may raise anything, and must not stop a board.
    except (Exception, SystemExit) as error:
        raise PluginError(
            f"{info.origin}: estimator {info.name!r} cannot be made: {told(error)}"
        ) from error


def _check_name(name: Any) -> None:
    if inspect.isclass(name) or inspect.isfunction(name):
        raise EstimatorError(
            f"register: {name.__name__} was given where a name belongs; write "
            f'@estimators.register("{name.__name__}") above it'
        )
    if not isinstance(name, str) or not name.strip() or not name.isprintable():
        raise EstimatorError(
            f"register: the name of an estimator must be text on one line, not {name!r}"
        )


def _check_target(name: str, target: Callable[..., Any], estimand: Estimand) -> None:
    if inspect.isclass(target):
        if not callable(getattr(target, "fit", None)):
            raise EstimatorError(f"register {name!r}: class {target.__name__} has no method fit")
        if not hasattr(target, "effect") and not hasattr(target, "ate"):
            raise EstimatorError(
                f"register {name!r}: class {target.__name__} has neither effect(X) nor ate(X)"
            )
        if estimand != "ATE" and not any(hasattr(target, m) for m in ("effect", "ite_interval")):
            raise EstimatorError(
                f"register {name!r}: class {target.__name__} has no effect(X); "
                "register it with estimand='ATE'"
            )
        _check_constructor(name, target)
    elif inspect.isfunction(target):
        if estimand == "ITE":
            raise EstimatorError(f"register {name!r}: a function estimates the ATE or the CATE")
        _parameters(target)
    else:
        raise EstimatorError(f"register {name!r}: decorate a class or a function, not {target!r}")


def _check_constructor(name: str, target: type) -> None:
    """Check that a class can be made without arguments, as far as that can be seen."""
    if inspect.isabstract(target):
        missing = ", ".join(sorted(getattr(target, "__abstractmethods__", ())))
        raise EstimatorError(
            f"register {name!r}: class {target.__name__} is abstract; write {missing}"
        )
    try:
        parameters = _parameters(target)
    except ValueError as error:  # a constructor in C may not tell its arguments
        raise EstimatorError(
            f"register {name!r}: the arguments of class {target.__name__} cannot be read; "
            "write an __init__"
        ) from error
    needed = [key for key, default in parameters.items() if default is inspect.Parameter.empty]
    if needed:
        raise EstimatorError(
            f"register {name!r}: class {target.__name__} needs {', '.join(needed)}; "
            "give each argument of __init__ a default"
        )


def _check_intervals(name: str, target: Callable[..., Any], declared: Intervals) -> None:
    for kind in declared.kinds:
        if not hasattr(target, f"{kind}_interval"):
            raise EstimatorError(
                f"register {name!r}: declares {kind} intervals, but has no {kind}_interval; "
                "write that method or leave the declaration out"
            )


def _check_fit_many(
    name: str, target: Callable[..., Any], fit_many: FitMany, fit_group: str
) -> None:
    if fit_many not in get_args(FitMany):
        raise EstimatorError(
            f"register {name!r}: fit_many is {fit_many!r}, must be 'datasets' or 'methods'"
        )
    if fit_many and not hasattr(target, "fit_many"):
        raise EstimatorError(
            f"register {name!r}: declares fit_many, but has no class method fit_many"
        )
    if (fit_many == "methods") != bool(fit_group):
        raise EstimatorError(
            f"register {name!r}: fit_many='methods' and fit_group go together; give both or neither"
        )


def _parameters(target: Callable[..., Any]) -> dict[str, Any]:
    if not inspect.isclass(target):
        return extra_arguments(target)
    if target.__init__ is object.__init__:
        return {}
    accepted = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return {
        parameter.name: parameter.default
        for parameter in inspect.signature(target).parameters.values()
        if parameter.kind in accepted
    }


#: The registry that the package's functions use.
REGISTRY = Registry()
