"""Sums of products of tables, by variable elimination.

Source: Koller and Friedman, "Probabilistic graphical models", 2009, chapter 9. ``opt_einsum`` finds
the order of the products (greedy; Smith and Gray, Journal of Open Source Software, 2018).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

import numpy as np
import opt_einsum

Scope = tuple[str, ...]  # the variables of a table's axes
Factor = tuple[Scope, np.ndarray]
Path = tuple[tuple[int, ...], ...]  # positions of the tables that each step multiplies


def elimination_path(
    scopes: Iterable[Scope], keep: Sequence[str], sizes: Mapping[str, int]
) -> tuple[Path, int]:
    """The steps that sum out all variables but ``keep``, and the size of the largest table."""
    return _path(tuple(scopes), tuple(keep), tuple(sizes.items()))


@lru_cache(maxsize=4096)  # an audit asks the same sums of every phrasing
def _path(
    scopes: tuple[Scope, ...], keep: Scope, sizes: tuple[tuple[str, int], ...]
) -> tuple[Path, int]:
    size = dict(sizes)
    symbol = {name: opt_einsum.get_symbol(place) for place, name in enumerate(size)}
    inputs = ",".join("".join(symbol[name] for name in scope) for scope in scopes)
    path, info = opt_einsum.contract_path(
        f"{inputs}->{''.join(symbol[name] for name in keep)}",
        *(tuple(size[name] for name in scope) for scope in scopes),
        shapes=True,
        optimize="greedy",
    )
    tables = [*scopes, keep]
    largest = max(math.prod(size[name] for name in scope) for scope in tables)
    return tuple(map(tuple, path)), max(largest, int(info.largest_intermediate))


def sum_product(factors: Iterable[Factor], path: Path, keep: Sequence[str]) -> np.ndarray:
    """The product of all tables, summed over all variables but ``keep``: the array's axes."""
    tables = list(factors)
    for places in path:
        parts = [tables.pop(place) for place in sorted(places, reverse=True)]
        # Variables that no other table holds are summed out.
        left = set(keep).union(*(scope for scope, _ in tables))
        scope = dict.fromkeys(name for names, _ in parts for name in names if name in left)
        tables.append(_product(parts, tuple(scope) if tables else tuple(keep)))
    return tables[0][1]


def _product(parts: Sequence[Factor], scope: Scope) -> Factor:
    axis = {name: place for place, name in enumerate(dict.fromkeys(sum((s for s, _ in parts), ())))}
    operands = [x for names, table in parts for x in (table, [axis[name] for name in names])]
    return scope, np.asarray(np.einsum(*operands, [axis[name] for name in scope]))
