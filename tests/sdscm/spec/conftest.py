"""A small valid study, as a user would write it, and a function to change a part of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sdscm.spec import Spec, spec_from_yaml

STUDY = """\
name: statin_study
title: Does the statin help?
variables:
  - name: age
    role: exogenous
    values: [young, old]
    phrasings: ["The patient is {value}.", "A patient who is {value} arrives."]
  - name: smoker
    role: covariate
    values: ["no", "yes"]
    parents: [age]
    phrasings: ["Does she smoke? Her answer is {value}.", "Asked about smoking, she says {value}."]
  - name: drug
    role: treatment
    values: [placebo, statin]
    parents: [age, smoker]
    phrasings: ["She takes the {value}.", "Her doctor gives her the {value}."]
  - name: state
    role: outcome
    values: [recovers, worsens]
    parents: [drug, age]
    phrasings: ["In the end she {value}.", "A month later she {value} at home."]
outcome_value: recovers
"""


def changed(old: str, new: str) -> str:
    """The study with one piece of its text replaced."""
    assert STUDY.count(old) == 1, f"{old!r} stands {STUDY.count(old)} times in the study"
    return STUDY.replace(old, new)


@pytest.fixture
def study_text() -> str:
    return STUDY


@pytest.fixture
def study() -> Spec:
    return spec_from_yaml(STUDY, "study.yaml")


@pytest.fixture
def change() -> Callable[[str, str], Spec]:
    return lambda old, new: spec_from_yaml(changed(old, new), "study.yaml")


@pytest.fixture(scope="session")
def original_config() -> Path:
    """The original config, outside the repository; it has no licence and is read in place."""
    for folder in Path(__file__).resolve().parents:
        path = folder / "shared" / "paper" / "breast_cancer_config.json"
        if path.exists():
            return path
    pytest.skip("shared/paper/breast_cancer_config.json is not beside the repository")
