"""Which phrasings an audit reads."""

from __future__ import annotations

from itertools import count
from math import prod

from sdscm.errors import InputError
from sdscm.spec import Spec

_MOST = 10_000  # choices that are gone through to find all of them
_STRIDE = 2**32  # numbers a seed


def choose_phrasings(spec: Spec, size: int | None, seed: int = 0) -> tuple[int, ...]:
    """Numbers of phrased specs (`sdscm.spec.PhrasedSpec`) that differ where the outcome can tell.

    Only the sentences of the outcome and of its ancestors count: others are never read.

    Parameters
    ----------
    size
        Size of a random set, drawn without replacement from all choices; None, or at least as many
        as there are, takes all.
    seed
        Seed of the draw.

    Raises
    ------
    InputError
        If the size is not positive, or all are asked for and there are too many.
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
    # Number 0 takes the first of each and is no draw.
    numbers = count(0) if everything else count(1 + seed * _STRIDE)
    found: dict[tuple[int, ...], int] = {}
    for number in numbers:
        choice = spec.phrased(number).choice
        found.setdefault(tuple(choice[name] for name in names), number)
        if len(found) == wanted:
            return tuple(found.values())
    raise AssertionError("unreachable: numbers do not end")


def count_phrasings(spec: Spec) -> int:
    """How many phrased specs the outcome can tell apart."""
    return prod(len(spec.variable(name).phrasings) for name in variables_read(spec))


def variables_read(spec: Spec) -> tuple[str, ...]:
    """The outcome and its ancestors, in the order tau: the others' sentences are never read."""
    return (*spec.ancestors(spec.outcome.name), spec.outcome.name)
