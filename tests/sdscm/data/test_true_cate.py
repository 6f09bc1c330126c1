"""The true CATE of a dataset: the mean effect of units with equal covariates in a setting."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sdscm import SDSCM, CausalDataset, InputError, Spec
from sdscm.inference import monte_carlo
from sdscm.inference.outcome import OutcomeFunction
from sdscm.lm import TabularLM
from sdscm.lm.backends.tabular import random_table

Line = Callable[[BaseException], str]
TABLE = random_table(25)
SCORES = {"recovers": 0.0, "worsens": 1.0, "dies": 3.0}


@pytest.fixture
def ambulance(clinic: Spec) -> Spec:
    """The clinic, but nothing that is seen comes after the drug except the outcome."""
    variables = [
        variable.model_copy(update={"parents": ("smoker", "town")})
        if variable.name == "pressure"
        else variable
        for variable in clinic.variables
        if variable.name != "ward"
    ]
    return clinic.model_copy(update={"variables": tuple(variables)})


@pytest.fixture
def scm(ambulance: Spec) -> SDSCM:
    return SDSCM(ambulance, TabularLM(TABLE))


def mean_effects(
    hand: Any, dataset: CausalDataset, given: Sequence[str], score: Callable[[list[float]], float]
) -> np.ndarray:
    """E[Y1 - Y0 | given] of each unit: over all rows of the observed world that look like it.

    Nothing that the outcome hangs on comes after the drug, so that each row has one effect.
    """
    total: dict[tuple[int, ...], float] = {}
    weight: dict[tuple[int, ...], float] = {}
    for row, p in hand.rows():
        y0, y1 = (score(hand.mechanism("state", {**row, "drug": drug})) for drug in (0, 1))
        key = tuple(row[name] for name in given)
        total[key] = total.get(key, 0.0) + p * (y1 - y0)
        weight[key] = weight.get(key, 0.0) + p
    keys = [tuple(map(int, row)) for row in dataset.X[list(given)].to_numpy()]
    return np.array([total[key] / weight[key] for key in keys])


OUTCOMES: list[tuple[dict[str, Any], Callable[[list[float]], float]]] = [
    ({}, lambda p: float(np.log(p[1]))),
    ({"outcome": "probability", "outcome_value": "dies"}, lambda p: p[2]),
    ({"outcome": "expected-score", "scores": SCORES}, lambda p: p[1] + 3 * p[2]),
    ({"outcome": "category"}, lambda p: p[1]),
]


@pytest.mark.parametrize(("options", "score"), OUTCOMES)
@pytest.mark.parametrize("hide", [None, 0, 1, ["town"]])
def test_against_all_rows(
    scm: SDSCM, by_hand: Any, options: Mapping[str, Any], score: Any, hide: Any
) -> None:
    dataset = scm.dataset(80, 1, hide=hide, **options)
    hand = by_hand(scm.spec, TABLE)
    hidden = {None: {"age", "town"}, 0: set(), 1: {"age"}}[hide] if hide != ["town"] else {"town"}
    assert set(dataset.cates) == {"all", "hidden"}
    for setting, removed in (("all", set()), ("hidden", hidden)):
        given = [name for name in scm.spec.covariates if name not in removed]
        found = dataset.setting(setting).cate  # type: ignore[arg-type]
        expected = mean_effects(hand, dataset, given, score)
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
        assert np.ptp(expected) > 1e-2


def test_the_cate_is_the_effect_of_a_unit_only_where_all_is_seen(scm: SDSCM) -> None:
    dataset = scm.dataset(80, 1)
    np.testing.assert_array_equal(dataset.cates["all"], dataset.ite)
    assert np.abs(dataset.cates["hidden"] - dataset.ite).max() > 0.1
    category = scm.dataset(80, 1, outcome="category")
    assert np.abs(category.cates["all"] - category.ite).max() > 0.1, "it is no chance effect"


def test_units_that_look_alike_have_one_cate_and_its_mean_is_their_effect(scm: SDSCM) -> None:
    """Over many units, within 4.5 standard errors for each of at most 18 groups."""
    dataset = scm.dataset(20_000, 2).setting("hidden")
    frame = dataset.X.assign(ite=dataset.ite, cate=dataset.cate)
    groups = frame.groupby(list(dataset.X), observed=True)
    assert 10 <= groups.ngroups <= 18
    assert (groups["cate"].nunique() == 1).all()
    stats = groups["ite"].agg(["mean", "std", "count"])[lambda f: f["count"] > 50]
    z = (stats["mean"] - groups["cate"].first()) / (stats["std"] / np.sqrt(stats["count"]))
    assert z.abs().max() < 4.5


def test_unknown_where_the_treatment_changes_what_is_seen(clinic: Spec) -> None:
    """The clinic shows pressure and ward, as they are under the treatment received."""
    dataset = SDSCM(clinic, TabularLM(TABLE)).dataset(50, 1, cate_draws=10, post_treatment="show")
    assert dataset.post_treatment == ("pressure", "ward")
    assert dataset.cates == {}
    assert dataset.cate is None


def test_unknown_where_nothing_is_seen() -> None:
    variables: list[dict[str, Any]] = [
        {"name": "u", "role": "exogenous", "values": ["a", "b"]},
        {"name": "t", "role": "treatment", "values": ["no", "yes"], "parents": ["u"]},
        {"name": "y", "role": "outcome", "values": ["bad", "good"], "parents": ["u", "t"]},
    ]
    for variable in variables:
        variable["phrasings"] = [f"{variable['name']} is {{value}}."]
    spec = Spec.model_validate({"name": "bare", "variables": variables})
    dataset = SDSCM(spec, TabularLM(TABLE)).dataset(40, 1)
    assert set(dataset.cates) == {"all"}
    np.testing.assert_array_equal(dataset.cates["all"], dataset.ite)


@pytest.mark.parametrize("contexts", [0, 5])
def test_unknown_where_it_would_take_too_much(scm: SDSCM, contexts: int) -> None:
    dataset = scm.dataset(50, 1, cate_contexts=contexts)
    assert set(dataset.cates) == {"all"}, "where it is the effect of the unit it costs nothing"
    category = scm.dataset(50, 1, outcome="category", cate_contexts=contexts)
    assert set(category.cates) == {"all"}
    outcome = OutcomeFunction.of(scm.spec, "category")
    exact = scm.exact().arrays
    shown = list(scm.spec.covariates)
    table = exact.effect(outcome.mean(exact.log_table(scm.spec.outcome.name)), shown)
    codes = scm.sample(50, 1).codes
    expected = table[tuple(codes[name].to_numpy() for name in shown)]
    np.testing.assert_allclose(category.cates["all"], expected)
    assert set(np.unique(category.ite)) <= {-1, 0, 1}


def test_too_much_is_known_before_it_is_paid_for(ambulance: Spec) -> None:
    costs = []
    for contexts in (0, 5):
        lm = TabularLM(TABLE)
        SDSCM(ambulance, lm).dataset(50, 1, cate_contexts=contexts)
        costs.append(lm.scored)
    assert costs[0] == costs[1]


def test_estimated_where_it_would_take_too_much(scm: SDSCM) -> None:
    """2,000 draws a unit: the estimate is within 5 of its standard errors of the truth."""
    exact = scm.dataset(60, 1).cates["hidden"]
    dataset = scm.dataset(60, 1, cate_contexts=0, cate_draws=2000)
    found = monte_carlo.cate(
        scm,
        scm.sample(60, 1),
        ["smoker", "hobby", "pressure"],
        OutcomeFunction.of(scm.spec),
        2000,
        seed=1,
    )
    np.testing.assert_array_equal(dataset.cates["hidden"], found.value)
    np.testing.assert_array_equal(dataset.cate_errors["hidden"], found.standard_error)
    assert "all" not in dataset.cate_errors
    np.testing.assert_array_equal(dataset.cates["all"], dataset.ite)
    assert (np.abs(found.value - exact) < 5 * found.standard_error).all()
    assert (found.standard_error < 0.05 * exact.std() + 0.05).all()
    assert (found.draws > 200).all()
    assert dataset.meta.options["cate_draws"] == 2000


def test_the_contrast_turns_the_cate_around(scm: SDSCM) -> None:
    plain, turned = (scm.dataset(40, 1, contrast=c) for c in (None, ("statin", "placebo")))
    for setting in ("all", "hidden"):
        np.testing.assert_array_equal(turned.cates[setting], -plain.cates[setting])


def test_settings_choose_their_own(scm: SDSCM) -> None:
    dataset = scm.dataset(40, 1)
    np.testing.assert_array_equal(dataset.cate, dataset.cates["all"])
    np.testing.assert_array_equal(dataset.setting("hidden").cate, dataset.cates["hidden"])


def test_files_keep_the_cates(scm: SDSCM, clinic: Spec, tmp_path: Path) -> None:
    for dataset in (scm.dataset(40, 1), SDSCM(clinic, TabularLM(TABLE)).dataset(40, 1)):
        again = CausalDataset.read_parquet(dataset.to_parquet(tmp_path / "d.parquet"))
        assert set(again.cates) == set(dataset.cates)
        for setting, cate in dataset.cates.items():
            np.testing.assert_array_equal(again.cates[setting], cate)
        assert again.fingerprint == dataset.fingerprint


def test_the_fingerprint_sees_the_cates(scm: SDSCM) -> None:
    dataset = scm.dataset(40, 1)
    one_more = {**dataset.cates, "hidden": dataset.cates["hidden"] + 1e-9}
    swapped = {"all": dataset.cates["hidden"], "hidden": dataset.cates["all"]}
    fewer = {"all": dataset.cates["all"]}
    prints = {
        replace(dataset, cates=c).fingerprint for c in (dataset.cates, one_more, swapped, fewer)
    }
    assert len(prints) == 4


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"hide": 3}, ["hide", "3", "2"]),
        ({"hide": -1}, ["hide", "-1"]),
        ({"hide": ["smoker"]}, ["smoker", "age, town"]),
        ({"hide": "smoker"}, ["smoker", "age, town"]),
        ({"cate_draws": -1}, ["cate_draws", "-1"]),
        ({"cate_contexts": -1}, ["cate_contexts", "-1"]),
    ],
)
def test_options_that_make_no_sense(
    scm: SDSCM, options: Any, words: list[str], one_line: Line
) -> None:
    with pytest.raises(InputError) as caught:
        scm.dataset(5, 1, **options)
    assert all(word in one_line(caught.value) for word in words)


def test_one_variable_is_hidden_by_its_name(scm: SDSCM) -> None:
    assert scm.dataset(5, 1, hide="town").exogenous == ("town",)
