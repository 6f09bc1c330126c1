"""Measure how much each edge of a DAG does in the mechanisms of the language model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2

from benchmarks.discovery.methods.oracles import conditional_information
from sdscm.inference.enumeration import ExactArrays, TooLargeError

#: Total variation below which an edge is counted as without effect.
NO_EFFECT = 0.01


@dataclass(frozen=True)
class EdgeStrength:
    """What an edge does; NaN where the mechanisms are too large to enumerate.

    Attributes
    ----------
    parent, child
        The edge.
    largest_change
        Largest total variation between two distributions of the child that differ in the value of
        this parent only, over all values of the other parents. 0: the edge does nothing, so that
        the distribution is not faithful to the DAG.
    information
        Conditional mutual information of child and parent given the other parents, in nats.
    seen
        True if the G-square test of level 5 % given the other parents would find the edge in n
        rows, if its statistic had its expected value.

    Examples
    --------
    >>> import sdscm
    >>> from benchmarks.discovery import edge_strengths
    >>> exact = sdscm.SDSCM("headache", "tabular:0").exact().arrays
    >>> next(edge_strengths(exact, n=1_000)).parent
    'season'
    """

    parent: str
    child: str
    largest_change: float
    information: float
    seen: bool | None


def edge_strengths(exact: ExactArrays, n: int) -> Iterator[EdgeStrength]:
    """Measure each edge, in the order tau of the children.

    Parameters
    ----------
    exact
        The mechanisms; those with too many contexts are not scored.
    n
        Number of rows of ``seen``.

    Examples
    --------
    >>> import sdscm
    >>> from benchmarks.discovery import edge_strengths
    >>> exact = sdscm.SDSCM("headache", "tabular:0").exact().arrays
    >>> len(list(edge_strengths(exact, n=1_000)))
    8
    """
    for child in exact.spec.order:
        parents = exact.spec.parents(child)
        for axis, parent in enumerate(parents):
            try:
                table = np.exp(exact.log_table(child))
                joint = exact.marginal([*parents, child])
            except TooLargeError:
                yield EdgeStrength(parent, child, float("nan"), float("nan"), None)
                continue
            others = [place for place in range(len(parents)) if place != axis]
            information = conditional_information(joint, axis, len(parents), others)
            freedom = (joint.shape[axis] - 1) * (joint.shape[-1] - 1)
            freedom *= int(np.prod([joint.shape[place] for place in others], dtype=int))
            seen = 2 * n * information + freedom > chi2.ppf(0.95, freedom)
            yield EdgeStrength(parent, child, largest_change(table, axis), information, bool(seen))


def largest_change(table: np.ndarray, axis: int) -> float:
    """Largest total variation along an axis of a table of distributions, which are its last axis.

    Examples
    --------
    >>> import numpy as np
    >>> from benchmarks.discovery.faithfulness import largest_change
    >>> round(largest_change(np.array([[0.9, 0.1], [0.6, 0.4]]), axis=0), 12)
    0.3
    """
    values = np.moveaxis(table, axis, 0)
    differences = np.abs(values[:, None] - values[None]).sum(axis=-1) / 2
    return float(differences.max())
