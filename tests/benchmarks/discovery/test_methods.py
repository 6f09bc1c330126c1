"""Every method keeps the contract; oracles and baselines by hand."""

from __future__ import annotations

from itertools import count, pairwise

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from scipy.stats import entropy

import sdscm
from benchmarks import discovery
from benchmarks.discovery import Graph, registry
from benchmarks.discovery.job import DiscoveryJob
from benchmarks.discovery.methods.names import Names
from benchmarks.discovery.methods.oracles import conditional_information, pc_with
from benchmarks.discovery.pairwise import pairwise_scores
from benchmarks.tasks.runner import execute
from sdscm.lm.interface import Choice

pytest.importorskip("causallearn")


@pytest.mark.parametrize("name", discovery.names())
def test_every_method_keeps_the_contract(name: str) -> None:
    discovery.check_method(name)


def test_every_method_says_what_it_assumes() -> None:
    infos = [discovery.get(name) for name in discovery.names()]
    assert all(info.assumes for info in infos)
    assert {info.name for info in infos if info.oracle} == {
        "PC (d-separation)",
        "PC (exact)",
        "PC (exact, this n)",
    }


def rows_of(edges: list[tuple[str, str]], n: int = 4000) -> pd.DataFrame:
    """Draw binary rows: a variable is 1 with a probability that grows with its causes."""
    generator = np.random.default_rng(1)
    dag = nx.DiGraph(edges)
    drawn: dict[str, np.ndarray] = {}
    for name in nx.lexicographical_topological_sort(dag):
        causes = list(dag.predecessors(name))
        share = 0.15 + 0.7 * np.mean([drawn[c] for c in causes], axis=0) if causes else 0.5
        drawn[name] = (generator.random(n) < share).astype(int)
    return pd.DataFrame(drawn)


@pytest.mark.parametrize("name", ["PC", "PC (chi-square)", "GES", "GRaSP", "BOSS"])
def test_strong_effects_are_found(name: str) -> None:
    """a --> c <-- b, c --> d: every edge of the CPDAG is directed."""
    edges = [("a", "c"), ("b", "c"), ("c", "d")]
    found = execute(DiscoveryJob(name, rows_of(edges), {}, 0)).answer
    assert found is not None
    assert sorted(found.digraph.edges) == edges


def test_fci_finds_the_collider_and_says_that_its_causes_may_share_a_cause() -> None:
    found = execute(
        DiscoveryJob("FCI", rows_of([("a", "c"), ("b", "c"), ("c", "d")]), {}, 0)
    ).answer
    assert found is not None
    assert found.edges() == ["a o-> c", "b o-> c", "c --> d"]


def test_information_is_that_of_a_table() -> None:
    joint = np.random.default_rng(0).dirichlet(np.ones(24)).reshape(2, 3, 4)
    by_hand = (
        entropy(joint.sum(1).ravel())
        + entropy(joint.sum(0).ravel())
        - entropy(joint.sum((0, 1)))
        - entropy(joint.ravel())
    )
    assert conditional_information(joint, 0, 1, [2]) == pytest.approx(by_hand, abs=1e-12)
    apart = np.multiply.outer([0.3, 0.7], [0.2, 0.5, 0.3])
    assert conditional_information(apart, 0, 1, []) == pytest.approx(0, abs=1e-15)
    assert conditional_information(np.array([[0.5, 0], [0, 0.5]]), 1, 0, []) == pytest.approx(
        np.log(2)
    )


def test_pc_with_answers_by_hand() -> None:
    """a --> c <-- b: a and b are independent until c is given."""
    found = pc_with(lambda x, y, given: {x, y} == {0, 1} and 2 not in given, ["a", "b", "c"])
    assert found.edges() == ["a --> c", "b --> c"]


def oracles(four, lm) -> dict[str, Graph]:
    found = discovery.run(
        [four],
        lm,
        n=50,
        phrasings=1,
        methods=["PC (d-separation)", "PC (exact)", "PC (exact, this n)"],
        workers=0,
        runs_dir=None,
    ).cells
    assert (found["status"] == "ok").all(), found["reason"].tolist()
    return found.set_index("method")


def test_the_oracles_are_right_where_the_model_is_faithful(four, lm_of) -> None:
    found = oracles(four, lm_of())
    assert found["shd"].tolist()[:2] == [0, 0]
    # 50 rows do not show how c depends on b.
    assert found["shd"]["PC (exact, this n)"] > 0


def test_an_edge_without_effect_is_missed_by_the_exact_oracle_only(four, lm_of) -> None:
    found = oracles(four, lm_of(d=lambda c: 0.3))
    assert found["shd"].tolist()[:2] == [0, 1]


def test_causes_that_cancel_are_missed_by_the_exact_oracle(four, lm_of) -> None:
    """Two fair coins and whether they differ: each pair is independent."""
    lm = lm_of(a=lambda: 0.5, b=lambda: 0.5, c=lambda a, b: 0.9 if a != b else 0.1)
    found = oracles(four, lm)
    assert found["shd"]["PC (d-separation)"] == 0
    assert found["skeleton_errors"]["PC (exact)"] == 2


def test_the_names_are_asked_in_pairs() -> None:
    odds = {("a", "b x"): 2.0, ("b x", "a"): 1.0}

    def table(choice: Choice) -> list[float]:
        words = choice.context[0].removesuffix("?").split(" change of ")[1:]
        cause, effect = words[0].removesuffix(" cause a"), words[1]
        return [float(np.exp(odds.get((cause, effect), -5.0))), 1.0]

    names = ["a", "b_x", "c"]
    found = pairwise_scores(sdscm.TabularLM(table), names)
    expected = pd.DataFrame([[0, 2, -5], [1, 0, -5], [-5, -5, 0.0]], names, names)
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)


def test_names_make_no_cycle_and_take_the_surest_edges() -> None:
    names = list("abcd")
    scores = pd.DataFrame(
        [[9, 3, 1, 0], [2, 9, 2, -1], [2.5, -2, 9, -2], [-3, -3, -3, 9]], names, names
    )
    # a --> b (3), c --> a (2.5); b --> a, b --> c and a --> c would each make a cycle; then a --> d
    # (0) and b --> d (-1). Four variables: four edges.
    found = Names().discover(pd.DataFrame(columns=list("dcab")), scores)
    edges = [("a", "b"), ("a", "d"), ("b", "d"), ("c", "a")]
    assert sorted(found.digraph.edges) == edges


def test_shuffled_names_have_as_many_edges() -> None:
    generator = np.random.default_rng(0)
    names = [f"v{k}" for k in range(6)]
    scores = pd.DataFrame(generator.normal(size=(6, 6)), names, names)
    codes = pd.DataFrame(columns=names)
    true, shuffled = (
        execute(DiscoveryJob(name, codes, {"pairwise": scores}, seed=3)).answer
        for name in ("Names", "Names (shuffled)")
    )
    assert true is not None
    assert shuffled is not None
    assert true.directed.sum() == shuffled.directed.sum()
    assert true.edges() != shuffled.edges()


def test_sorting_by_entropy_by_hand() -> None:
    """d is a noisy copy of c, which is rare: c has less entropy, and comes first."""
    generator = np.random.default_rng(0)
    c = (generator.random(2000) < 0.2).astype(int)
    d = np.where(generator.random(2000) < 0.1, generator.integers(0, 2, 2000), c)
    codes = pd.DataFrame({"d": d, "c": c, "e": generator.integers(0, 2, 2000)})
    edges = {
        name: list(execute(DiscoveryJob(name, codes, {}, 0)).answer.digraph.edges)
        for name in ("Entropy sort", "Entropy sort (descending)")
    }
    assert edges == {"Entropy sort": [("c", "d")], "Entropy sort (descending)": [("d", "c")]}


def test_two_variables_are_too_few_for_bdeu() -> None:
    found = execute(DiscoveryJob("GES", rows_of([("a", "b")], 50), {}, 0))
    assert found.status == "failed"
    assert "three variables" in found.reason


def test_without_causal_learn_its_methods_are_skipped(monkeypatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "causallearn.search.ConstraintBased.PC", None)
    found = execute(DiscoveryJob("PC", rows_of([("a", "b")], 50), {}, 0))
    assert found.status == "skipped"
    assert "sdscm[discovery]" in found.reason
    assert execute(DiscoveryJob("Empty", rows_of([("a", "b")], 50), {}, 0)).status == "ok"


def test_the_registry_refuses_bad_names_and_needs(one_line) -> None:
    with pytest.raises(sdscm.InputError, match="no such method; did you mean 'GES'") as wrong:
        discovery.get("GESS")
    one_line(wrong.value)
    with pytest.raises(sdscm.InputError, match="unknown need 'truth'"):
        discovery.register("Mine", assumes="", source="", needs=("truth",))
    with pytest.raises(sdscm.InputError, match="'PC' exists"):

        @discovery.register("PC", assumes="", source="")
        class Mine:
            pass

    assert "Mine" not in registry.names()


def test_a_method_that_draws_without_its_seed_is_found() -> None:
    draws = count()

    @discovery.register("Dice", assumes="", source="")
    class Dice:
        def discover(self, codes):
            order = np.random.default_rng(next(draws)).permutation(list(codes))
            return Graph.from_edges(list(codes), pairwise(order))

    with pytest.raises(sdscm.InputError, match="random_state"):
        discovery.check_method("Dice")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (lambda codes: None, "type NoneType"),
        (lambda codes: Graph.from_edges("xy"), "over x, y"),
        (lambda codes: codes.insert(0, "new", 0), "changed its input"),
        (lambda codes: 1 / 0, "ZeroDivisionError"),
    ],
)
def test_a_method_that_breaks_the_contract_is_found(body, why) -> None:
    @discovery.register("Bad", assumes="", source="")
    class Bad:
        def discover(self, codes):
            return body(codes)

    with pytest.raises(sdscm.InputError, match=why):
        discovery.check_method("Bad")
