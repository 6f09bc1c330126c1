"""Register the methods of a task, in order, by a decorator or by entry points."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar, Generic, TypeVar

from benchmarks.metrics.registry import load_installed
from estimators.plugins import note_other
from sdscm.errors import InputError
from sdscm.hints import did_you_mean


@dataclass(frozen=True)
class TaskMethodInfo:
    """Describe a method of a task; each task has a subclass.

    Attributes
    ----------
    name
        Name on boards.
    factory
        Makes an instance; called with ``random_state`` if it takes that, else without arguments.
    assumes
        Assumptions under which the method is right, in some words.
    source
        Citation.
    needs
        What it is shown beside the data.
    origin
        Module or plugin that registered it.
    """

    #: All needs that the task knows, and those that are a truth.
    known_needs: ClassVar[tuple[str, ...]] = ()
    truths: ClassVar[tuple[str, ...]] = ()

    name: str
    factory: Callable[..., Any]
    assumes: str
    source: str
    needs: tuple[str, ...] = ()
    origin: str = ""

    @property
    def oracle(self) -> bool:
        """True if it is shown the truth: it has no rank."""
        return any(need in self.truths for need in self.needs)

    def make(self, seed: int = 0) -> Any:
        """Make an instance with this seed.

        Examples
        --------
        >>> from benchmarks import discovery
        >>> discovery.get("Random").make(seed=3).random_state
        3
        """
        takes_seed = "random_state" in inspect.signature(self.factory).parameters
        return self.factory(random_state=seed) if takes_seed else self.factory()


_Info = TypeVar("_Info", bound=TaskMethodInfo)
_Factory = TypeVar("_Factory", bound=Callable[..., Any])


class TaskRegistry(Generic[_Info]):
    """The methods of a task by name, in order.

    Parameters
    ----------
    kind
        Name of the kind of method, for messages.
    info
        The task's subclass of `TaskMethodInfo`.
    shipped
        Module that registers the shipped methods.
    group
        Group of entry points, which name modules that register methods.
    """

    def __init__(self, kind: str, info: type[_Info], shipped: str, group: str) -> None:
        self.kind, self._info = kind, info
        self._shipped, self._group = shipped, group
        self.methods: dict[str, _Info] = {}

    def register(
        self, name: str, assumes: str, source: str, needs: tuple[str, ...]
    ) -> Callable[[_Factory], _Factory]:
        """Decorate a class, or a function that makes an instance, as a method of the task.

        Raises
        ------
        InputError
            If the name is taken by other code, or a need is unknown.
        """
        unknown = [need for need in needs if need not in self._info.known_needs]
        if unknown:
            raise InputError(
                f"{self.kind} '{name}': unknown need '{unknown[0]}'; choose among "
                f"{', '.join(self._info.known_needs)}"
            )

        def add(factory: _Factory) -> _Factory:
            origin = f"{factory.__module__}.{factory.__qualname__}"
            known = self.methods.get(name)
            if known is not None and known.origin != origin:
                raise InputError(f"the {self.kind} '{name}' exists: choose another name")
            self.methods[name] = self._info(name, factory, assumes, source, tuple(needs), origin)
            note_other(name)
            return factory

        return add

    def names(self) -> list[str]:
        """List the names of all methods, in order."""
        self._load()
        return list(self.methods)

    def get(self, name: str) -> _Info:
        """Return the method with this name; raise an InputError if none has it."""
        self._load()
        if name not in self.methods:
            raise InputError(
                f"{self.kind} '{name}': no such method; {did_you_mean(name, self.methods)}"
            )
        return self.methods[name]

    def _load(self) -> None:
        """Import the shipped methods, and the modules that installed packages name."""
        import_module(self._shipped)
        load_installed(self._group)
