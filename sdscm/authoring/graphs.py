"""Graphs of other programs: read a DAG, make a spec of it, and write the DAG of a spec.

The formats are DOT (Graphviz), GML, GraphML and the text of dagitty (Textor et al. 2016,
International Journal of Epidemiology 45(6)), whose ``exposure``, ``outcome`` and ``latent`` are the
roles treatment, outcome and exogenous.
"""

from __future__ import annotations

import contextlib
import io
import itertools
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
#: Most variables of a spec that is made of a graph or a table; a prompt holds far fewer.
MOST_VARIABLES = 1_000
#: Most names of nodes in a message.
_SHOWN = 10
#: Most characters of a file, and most arrows: ten names of parents for each variable.
_MOST_TEXT, _MOST_ARROWS = 300_000, 10_000
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
    if len(text) > _MOST_TEXT:
        raise InputError(
            f"{path}: has {len(text):,} characters; keep the variables around treatment and "
            f"outcome, {_MOST_TEXT:,} characters at most"
        )
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
    if len(graph) > MOST_VARIABLES or graph.number_of_edges() > _MOST_ARROWS:
        raise InputError(
            f"{where}: has {len(graph):,} nodes and {graph.number_of_edges():,} arrows; keep those "
            f"around treatment and outcome, {MOST_VARIABLES:,} nodes and {_MOST_ARROWS:,} arrows "
            "at most"
        )
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
    flags = [str(key) for key, value in data.items() if str(value).lower() in ("1", "true", "yes")]
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
        shown = cycle if len(cycle) <= _SHOWN else [*cycle[:_SHOWN], "..."]
        raise InputError(
            f"the graph has the cycle {' -> '.join([*shown, cycle[0]])}; remove one of its arrows"
        ) from None


def _only(roles: Mapping[str, str | None], role: str) -> str:
    found = [node for node, each in roles.items() if each == role]
    if not found:
        raise InputError(f"no node is the {role}: it has another role as well; give each its own")
    if len(found) > 1:
        some = " and ".join(found[:_SHOWN])
        raise InputError(f"{some} are all the {role}; give --{role} NODE")
    return found[0]


def write_graph(spec: Spec, path: Path) -> None:
    """Write the DAG of a spec, with roles, in the format of the suffix; see `read_graph`.

    Raises
    ------
    InputError
        If the suffix is not that of a format, or the format cannot hold a name.
    """
    if path.suffix.lower() not in _WRITERS:
        raise InputError(f"{path}: give a file name that ends in {', '.join(_WRITERS)}")
    graph = nx.DiGraph(name=spec.name)
    for name in spec.order:
        graph.add_node(name, role=spec.variable(name).role)
    graph.add_edges_from((one, name) for name in spec.order for one in spec.parents(name))
    text = _WRITERS[path.suffix.lower()](graph)
    try:
        again = checked(_READERS[path.suffix.lower()](text))
    except Exception:  # parsers of networkx and pydot raise many kinds
        again = nx.DiGraph()
    if set(again) != set(graph) or set(again.edges) != set(graph.edges):
        raise InputError(
            f"{path}: a name of {spec.name!r} has characters that this format cannot hold, such as "
            f"quotes; rename the variable, or choose another of {', '.join(_WRITERS)}"
        )
    put_atomically(path, text)


def _read_dot(text: str) -> nx.DiGraph:
    if re.match(r"\s*(dag|pdag|mag)\b", text):
        return _read_dagitty(text)
    import pydot

    with contextlib.redirect_stdout(io.StringIO()) as said:
        found = pydot.graph_from_dot_data(text)
    if not found:
        raise InputError(f"is not DOT ({' '.join(said.getvalue().split())[:200]})")
    if len(found) > 1:
        raise InputError(f"holds {len(found)} graphs; keep one of them")
    if found[0].get_type() != "digraph":
        raise InputError("is not directed; write digraph, and arrows from causes to effects")
    graph = nx.DiGraph()
    parts = [found[0].obj_dict]
    while parts:  # subgraphs hold nodes and arrows of their own
        part = parts.pop()
        parts += [each for some in part["subgraphs"].values() for each in some]
        _add_dot_nodes(graph, part)
        for (one, other), arrows in part["edges"].items():
            parts += [end for end in (one, other) if not isinstance(end, str)]
            for arrow in arrows:
                kind = _DIRECTIONS.get(_unquoted(str(arrow["attributes"].get("dir", ""))), "->")
                for pair in itertools.product(_dot_ends(one), _dot_ends(other)):
                    _add_arrow(graph, pair[0], kind, pair[1])
    return graph


#: Values of the attribute ``dir`` of an arrow.
_DIRECTIONS = {"back": "<-", "both": "<->", "none": "--"}


def _add_dot_nodes(graph: nx.DiGraph, part: Any) -> None:
    for node, several in part["nodes"].items():
        if node in ("\\n", "node", "edge", "graph"):
            continue
        for each in several:
            # The label of DOT is what is drawn; the name is the node's.
            drawn = {key: value for key, value in each["attributes"].items() if key != "label"}
            graph.add_node(
                _dot_name(node), **{f"{key}": _unquoted(str(value)) for key, value in drawn.items()}
            )


def _dot_ends(end: Any) -> list[str]:
    """The nodes at one end of an arrow: one, or those of a subgraph."""
    if isinstance(end, str):
        return [_dot_name(end)]
    names: dict[str, None] = {}
    parts = [end]
    while parts:
        part = parts.pop()
        names |= {_dot_name(node): None for node in part["nodes"]}
        names |= {
            name: None
            for pair in part["edges"]
            for each in pair
            if isinstance(each, str)
            for name in [_dot_name(each)]
        }
        parts += [each for some in part["subgraphs"].values() for each in some]
    return list(names)


def _dot_name(text: str) -> str:
    """The name of a node without quotes and port, as in ``a:north`` and ``"a b":north``."""
    found = re.match(r'("(?:[^"\\]|\\.)*"|[^":]+)(:|$)', text)
    return _unquoted(found[1] if found else text)


def _unquoted(text: str) -> str:
    quoted = len(text) > 1 and text[0] == text[-1] == '"'
    return text[1:-1].replace('\\"', '"') if quoted else text


_TOKEN = re.compile(
    r"""\s*(?:(?P<attributes>\[[^\]]*\])|(?P<edge><->|->|<-|--)|(?P<mark>[{};,])"""
    r"""|(?P<assign>\w+\s*=\s*(?:"[^"]*"|[^\s;]+))|"(?P<quoted>[^"]*)"|(?P<name>[^\s"\[\]{};,<>=-](?:[^\s"\[\]{};,<>=-]|-(?![->]))*))"""
)


def _read_dagitty(text: str) -> nx.DiGraph:
    """A statement is a node with attributes, or nodes and groups of nodes with arrows between."""
    body = re.fullmatch(r"\w*\s*\{(.*)\}", text.strip(), re.DOTALL)
    if not body:
        raise InputError("is not the text of dagitty; it begins with 'dag {' and ends with '}'")
    graph = nx.DiGraph()
    before: list[str] = []
    arrow = ""
    for nodes, attributes, edge in _dagitty_parts(body[1]):
        if edge:
            if arrow or not before:
                raise InputError(f"has an arrow {edge} without a node before it")
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
    if arrow:
        raise InputError(f"has an arrow {arrow} without a node after it")
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
        elif found["edge"] and group is None:
            yield [], "", found["edge"]
        elif found["mark"] == "{" and group is None:
            group = []
        elif found["mark"] == "}" and group is not None:
            yield group, "", ""
            group = None
        elif found["edge"] or found["mark"] in ("{", "}"):
            raise InputError(f"has {found[0].strip()!r} where it belongs to no group of nodes")
    if group is not None:
        raise InputError("has a group of nodes without a closing brace")


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
