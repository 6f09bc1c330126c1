"""``sdscm spec`` and ``sdscm realism``: what they write is read again; bad input is one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import sdscm
from sdscm.authoring.sentences import framed
from sdscm.lm import TabularLM
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
    ran = cli("spec", "phrase", "sleep.yaml", "-n", "12")
    assert (ran.code, "dropped" in ran.out) == (0, False)
    richer = load_spec("sleep-12.yaml")
    assert {len(each.phrasings) for each in richer.variables} == {12}
    assert richer.variable("drink").phrasings[2].template.startswith("We know that in the evening")


class Writer(TabularLM):
    """Proposes a kept, an unlikely and a bad sentence for each variable."""

    def generate(self, prompt, begin, *, count, tokens, seed):
        return [" Now we see {value}.", " Later we see {value}.", " Do we see {value}?"]


def test_a_language_model_proposes_sentences_and_drops_unlikely_ones(cli, monkeypatch):
    def table(choice):
        return np.full(len(choice.values), 1e-6 if choice.prefix.startswith("Later") else 0.1)

    monkeypatch.setattr(sdscm, "load_lm", lambda *_, **__: Writer(table))
    ran = cli("spec", "phrase", "tea_or_coffee", "-n", "99", "--lm", "any", "--tries", "4")
    assert (ran.code, ran.err) == (0, "")
    before, after = load_spec("tea_or_coffee"), load_spec("tea_or_coffee-99.yaml")
    for one, other in zip(before.variables, after.variables, strict=True):
        assert other.tuning == one.tuning
        new = [each.template for each in other.phrasings[len(one.phrasings) :]]
        assert new[:2] == ["Now we see {value}.", f"We know that {framed_first(one)}"]
    assert "drink: dropped 'Later we see {value}.': the model gives the values " in ran.out
    assert "drink: dropped 'Do we see {value}?': asks, and does not state" in ran.out
    monkeypatch.setattr(sdscm, "load_lm", lambda *_, **__: TabularLM(table))
    command = ["spec", "phrase", "tea_or_coffee", "-n", "99", "--lm", "any", "--out", "b.yaml"]
    assert cli(*command).err == (
        "error: language model 'tabular' writes no text; choose one that does\n"
    )
    assert not Path("b.yaml").exists()
    assert cli(*command, "--tries", "0").code == 0


def framed_first(variable):
    return framed(variable.phrasings[0].template)[1].removeprefix("We know that ")


def test_braces_of_a_mapping_survive(cli):
    text = Path("study.yaml").read_text()
    mapping = '{prefix: "The set {0} is ", suffix: "."}'
    Path("braces.yaml").write_text(text.replace('"In the end she {value}."', mapping))
    assert cli("spec", "phrase", "braces.yaml", "--out", "more.yaml").code == 0
    (only,) = load_spec("more.yaml").variable("state").phrasings
    assert only == load_spec("braces.yaml").variable("state").phrasings[0]


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
    assert ran.err.startswith("error: people.csv: column 'age': the treatment has the values")
    asked = ("spec", "from-table", "people.csv", "--treatment", "drug", "--outcome", "health")
    ran = cli(*asked, "--covariates", "age", "--graph", "dag.dot")
    assert (ran.code, ran.err.count("\n")) == (2, 1)


def test_realism_writes_a_page(cli, table):
    table.sample(100, replace=True, random_state=0).to_csv("copy.csv", index=False)
    ran = cli("realism", "copy.csv", "people.csv", "--out", "page")
    assert (ran.code, ran.err) == (0, "")
    assert "does not tell made rows from real ones" in ran.out
    assert "Area under its ROC curve" in Path("page/realism.md").read_text()
    assert Path("page/realism.html").read_text().lower().startswith("<!doctype html>")
    ran = cli("realism", "copy.csv", "absent.csv")
    assert (ran.code, ran.err) == (2, "error: absent.csv: no such file\n")
