"""Descendants of the treatment: hidden by default, shown on demand, and what they do to methods."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import estimators
from benchmarks.datasets import prepare, sampling
from benchmarks.datasets.facts import entry_lines, fact_table
from benchmarks.progress import Silent
from benchmarks.suite.loading import load_suite
from sdscm import SDSCM, CausalDataset, InputError, load_spec
from sdscm.data.diagnostics import facts
from sdscm.data.generate import covariates_of
from sdscm.lm import Choice, TabularLM
from sdscm.spec import spec_from_yaml

SPEC = """\
name: relay
variables:
  - {name: age, role: exogenous, values: [young, old], distribution: uniform,
     phrasings: ["age {value}"]}
  - {name: drug, role: treatment, values: [placebo, statin], parents: [age],
     phrasings: ["drug {value}"]}
  - {name: pressure, role: covariate, values: [high, low], parents: [drug],
     phrasings: ["pressure {value}"]}
  - {name: state, role: outcome, values: [ill, well], parents: [age, pressure],
     phrasings: ["state {value}"]}
outcome_value: well
"""
P = {
    "drug": {"young": 0.3, "old": 0.6},
    "pressure": {"placebo": 0.1, "statin": 0.9},
    "state": {("young", "high"): 0.4, ("young", "low"): 0.9}
    | {("old", "high"): 0.1, ("old", "low"): 0.6},
}


def relay_table(choice: Choice) -> list[float]:
    """The effect is 0.5 * (0.9 - 0.1) = 0.4 at every age, and all of it runs through pressure."""
    said = dict(sentence.split(" ") for sentence in choice.context)
    given = tuple(said[name] for name in ("age", "drug", "pressure") if name in said)
    p = P[choice.prefix.strip()][given if len(given) > 1 else given[0]]
    return [1 - p, p]


def relay(n: int = 2000, **options: object) -> CausalDataset:
    scm = SDSCM(spec_from_yaml(SPEC, "relay.yaml"), TabularLM(relay_table))
    return scm.dataset(n, seed=1, outcome="probability", **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["LinReg", "LinearT", "RF", "AIPW"])
def test_an_effect_through_a_covariate_is_found_by_default_only(name: str) -> None:
    """Standard error of a difference in means with 2,000 units: at most 0.01."""
    found = {}
    for choice in ("hide", "show"):
        data = relay(post_treatment=choice)
        fitted = estimators.get(name).fit(data.X.to_numpy(), data.t, data.y)
        found[choice] = fitted.ate(data.X.to_numpy())
    assert found["hide"] == pytest.approx(0.4, abs=0.04)
    assert found["show"] == pytest.approx(0, abs=5e-4)


def test_the_truth_with_a_mediator() -> None:
    """The CATE is 0.4 by enumeration; the ITE is 0.5 for units whose pressure follows the drug."""
    data = relay(post_treatment="hide")
    assert list(data.X) == ["age"]
    np.testing.assert_allclose(data.cates["all"], 0.4, rtol=1e-12)
    assert np.unique(data.ite.round(9)).tolist() == [0, 0.5]
    estimated = relay(200, cate_contexts=0, cate_draws=4000)
    error = estimated.cate_errors["all"]
    assert (np.abs(estimated.cates["all"] - 0.4) < 5 * error).all()
    redrawn = SDSCM(
        spec_from_yaml(SPEC, "relay.yaml"), TabularLM(relay_table), coupling="redraw"
    ).dataset(2000, 1, outcome="probability")
    # Independent pressures: P(low, high) = 0.9 * 0.9 and P(high, low) = 0.1 * 0.1.
    assert np.unique(redrawn.ite.round(9)).tolist() == [-0.5, 0, 0.5]
    assert (redrawn.ite < 0).mean() == pytest.approx(0.01, abs=0.01)
    np.testing.assert_allclose(redrawn.cates["all"], 0.4, rtol=1e-12)


def test_what_is_shown_is_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "language_model", lambda entry: TabularLM(relay_table))
    (tmp_path / "relay.yaml").write_text(SPEC)
    suite = "name: s\nestimators: [LinReg]\nsettings: [all]\ndatasets:\n"
    suite += "  - {scenario: relay.yaml, n: 50, outcome: probability}\n"
    suite += "  - {scenario: relay.yaml, n: 50, name: open, post_treatment: show}\n"
    (tmp_path / "s.yaml").write_text(suite)
    loaded = load_suite(tmp_path / "s.yaml")
    found = list(prepare.prepare(prepare.requests(loaded), tmp_path / "run", Silent()))
    sources = [source for source, _ in found]
    datasets = {source.name: source.load(tmp_path / "run") for source in sources}
    hidden, shown = datasets.values()
    assert (list(hidden.X), hidden.post_treatment) == (["age"], ())
    assert (list(shown.X), shown.post_treatment) == (["age", "pressure"], ("pressure",))
    assert shown.cates == {}
    table = fact_table(sources, datasets)
    assert table["post_treatment"].tolist() == ["", "pressure"]
    assert "shows post-treatment covariates: pressure" in table["problems"][1]
    lines = entry_lines(table, loaded.settings_of)
    assert lines[0].startswith("relay at temperature 1: confounded by ")
    assert "descendants" not in lines[0]
    assert "open at temperature 1: " in lines[1]
    assert "warning: estimators see descendants of the treatment (pressure)" in lines[1]


@pytest.mark.parametrize(
    ("name", "shown", "hidden"),
    [
        ("hiring", ["position"], ["qualification"]),
        ("misinformation", ["work", "place"], ["worry"]),
        ("marathon_collider", ["speaker", "friend"], ["weather"]),
    ],
)
def test_shipped_scenarios(name: str, shown: list[str], hidden: list[str], tmp_path: Path) -> None:
    spec = load_spec(name)
    assert covariates_of(spec)[0] == shown
    assert covariates_of(spec, "show")[0] == shown + hidden
    lm = TabularLM(lambda choice: range(1, len(choice.values) + 1))
    assert list(SDSCM(spec, lm).dataset(10).X) == shown
    (tmp_path / "s.yaml").write_text(
        f"{{name: s, estimators: [LinReg], datasets: [{{scenario: {name}}}]}}"
    )
    with pytest.raises(InputError, match="'hidden' leaves no pre-treatment covariate"):
        prepare.requests(load_suite(tmp_path / "s.yaml"))


def test_a_spec_without_a_pre_treatment_covariate(one_line, tmp_path: Path) -> None:
    """It gives data, whose effects are known; a suite refuses it, as there is nothing to adjust."""
    text = (
        "\n".join(line for line in SPEC.splitlines() if "age {value}" not in line)
        .replace(
            "  - {name: age, role: exogenous, values: [young, old], distribution: uniform,", ""
        )
        .replace("parents: [age]", "parents: []")
        .replace("[age, pressure]", "[pressure]")
    )
    bare, lm = spec_from_yaml(text, "relay.yaml"), TabularLM(lambda choice: [1, 2])
    dataset = SDSCM(bare, lm).dataset(10)
    assert dataset.X.shape == (10, 0)
    assert dataset.cates == {}
    dataset.to_parquet(tmp_path / "bare.parquet")
    again = CausalDataset.read_parquet(tmp_path / "bare.parquet")
    assert again.fingerprint == dataset.fingerprint
    assert facts(dataset).distinct == 2, "the two treatments"
    assert list(SDSCM(bare, lm).dataset(10, post_treatment="show").X) == ["pressure"]
    with pytest.raises(InputError, match="unknown post_treatment 'some': choose one of hide, show"):
        SDSCM(bare, lm).dataset(10, post_treatment="some")  # type: ignore[arg-type]
    (tmp_path / "relay.yaml").write_text(text)
    (tmp_path / "s.yaml").write_text(
        "{name: s, estimators: [LinReg], settings: [all], datasets: [{scenario: relay.yaml}]}"
    )
    with pytest.raises(InputError) as caught:
        prepare.requests(load_suite(tmp_path / "s.yaml"))
    assert "all descend from the treatment (pressure)" in one_line(caught.value)
