"""``sdscm inspect`` and ``sdscm scenarios``."""

from __future__ import annotations

import re

import numpy as np
import pytest

import sdscm
from benchmarks.cli.describe import graph_lines, verdict
from sdscm.spec import spec_from_yaml


def cells(line: str) -> list[str]:
    """The cells of a printed row."""
    return re.split(r"\s{2,}", line.strip())


def table_after(text: str, title: str) -> dict[str, list[str]]:
    """Rows of the printed table that begins with a column, by their first cell."""
    lines = text.splitlines()
    begin = next(i for i, line in enumerate(lines) if line.startswith(title))
    body = lines[begin + 2 :]
    end = next((i for i, line in enumerate(body) if not line.strip()), len(body))
    return {cells(line)[0]: cells(line)[1:] for line in body[:end]}


def test_spec_page_without_a_language_model(cli, monkeypatch):
    monkeypatch.setattr(sdscm, "load_lm", lambda name, **options: pytest.fail("no model is needed"))
    ran = cli("inspect", "study.yaml", "--no-lm")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("statin_study: Does the statin help?\n")
    rows = table_after(ran.out, "Name ")
    assert rows["age"] == ["exogenous", "2", "lm", "young | older"]
    assert rows["drug"] == ["treatment", "2", "lm", "placebo | statins"]
    assert "common causes  age, smoker" in ran.out
    assert "descendants    no covariate" in ran.out
    asked = cli("inspect", "study.yaml", "--no-lm", "--treatment", "smoker")
    assert "descendants    drug (not in X by default)" in asked.out
    assert ran.out.endswith(
        "  age\n  smoker <- age\n  drug   <- all above\n  state  <- all above\n"
    )


def test_each_phrasing_has_the_facts_of_its_dataset(cli, tiny_lm):
    options = ["--lm", tiny_lm, "--phrasings", 2, "--units", 40, "--temperature", 5, "--seed", 1]
    ran = cli("inspect", "study.yaml", *options)
    assert (ran.code, ran.err) == (0, "")
    spec, lm = sdscm.load_spec("study.yaml"), sdscm.load_lm(str(tiny_lm))
    body = ran.out[ran.out.index("Phrasing 0") :]
    rows, all_facts = (
        {cells(line)[0]: cells(line)[1:] for line in body.splitlines()[2:17] if line},
        [],
    )
    other = next(k for k in range(99) if spec.phrased(k).choice != spec.phrased(0).choice)
    for place, phrasing in enumerate((0, other)):
        model = sdscm.SDSCM(spec, lm, phrasing=phrasing, temperature=5)
        dataset = model.dataset(40, 1)
        facts = sdscm.facts(dataset)
        all_facts.append(facts)
        treated = dataset.propensity.mean()
        squares = [
            p * (treated / p) ** 2 + (1 - p) * ((1 - treated) / (1 - p)) ** 2
            for p in dataset.propensity
        ]
        effective = 40 / np.mean(squares)
        cate = dataset.cates["hidden"]
        within = ((dataset.ite - cate) ** 2).mean()
        unexplained = within / (within + cate.var())
        expected = {
            "rows": f"40 ({facts.distinct} distinct)",
            "t = 1": "statins",
            "t = 0": "placebo",
            "treated": f"{100 * facts.treated:.0f}%",
            "SATE": f"{facts.sate:.3f}",
            "bias / SD(y)": f"{facts.bias:.3f}",
            "SD(ITE) / SD(y)": f"{facts.heterogeneity:.3f}",
            "true propensity": f"{facts.propensity_min:.3f} to {facts.propensity_max:.3f}",
            "effective rows": f"{effective:,.0f}",
            "Var(ITE | X) / Var(ITE), hidden": f"{unexplained:.2f}",
            "problems": "; ".join(facts.problems) or "none",
        }
        for name, told in expected.items():
            assert rows[name][place] == told
        assert rows["naive contrast"][place].startswith(f"{facts.naive:.3f}")
    assert verdict(spec, all_facts) in ran.out
    labels = model.sample(40, 1).labels
    shares = table_after(ran.out, "Variable   Value")
    recovers = f"{100 * (labels['state'] == 'recovers').mean():.0f}%"
    assert shares["state"][0] == "recovers"
    assert shares["state"][2] == recovers


def test_phrasings_that_say_the_same_are_shown_once(cli, tiny_lm):
    """The study's sentences make 2 * 2 phrasings, and numbers are independent draws of them."""
    ran = cli("inspect", "study.yaml", "--lm", tiny_lm, "--phrasings", 9, "--units", 6)
    numbers = [int(number) for number in re.findall(r"Phrasing (\d+)", ran.out)]
    shown = sorted(set(numbers))
    spec = sdscm.load_spec("study.yaml")
    assert len({tuple(spec.phrased(number).choice.items()) for number in shown}) == 4
    assert len(shown) == 4
    assert "Not 9 phrasings: the sentences make 4 different ones." in ran.out


def test_no_effect_on_purpose_is_a_test_for_false_effects(cli, tiny_lm):
    options = ["--lm", tiny_lm, "--phrasings", 1, "--units", 20, "--effect", 0]
    ran = cli("inspect", "study.yaml", *options)
    assert "Verdict: a test for false effects, since by --effect 0 every effect" in ran.out


def test_dataset_file(cli, data):
    ran = cli("inspect", data)
    assert (ran.code, ran.err) == (0, "")
    dataset = sdscm.CausalDataset.read_parquet(data)
    for told in [
        "statin_study",
        dataset.meta.spec_hash,
        dataset.meta.lm_revision,
        "coupling gumbel",
    ]:
        assert told in ran.out
    assert re.search(rf"SATE +{dataset.sate:.3f}\n", ran.out)
    shares = table_after(ran.out, "Variable ")
    older = 100 * (dataset.labels["age"] == "older").mean()
    assert shares["age"] == ["older", f"{older:.0f}%"]
    assert "removes: age\n" in ran.out


def test_file_of_interventional_units(cli, tiny_lm):
    options = ["--lm", tiny_lm, "--units", 20, "--temperature", 5, "--out", "units.parquet"]
    cli("generate", "study.yaml", *options, "--do", "drug=statins", "--effect", 0.5)
    ran = cli("inspect", "units.parquet")
    assert (ran.code, ran.err) == (0, "")
    assert "temperature 5.0, scoring definition, coupling gumbel" in ran.out
    assert "effect 0.5" in ran.out
    assert ran.out.startswith("units.parquet: 20 interventional units\n")
    assert "drug statins" in ran.out
    assert table_after(ran.out, "Variable ")["drug"] == ["statins", "100%"]


def test_foreign_columns_are_summed_up(cli, workspace, data):
    frame = sdscm.CausalDataset.read_parquet(data).to_frame()[["t", "y0", "y1"]]
    frame["income"] = range(len(frame))
    own = sdscm.CausalDataset.from_frame(frame, treatment="t", y0="y0", y1="y1", name="own")
    ran = cli("inspect", own.to_parquet(workspace / "own.parquet"))
    assert ran.code == 0
    assert "not known" in ran.out  # the propensity
    assert "Not listed: income (60 values)" in ran.out


@pytest.mark.parametrize(
    ("scenario", "causes"), [("marathon_confounder", ("weather",)), ("marathon_collider", ())]
)
def test_common_causes_of_the_marathons(scenario, causes):
    assert sdscm.load_spec(scenario).common_causes == causes


def test_a_cause_of_the_outcome_through_the_treatment_alone_confounds_nothing():
    text = """
name: chain
variables:
  - {name: a, role: exogenous, values: [x, y], phrasings: ["{value}"]}
  - {name: t, role: treatment, values: [x, y], parents: [a], phrasings: ["{value}"]}
  - {name: o, role: outcome, values: [x, y], parents: [t], phrasings: ["{value}"]}
"""
    assert spec_from_yaml(text, "chain.yaml").common_causes == ()


def test_graph_of_a_sparse_spec_names_the_parents():
    lines = graph_lines(sdscm.load_spec("marathon_confounder"))
    assert lines[0] == "  speaker"
    assert lines[3] == "  gym_or_run    <- speaker, weather"


def test_scenarios_lists_what_is_shipped(cli):
    ran = cli("scenarios")
    assert (ran.code, ran.err) == (0, "")
    rows = table_after(ran.out, "Name ")
    assert sorted(rows) == sdscm.scenario_names()
    assert rows["breast_cancer"][:2] == ["14", "91"]
    # Of the scenarios: by design, and by the graph.
    assert rows["misinformation"][4] == rows["hiring"][4] == "no"
    assert rows["marathon_collider"][5] == rows["marathon_confounder"][5] == "no effect"
    assert float(rows["misinformation"][5]) > 0.05
    assert float(rows["tea_or_coffee"][4]) > 0.05
    split = [name for name in rows if sdscm.load_spec(name).split]
    known = {name: list(map(float, rows[name][4:7])) for name in split}
    assert len(split) >= 10
    for name, (confounding, spread, hidden) in known.items():
        assert min(confounding, spread) >= 0.15, name
        assert hidden >= 0.05, name
    assert (
        sum(confounding >= 0.2 and hidden >= 0.1 for confounding, _, hidden in known.values()) >= 6
    )
    assert rows["breast_cancer"][-1] == sdscm.load_spec("breast_cancer").title


SPLIT = """
name: split
variables:
  - name: mood
    role: exogenous
    values: [good, bad]
    phrasings: {tuning: ["His mood is {value}."], scored: ["Her mood is {value}."]}
  - name: drug
    role: treatment
    values: [aspirin, ibuprofen]
    parents: [mood]
    phrasings: {tuning: ["He takes {value}."], scored: ["She takes {value}.", "They take {value}."]}
  - name: pain
    role: outcome
    values: [less, more]
    parents: [mood, drug]
    phrasings: {tuning: ["His pain is {value}."], scored: ["Her pain is {value}."]}
"""


def test_both_kinds_of_sentences_are_reported(cli, tiny_lm, workspace):
    (workspace / "split.yaml").write_text(SPLIT)
    options = ["--lm", tiny_lm, "--phrasings", 2, "--units", 30, "--temperature", 5]
    ran = cli("inspect", "split.yaml", *options)
    assert (ran.code, ran.err) == (0, "")
    tuning, scored = ran.out.split(", sentences that are scored\n")[:2]
    assert "30 units of each phrasing" in tuning
    assert "Not 2 phrasings: the sentences make 1 different ones." in tuning
    spec, lm = sdscm.load_spec("split.yaml"), sdscm.load_lm(str(tiny_lm))
    for part, text in ((spec.for_tuning(), tuning), (spec, scored)):
        facts = sdscm.facts(sdscm.SDSCM(part, lm, temperature=5).dataset(30))
        assert re.search(rf"SATE +{facts.sate:.3f}", text)
    assert "1 + 2" in tuning, "numbers of sentences"
    shares = ran.out[ran.out.index("Shares of the values") :]
    assert re.search(r"Tuning 0 +Scored 0 +Scored \d", shares)
    alone = cli("inspect", "split.yaml", *options, "--sentences", "tuning").out
    assert "scored" not in alone.partition("Graph")[2]
    assert "Tuning 0" in alone


def test_the_graph_says_what_is_identified(cli, workspace):
    (workspace / "split.yaml").write_text(SPLIT)
    ran = cli("inspect", "split.yaml", "--no-lm")
    for line in (
        "  all         identified; adjust for mood",
        "  hidden      not possible: no covariate is left",
        "instruments    none",
    ):
        assert line in ran.out
    soil = cli("inspect", "soil", "--no-lm").out
    assert "  hidden      not identified by adjustment\n" in soil
    assert "  proxies     not possible: no variable has the role proxy\n" in soil
    assert "instruments    region, field, weather, ground\n" in soil
    assert "mediators      worry\n" in cli("inspect", "misinformation", "--no-lm").out


def test_sentences_that_are_not_split(cli, tiny_lm):
    ran = cli("inspect", "study.yaml", "--lm", tiny_lm, "--sentences", "tuning")
    assert ran.code == 2
    assert "are not split into tuning and scored ones" in ran.err
    assert ran.err.count("\n") == 1


def test_a_spec_with_an_instrument_has_its_strength_and_strata(cli, workspace):
    ran = cli("inspect", "training", "--lm", "tabular:0", "--phrasings", "1", "--units", "60")
    spec = sdscm.load_spec("training")
    facts = sdscm.facts(sdscm.SDSCM(spec, "tabular:0").dataset(60, settings=["instrument"]))
    assert re.search(rf"first-stage F +{facts.first_stage_f:.3f} \(weak: below 10\)", ran.out)
    for name in ("compliers", "always-takers", "never-takers", "defiers"):
        share = getattr(facts, name.replace("-", "_"))
        assert re.search(rf"{name} +{share:.0%}\n", ran.out)
    plain = cli("inspect", "headache", "--lm", "tabular:0", "--phrasings", "1", "--units", "20")
    assert "first-stage F" not in plain.out
