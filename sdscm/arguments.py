"""Check arguments of functions at once; an InputError of one line says what to give."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from sdscm.errors import InputError
from sdscm.hints import kind_of


def shown(value: Any) -> str:
    """The beginning of a value's ``repr``, in one line."""
    return " ".join(f"{value!r:.60}".split())


def check_whole(name: str, value: Any, least: int, hint: str = "") -> None:
    """Raise an InputError if a value is not a whole number of ``least`` or more."""
    if not isinstance(value, Integral) or value < least:
        hint = hint or f"give a whole number from {least} upwards"
        raise InputError(f"{name} = {shown(value)}: {hint}")


def check_seed(seed: Any) -> None:
    """Raise an InputError if a seed is not a whole number: its text is part of the noise's key."""
    if not isinstance(seed, Integral):
        raise InputError(f"seed = {shown(seed)}: give a whole number")


def check_number(name: str, value: Any, low: float, high: float, hint: str) -> None:
    """Raise an InputError if a value is not a finite number from ``low`` to ``high``."""
    real = isinstance(value, Real)
    if not real or not low <= value <= high or value == float("inf"):
        raise InputError(f"{name} = {shown(value)}: {hint}")


def check_choice(name: str, value: Any, choices: Iterable[str]) -> None:
    """Raise an InputError if a value is not one of the choices."""
    known = list(choices)
    if not isinstance(value, str) or value not in known:
        raise InputError(f"unknown {name} {shown(value)}: choose one of {', '.join(known)}")


def check_callback(name: str, value: Any) -> None:
    """Raise an InputError if a value is neither None nor a function."""
    if value is not None and not callable(value):
        raise InputError(f"{name}: it is {kind_of(value)}; give a function, or None")


def check_type(name: str, value: Any, wanted: Any, hint: str) -> None:
    """Raise an InputError if a value is not of the wanted type."""
    if not isinstance(value, wanted):
        raise InputError(f"{name}: it is {kind_of(value)}; {hint}")


def as_list(value: Any) -> list[Any]:
    """A list of one thing or of several; a text, a path and a mapping are one thing."""
    one = isinstance(value, str | bytes | Path | Mapping) or not isinstance(value, Iterable)
    return [value] if one else list(value)


def paths_of(where: str, given: Any) -> list[Path]:
    """A list of paths from one path or several; an InputError if one is not a path."""
    for each in (paths := as_list(given)):
        check_type(where, each, str | Path, "give the path of a file, or a list")
    return [Path(each) for each in paths]


def names_of(where: str, given: str | Sequence[str]) -> list[str]:
    """A list of names from one name or several.

    Raises
    ------
    InputError
        If it is a mapping, or holds anything but text.
    """
    for name in (names := as_list(given)):
        if not isinstance(name, str):
            raise InputError(f"{where}: {shown(name)} is not a name; give one name, or a list")
    return names
