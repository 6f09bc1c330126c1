"""Choose the phrasings of an audit."""

from __future__ import annotations

from itertools import count
from math import prod

from sdscm.errors import InputError
from sdscm.spec import Spec

_MOST = 10_000  # largest number of phrasings that can be enumerated
_STRIDE = 2**32  # phrasing numbers for each seed


def choose_phrasings(spec: Spec, size: int | None, seed: int = 0) -> tuple[int, ...]:
    """Choose phrasings (numbers of `sdscm.spec.PhrasedSpec`) that differ for the outcome.

    Only the sentences of the outcome and of its ancestors count: the model reads no others.

    Parameters
    ----------
    size
        Size of a random set, drawn without replacement; None, or a size of at least the number of
        phrasings, takes all.
    seed
        Seed of the draw.

    Raises
    ------
    InputError
        If the size is not positive, or all phrasings are asked for and there are too many.
    """
    names, total = variables_read(spec), count_phrasings(spec)
    if size is not None and size < 1:
        raise InputError(f"phrasings = {size}: ask for at least one")
    everything = size is None or size >= total
    if everything and total > _MOST:
        raise InputError(
            f"phrasings: {spec.name} has {total:,}; ask for a random set of at most {_MOST:,}"
        )
    wanted = total if size is None else min(size, total)
    # Number 0 takes the first sentence of each variable; it is not a random draw.
    numbers = count(0) if everything else count(1 + seed * _STRIDE)
    found: dict[tuple[int, ...], int] = {}
    for number in numbers:
        choice = spec.phrased(number).choice
        found.setdefault(tuple(choice[name] for name in names), number)
        if len(found) == wanted:
            return tuple(found.values())
    raise AssertionError("unreachable: numbers do not end")


def count_phrasings(spec: Spec) -> int:
    """Count the phrasings that differ for the outcome."""
    return prod(len(spec.variable(name).phrasings) for name in variables_read(spec))


def variables_read(spec: Spec) -> tuple[str, ...]:
    """Return the outcome and its ancestors in order tau: the variables that the model reads."""
    return (*spec.ancestors(spec.outcome.name), spec.outcome.name)
