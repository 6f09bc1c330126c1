"""Register selectors, in order. Boards show them in this order where their regrets are equal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal, TypeVar

from benchmarks.metrics.registry import load_installed
from benchmarks.selection.definition import Selector
from estimators.plugins import note_other
from sdscm.errors import InputError

#: Group of entry points, which name modules that register selectors.
ENTRY_POINT_GROUP = "sdscm.selectors"

#: Rows of boards that know the truth.
REFERENCES = {"oracle": "Oracle", "elsewhere": "Best on other scenarios"}

_SELECTORS: dict[str, Selector] = {}

_Function = TypeVar("_Function", bound=Callable[..., Any])


def register(selector: Selector) -> None:
    """Add a selector at the end.

    Raises
    ------
    InputError
        If another selector or a reference has the name.

    Examples
    --------
    >>> selector = benchmarks.selection.get("r_score")
    >>> benchmarks.selection.register(selector)
    """
    taken = selector.name in REFERENCES or selector.name in _SELECTORS
    if taken and _SELECTORS.get(selector.name) != selector:
        raise InputError(f"the selector '{selector.name}' exists: choose another name")
    _SELECTORS[selector.name] = selector
    note_other(selector.name)


def selector(
    name: str, title: str, *, better: Literal["lower", "higher"], source: str
) -> Callable[[_Function], _Function]:
    """Decorate a function as a `Selector` with these fields, and register it.

    Examples
    --------
    >>> @benchmarks.selection.selector("boldest", "Boldest", better="higher", source="")
    ... def boldest(shown):
    ...     return shown.of_each(lambda effect: abs(effect).mean())
    >>> benchmarks.selection.get("boldest").better
    'higher'
    """

    def decorate(function: _Function) -> _Function:
        register(Selector(name, title, better, function, source))
        return function

    return decorate


@contextmanager
def temporarily(*selectors: Selector) -> Iterator[None]:
    """Register selectors for the duration of the block.

    Examples
    --------
    >>> from dataclasses import replace
    >>> mine = replace(benchmarks.selection.get("r_score"), name="mine")
    >>> with benchmarks.selection.temporarily(mine):
    ...     print("mine" in benchmarks.selection.names())
    True
    >>> "mine" in benchmarks.selection.names()
    False
    """
    before = dict(_SELECTORS)
    try:
        for each in selectors:
            register(each)
        yield
    finally:
        _SELECTORS.clear()
        _SELECTORS.update(before)


def get(name: str) -> Selector:
    """Return the selector with this name.

    Raises
    ------
    InputError
        If no selector has the name.

    Examples
    --------
    >>> benchmarks.selection.get("dr_score").better
    'lower'
    """
    load_installed(ENTRY_POINT_GROUP)
    if name not in _SELECTORS:
        raise InputError(f"unknown selector '{name}': choose among {', '.join(_SELECTORS)}")
    return _SELECTORS[name]


def names() -> list[str]:
    """List the names of all selectors, in order.

    Examples
    --------
    >>> benchmarks.selection.names()[:3]
    ['econml_rscorer', 'econml_blp', 'econml_calibration']
    """
    load_installed(ENTRY_POINT_GROUP)
    return list(_SELECTORS)
