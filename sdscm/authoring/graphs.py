"""Graphs of other programs: read a DAG, make a spec of it, and write the DAG of a spec.

The formats are DOT (Graphviz), GML, GraphML and the text of dagitty (Textor et al. 2016,
International Journal of Epidemiology 45(6)), whose ``exposure``, ``outcome`` and ``latent`` are the
roles treatment, outcome and exogenous.
"""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import networkx as nx

from sdscm.authoring.document import document
from sdscm.authoring.sentences import framed, label, plain_sentence
from sdscm.errors import InputError
from sdscm.files import put_atomically
from sdscm.hints import did_you_mean
from sdscm.spec import Spec
from sdscm.validation import read_text

_ROLES = {
    "exposure": "treatment",
    "treatment": "treatment",
    "outcome": "outcome",
    "latent": "exogenous",
    "unobserved": "exogenous",
    "exogenous": "exogenous",
    "covariate": "covariate",
}
_DAGITTY = {"treatment": "exposure", "outcome": "outcome", "exogenous": "latent"}
#: Values to begin with; the author edits them.
_VALUES = {"treatment": ("absent", "present")}
_OTHER_VALUES = ("low", "high")
_NOTES = (
    "Made from a graph. Edit the values and the sentences; then: sdscm spec check FILE",
    "The whole format: help('sdscm.spec') in Python.",
)


def read_graph(path: Path) -> nx.DiGraph:
    """Read a DAG; nodes have the attribute ``role`` where the file says it.

    Raises
    ------
    InputError
        If the file cannot be read, is not directed, or is in another format.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise InputError(f"{path}: give a graph that ends in {', '.join(_READERS)}")
    text = read_text(path)
    try:
        graph = reader(text)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    except Exception as error:  # parsers of networkx and pydot raise many kinds
        problem = " ".join(str(error).split())[:200] or type(error).__name__
        raise InputError(f"{path}: cannot be read as a graph ({problem}); check its text") from None
    return checked(graph, str(path))


def checked(graph: Any, where: str = "graph") -> nx.DiGraph:
    """A directed graph whose nodes are texts, with roles; see `read_graph`."""
    if not isinstance(graph, nx.Graph):
        raise InputError(f"{where}: is a {type(graph).__name__}; give a networkx.DiGraph")
    if not graph.is_directed():
        raise InputError(f"{where}: is not directed; write arrows from causes to effects")
    if not graph:
        raise InputError(f"{where}: has no node")
    names = {node: str(data.get("label", node)).strip() for node, data in graph.nodes(data=True)}
    if len(set(names.values())) < len(names):
        raise InputError(f"{where}: two nodes have the same name; rename one of them")
    made = nx.DiGraph()
    for node, data in graph.nodes(data=True):
        role = next((_ROLES[key] for key in _role_words(data) if key in _ROLES), None)
        made.add_node(names[node], role=role)
    made.add_edges_from((names[one], names[other]) for one, other in graph.edges())
    return made


def _role_words(data: Mapping[str, Any]) -> list[str]:
    """Words of a node that may be a role: that of ``role``, and flags such as ``latent``."""
    flags = [key for key, value in data.items() if str(value).lower() in ("1", "true", "yes")]
    return [str(data.get("role", "")).strip('"').lower(), *map(str.lower, flags)]


def spec_from_graph(
    graph: nx.DiGraph,
    name: str,
    *,
    treatment: str | None = None,
    outcome: str | None = None,
    exogenous: Collection[str] = (),
) -> str:
    """The YAML text of a spec with the DAG of a graph, for an author to edit.

    Parameters
    ----------
    graph
        Of `read_graph`, or any networkx.DiGraph.
    name
        Name of the spec.
    treatment, outcome, exogenous
        Nodes with these roles; by default those that the graph says.

    Raises
    ------
    InputError
        If a node is unknown, a role is missing, or the graph has a cycle.
    """
    graph = checked(graph)
    for each in filter(None, (treatment, outcome, *exogenous)):
        if each not in graph:
            raise InputError(f"the graph has no node {each!r}; {did_you_mean(each, list(graph))}")
    roles: dict[str, str | None] = dict(graph.nodes(data="role"))
    for role, node in (("treatment", treatment), ("outcome", outcome)):
        if node is not None:
            others = [each for each, old in roles.items() if old == role]
            roles |= {**dict.fromkeys(others), node: role}
        elif role not in roles.values():
            raise InputError(
                f"no node of the graph is the {role}; give --{role} NODE, one of {', '.join(graph)}"
            )
    roles |= dict.fromkeys(exogenous, "exogenous")
    variables = [
        {
            "name": node,
            "role": roles[node] or "covariate",
            "values": list(_VALUES.get(roles[node] or "", _OTHER_VALUES)),
            "parents": list(graph.predecessors(node)),
            "phrasings": framed(plain_sentence(node))[:2],
        }
        for node in _causes_first(graph)
    ]
    title = f"The effect of {label(_only(roles, 'treatment'))} on {label(_only(roles, 'outcome'))}"
    return document(name, variables, _NOTES, title=title)


def _causes_first(graph: nx.DiGraph) -> list[str]:
    place = {node: index for index, node in enumerate(graph)}
    try:
        return list(nx.lexicographical_topological_sort(graph, key=place.__getitem__))
    except nx.NetworkXUnfeasible:
        cycle = [edge[0] for edge in nx.find_cycle(graph)]
        raise InputError(
            f"the graph has the cycle {' -> '.join([*cycle, cycle[0]])}; remove one of its arrows"
        ) from None


def _only(roles: Mapping[str, str | None], role: str) -> str:
    found = [node for node, each in roles.items() if each == role]
    if len(found) != 1:
        raise InputError(f"{' and '.join(found)} are both the {role}; give --{role} NODE")
    return found[0]


def write_graph(spec: Spec, path: Path) -> None:
    """Write the DAG of a spec, with roles, in the format of the suffix; see `read_graph`.

    Raises
    ------
    InputError
        If the suffix is not that of a format.
    """
    if path.suffix.lower() not in _WRITERS:
        raise InputError(f"{path}: give a file name that ends in {', '.join(_WRITERS)}")
    graph = nx.DiGraph(name=spec.name)
    for name in spec.order:
        graph.add_node(name, role=spec.variable(name).role)
    graph.add_edges_from((one, name) for name in spec.order for one in spec.parents(name))
    put_atomically(path, _WRITERS[path.suffix.lower()](graph))


def _read_dot(text: str) -> nx.DiGraph:
    if re.match(r"\s*(dag|pdag|mag)\b", text):
        return _read_dagitty(text)
    import pydot

    with contextlib.redirect_stdout(io.StringIO()) as said:
        found = pydot.graph_from_dot_data(text)
    if not found:
        raise InputError(f"is not DOT ({' '.join(said.getvalue().split())[:200]})")
    graph = nx.DiGraph(nx.nx_pydot.from_pydot(found[0]))
    if found[0].get_type() != "digraph":
        raise InputError("is not directed; write digraph, and arrows from causes to effects")
    graph.remove_nodes_from([node for node in graph if node in ("\\n", "node", "edge", "graph")])
    # The label of DOT is what is drawn; the name is the node's.
    for _, data in graph.nodes(data=True):
        data.pop("label", None)
    return nx.relabel_nodes(graph, {node: _unquoted(str(node)) for node in graph})


def _unquoted(text: str) -> str:
    quoted = len(text) > 1 and text[0] == text[-1] == '"'
    return text[1:-1].replace('\\"', '"') if quoted else text


_TOKEN = re.compile(
    r"""\s*(?:(?P<attributes>\[[^\]]*\])|(?P<edge><->|->|<-|--)|(?P<mark>[{};,])"""
    r"""|(?P<assign>\w+\s*=\s*(?:"[^"]*"|[^\s;]+))|"(?P<quoted>[^"]*)"|(?P<name>[^\s"\[\]{};<>=-][^\s"\[\]{};<>=]*))"""
)


def _read_dagitty(text: str) -> nx.DiGraph:
    """A statement is a node with attributes, or nodes and groups of nodes with arrows between."""
    body = re.match(r"\s*\w*\s*\{(.*)\}\s*$", text, re.DOTALL)
    if not body:
        raise InputError("is not the text of dagitty; it begins with 'dag {' and ends with '}'")
    graph = nx.DiGraph()
    before: list[str] = []
    arrow = ""
    for nodes, attributes, edge in _dagitty_parts(body[1]):
        if edge:
            arrow = edge
            continue
        if attributes:
            for node in before:
                flags = [part.strip() for part in attributes.split(",")]
                graph.nodes[node].update({flag: True for flag in flags if flag in _ROLES})
            continue
        graph.add_nodes_from(node for node in nodes if node not in graph)
        for one in before if arrow else ():
            for other in nodes:
                _add_arrow(graph, one, arrow, other)
        before, arrow = nodes, ""
    return graph


def _dagitty_parts(text: str) -> Iterator[tuple[list[str], str, str]]:
    """Nodes (one, or a group), attributes, or an arrow, one after the other."""
    place = 0
    group: list[str] | None = None
    text = text.rstrip()
    while place < len(text):
        found = _TOKEN.match(text, place)
        if not found:
            raise InputError(f"cannot be read at {text[place:].strip()[:30]!r}")
        place = found.end()
        name = found["quoted"] if found["quoted"] is not None else found["name"]
        if name is not None:
            if group is None:
                yield [name], "", ""
            else:
                group.append(name)
        elif found["attributes"]:
            yield [], found["attributes"][1:-1], ""
        elif found["edge"]:
            yield [], "", found["edge"]
        elif found["mark"] == "{":
            group = []
        elif found["mark"] == "}" and group is not None:
            yield group, "", ""
            group = None


def _add_arrow(graph: nx.DiGraph, one: str, arrow: str, other: str) -> None:
    if arrow == "--":
        raise InputError(f"{one} -- {other} has no direction; write -> or <-")
    if arrow == "<->":  # a cause of both that is not observed
        cause = f"cause of {one} and {other}"
        graph.add_node(cause, latent=True)
        graph.add_edges_from([(cause, one), (cause, other)])
    else:
        graph.add_edge(*((one, other) if arrow == "->" else (other, one)))


def _read_gml(text: str) -> nx.Graph:
    try:
        return nx.parse_gml(text)
    except nx.NetworkXError:
        return nx.parse_gml(text, label="id")


def _write_dot(graph: nx.DiGraph) -> str:
    quote = partial(_quote, escaped='\\"')
    nodes = [f"  {quote(node)} [role={role}];" for node, role in graph.nodes(data="role")]
    edges = [f"  {quote(one)} -> {quote(other)};" for one, other in graph.edges()]
    return "\n".join([f"digraph {quote(graph.name)} {{", *nodes, *edges, "}", ""])


def _write_dagitty(graph: nx.DiGraph) -> str:
    nodes = [
        f"  {_quote(node)}" + (f" [{_DAGITTY[role]}]" if role in _DAGITTY else "")
        for node, role in graph.nodes(data="role")
    ]
    edges = [f"  {_quote(one)} -> {_quote(other)}" for one, other in graph.edges()]
    return "\n".join(["dag {", *nodes, *edges, "}", ""])


def _quote(text: str, escaped: str = "'") -> str:
    """A text in double quotes; dagitty has no way to write one within."""
    return '"' + text.replace('"', escaped) + '"'


_READERS: Mapping[str, Callable[[str], nx.Graph]] = {
    ".dot": _read_dot,
    ".gv": _read_dot,
    ".gml": _read_gml,
    ".graphml": nx.parse_graphml,
    ".dagitty": _read_dagitty,
    ".txt": _read_dagitty,
}
_WRITERS: Mapping[str, Callable[[nx.DiGraph], str]] = {
    ".dot": _write_dot,
    ".gv": _write_dot,
    ".gml": lambda graph: "\n".join([*nx.generate_gml(graph), ""]),
    ".graphml": lambda graph: "\n".join([*nx.generate_graphml(graph), ""]),
    ".dagitty": _write_dagitty,
    ".txt": _write_dagitty,
}
#: Suffixes of graphs that can be read and written.
SUFFIXES = tuple(_READERS)
