"""References for selectors: one fixed method, and a random one."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.selection.definition import Scores, Selector, Shown
from benchmarks.selection.registry import register, selector
from sdscm.errors import InputError

#: The method that `default` picks: what most applied papers use, and no result of a benchmark.
DEFAULT = "LinReg"


def fixed(method: str) -> Selector:
    """Make the selector ``default``, which picks one method everywhere.

    Examples
    --------
    >>> benchmarks.selection.fixed("CausalForest").title
    'Always CausalForest'
    """
    return Selector("default", f"Always {method}", "lower", _always(method), "")


def _always(method: str) -> Callable[[Shown], Scores]:
    def default(shown: Shown) -> Scores:
        """Pick one fixed method, whatever the data."""
        if method not in shown.effects:
            raise InputError(f"'{method}' has no effects here; name another method with --default")
        return {method: 0.0}

    return default


register(fixed(DEFAULT))


@selector("random", "Random", better="lower", source="")
def random(shown: Shown) -> Scores:
    """Pick each method with the same chance; its numbers are exact expectations."""
    return dict.fromkeys(shown.effects, 0.0)
