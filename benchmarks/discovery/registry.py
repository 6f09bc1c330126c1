"""Register discovery methods, in order. A method is one class with ``discover(codes)``."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module, metadata
from typing import Any, Literal, Protocol, TypeVar, get_args

import pandas as pd

from benchmarks.discovery.graph import Graph
from estimators.plugins import note_other
from sdscm.errors import InputError
from sdscm.hints import did_you_mean

#: Group of entry points, which name modules that register discovery methods.
ENTRY_POINT_GROUP = "sdscm.discovery"

#: What a method may be shown beside the codes. ``pairwise``: scores of a language model for the
#: names of each pair. ``dag`` and ``joint``, the true graph and the true distribution: for oracles.
Need = Literal["pairwise", "dag", "joint"]
_TRUTH = ("dag", "joint")


class DiscoveryMethod(Protocol):
    """Finds a causal graph in a table of categories.

    Examples
    --------
    >>> from benchmarks import discovery
    >>> import pandas as pd
    >>> discovery.get("Empty").make().discover(pd.DataFrame({"a": [0, 1], "b": [1, 0]}))
    <Graph: dag, 2 variables: no edges>
    """

    def discover(self, codes: pd.DataFrame, **shown: Any) -> Graph:
        """Estimate the graph over the columns.

        Parameters
        ----------
        codes : DataFrame of shape (n, p)
            Integers 0, 1, ...: the category of each variable. The names of the columns say
            nothing, and their order is random.
        shown
            What the method declared in ``needs``; nothing else is passed.

        Returns
        -------
        A graph over the columns, in any order.
        """
        ...


@dataclass(frozen=True)
class DiscoveryInfo:
    """Describe a discovery method.

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
        What it is shown beside the codes; see `Need`.
    origin
        Module or plugin that registered it.

    Examples
    --------
    >>> from benchmarks import discovery
    >>> discovery.get("PC").oracle, discovery.get("PC (d-separation)").oracle
    (False, True)
    """

    name: str
    factory: Callable[..., DiscoveryMethod]
    assumes: str
    source: str
    needs: tuple[str, ...] = ()
    origin: str = ""

    @property
    def oracle(self) -> bool:
        """True if it is shown the truth: it has no rank."""
        return any(need in _TRUTH for need in self.needs)

    def make(self, seed: int = 0) -> DiscoveryMethod:
        """Make an instance with this seed.

        Examples
        --------
        >>> from benchmarks import discovery
        >>> discovery.get("Random").make(seed=3).random_state
        3
        """
        takes_seed = "random_state" in inspect.signature(self.factory).parameters
        return self.factory(random_state=seed) if takes_seed else self.factory()


_METHODS: dict[str, DiscoveryInfo] = {}
_Factory = TypeVar("_Factory", bound=Callable[..., Any])


def register(
    name: str, *, assumes: str, source: str, needs: tuple[str, ...] = ()
) -> Callable[[_Factory], _Factory]:
    """Decorate a class, or a function that makes an instance, as a discovery method.

    Parameters
    ----------
    name, assumes, source, needs
        See `DiscoveryInfo`.

    Raises
    ------
    InputError
        If the name is taken by other code, or a need is unknown.

    Examples
    --------
    >>> from benchmarks import discovery
    >>> @discovery.register("Chain", assumes="a chain", source="")
    ... class Chain:
    ...     def discover(self, codes):
    ...         names = list(codes.columns)
    ...         return discovery.Graph.from_edges(names, zip(names, names[1:]))
    >>> discovery.check_method("Chain")
    """
    unknown = [need for need in needs if need not in get_args(Need)]
    if unknown:
        raise InputError(
            f"discovery method '{name}': unknown need '{unknown[0]}'; choose among "
            f"{', '.join(get_args(Need))}"
        )

    def add(factory: _Factory) -> _Factory:
        origin = f"{factory.__module__}.{factory.__qualname__}"
        known = _METHODS.get(name)
        if known is not None and known.origin != origin:
            raise InputError(f"the discovery method '{name}' exists: choose another name")
        _METHODS[name] = DiscoveryInfo(name, factory, assumes, source, tuple(needs), origin)
        note_other(name)
        return factory

    return add


@cache
def _load_all() -> None:
    """Import the shipped methods, and once the modules that installed packages name."""
    import_module("benchmarks.discovery.methods")
    for point in metadata.entry_points(group=ENTRY_POINT_GROUP):
        try:
            point.load()
        except Exception as error:
            why = " ".join(f"{type(error).__name__}: {error}".split())
            raise InputError(
                f"the discovery methods '{point.name}' cannot be loaded ({why}); mend or uninstall "
                "the package"
            ) from error


def names() -> list[str]:
    """List the names of all methods, in order.

    Examples
    --------
    >>> from benchmarks import discovery
    >>> discovery.names()[4:7]
    ['PC', 'PC (chi-square)', 'FCI']
    """
    _load_all()
    return list(_METHODS)


def get(name: str) -> DiscoveryInfo:
    """Return the method with this name.

    Raises
    ------
    InputError
        If no method has the name.

    Examples
    --------
    >>> from benchmarks import discovery
    >>> discovery.get("GES").source[:9]
    'Chickerin'
    """
    _load_all()
    if name not in _METHODS:
        raise InputError(
            f"discovery method '{name}': no such method; {did_you_mean(name, _METHODS)}"
        )
    return _METHODS[name]
