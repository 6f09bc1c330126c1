"""What methods see, the scores, the records, and what is an error."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import sdscm
from benchmarks import mediation
from benchmarks.mediation.board import board, files, page
from benchmarks.mediation.job import answer_record
from benchmarks.mediation.tables import make_tables
from benchmarks.provenance.hashing import derive_seed
from sdscm.audit.effects.measure import Measure


def run(spec, lm, methods, **options):
    options = {"n": 60, "phrasings": 2, "workers": 0, "runs_dir": None} | options
    return mediation.run([spec], lm, methods=methods, **options)


def test_a_method_finds_nothing_hidden(trial, lm) -> None:
    """A spy records all that it can reach: no cause u, no other world, no truth."""
    seen = []

    @mediation.register("Spy", assumes="", source="")
    class Spy:
        def fit(self, X, t, m, y, **shown):
            seen.append((X, t, m, y, shown))
            return self

        def nde(self):
            return 0.0

        nie = nde

    run(trial, lm, ["Spy", "Oracle"], phrasings=1, n=300)
    all_, hidden = seen
    assert [list(each[0]) for each in seen] == [["u: 1", "x: 1"], ["x: 1"]]
    for X, t, m, y, shown in seen:
        assert shown == {}
        assert list(m) == ["m", "k"]
        assert [X.attrs, m.attrs] == [{}, {}]
        assert list(X.index) == list(range(300))
        assert set(np.unique(t)) == {0, 1}
        assert y.shape == (300,)
    u = all_[0]["u: 1"].to_numpy()
    others = [hidden[0].to_numpy().T, hidden[2].to_numpy().T, hidden[1][None]]
    for column in np.concatenate(others):
        assert not np.array_equal(column, u)
        assert not np.array_equal(column, 1 - u)
    np.testing.assert_array_equal(all_[3], hidden[3])


def test_rows_are_observational_units_of_the_spec(trial, lm) -> None:
    model = sdscm.SDSCM(trial, lm)
    (table,) = make_tables(model, 50, 7, ["hidden"], measure="probability", max_contexts=100)
    units = model.sample(50, derive_seed(7, "mediation", "trial", 0))
    np.testing.assert_array_equal(table.t, units.codes["t"])
    np.testing.assert_array_equal(table.m["k"], units.codes["k"])
    chance = np.exp(units.log_probabilities["y"][:, 1])
    np.testing.assert_allclose(table.y, chance, atol=1e-12)
    assert Measure.of(trial, "probability").value == "1"


def test_scores_by_hand(trial, lm) -> None:
    @mediation.register("Half", assumes="", source="")
    class Half:
        def fit(self, X, t, m, y):
            return self

        def nde(self):
            return 0.5

        def nie(self):
            return 0.25

        def nde_interval(self, alpha):
            return 0.2, 0.3  # holds the direct effect 0.274, and not the indirect effect 0.102

        nie_interval = nde_interval

    found = run(trial, lm, ["Half", "Oracle"], phrasings=1, settings=["all"], measure="probability")
    truth, cells = found.truths.iloc[0], found.cells.set_index("method")
    row = cells.loc["Half"]
    assert row["nde_error"] == pytest.approx(abs(0.5 - truth["nde"]) / truth["sd"], abs=1e-12)
    assert row["nie_error"] == pytest.approx(abs(0.25 - truth["nie"]) / truth["sd"], abs=1e-12)
    assert row["error"] == pytest.approx((row["nde_error"] + row["nie_error"]) / 2, abs=1e-12)
    share = truth["nie"] / (truth["nde"] + truth["nie"])
    assert row["share_error"] == pytest.approx(abs(1 / 3 - share), abs=1e-12)
    assert (row["nde_coverage"], row["nie_coverage"]) == (1, 0)
    assert cells.loc["Oracle", ["error", "share_error"]].tolist() == [0, 0]
    assert np.isnan(cells.loc["Oracle", "nde_coverage"])


def test_the_board_says_what_is_identified_and_ranks(trial, lm) -> None:
    found = run(trial, lm, ["No mediation", "Multiply robust", "Oracle"], n=400)
    records = board(found, "trial", "all")
    assert [each["method"] for each in records][-1] == "Oracle"
    assert [each["rank"] for each in records][:2] == [1, 2]
    text = {part.name: " ".join(part.text) for part in page(found).parts}
    assert "The graph identifies the effects" in text["trial-all"]
    assert "does not identify" in text["trial-hidden"]
    assert "through m and k" in text["truth-trial"]
    content = files(found)
    assert set(json.loads(content["board.json"])["boards"]["trial"]) == {"all", "hidden"}
    assert content["cells.csv"].count("\n") == 1 + 2 * 2 * 3
    assert found.facts["mediators"] == {"trial": ["m", "k"]}


def test_records_are_reused_until_the_rows_change(trial, lm, tmp_path) -> None:
    calls = []

    @mediation.register("Counting", assumes="", source="")
    class Counting:
        def fit(self, X, t, m, y):
            calls.append(1)
            return self

        def nde(self):
            return 0.1

        nie = nde

        def nie_interval(self, alpha):
            return -np.inf, 1.0

    first = run(trial, lm, ["Counting"], runs_dir=tmp_path)
    again = run(trial, lm, ["Counting"], runs_dir=tmp_path)
    assert len(calls) == 4  # two settings of two phrasings
    pd.testing.assert_frame_equal(first.cells, again.cells)
    run(trial, lm, ["Counting"], runs_dir=tmp_path, seed=1)
    assert len(calls) == 8
    run(trial, lm, ["Counting"], runs_dir=tmp_path, measure="probability")
    assert len(calls) == 12


def test_the_key_of_a_record_hashes_the_seed_the_method_and_the_table(trial, lm, tmp_path) -> None:
    scm = sdscm.SDSCM(trial, lm)
    (table,) = make_tables(scm, 30, 0, ["all"], measure="probability", max_contexts=100)
    method, other = mediation.get("Multiply robust"), mediation.get("No mediation")
    changed = [
        replace(table, X=1 - table.X),
        replace(table, X=table.X.rename(columns=str.upper)),
        replace(table, t=1 - table.t),
        replace(table, m=1 - table.m),
        replace(table, y=table.y + 1),
        replace(table, truth=replace(table.truth, nde=0.5)),
    ]
    asked = [(method, table, 0), (method, table, 1), (other, table, 0)]
    asked += [(method, each, 0) for each in changed]
    keys = [answer_record(tmp_path / "cell.json", *each).key for each in asked]
    assert len(set(keys)) == len(keys)


def test_a_failed_cell_is_a_row(trial, lm) -> None:
    pytest.importorskip("dowhy")
    cells = run(trial, lm, ["DoWhy two-stage", "Oracle"], settings=["all"]).cells
    assert cells["status"].tolist() == ["failed", "ok"] * 2
    assert "DoWhy takes one mediator, not 2" in cells["reason"][0]
    assert np.isnan(cells["error"][0])


def test_workers_give_the_same_answers(trial, lm) -> None:
    methods = ["Regression with interaction", "Multiply robust"]
    there = run(trial, lm, methods, workers=1, phrasings=1, settings=["all"]).cells
    here = run(trial, lm, methods, phrasings=1, settings=["all"]).cells
    assert (there["status"] == "ok").all()
    pd.testing.assert_frame_equal(there.drop(columns="seconds"), here.drop(columns="seconds"))


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"methods": ["Oracl"]}, "did you mean 'Oracle'"),
        ({"methods": []}, "no methods"),
        ({"settings": []}, "no settings"),
        ({"settings": ["text"]}, "settings.*'text'.*all"),
        ({"phrasings": 0}, "phrasings"),
        ({"n": 1}, "n"),
        ({"time_limit": 0}, "above 0"),
        ({"measure": "score"}, "measure"),
        ({"max_contexts": 3}, "exact truth.*contexts"),
        ({"scenarios": ["headache"]}, "headache: no variable has 'role: mediator'"),
    ],
)
def test_bad_options(trial, lm, one_line, options, why) -> None:
    options = {"scenarios": [trial], "n": 10, "phrasings": 1, "runs_dir": None} | options
    scenarios = options.pop("scenarios")
    with pytest.raises(sdscm.InputError, match=why) as wrong:
        mediation.run(scenarios, lm, **options)
    one_line(wrong.value)
