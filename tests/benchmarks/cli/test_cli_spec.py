"""``sdscm spec`` and ``sdscm realism``: what they write is read again; bad input is one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sdscm.spec import load_spec


@pytest.fixture
def table(cli):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"age": rng.integers(20, 70, 100), "drug": rng.integers(0, 2, 100)})
    frame["health"] = frame["age"] + rng.normal(size=100)
    frame.to_csv("people.csv", index=False)
    return frame


def test_a_new_spec_is_checked_and_phrased(cli):
    assert cli("spec", "new", "sleep").code == 0
    assert cli("spec", "new", "sleep").err.startswith("error: --out sleep.yaml: exists already")
    ran = cli("spec", "check", "sleep.yaml")
    assert (ran.code, ran.err) == (0, "")
    assert "sleep" in ran.out
    assert cli("spec", "phrase", "sleep.yaml", "-n", "12").code == 0
    richer = load_spec("sleep-12.yaml")
    assert {len(each.phrasings) for each in richer.variables} == {12}
    assert richer.variable("drink").phrasings[2].template.startswith("We know that in the evening")


def test_each_problem_is_one_line(cli):
    assert cli("spec", "new", "sleep").code == 0
    text = Path("sleep.yaml").read_text()
    text = text.replace("role: outcome", "role: result").replace("[young, old]", "[young]")
    Path("bad.yaml").write_text(text)
    ran = cli("spec", "check", "bad.yaml")
    assert ran.code == 2
    lines = ran.err.splitlines()
    assert len(lines) == 2
    assert all(line.startswith("error: bad.yaml: variable '") for line in lines)


def test_a_graph_comes_and_goes(cli):
    assert cli("spec", "to-graph", "soil", "--out", "soil.dot").code == 0
    assert cli("spec", "from-graph", "soil.dot", "--out", "again.yaml").code == 0
    assert load_spec("again.yaml").graph.edges == load_spec("soil").graph.edges
    ran = cli("spec", "from-graph", "soil.dot", "--outcome", "plant")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "did you mean 'plants'" in ran.err
    assert not Path("soil.yaml").exists()


def test_a_table_makes_a_spec_that_is_like_it(cli, table):
    ran = cli("spec", "from-table", "people.csv", "--treatment", "drug", "--outcome", "health")
    assert ran.code == 0
    spec = load_spec("people.yaml")
    assert (spec.treatment.name, spec.outcome.name) == ("drug", "health")
    ran = cli("spec", "from-table", "people.csv", "--treatment", "age", "--outcome", "health")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "the treatment has the values" in ran.err


def test_realism_writes_a_page(cli, table):
    table.sample(100, replace=True, random_state=0).to_csv("copy.csv", index=False)
    ran = cli("realism", "copy.csv", "people.csv", "--out", "page")
    assert (ran.code, ran.err) == (0, "")
    assert "does not tell made rows from real ones" in ran.out
    assert "Area under its ROC curve" in Path("page/realism.md").read_text()
    assert Path("page/realism.html").read_text().lower().startswith("<!doctype html>")
    ran = cli("realism", "copy.csv", "absent.csv")
    assert (ran.code, ran.err) == (2, "error: absent.csv: no such file\n")
