"""Sums of products of tables, one variable after the other.

Variable elimination: Koller and Friedman, "Probabilistic graphical models", 2009, chapter 9.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce

import numpy as np

Scope = tuple[str, ...]  # the variables of a table's axes
Factor = tuple[Scope, np.ndarray]


def elimination_order(
    scopes: Iterable[Scope], keep: Iterable[str], sizes: Mapping[str, int]
) -> tuple[list[str], frozenset[str]]:
    """An order in which to sum out all but ``keep``, and the variables of its largest table.

    Greedy: each step sums out the variable that makes the smallest table.
    """
    open_ = [frozenset(scope) for scope in scopes]
    largest = frozenset(keep)
    left = [name for name in sizes if name not in largest and any(name in s for s in open_)]
    order = []

    def states(names: Iterable[str]) -> int:
        return math.prod(sizes[name] for name in names)

    while left:
        tables = {name: frozenset().union(*(s for s in open_ if name in s)) for name in left}
        name = min(left, key=lambda each: states(tables[each]))
        largest = max(largest, tables[name], key=states)
        open_ = [scope for scope in open_ if name not in scope] + [tables[name] - {name}]
        left.remove(name)
        order.append(name)
    return order, largest


def sum_product(factors: Iterable[Factor], order: Sequence[str], keep: Sequence[str]) -> np.ndarray:
    """The product of all tables, summed over ``order``: an array with the axes ``keep``."""
    open_: list[Factor] = [((), np.array(1.0)), *factors]
    for name in order:
        touched = [factor for factor in open_ if name in factor[0]]
        open_ = [factor for factor in open_ if name not in factor[0]]
        scope, table = reduce(_times, touched)
        rest = tuple(each for each in scope if each != name)
        open_.append((rest, table.sum(axis=scope.index(name))))
    scope, table = reduce(_times, open_)
    return np.asarray(table.transpose([scope.index(name) for name in keep]))


def _times(one: Factor, other: Factor) -> Factor:
    scope = tuple(dict.fromkeys(one[0] + other[0]))
    axis = {name: place for place, name in enumerate(scope)}
    left, right = ([axis[name] for name in names] for names, _ in (one, other))
    return scope, np.einsum(one[1], left, other[1], right, list(range(len(scope))))
