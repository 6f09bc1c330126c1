"""Featurisers of texts by name, from entry points."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import metadata
from typing import Any

from estimators.errors import EstimatorError, describe_error

#: Group of the entry points. Each names a class or function without needed arguments that makes a
#: transformer of scikit-learn, from a list of texts to an array of shape (n, k).
GROUP = "estimators.featurisers"


def _points_of_packages() -> dict[str, Callable[[], Any]]:
    """Functions that load the featurisers, by name."""
    return {point.name: point.load for point in metadata.entry_points(group=GROUP)}


_points = cache(_points_of_packages)


def featuriser(name: str) -> Any:
    """An unfitted featuriser of that name.

    Raises
    ------
    EstimatorError
        If no package has a featuriser of that name, or it cannot be made.
    """
    points = _points()
    if name not in points:
        known = ", ".join(sorted(points)) or "none; install sdscm again, which has one"
        raise EstimatorError(f"no featuriser {name!r}; featurisers: {known}")
    try:
        return points[name]()()
    except (Exception, SystemExit) as error:  # the code of a package may raise anything
        raise EstimatorError(
            f"featuriser {name!r} cannot be made: {describe_error(error)}"
        ) from error
