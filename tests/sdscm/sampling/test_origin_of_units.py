"""Counterfactuals accept units of the same model only."""

from __future__ import annotations

import pytest

from sdscm import SDSCM, InputError, TabularLM
from sdscm.lm import random_table
from sdscm.spec import Spec


@pytest.mark.parametrize(
    "change",
    [{"temperature": 2.0}, {"scoring": "value"}, {"overlap": 0.5}, {"effect": 0.0}],
)
def test_units_of_another_model_are_refused(clinic: Spec, change: dict[str, object]) -> None:
    lm = TabularLM(random_table(1))
    units = SDSCM(clinic, lm).sample(5)
    with pytest.raises(InputError, match="sampled from another spec, phrasing or model"):
        SDSCM(clinic, lm, **change).counterfactual(units, {"drug": "statin"})  # type: ignore[arg-type]


def test_units_of_another_language_model_are_refused(clinic: Spec) -> None:
    units = SDSCM(clinic, TabularLM(random_table(1), revision="1")).sample(5)
    other = SDSCM(clinic, TabularLM(random_table(2), revision="2"))
    with pytest.raises(InputError, match="sample them here"):
        other.counterfactual(units, {"drug": "statin"})


@pytest.mark.parametrize("how", ["reject", "weight"])
def test_conditioned_units_keep_their_origin(clinic: Spec, how: str) -> None:
    scm = SDSCM(clinic, TabularLM(random_table(1)))
    units = scm.sample(5, given={"smoker": "yes"}, how=how)  # type: ignore[arg-type]
    assert units.origin == scm.mechanisms.identity
    assert len(scm.counterfactual(units, {"drug": "statin"})) == 5
    assert scm.abduct(units.labels).origin == scm.mechanisms.identity


def test_the_block_decides_nothing_about_rejection(clinic: Spec) -> None:
    scm = SDSCM(clinic, TabularLM(random_table(1)))
    given = {"ward": "B", "hobby": "golf"}
    small = scm.sample(30, 4, given=given, block=7)
    assert small.codes.equals(scm.sample(30, 4, given=given, block=2048).codes)
