"""Exact results as pandas objects: every label is that of its number, and no bit differs."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sdscm import SDSCM, Enumeration, InputError, Spec, TabularLM
from sdscm.inference.outcome import OutcomeFunction
from sdscm.lm.backends.tabular import random_table


@pytest.fixture
def exact(clinic: Spec) -> Enumeration:
    return SDSCM(clinic, TabularLM(random_table(5))).exact()


def test_each_number_of_a_marginal_stands_at_its_values(exact: Enumeration) -> None:
    names = ["state", "drug", "town"]  # an order other than tau
    found, array = exact.marginal(names), exact.arrays.marginal(names)
    assert found.index.names == names
    domains = [exact.spec.variable(name).values for name in names]
    for codes in product(*(range(len(values)) for values in domains)):
        labels = tuple(values[code] for values, code in zip(domains, codes, strict=True))
        assert found[labels] == array[codes]
    assert len(found) == array.size


def test_one_name_is_one_level(exact: Enumeration) -> None:
    found = exact.marginal("town")
    assert found.to_dict() == pytest.approx({"Rome": 0.5, "Oslo": 0.3, "Bonn": 0.2})
    pd.testing.assert_series_equal(found, exact.marginal(["town"]))
    assert (found.name, found.index.name) == ("P(town)", "town")
    changed = exact.marginal("state", do={"drug": "statin"})
    assert changed.name == "P(state | do(drug))"
    assert (changed.to_numpy() == exact.arrays.marginal(["state"], {"drug": "statin"})).all()


def test_a_conditional_has_a_row_for_what_is_given(exact: Enumeration) -> None:
    found = exact.conditional("drug", ["smoker", "age"], do=None)
    array = exact.arrays.conditional("drug", ["smoker", "age"])
    assert found.loc[("yes", "young"), "statin"] == array[1, 0, 1]
    np.testing.assert_allclose(found.sum(axis=1), 1)
    assert exact.conditional("drug", "age").index.name == "age"
    alone = exact.conditional("drug", [])
    np.testing.assert_allclose(alone.loc[0], exact.marginal("drug"), rtol=1e-12)


def test_a_mechanism_has_a_row_for_each_context(exact: Enumeration) -> None:
    found, array = exact.log_table("state"), exact.arrays.log_table("state")
    assert found.index.names == list(exact.spec.parents("state"))
    assert found.loc[("old", "statin", "high"), "dies"] == array[1, 1, 2, 2]
    assert exact.log_table("age").shape == (1, 2)


def test_all_variables_together(exact: Enumeration) -> None:
    joint = exact.joint()
    assert joint.index.names == list(exact.spec.order)
    np.testing.assert_array_equal(joint.to_numpy(), exact.arrays.joint().reshape(-1))


@pytest.mark.parametrize("kind", ["log-probability", "probability", "category"])
def test_effects_and_means_of_an_outcome_by_its_name(exact: Enumeration, kind: Any) -> None:
    outcome = OutcomeFunction.of(exact.spec, kind).mean(exact.arrays.log_table("state"))
    assert exact.effect(kind) == float(exact.arrays.effect(outcome))
    by_age = exact.effect(kind, "age")
    assert isinstance(by_age, pd.Series)
    assert by_age.to_dict() == dict(
        zip(["young", "old"], exact.arrays.effect(outcome, ["age"]), strict=True)
    )
    do = {"drug": "statin"}
    assert exact.mean(kind, do=do) == float(exact.arrays.mean(outcome, do=do))
    scores = {"recovers": 0, "worsens": 1, "dies": 5}
    weighted = OutcomeFunction.of(exact.spec, "expected-score", None, scores)
    expected = exact.arrays.effect(weighted.mean(exact.arrays.log_table("state")))
    assert exact.effect("expected-score", scores=scores) == float(expected)


def test_an_outcome_is_a_column_of_a_table_in_any_order(exact: Enumeration) -> None:
    column = exact.log_table("state")["dies"]
    expected = exact.effect("log-probability", "town", outcome_value="dies")
    found = exact.effect(column.sort_index(ascending=False), "town")
    pd.testing.assert_series_equal(found, expected)  # type: ignore[arg-type]
    by_contrast = exact.effect(column, "town", ("statin", "placebo"))
    np.testing.assert_array_equal(by_contrast, -np.asarray(expected))


def test_feasible_is_asked_of_one_variable_or_of_several(clinic: Spec) -> None:
    exact = SDSCM(clinic, TabularLM(random_table(5))).exact(4)
    assert exact.feasible("drug")
    assert not exact.feasible(["drug", "state"])
    assert exact.contexts("state") == 12


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda e: e.marginal([]), "exact: name a variable, or several"),
        (lambda e: e.marginal("stat"), "exact: 'stat' is not a variable of 'clinic'"),
        (lambda e: e.marginal({"age": "old"}), r"exact: \{'age': 'old'\} is not a name"),
        (lambda e: e.marginal("age", do="drug"), "do: 'drug' names no target"),
        (lambda e: e.conditional("drug", {"age": "old"}), "given: .* is not a name"),
        (lambda e: e.conditional(["drug"], "age"), r"exact: \['drug'\] is not a variable"),
        (lambda e: e.log_table(3), "exact: 3 is not a variable"),
        (lambda e: e.feasible("stat"), "exact: 'stat' is not a variable"),
        (lambda e: e.effect("probabilty"), "unknown outcome 'probabilty': choose one of"),
        (lambda e: e.effect(object()), "neither a name nor numbers"),
        (lambda e: e.effect(e.marginal("age")), "the outcome's index is age; it must be that of"),
        (lambda e: e.effect(np.zeros(3), outcome_value="dies"), "need the name of a kind"),
        (lambda e: e.effect(given="drug"), "given: 'drug' is the treatment"),
        (lambda e: e.mean(given=3), "given: 3 is not a name"),
    ],
)
def test_what_cannot_be_asked(
    exact: Enumeration,
    ask: Callable[[Enumeration], Any],
    words: str,
    one_line: Callable[[BaseException], str],
) -> None:
    with pytest.raises(InputError, match=words) as refused:
        ask(exact)
    one_line(refused.value)
