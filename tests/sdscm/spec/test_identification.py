"""Back doors, instruments, front doors, proxies: known graphs, and brute force."""

from __future__ import annotations

from itertools import chain, combinations

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdscm.errors import InputError
from sdscm.spec import Spec, load_spec, spec_from_yaml
from sdscm.spec.identification import (
    identification,
    mediation_identified,
    mediators,
    proxies,
)


def dag(*arrows: str) -> nx.DiGraph:
    graph = nx.DiGraph()
    for arrow in arrows:
        nx.add_path(graph, arrow.split(">"))
    return graph


def found(graph: nx.DiGraph, shown: str):
    return identification(graph, "t", "y", shown.split())


def test_a_confounder_that_is_shown_or_hidden() -> None:
    graph = dag("t>y", "c>t", "c>y")
    assert found(graph, "c").adjustment == ("c",)
    assert found(graph, "c").all_adjust
    assert found(graph, "").adjustment is None
    assert not found(graph, "").all_adjust


def test_adjusting_for_the_collider_of_the_m_graph_opens_a_path() -> None:
    """Greenland, Pearl and Robins 1999: u1 -> t, u1 -> m <- u2, u2 -> y, with u1 and u2 hidden."""
    graph = dag("t>y", "a>t", "a>m", "b>m", "b>y")
    assert found(graph, "m").adjustment == ()
    assert not found(graph, "m").all_adjust


def test_an_instrument_needs_a_path_to_the_treatment_and_no_other() -> None:
    confounded = ("t>y", "u>t", "u>y")
    assert found(dag(*confounded, "z>t"), "z").instruments == {"z": ()}
    assert found(dag(*confounded, "z>t", "z>y"), "z").instruments == {}, "not excluded"
    assert found(dag(*confounded, "z>y"), "z").instruments == {}, "not relevant"
    assert found(dag(*confounded, "z>t", "u>z"), "z").instruments == {}, "confounded"


def test_a_conditional_instrument() -> None:
    """Brito and Pearl 2002: z is one once w, which sways z and y, is held fixed."""
    graph = dag("t>y", "u>t", "u>y", "z>t", "w>z", "w>y")
    assert found(graph, "z w").instruments == {"z": ("w",)}
    assert found(graph, "z").instruments == {}


def test_an_instrument_is_not_cut_off_from_the_treatment_by_what_is_given() -> None:
    """Given a, z has nothing to do with t; given b, it is an instrument through a."""
    graph = dag("t>y", "a>z", "a>t", "a>b", "b>y", "u>t", "u>y")
    assert found(graph, "z a b").instruments == {"z": ("b",)}


def test_the_front_door_of_smoking_and_tar() -> None:
    """Pearl 2009, figure 3.5: smoking -> tar -> cancer, with a hidden genotype."""
    graph = dag("t>m>y", "u>t", "u>y")
    assert found(graph, "").front_door == ("m",)
    assert found(dag("t>m>y", "u>t", "u>y", "t>y"), "").front_door == (), "a direct path"
    assert found(dag("t>m>y", "u>t", "u>y", "u>m"), "").front_door == (), "m is confounded"
    assert mediators(graph, "t", "y") == ("m",)


def test_a_proxy_descends_from_a_hidden_common_cause_and_causes_nothing() -> None:
    graph = dag("t>y", "u>t", "u>y", "u>p", "u>c", "c>y", "x>q")
    assert proxies(graph, "t", "y", ["p", "c", "q", "x"]) == {"p": ("u",)}
    assert proxies(graph, "t", "y", ["p", "c", "q", "x", "u"]) == {}, "u is not hidden"


@st.composite
def graphs(draw: st.DrawFn) -> nx.DiGraph:
    """DAGs over t, y and four other names, in a random order."""
    names = draw(st.permutations(["t", "y", "a", "b", "c", "d"]))
    graph = nx.DiGraph()
    graph.add_nodes_from(names)
    for first, second in combinations(names, 2):
        if draw(st.booleans()):
            graph.add_edge(first, second)
    return graph


def blocked(graph: nx.DiGraph, x: str, y: str, fixed: set[str]) -> bool:
    """Whether no path is open, by a walk over all undirected paths and the rule of colliders."""
    for path in nx.all_simple_paths(graph.to_undirected(), x, y):
        is_open = True
        for before, node, after in zip(path, path[1:], path[2:], strict=False):
            collider = graph.has_edge(before, node) and graph.has_edge(after, node)
            below = {node} | nx.descendants(graph, node)
            is_open &= bool(below & fixed) if collider else node not in fixed
        if is_open:
            return False
    return True


def subsets(names: list[str]):
    return map(set, chain.from_iterable(combinations(names, k) for k in range(len(names) + 1)))


@given(graphs(), st.sets(st.sampled_from("abcd")))
def test_criteria_agree_with_all_sets_and_all_paths(graph: nx.DiGraph, shown: set[str]) -> None:
    after = nx.descendants(graph, "t")
    shown = {name for name in shown if name not in after}
    result = identification(graph, "t", "y", shown)
    back = graph.copy()
    back.remove_edges_from(list(graph.out_edges("t")))
    working = [each for each in subsets(sorted(shown)) if blocked(back, "t", "y", each)]
    assert (result.adjustment is not None) == bool(working)
    assert result.adjustment is None or set(result.adjustment) in working
    assert result.all_adjust == (shown in working)
    no_effect = graph.copy()
    to_y = nx.ancestors(graph, "y") | {"y"}
    no_effect.remove_edges_from([edge for edge in graph.out_edges("t") if edge[1] in to_y])
    for name in "abcd":
        others = sorted(shown - {name} - nx.descendants(graph, name))
        works = name in shown and any(
            blocked(no_effect, name, "y", each) and not blocked(graph, name, "t", each)
            for each in subsets(others)
        )
        assert works == (name in result.instruments)
        if works:
            held = set(result.instruments[name])
            assert blocked(no_effect, name, "y", held)
            assert not blocked(graph, name, "t", held)


TEXT = """
name: roles
variables:
  - {name: u, role: exogenous, values: [x, y], phrasings: ["u {value}"]}
  - {name: z, role: instrument, values: [x, y], phrasings: ["z {value}"]}
  - {name: p, role: proxy, values: [x, y], parents: [u], phrasings: ["p {value}"]}
  - {name: t, role: treatment, values: [x, y], parents: [u, z], phrasings: ["t {value}"]}
  - {name: m, role: mediator, values: [x, y], parents: [t], phrasings: ["m {value}"]}
  - {name: o, role: outcome, values: [x, y], parents: [t, m, u], phrasings: ["o {value}"]}
"""


def test_roles_that_the_graph_bears_out() -> None:
    spec = spec_from_yaml(TEXT, "roles.yaml")
    assert spec.covariates == ("u", "z", "p", "m")
    assert spec.descendants("t") == ("m", "o")
    hidden = spec.identified(hidden=True)
    assert (hidden.shown, hidden.adjustment) == (("z", "p"), None)
    assert hidden.instruments == {"z": ()}
    assert spec.identified(hidden=False).adjustment == ("u",)


@pytest.mark.parametrize(
    ("before", "after", "name", "role"),
    [
        ("parents: [t, m, u]", "parents: [t, m, u, z]", "z", "instrument"),
        ("parents: [u, z]", "parents: [u]", "z", "instrument"),
        ("parents: [t, m, u]", "parents: [t, u]", "m", "mediator"),
        ("parents: [t, m, u]", "parents: [t, m, u, p]", "p", "proxy"),
        ("values: [x, y], parents: [u], ", "values: [x, y], ", "p", "proxy"),
    ],
)
def test_roles_that_the_graph_contradicts(before: str, after: str, name: str, role: str) -> None:
    assert before in TEXT
    with pytest.raises(InputError) as told:
        spec_from_yaml(TEXT.replace(before, after), "roles.yaml")
    assert str(told.value).startswith(f"roles.yaml: variable '{name}': 'role' is {role}, but ")
    assert "write 'role: covariate'" in str(told.value)


@pytest.mark.parametrize("name", ["headache", "revision", "soil"])
def test_scenarios_are_identified_with_their_confounder_only(name: str) -> None:
    spec: Spec = load_spec(name)
    assert spec.identified(hidden=False).adjustment == spec.exogenous
    assert spec.identified(hidden=True).adjustment is None
    assert set(spec.identified(hidden=True).instruments) == set(
        spec.ancestors(spec.treatment.name)
    ) - set(spec.exogenous)


def test_the_mediation_formula_needs_all_confounders() -> None:
    """A cause of t and y, and one of m and y; a cause of m and y that t affects is not allowed."""
    graph = dag("t>m>y", "t>y", "u>t", "u>y", "w>m", "w>y")
    assert mediation_identified(graph, "t", "y", ["m"], ["u", "w"])
    assert not mediation_identified(graph, "t", "y", ["m"], ["w"])
    assert not mediation_identified(graph, "t", "y", ["m"], ["u"])
    caused = dag("t>m>y", "t>y", "t>w", "w>m", "w>y")
    assert not mediation_identified(caused, "t", "y", ["m"], [])
    assert not mediation_identified(caused, "t", "y", ["m"], ["w"])
    assert mediation_identified(caused, "t", "y", ["m", "w"], [])
    collider = dag("t>m>y", "t>y", "a>c", "b>c", "a>t", "b>y")
    assert mediation_identified(collider, "t", "y", ["m"], [])
    assert not mediation_identified(collider, "t", "y", ["m"], ["c"])
