"""What methods see, what is recorded, and what is an error."""

from __future__ import annotations

import json
from dataclasses import replace

import networkx as nx
import numpy as np
import pandas as pd
import pytest

import estimators
import sdscm
from benchmarks import discovery
from benchmarks.discovery import Graph, GraphTruth
from benchmarks.discovery.job import graph_record
from benchmarks.discovery.tables import AnonymousTable, DiscoveryTable

PLUGIN = """\
import os, time
from benchmarks import discovery

@discovery.register("Sleeper", assumes="", source="")
class Sleeper:
    def discover(self, codes):
        time.sleep(60)

@discovery.register("Killer", assumes="", source="")
class Killer:
    def discover(self, codes):
        os._exit(3)
"""


def run(spec, lm, methods, **options):
    options = {"n": 60, "phrasings": 2, "workers": 0, "runs_dir": None} | options
    return discovery.run([spec], lm, methods=methods, **options)


def test_a_method_sees_codes_without_names_in_a_random_order(four, lm_of) -> None:
    seen = []

    @discovery.register("Spy", assumes="", source="")
    class Spy:
        def discover(self, codes, **shown):
            seen.append((codes, shown))
            return Graph.from_edges(list(codes))

    lm = lm_of()
    run(four, lm, ["Spy", "PC (exact)"], phrasings=8)
    units = sdscm.SDSCM(four, lm, phrasing=0)
    assert len(seen) == 8
    orders = set()
    for codes, shown in seen:
        assert shown == {}
        assert list(codes) == ["V1", "V2", "V3", "V4"]
        assert list(codes.index) == list(range(60))
        assert not codes.attrs
        orders.add(tuple(codes.mean()))
    # The columns of equal rows are in several orders.
    assert len(orders) > 1
    assert units.spec.order == ("a", "b", "c", "d")


def test_the_answers_come_back_under_the_true_names(four, lm_of) -> None:
    """The oracle sees the DAG without names; its graph has them again."""
    cells = run(four, lm_of(), ["PC (d-separation)"], phrasings=5).cells
    assert cells["graph"].tolist() == ["a --> c; b --> c; c --> d"] * 5
    assert cells["shd"].tolist() == [0] * 5


def test_what_an_oracle_sees_has_no_names_and_no_order() -> None:
    dag = nx.DiGraph([("u", "x"), ("x", "y"), ("u", "y")])
    codes = pd.DataFrame({"x": [0, 1], "y": [2, 3]})
    pairwise = pd.DataFrame([[0.0, 1.0], [2.0, 0.0]], ["x", "y"], ["x", "y"])
    joint = np.array([[0.1, 0.2, 0.3, 0.4]])
    shown = {"dag": dag, "joint": joint, "pairwise": pairwise}
    table = DiscoveryTable("s", 0, codes, GraphTruth(dag, ("x", "y")), shown)
    orders = set()
    for seed in range(6):
        seen = table.anonymous(("dag", "joint", "pairwise"), seed)
        orders.add(seen.order)
        x = f"V{seen.order.index(0) + 1}"
        y = f"V{seen.order.index(1) + 1}"
        assert sorted(seen.shown["dag"].edges) == sorted([("H1", x), (x, y), ("H1", y)])
        assert list(seen.shown["dag"]) == ["H1", "V1", "V2"]
        assert seen.codes[x].tolist() == [0, 1]
        assert seen.shown["pairwise"].loc[x, y] == 1.0
        assert seen.shown["joint"].shape[seen.order.index(1)] == 4
        # A view would have the order in its base.
        assert seen.shown["joint"].base is None
    assert orders == {(0, 1), (1, 0)}


def test_hidden_variables_are_not_in_the_table(four, lm_of) -> None:
    found = run(four, lm_of(), ["FCI", "PC (d-separation)", "Empty"], hidden=True, phrasings=1)
    assert found.hidden
    cells = found.cells.set_index("method")
    assert cells["shd"].isna().all()
    assert cells["skeleton_errors"]["PC (d-separation)"] == 0
    assert cells["skeleton_errors"]["Empty"] == 2  # b - c and c - d
    assert not cells["graph"].str.contains("a ").any()


def test_an_oracle_is_skipped_where_the_mechanisms_are_too_large(four, lm_of) -> None:
    cells = run(four, lm_of(), ["PC (exact)", "Empty"], max_contexts=2).cells
    assert cells["status"].tolist() == ["skipped", "ok"] * 2
    assert "4 contexts, more than 2" in cells["reason"][0]


def test_records_are_reused_until_something_changes(four, lm_of, tmp_path) -> None:
    calls = []

    @discovery.register("Counter", assumes="", source="")
    class Counter:
        def discover(self, codes):
            calls.append(1)
            return Graph.from_edges(list(codes), [("V1", "V2")])

    first = run(four, lm_of(), ["Counter"], runs_dir=tmp_path)
    again = run(four, lm_of(), ["Counter"], runs_dir=tmp_path)
    assert len(calls) == 2  # one for each phrasing
    pd.testing.assert_frame_equal(first.cells, again.cells)
    # A damaged record is written again, and so is one of other data.
    record = next(tmp_path.rglob("p0-counter.json"))
    content = record.read_text()
    assert json.loads(content)["method"] == "Counter"
    record.write_text(content[:50])
    run(four, lm_of(), ["Counter"], runs_dir=tmp_path)
    assert len(calls) == 3
    assert json.loads(record.read_text())["key"] == json.loads(content)["key"]
    run(four, lm_of(b=lambda: 0.1), ["Counter"], runs_dir=tmp_path)
    assert len(calls) == 5


def test_the_key_of_a_record_hashes_the_seed_the_method_and_what_is_shown(tmp_path) -> None:
    codes = pd.DataFrame({"V1": [0, 1, 1], "V2": [1, 1, 0]})
    shown = {"dag": nx.DiGraph([("V1", "V2")]), "joint": np.full((2, 2), 0.25)}
    table = AnonymousTable(codes, shown, (0, 1))
    method, other = discovery.get("Empty"), discovery.get("PC")
    changed = [
        replace(table, codes=1 - codes),
        replace(table, codes=codes[["V2", "V1"]]),
        replace(table, shown=shown | {"dag": nx.DiGraph([("V2", "V1")])}),
        replace(table, shown=shown | {"joint": np.array([[0.4, 0.1], [0.1, 0.4]])}),
    ]
    asked = [(method, table, 0), (method, table, 1), (other, table, 0)]
    asked += [(method, each, 0) for each in changed]
    keys = [graph_record(tmp_path / "cell.json", *each).key for each in asked]
    assert len(set(keys)) == len(keys)


def test_a_failed_cell_is_a_row_and_is_run_again(four, lm_of, tmp_path) -> None:
    calls = []

    @discovery.register("Once", assumes="", source="")
    class Once:
        def discover(self, codes):
            calls.append(1)
            if len(calls) == 1:
                raise RuntimeError("bad\nluck")
            return Graph.from_edges(list(codes))

    cells = run(four, lm_of(), ["Once", "Empty"], phrasings=1, runs_dir=tmp_path).cells
    assert cells["status"].tolist() == ["failed", "ok"]
    assert cells["reason"][0] == "RuntimeError: bad luck"
    assert np.isnan(cells["shd"][0])
    cells = run(four, lm_of(), ["Once", "Empty"], phrasings=1, runs_dir=tmp_path).cells
    assert cells["status"].tolist() == ["ok", "ok"]


def test_workers_give_the_same_graphs(four, lm_of) -> None:
    methods = ["PC", "Random", "Empty"]
    there = run(four, lm_of(), methods, workers=1, phrasings=1).cells
    here = run(four, lm_of(), methods, phrasings=1).cells
    assert (there["status"] == "ok").all()
    pd.testing.assert_frame_equal(there.drop(columns="seconds"), here.drop(columns="seconds"))


def test_a_worker_that_ends_or_sleeps_is_one_row(four, lm_of, tmp_path) -> None:
    plugin = tmp_path / "plugin.py"
    plugin.write_text(PLUGIN)
    estimators.load_plugin(plugin)
    methods = ["Killer", "Sleeper", "Empty"]
    options = {"workers": 1, "plugins": [plugin], "phrasings": 1, "time_limit": 4}
    cells = run(four, lm_of(), methods, **options).cells
    assert cells["status"].tolist() == ["failed", "timeout", "ok"]
    assert "exit code 3" in cells["reason"][0]
    assert cells["reason"][1] == "stopped after 4 s"


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"methods": ["GESS"]}, "did you mean 'GES'"),
        ({"methods": []}, "no methods"),
        ({"phrasings": 0}, "phrasings"),
        ({"n": 0}, "n"),
        ({"time_limit": 0}, "above 0"),
        ({"workers": -1}, "workers"),
    ],
)
def test_bad_options(four, lm_of, one_line, options, why) -> None:
    options = {"n": 10, "phrasings": 1, "runs_dir": None} | options
    with pytest.raises(sdscm.InputError, match=why) as wrong:
        discovery.run([four], lm_of(), **options)
    one_line(wrong.value)


def test_a_scenario_given_twice(four, lm_of) -> None:
    with pytest.raises(sdscm.InputError, match="given twice"):
        discovery.run([four, four], lm_of(), runs_dir=None)
    with pytest.raises(sdscm.InputError, match="no scenarios"):
        discovery.run([], lm_of(), runs_dir=None)
