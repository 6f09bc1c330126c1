"""Read from the DAG what is identified, by d-separation: back doors, instruments, front doors.

The functions take a DAG over names, the treatment, the outcome, and ``shown``: the names of the
covariates that are not descendants of the treatment and that an estimator sees.

Sources: Pearl, "Causality", 2009, sections 3.3.1 (back-door criterion) and 3.3.2 (front-door
criterion); Brito and Pearl, "Generalized instrumental variables", UAI 2002, section 3.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import networkx as nx

from sdscm.spec import graph as graphs
from sdscm.spec.variable import Variable


@dataclass(frozen=True)
class Identification:
    """What the DAG says about the effect, if some covariates are shown and the others are not.

    Attributes
    ----------
    shown
        The pre-treatment covariates that are shown.
    adjustment
        A minimal set of them that blocks every back-door path: without any of its members it does
        not. None if no set does.
    all_adjust
        True if all of them together block every back-door path. This may fail where a smaller set
        works, if one of them is a collider.
    instruments
        Those that are instruments, and a minimal set of others that must be held fixed for that.
        Effects of an instrument are not held fixed: a set with one of them is not tried.
    front_door
        Mediators that satisfy the front-door criterion given nothing else; empty if none do.
    """

    shown: tuple[str, ...]
    adjustment: tuple[str, ...] | None
    all_adjust: bool
    instruments: dict[str, tuple[str, ...]]
    front_door: tuple[str, ...]


def identification(
    graph: nx.DiGraph, treatment: str, outcome: str, shown: Collection[str]
) -> Identification:
    """Apply the back-door, instrument and front-door criteria to a DAG."""
    back = _without_effects_of(graph, treatment)
    minimal = nx.find_minimal_d_separator(back, treatment, outcome, restricted=set(shown))
    return Identification(
        shown=tuple(name for name in graph if name in shown),
        adjustment=None if minimal is None else _in_order(graph, minimal),
        all_adjust=nx.is_d_separator(back, treatment, outcome, set(shown)),
        instruments=dict(_instruments(graph, treatment, outcome, shown)),
        front_door=_front_door(graph, treatment, outcome),
    )


def common_causes(graph: nx.DiGraph, treatment: str, outcome: str) -> tuple[str, ...]:
    """Names with a directed path to the treatment, and one to the outcome that avoids it."""
    others = graph.copy()
    others.remove_node(treatment)
    both = nx.ancestors(graph, treatment) & nx.ancestors(others, outcome)
    return _in_order(graph, both)


def mediators(graph: nx.DiGraph, treatment: str, outcome: str) -> tuple[str, ...]:
    """Names on a directed path from the treatment to the outcome."""
    return _in_order(graph, nx.descendants(graph, treatment) & nx.ancestors(graph, outcome))


def mediation_identified(
    graph: nx.DiGraph,
    treatment: str,
    outcome: str,
    through: Collection[str],
    shown: Collection[str],
) -> bool:
    """True if the mediation formula given the shown covariates is the natural effects.

    The conditions: given them, nothing confounds the treatment with mediators and outcome, nor,
    given the treatment too, the mediators with the outcome. Source: Pearl, "Direct and indirect
    effects", UAI 2001, section 3.3; no covariate may descend from the treatment.
    """
    if set(shown) & nx.descendants(graph, treatment):
        return False
    back = _without_effects_of(graph, treatment)
    given = set(shown)
    if not nx.is_d_separator(back, {treatment}, {*through, outcome}, given):
        return False
    from_mediators = graph.copy()
    from_mediators.remove_edges_from([e for name in through for e in graph.out_edges(name)])
    return bool(nx.is_d_separator(from_mediators, set(through), {outcome}, given | {treatment}))


def proxies(
    graph: nx.DiGraph, treatment: str, outcome: str, shown: Collection[str]
) -> dict[str, tuple[str, ...]]:
    """Shown descendants of hidden common causes that cause neither treatment nor outcome.

    The values are the hidden common causes that each of them descends from.
    """
    hidden = [name for name in common_causes(graph, treatment, outcome) if name not in shown]
    causes = nx.ancestors(graph, treatment) | nx.ancestors(graph, outcome)
    found = {}
    for name in graph:
        sources = tuple(each for each in hidden if each in nx.ancestors(graph, name))
        if name in shown and name not in causes and sources:
            found[name] = sources
    return found


def role_problems(variables: Sequence[Variable]) -> Iterator[str]:
    """Problems of the roles ``instrument``, ``mediator`` and ``proxy``: the DAG decides them."""
    graph = graphs.build({variable.name: variable.parents for variable in variables})
    name_of = {variable.role: variable.name for variable in variables}
    treatment, outcome = name_of["treatment"], name_of["outcome"]
    after = nx.descendants(graph, treatment)
    hidden = {variable.name for variable in variables if variable.role == "exogenous"}
    shown = set(graph) - after - hidden - {treatment, outcome}
    holds = {
        "instrument": set(dict(_instruments(graph, treatment, outcome, shown))),
        "mediator": set(mediators(graph, treatment, outcome)),
        "proxy": set(proxies(graph, treatment, outcome, shown)),
    }
    meaning = {
        "instrument": (
            "an instrument is tied to the treatment, and with other shown covariates held fixed it "
            "is tied to the outcome by the treatment alone"
        ),
        "mediator": "a mediator is on a directed path from the treatment to the outcome",
        "proxy": (
            "a proxy descends from an exogenous common cause of treatment and outcome, and causes "
            "neither of them"
        ),
    }
    for variable in variables:
        if variable.role in holds and variable.name not in holds[variable.role]:
            yield (
                f"variable {variable.name!r}: 'role' is {variable.role}, but the graph says "
                f"otherwise: {meaning[variable.role]}; change the parents, or write 'role: "
                "covariate'"
            )


def _instruments(
    graph: nx.DiGraph, treatment: str, outcome: str, shown: Collection[str]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Instruments, each with a minimal set of shown names that makes it one."""
    no_effect = graph.copy()
    # The first arrows of all causal paths: without them, what is left is not the effect.
    paths = nx.ancestors(graph, outcome) | {outcome}
    no_effect.remove_edges_from([(treatment, c) for c in graph.successors(treatment) if c in paths])
    for name in shown:
        others = set(shown) - {name} - nx.descendants(graph, name)
        # Of the sets that separate it from the outcome, the one nearest to the outcome: sets
        # nearer to the instrument may also cut it off from the treatment.
        given = nx.find_minimal_d_separator(no_effect, outcome, name, restricted=others)
        if given is not None and not nx.is_d_separator(graph, name, treatment, given):
            yield name, _in_order(graph, given)


def _front_door(graph: nx.DiGraph, treatment: str, outcome: str) -> tuple[str, ...]:
    """All mediators if they satisfy the front-door criterion, without the children of others."""
    between = mediators(graph, treatment, outcome)
    direct = graph.copy()
    direct.remove_nodes_from(between)
    if not between or nx.has_path(direct, treatment, outcome):
        return ()
    back = _without_effects_of(graph, treatment)
    from_mediators = graph.copy()
    from_mediators.remove_edges_from(
        [(name, child) for name in between for child in graph.successors(name)]
    )
    unconfounded = nx.is_d_separator(back, treatment, set(between), set())
    blocked = nx.is_d_separator(from_mediators, set(between), outcome, {treatment})
    return between if unconfounded and blocked else ()


def _without_effects_of(graph: nx.DiGraph, treatment: str) -> nx.DiGraph:
    without = graph.copy()
    without.remove_edges_from(list(graph.out_edges(treatment)))
    return without


def _in_order(graph: nx.DiGraph, names: Collection[str]) -> tuple[str, ...]:
    return tuple(name for name in graph if name in names)
