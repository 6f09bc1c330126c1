"""The toy, on a table of probabilities whose correlations and biases can be worked out."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest

from benchmarks.cli import main
from benchmarks.paper.analysis.toy import ADJUSTED, ANY, DIFFERENCE, toy
from sdscm import SDSCM, TabularLM
from sdscm.spec import spec_from_yaml

NAMES = """
name: toy
variables:
  - {name: speaker, role: exogenous, values: [Ann, Bo], phrasings: ["I am {value}."]}
  - {name: friend, role: exogenous, values: [Cy, Di], phrasings: ["I like {value}."]}
"""
WEATHER = '{name: weather, role: covariate, values: [sunny, rainy], phrasings: ["It is {value}."]'
RUN = '{name: run, role: treatment, values: [gym, run], phrasings: ["I {value}."]'
TIME = '{name: time, role: outcome, values: [better, worse], phrasings: ["I get {value}."]'
CONFOUNDER = f"""{NAMES}
  - {WEATHER}}}
  - {RUN}, parents: [speaker, weather]}}
  - {TIME}, parents: [friend, weather]}}
outcome_value: worse
"""
COLLIDER = f"""{NAMES}
  - {RUN}, parents: [speaker]}}
  - {TIME}, parents: [friend]}}
  - {WEATHER}, parents: [run, time]}}
outcome_value: worse
"""


def probabilities(choice) -> list[float]:
    """Half for each value, moved by what the context says."""
    told = " ".join(choice.context)
    second = 0.5
    if choice.values == ("gym", "run"):
        second = 0.5 + 0.05 * _sign(told, "Ann", "Bo") + 0.4 * _sign(told, "sunny", "rainy")
    elif choice.values == ("better", "worse"):
        second = 0.4 + 0.1 * _sign(told, "Cy", "Di") - 0.2 * _sign(told, "sunny", "rainy")
    elif "I run" in told or "I gym" in told:
        second = 0.5 + 0.2 * _sign(told, "run", "gym") + 0.25 * _sign(told, "worse", "better")
    return [1 - second, second]


def _sign(told: str, up: str, down: str) -> int:
    return int(f"{up}." in told) - int(f"{down}." in told)


def numbers(text: str, n: int = 2000) -> pd.DataFrame:
    lm = TabularLM(probabilities)
    found = toy(SDSCM(spec_from_yaml(text, "toy.yaml"), lm), n, seed=1)
    return pd.DataFrame(found).set_index(["quantity", "given"])


def test_a_confounder_by_hand():
    """P(run) moves by 0.4 and 0.05, P(worse) by -0.2 and 0.1: covariance -0.08."""
    found = numbers(CONFOUNDER)
    whole = -0.4 * 0.2 / np.sqrt((0.4**2 + 0.05**2) * (0.2**2 + 0.1**2))
    assert found.loc[("correlation", ANY), "population"] == pytest.approx(whole)
    for weather in ("sunny", "rainy"):
        assert found.loc[("correlation", weather), "population"] == pytest.approx(0, abs=1e-12)
    # Runners have the sun 9 times in 10, the others once: means 0.24 and 0.56.
    bias = (0.24 - 0.56) / np.sqrt(0.2**2 + 0.1**2)
    assert found.loc[("error", DIFFERENCE), "population"] == pytest.approx(bias)
    assert found.loc[("error", ADJUSTED), "population"] == pytest.approx(0, abs=1e-12)


def test_a_collider_by_all_its_units():
    found = numbers(COLLIDER)
    assert found.loc[("correlation", ANY), "population"] == pytest.approx(0, abs=1e-12)
    assert found.loc[("error", DIFFERENCE), "population"] == pytest.approx(0, abs=1e-12)
    rows = []
    for ann, cy, run, worse, rainy in product((1, -1), (1, -1), (1, 0), (1, 0), (1, 0)):
        p, y = 0.5 + 0.05 * ann, 0.4 + 0.1 * cy
        wet = 0.5 + 0.2 * (2 * run - 1) + 0.25 * (2 * worse - 1)
        weight = (p if run else 1 - p) * (y if worse else 1 - y) * (wet if rainy else 1 - wet) / 4
        rows.append({"p": p, "y": y, "run": run, "rainy": rainy, "weight": weight})
    units = pd.DataFrame(rows)
    bias = 0.0
    for rainy, name in enumerate(("sunny", "rainy")):
        part = units[units["rainy"] == rainy]
        matrix = np.cov(part["p"], part["y"], aweights=part["weight"])
        expected = matrix[0, 1] / np.sqrt(matrix[0, 0] * matrix[1, 1])
        assert abs(expected) > 1e-4
        assert found.loc[("correlation", name), "population"] == pytest.approx(expected)
        runs, others = (part[part["run"] == arm] for arm in (1, 0))
        difference = np.average(runs["y"], weights=runs["weight"]) - np.average(
            others["y"], weights=others["weight"]
        )
        bias += part["weight"].sum() * difference / 0.1
    assert found.loc[("error", ADJUSTED), "population"] == pytest.approx(bias)


def test_many_units_come_near_the_population():
    found = numbers(CONFOUNDER, 4000)
    assert found["sample"].to_numpy() == pytest.approx(found["population"].to_numpy(), abs=0.1)


def test_what_does_not_vary_has_no_correlation():
    spec = spec_from_yaml(CONFOUNDER, "toy.yaml")
    flat = toy(SDSCM(spec, TabularLM(lambda choice: [0.5, 0.5])), 50, seed=0)
    assert np.isnan([number for each in flat for number in (each.sample, each.population)]).all()


def test_the_shipped_scenarios_are_drawn(tmp_path, monkeypatch, capsys):
    """By a model that only has to vary."""
    pytest.importorskip("matplotlib")

    def by_length(choice) -> list[float]:
        told = len(" ".join(choice.context))
        return [1 + (told + k) % 3 for k in range(len(choice.values))]

    lm = TabularLM(by_length, id="by-length")
    monkeypatch.setattr("sdscm.load_lm", lambda name: lm)
    folder = tmp_path / "out"
    arguments = ["paper", "toy", "-n", "60", "--phrasings", "2", "--results", str(folder)]
    assert main(arguments) == 0
    assert "by-length: 60 units of each of 2 phrasings" in capsys.readouterr().out
    table = pd.read_csv(folder / "toy.csv")
    assert len(table) == 2 * 2 * (6 + 3)
    confounder = table[(table["scenario"] == "confounder") & (table["given"] == ADJUSTED)]
    assert confounder["population"].abs().max() < 1e-9
    first = (folder / "toy.png").read_bytes()
    assert main(arguments) == 0
    assert (folder / "toy.png").read_bytes() == first
