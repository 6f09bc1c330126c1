"""Adjustment for a back-door set of the graph: closed forms, and brute force over all sets."""

from __future__ import annotations

from itertools import chain, combinations, product
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest

import estimators
from estimators.support.graphs import as_graph, back_door_columns


def _graph(edges: list[tuple[str, str]], hidden: tuple[str, ...] = ()) -> nx.DiGraph:
    graph = nx.DiGraph([("t", "y"), *edges])
    for name, node in graph.nodes.items():
        node["role"] = {"t": "treatment", "y": "outcome"}.get(name, "covariate")
        node["observed"] = name not in hidden
    return graph


M_SHAPE = _graph(
    [("u", "t"), ("u", "m"), ("v", "m"), ("v", "y"), ("c", "t"), ("c", "y")], ("u", "v")
)


def _m_bias(confounding: float) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """A whole population, each unit in its exact share: an effect of 2, a collider m = u or v.

    The observed c confounds; its weight in the outcome is 4 times ``confounding``.
    """
    rows = []
    for u, v, c in product((0, 1), repeat=3):
        share = 0.2 + 0.6 * u if confounding == 0 else 0.1 + 0.4 * u + 0.4 * c
        treated = round(10 * share)
        rows += [
            (c, int(u or v), t, 2 * t + 3 * v + 4 * confounding * c)
            for t in [1] * treated + [0] * (10 - treated)
        ] * 40
    frame = pd.DataFrame(rows, columns=["c", "m", "t", "y"])
    return frame[["c", "m"]], frame["t"].to_numpy(), frame["y"].to_numpy(dtype=float)


def test_a_collider_is_left_out():
    X, t, y = _m_bias(confounding=1)
    found = estimators.get("Graph-AIPW").fit(X, t, y, graph=M_SHAPE)
    assert found.adjusted_ == [0]
    assert found.ate(X) == pytest.approx(2, abs=1e-3)
    low, high = found.ate_interval(X)
    assert low < 2 < high
    # With all covariates: the mean over c and m of E[y | t = 1, c, m] - E[y | t = 0, c, m].
    cells = X.assign(t=t, y=y).groupby(["c", "m", "t"])["y"].mean().unstack()
    share = X.value_counts(normalize=True)
    biased = float(((cells[1] - cells[0]) * share).sum())
    assert biased < 1.6
    plain = estimators.get("AIPW").fit(X, t, y)
    assert plain.ate(X) == pytest.approx(biased, abs=0.1)


def test_without_confounding_nothing_is_adjusted_for():
    """The difference in means is 2; within m = 1 it is 2 - 3 * 5 / 18, where 3 of 4 units are."""
    X, t, y = _m_bias(confounding=0)
    graph = M_SHAPE.copy()
    graph.remove_edge("c", "t")
    found = estimators.get("Graph-AIPW").fit(X, t, y, graph=graph)
    assert found.adjusted_ == []
    assert found.ate(X) == pytest.approx(2, abs=1e-8)  # y is rounded to 9 decimals
    plain = estimators.get("AIPW").fit(X[["m"]], t, y)
    assert plain.ate(X[["m"]]) == pytest.approx(2 - 3 * 5 / 18 * 3 / 4, abs=5e-3)


def test_indicators_belong_to_their_variable():
    graph = _graph([("a", "t"), ("a", "y"), ("a=b", "y")])
    columns = ["a=b", "a=c", "a=b=c", "a=b=c_"]
    found = as_graph(graph, columns)
    assert dict(found.nodes(data="columns")) == {"t": [], "y": [], "a": [1], "a=b": [0, 2, 3]}
    assert back_door_columns(found) == [1]
    assert "columns" not in graph.nodes["a"]


def test_back_door_sets_against_all_subsets():
    draw = np.random.default_rng(0)
    found = 0
    for _ in range(100):
        names = list(draw.permutation(["a", "b", "c", "u", "v"]))
        place = sorted(draw.integers(0, 6, size=2))
        names = [*names[: place[0]], "t", *names[place[0] : place[1]], "y", *names[place[1] :]]
        graph = _graph([pair for pair in combinations(names, 2) if draw.random() < 0.6])
        columns = [name for name in ("a", "b", "c") if name in graph]
        chosen = back_door_columns(as_graph(graph, columns))
        after = nx.descendants(graph, "t")
        back = graph.copy()
        back.remove_edges_from(list(graph.out_edges("t")))
        valid = [
            set(those)
            for those in chain.from_iterable(combinations(columns, k) for k in range(4))
            if not set(those) & after and nx.is_d_separator(back, "t", "y", set(those))
        ]
        if chosen is None:
            assert not valid
            continue
        found += 1
        members = {columns[position] for position in chosen}
        assert members in valid
        assert not any(other < members for other in valid)
    assert 20 < found < 80


@pytest.mark.parametrize(
    ("graph", "words"),
    [
        (_graph([("u", "t"), ("u", "y"), ("m", "y"), ("c", "y")]), "no back-door set among"),
        (_graph([("m", "y")]), "column 'c' of X is not of one of its variables"),
        (_graph([("y", "c"), ("c", "t"), ("m", "y")]), "without cycles"),
        (nx.DiGraph([("t", "y")]), "0 nodes have role='treatment'"),
        ([("t", "y")], "must be a networkx.DiGraph"),
        (None, "needs graph; call fit"),
    ],
)
def test_bad_graphs_are_refused(graph: Any, words: str):
    X, t, y = _m_bias(confounding=1)
    with pytest.raises(estimators.EstimatorError, match=words):
        estimators.get("Graph-AIPW").fit(X, t, y, graph=graph)
