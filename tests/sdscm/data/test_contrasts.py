"""Contrasts of two of several treatments: the domain is restricted to the two."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from sdscm import SDSCM, InputError, TabularLM
from sdscm.audit import audit
from sdscm.lm import random_table
from sdscm.spec import Spec, spec_from_yaml

THREE = """
name: three
variables:
  - {name: age, role: exogenous, values: [young, old], phrasings: ["She is {value}."]}
  - {name: drug, role: treatment, values: [none, statin, aspirin], parents: [age],
     phrasings: ["She takes {value}."]}
  - {name: state, role: outcome, values: [recovers, worsens], parents: [age, drug],
     phrasings: ["In the end she {value}."]}
"""


@pytest.fixture(scope="module")
def spec() -> Spec:
    return spec_from_yaml(THREE, "three.yaml")


@pytest.mark.parametrize("contrast", list(itertools.permutations(["none", "statin", "aspirin"], 2)))
def test_a_dataset_of_two_of_three_treatments(spec: Spec, contrast: tuple[str, str]) -> None:
    scm = SDSCM(spec, TabularLM(random_table(5)))
    dataset = scm.dataset(300, 2, contrast=contrast)
    age = dataset.X["age"].to_numpy()
    full = np.exp(scm.exact().arrays.log_table("drug"))
    control, treated = (spec.treatment.values.index(value) for value in contrast)
    # The LM is asked about two values, and its scores of these are those it gave among three.
    expected = full[:, treated] / (full[:, treated] + full[:, control])
    np.testing.assert_allclose(dataset.propensity, expected[age], rtol=1e-12)
    outcome = scm.exact().arrays.log_table("state")[..., 0]
    np.testing.assert_allclose(dataset.y0, outcome[age, control], rtol=1e-12)
    np.testing.assert_allclose(dataset.y1, outcome[age, treated], rtol=1e-12)
    assert 0 < dataset.t.mean() < 1
    assert dataset.meta.options["contrast"] == list(contrast)


def test_the_first_two_are_the_default(spec: Spec) -> None:
    scm = SDSCM(spec, TabularLM(random_table(5)))
    assert scm.dataset(50).fingerprint == scm.dataset(50, contrast=("none", "statin")).fingerprint
    assert set(scm.sample(300).labels["drug"]) == {"none", "statin", "aspirin"}
    with pytest.raises(InputError, match="'placebo' is not a value of 'drug'"):
        scm.dataset(50, contrast=("none", "placebo"))


def test_fixed_weights_are_restricted_too() -> None:
    text = THREE.replace("parents: [age],\n", "parents: [age], distribution: [0.2, 0.3, 0.5],\n")
    scm = SDSCM(spec_from_yaml(text, "three.yaml"), TabularLM(random_table(5)))
    dataset = scm.dataset(50, contrast=("none", "aspirin"))
    np.testing.assert_allclose(dataset.propensity, 0.5 / 0.7)


def test_whole_numbers_stand_for_their_text() -> None:
    """Also in a spec without covariates, whose effect is exact by enumeration."""
    text = THREE.replace("[none, statin, aspirin], parents: [age]", "[0, 10, 100]")
    text = text.replace("parents: [age, drug]", "parents: [drug]").replace(
        "recovers, worsens", "1, 2"
    )
    text = text.replace(text[text.index("  - {name: age") : text.index("  - {name: drug")], "")
    spec = spec_from_yaml(text, "numbers.yaml")
    scm = SDSCM(spec, TabularLM(random_table(5)))
    options = {"outcome": "expected-score"}
    dataset = scm.dataset(50, contrast=(0, 100), scores={1: 3.0, 2: 5.0}, **options)
    same = scm.dataset(50, contrast=("0", "100"), scores={"1": 3.0, "2": 5.0}, **options)
    assert dataset.fingerprint == same.fingerprint
    assert dataset.X.shape == (50, 0)
    chance = np.exp(scm.exact().arrays.log_table("state"))[[0, 2]] @ [3.0, 5.0]
    np.testing.assert_allclose(dataset.ite, chance[1] - chance[0])
    assert scm.effect(50, contrast=(0, 100)) == scm.effect(50, contrast=("0", "100"))
    result = audit(spec, scm.lm, phrasings=1, controls=False, contrasts=[(0, 100)])
    assert {(each.control, each.treated) for each in result.findings} == {("0", "100")}
