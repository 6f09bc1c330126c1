"""Graphs of other programs become specs with the same arrows and roles, and back."""

from __future__ import annotations

import itertools

import networkx as nx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sdscm.authoring.graphs import SUFFIXES, read_graph, spec_from_graph, write_graph
from sdscm.errors import InputError
from sdscm.spec import load_spec, scenario_names, spec_from_yaml

DAGITTY = """dag {
bb="0,0,1,1"
"blood pressure" [exposure,pos="0.100,0.200"]
Y [outcome]
U [latent]
"blood pressure" -> Y
"blood pressure" <- U -> Y
Z <-> Y
{M1 M2} -> Y
}"""


#: Entities that stand for a billion letters.
BOMB = "<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'>"
BOMB += "".join(f"<!ENTITY {b} '{f'&{a};' * 10}'>" for a, b in itertools.pairwise("abcdefghij"))
BOMB += "]><graphml><graph edgedefault='directed'><node id='&j;'/></graph></graphml>"


def parts(spec):
    return set(spec.graph.edges), {each.name: each.role for each in spec.variables}


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("name", ["breast_cancer", "soil"])
def test_a_graph_that_was_written_makes_a_spec_with_the_same_graph(tmp_path, suffix, name):
    assert name in scenario_names()
    spec, path = load_spec(name), tmp_path / f"graph{suffix}"
    write_graph(spec, path)
    made = spec_from_yaml(spec_from_graph(read_graph(path), "made"), "made")
    assert parts(made) == parts(spec)


def test_dagitty_says_arrows_in_both_directions_groups_and_roles(tmp_path):
    path = tmp_path / "model.txt"
    path.write_text(DAGITTY)
    graph = read_graph(path)
    assert set(graph.edges) == {
        ("blood pressure", "Y"),
        ("U", "blood pressure"),
        ("U", "Y"),
        ("cause of Z and Y", "Z"),
        ("cause of Z and Y", "Y"),
        ("M1", "Y"),
        ("M2", "Y"),
    }
    spec = spec_from_yaml(spec_from_graph(graph, "made"), "made")
    assert (spec.treatment.name, spec.outcome.name) == ("blood pressure", "Y")
    assert set(spec.exogenous) == {"U", "cause of Z and Y"}


@pytest.mark.parametrize(
    ("text", "arrows"),
    [
        ("digraph { a -> b -> c; a -> c }", {("a", "b"), ("b", "c"), ("a", "c")}),
        (
            'digraph G { rankdir=LR; node [shape=box]; "d e" -> {b c}; }',
            {("d e", "b"), ("d e", "c")},
        ),
        ('digraph { a [label="Age"]; a -> b // why\n }', {("a", "b")}),
        ("dag { a -> b; b <- c }", {("a", "b"), ("c", "b")}),
        ("dag { a->b<-c-1; {b, d}->e }", {("a", "b"), ("c-1", "b"), ("b", "e"), ("d", "e")}),
        ("digraph { subgraph s { a -> b; subgraph { b -> c } } }", {("a", "b"), ("b", "c")}),
        ("digraph { {a b} -> {c; d -> e} }", {(x, y) for x in "ab" for y in "cde"} | {("d", "e")}),
        ('digraph { a:n -> "b:c":w }', {("a", "b:c")}),
        ("digraph { a -> b [dir=back] }", {("b", "a")}),
        (
            "digraph { a -> b [dir=both] }",
            {("cause of a and b", "a"), ("cause of a and b", "b")},
        ),
    ],
)
def test_dot_is_read_as_graphviz_reads_it(tmp_path, text, arrows):
    path = tmp_path / "graph.dot"
    path.write_text(text)
    assert set(read_graph(path).edges) == arrows


def test_options_say_the_roles_of_a_graph_of_networkx():
    graph = nx.DiGraph([("age", "drug"), ("age", "health"), ("drug", "health")])
    text = spec_from_graph(graph, "x", treatment="drug", outcome="health", exogenous=["age"])
    assert parts(spec_from_yaml(text, "x")) == (
        set(graph.edges),
        {"age": "exogenous", "drug": "treatment", "health": "outcome"},
    )


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("a.dot", "graph { a -- b }", "is not directed"),
        ("a.dot", "digraph { a -> ", "is not DOT"),
        ("a.gml", "graph [ node [", "cannot be read as a graph"),
        ("a.graphml", "<graphml", "cannot be read as a graph"),
        ("a.txt", "X -> Y", "begins with 'dag {'"),
        ("a.txt", "dag { X -- Y }", "has no direction"),
        ("a.txt", "dag { }", "has no node"),
        ("a.txt", "dag { a -> }", "without a node after it"),
        ("a.txt", "dag { -> a }", "without a node before it"),
        ("a.txt", "dag { a -> {b c }", "without a closing brace"),
        ("a.txt", "dag { {a -> b} }", "belongs to no group"),
        ("a.txt", " " * 250_000 + "x", "begins with 'dag {'"),
        ("a.txt", "dag {" + "x" * 300_000 + "}", "has 300,006 characters"),
        ("a.dot", "digraph { a } digraph { b }", "holds 2 graphs"),
        ("a.dot", "digraph { a -> b [dir=none] }", "has no direction"),
        ("a.dot", "digraph {" + "subgraph {" * 3000, "cannot be read as a graph"),
        ("a.gml", "graph [" * 3000, "cannot be read as a graph"),
        ("a.graphml", BOMB, "cannot be read as a graph"),
        ("a.dagitty", f"dag {{ {' '.join(f'n{i}' for i in range(1001))} }}", "1,001 nodes"),
        ("a.png", "", "give a graph that ends in .dot"),
    ],
)
def test_a_file_that_is_no_dag_is_one_line(tmp_path, name, text, problem):
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(InputError, match=problem) as caught:
        read_graph(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({}, "no node of the graph is the treatment; give --treatment NODE"),
        ({"treatment": "a", "outcome": "x"}, "no node 'x'"),
        ({"treatment": "a", "outcome": "b", "exogenous": ["b"]}, "outcome"),
    ],
)
def test_roles_that_do_not_fit_are_one_line(options, problem):
    with pytest.raises(InputError, match=problem):
        spec_from_graph(nx.DiGraph([("a", "b")]), "x", **options)


def test_a_cycle_is_shown():
    graph = nx.DiGraph([("a", "b"), ("b", "c"), ("c", "a")])
    with pytest.raises(InputError, match="the cycle a -> b -> c -> a"):
        spec_from_graph(graph, "x", treatment="a", outcome="b")


#: DOT has no way to write a backslash before a quote.
NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\\"),
    min_size=1,
    max_size=8,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(NAMES.map(str.strip).filter(bool), min_size=2, max_size=6, unique=True),
    st.sets(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=8),
    st.sampled_from(SUFFIXES),
)
def test_any_names_survive_a_file(tmp_path_factory, names, pairs, suffix):
    graph = nx.DiGraph()
    graph.add_nodes_from(names)
    last = len(names) - 1
    graph.add_edges_from((names[i], names[j]) for i, j in pairs if i < j <= last)
    try:
        text = spec_from_graph(graph, "x", treatment=names[0], outcome=names[-1])
    except InputError:
        return  # a name that no spec can have
    spec = spec_from_yaml(text, "x")
    path = tmp_path_factory.mktemp("graphs") / f"graph{suffix}"
    if suffix in (".txt", ".dagitty") and any('"' in name for name in names):
        with pytest.raises(InputError, match="characters that this format cannot hold"):
            write_graph(spec, path)
        assert not path.exists()
        return
    write_graph(spec, path)
    assert set(read_graph(path).edges) == set(spec.graph.edges)


@pytest.mark.parametrize(
    ("name", "suffix"), [("a\\", ".dot"), ('a"', ".txt"), ("a\x01", ".graphml")]
)
def test_a_name_that_a_format_cannot_hold_is_one_line(tmp_path, name, suffix):
    text = spec_from_graph(nx.DiGraph([(name, "b")]), "x", treatment=name, outcome="b")
    path = tmp_path / f"graph{suffix}"
    with pytest.raises(InputError, match="characters that this format cannot hold"):
        write_graph(spec_from_yaml(text, "x"), path)
    assert not path.exists()
