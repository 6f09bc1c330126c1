"""Register discovery methods, in order. A method is one class with ``discover(codes)``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, Protocol, TypeVar, get_args

import pandas as pd

from benchmarks.discovery.graph import Graph
from benchmarks.tasks.registry import TaskMethodInfo, TaskRegistry

#: Group of entry points, which name modules that register discovery methods.
ENTRY_POINT_GROUP = "sdscm.discovery"

#: What a method may be shown beside the codes. ``pairwise``: scores of a language model for the
#: names of each pair. ``dag`` and ``joint``, the true graph and the true distribution: for oracles.
Need = Literal["pairwise", "dag", "joint"]


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


class DiscoveryInfo(TaskMethodInfo):
    """Describe a discovery method.

    Attributes
    ----------
    name, factory, assumes, source, origin
        Name on boards; what makes an instance, with ``random_state`` if it takes that; assumptions
        under which the method is right; citation; module or plugin that registered it.
    needs
        What it is shown beside the codes; see `Need`.

    Examples
    --------
    >>> from benchmarks import discovery
    >>> discovery.get("PC").oracle, discovery.get("PC (d-separation)").oracle
    (False, True)
    """

    known_needs = get_args(Need)
    truths = ("dag", "joint")


_REGISTRY = TaskRegistry(
    "discovery method", DiscoveryInfo, "benchmarks.discovery.methods", ENTRY_POINT_GROUP
)
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
    return _REGISTRY.register(name, assumes, source, needs)


def names() -> list[str]:
    """List the names of all methods, in order.

    Examples
    --------
    >>> from benchmarks import discovery
    >>> discovery.names()[4:7]
    ['PC', 'PC (chi-square)', 'FCI']
    """
    return _REGISTRY.names()


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
    return _REGISTRY.get(name)
