"""The truth of a dataset, against values computed by hand from a table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sdscm import SDSCM, CausalDataset, InputError, Spec, facts
from sdscm.lm import Choice, TabularLM
from sdscm.lm.backends.tabular import random_table
from sdscm.spec import spec_from_yaml

TOY = """\
name: toy
variables:
  - {name: age, role: exogenous, values: [young, old], distribution: uniform,
     phrasings: ["Age {value}."]}
  - {name: smoker, role: covariate, values: ["no", "yes"], parents: [age],
     phrasings: ["Smoker {value}."]}
  - {name: drug, role: treatment, values: [placebo, statin], parents: [age],
     phrasings: ["Drug {value}."]}
  - {name: state, role: outcome, values: [well, ill], parents: [age, drug],
     phrasings: ["State {value}."]}
outcome_value: ill
"""
P_SMOKER = {"young": 0.5, "old": 0.3}
P_STATIN = {"young": 0.2, "old": 0.6}
P_ILL = {
    ("young", "placebo"): 0.10,
    ("young", "statin"): 0.05,
    ("old", "placebo"): 0.40,
    ("old", "statin"): 0.50,
}


def toy_table(choice: Choice) -> list[float]:
    """Probabilities, given as odds that do not sum to 1."""
    said = dict(sentence.rstrip(".").split(" ") for sentence in choice.context)
    p = {
        "Smoker ": lambda: P_SMOKER[said["Age"]],
        "Drug ": lambda: P_STATIN[said["Age"]],
        "State ": lambda: P_ILL[said["Age"], said["Drug"]],
    }[choice.prefix]()
    return [7 * (1 - p), 7 * p]


@pytest.fixture
def toy() -> SDSCM:
    return SDSCM(spec_from_yaml(TOY, "toy.yaml"), TabularLM(toy_table))


def potential(data: CausalDataset, drug: str) -> np.ndarray:
    assert data.labels is not None
    return np.array([P_ILL[age, drug] for age in data.labels.age])


def test_potential_outcomes_and_propensity(toy: SDSCM) -> None:
    data = toy.dataset(200, seed=3)
    assert data.labels is not None
    np.testing.assert_allclose(data.y0, np.log(potential(data, "placebo")), rtol=1e-12)
    np.testing.assert_allclose(data.y1, np.log(potential(data, "statin")), rtol=1e-12)
    np.testing.assert_allclose(data.propensity, [P_STATIN[age] for age in data.labels.age])
    np.testing.assert_array_equal(data.ite, data.y1 - data.y0)
    young = (data.labels.age == "young").mean()
    assert data.sate == pytest.approx(np.log(0.5) * young + np.log(1.25) * (1 - young))


def test_the_observed_outcome_is_that_of_the_treatment_received(toy: SDSCM) -> None:
    data, units = toy.dataset(200, seed=3), toy.sample(200, seed=3)
    received = units.labels.drug
    assert data.t.tolist() == (received == "statin").astype(int).tolist()
    assert 20 < data.t.sum() < 180
    by_hand = [np.log(P_ILL[age, drug]) for age, drug in zip(units.labels.age, received)]  # noqa: B905
    np.testing.assert_allclose(data.y, by_hand, rtol=1e-12)


def test_columns(toy: SDSCM) -> None:
    data, units = toy.dataset(50, seed=3), toy.sample(50, seed=3)
    assert list(data.X) == ["age", "smoker"]
    pd.testing.assert_frame_equal(data.X, units.codes[["age", "smoker"]])
    pd.testing.assert_frame_equal(data.labels, units.labels[["age", "smoker"]])
    pd.testing.assert_series_equal(data.text, units.text)
    assert set(data.t) == {0, 1}
    assert len(data) == 50


def test_probability_is_the_exponential_of_log_probability(clinic: Spec) -> None:
    scm = SDSCM(clinic, TabularLM(random_table(1)))
    logs, probabilities = scm.dataset(80), scm.dataset(80, outcome="probability")
    for name in ("y0", "y1"):
        found = getattr(probabilities, name)
        np.testing.assert_allclose(found, np.exp(getattr(logs, name)), rtol=1e-12)
        assert ((found > 0) & (found < 1)).all()
    pd.testing.assert_frame_equal(logs.X, probabilities.X)


def test_the_outcome_is_about_the_outcome_value(clinic: Spec) -> None:
    """In the world where the drug is set, mediators follow: the outcome is read off that world."""
    scm = SDSCM(clinic, TabularLM(random_table(1)))
    data, units = scm.dataset(80, seed=2), scm.sample(80, seed=2)
    for value, found in (("placebo", data.y0), ("statin", data.y1)):
        world = scm.counterfactual(units, {"drug": value})
        np.testing.assert_array_equal(found, world.log_probability("state", "worsens"))
    np.testing.assert_array_equal(data.y, units.log_probability("state", "worsens"))


def test_no_outcome_value_is_the_first(clinic: Spec) -> None:
    spec = clinic.model_copy(update={"outcome_value": None})
    scm = SDSCM(spec, TabularLM(random_table(1)))
    units = scm.sample(20)
    np.testing.assert_array_equal(scm.dataset(20).y, units.log_probability("state", "recovers"))


def test_no_effect_without_a_path() -> None:
    text = TOY.replace("parents: [age, drug]", "parents: [age]")
    assert text != TOY

    def table(choice: Choice) -> list[float]:
        told = Choice((*choice.context, "Drug statin."), choice.prefix, choice.values, "")
        return toy_table(told)

    data = SDSCM(spec_from_yaml(text, "toy.yaml"), TabularLM(table)).dataset(100)
    assert (data.ite == 0).all()
    assert data.sate == 0


def test_hidden_removes_the_exogenous_covariates_and_nothing_else(clinic: Spec) -> None:
    data = SDSCM(clinic, TabularLM(random_table(1))).dataset(40)
    hidden = data.setting("hidden")
    assert data.exogenous == ("age", "town")
    assert list(data.X) == ["age", "town", "smoker", "hobby"]
    assert list(hidden.X) == list(hidden.labels) == ["smoker", "hobby"]
    pd.testing.assert_frame_equal(hidden.X, data.X[list(hidden.X)])
    for name in ("t", "y0", "y1", "y", "ite", "propensity"):
        np.testing.assert_array_equal(getattr(hidden, name), getattr(data, name))
    assert hidden.meta == data.meta
    assert hidden.fingerprint != data.fingerprint
    assert data.setting("all") is data
    assert hidden.setting("hidden") is hidden


def test_what_settings_cannot_do(clinic: Spec, one_line) -> None:
    data = SDSCM(clinic, TabularLM(random_table(1))).dataset(40)
    with pytest.raises(InputError) as caught:
        data.setting("some")  # type: ignore[arg-type]
    assert "all, hidden" in one_line(caught.value)
    with pytest.raises(InputError) as caught:
        data.setting("hidden").setting("all")
    assert "hidden" in one_line(caught.value)


def test_hidden_needs_something_left(one_line) -> None:
    text = TOY.replace("role: covariate", "role: exogenous")
    data = SDSCM(spec_from_yaml(text, "toy.yaml"), TabularLM(toy_table)).dataset(40)
    with pytest.raises(InputError) as caught:
        data.setting("hidden")
    assert "toy" in one_line(caught.value)


def test_provenance(clinic: Spec) -> None:
    lm = TabularLM(random_table(1), id="table", revision="r1")
    scm = SDSCM(clinic, lm, phrasing=2, temperature=2.5, coupling="redraw")
    meta = scm.dataset(10, seed=9, outcome="probability").meta
    assert (meta.scenario, meta.spec_hash) == ("clinic", clinic.content_hash)
    assert (meta.lm, meta.lm_revision) == ("table", "r1")
    assert (meta.phrasing, meta.seed) == (2, 9)
    assert meta.options["temperature"] == 2.5
    assert meta.options["scoring"] == "definition"
    assert meta.options["coupling"] == "redraw"
    assert meta.options["outcome"] == "probability"
    assert meta.versions["numpy"] == np.__version__
    assert meta.versions["sdscm"]


def test_seeds_and_phrasings_make_other_data(clinic: Spec) -> None:
    lm = TabularLM(random_table(1))
    prints = {
        SDSCM(clinic, lm, phrasing=phrasing).dataset(40, seed=seed).fingerprint
        for phrasing in (0, 3)
        for seed in (0, 1)
    }
    assert len(prints) == 4
    again = SDSCM(clinic, lm).dataset(40, seed=1, block=7).fingerprint
    assert again in prints


def test_a_contrast_turns_treatment_effect_and_propensity_around(toy: SDSCM) -> None:
    usual = toy.dataset(100, seed=1)
    turned = toy.dataset(100, seed=1, contrast=("statin", "placebo"))
    np.testing.assert_array_equal(turned.y0, usual.y1)
    np.testing.assert_array_equal(turned.y1, usual.y0)
    np.testing.assert_array_equal(turned.t, 1 - usual.t)
    np.testing.assert_array_equal(turned.y, usual.y)
    assert turned.propensity is not None
    np.testing.assert_allclose(turned.propensity, 1 - usual.propensity, rtol=1e-12)
    assert turned.cates.keys() == usual.cates.keys() == {"all", "hidden"}
    for setting, cate in usual.cates.items():
        np.testing.assert_allclose(turned.cates[setting], -cate, atol=1e-12)


THREE = TOY.replace("[placebo, statin]", "[placebo, statin, surgery]")


@pytest.mark.parametrize("effect", [1.0, 0.5, 0.0])
def test_a_contrast_of_three_values_is_the_same_effect_for_all_who_ask(effect: float) -> None:
    """Also where the dial of the effect is turned: it starts from the first value of all."""
    spec = spec_from_yaml(THREE, "three.yaml")
    scm = SDSCM(spec, TabularLM(random_table(8)), effect=effect, overlap=0.2)
    contrast = ("statin", "surgery")
    data = scm.dataset(4000, seed=2, contrast=contrast)
    exact = scm.exact().arrays
    pate = float(exact.effect(exact.log_table("state")[..., 1], contrast=contrast))
    by_age = exact.effect(exact.log_table("state")[..., 1], ["age"], contrast)
    np.testing.assert_allclose(data.ite, by_age[data.X["age"]], atol=1e-12)
    assert scm.effect(4000, contrast=contrast).value == pytest.approx(pate, abs=0.05)
    assert data.sate == pytest.approx(pate, abs=0.05)
    assert (effect == 0) == (abs(pate) < 1e-12)
    assert data.meta.spec_hash == spec.content_hash
    # P(surgery | age, one of the two), mixed with a coin.
    among = np.exp(SDSCM(spec, TabularLM(random_table(8))).exact().arrays.log_table("drug"))[:, 1:]
    chance = 0.8 * among[:, 1] / among.sum(axis=1) + 0.1
    np.testing.assert_allclose(data.propensity, chance[data.X["age"]], rtol=1e-12)
    treated = data.t.mean()
    assert treated == pytest.approx(data.propensity.mean(), abs=4 * np.sqrt(0.25 / 4000))


def test_units_of_other_treatments_are_not_mixed(one_line) -> None:
    spec = spec_from_yaml(THREE, "three.yaml")
    lm = TabularLM(random_table(8))
    scm = SDSCM(spec, lm)
    two = SDSCM(spec, lm, treatments=["placebo", "surgery"])
    assert set(two.sample(50).labels["drug"]) == {"placebo", "surgery"}
    with pytest.raises(InputError) as caught:
        scm.counterfactual(two.sample(5), {"drug": "placebo"})
    assert "treatments" in one_line(caught.value)
    with pytest.raises(InputError, match="two values of 'drug'"):
        SDSCM(spec, lm, treatments=["placebo"])


@pytest.mark.parametrize("contrast", ["placebo", ("placebo",), ("a", "b", "c")])
def test_a_contrast_is_a_pair(toy: SDSCM, contrast, one_line) -> None:
    for ask in (toy.dataset, toy.effect):
        with pytest.raises(InputError) as caught:
            ask(10, contrast=contrast)
        assert "give two values of 'drug', the control first" in one_line(caught.value)


@pytest.mark.parametrize("contrast", [("statin", "statin"), ("placebo", "aspirin")])
def test_a_contrast_is_of_two_values(toy: SDSCM, contrast: tuple[str, str], one_line) -> None:
    with pytest.raises(InputError) as caught:
        toy.dataset(10, contrast=contrast)
    assert contrast[1] in one_line(caught.value)


def test_the_true_cate_by_hand(toy: SDSCM) -> None:
    """Hidden age: E[ITE | smoker] by Bayes' rule; given age the effect is the unit's own."""
    data = toy.dataset(100, seed=1)
    assert data.labels is not None
    np.testing.assert_allclose(data.cate, data.ite, rtol=1e-12)
    young = {"yes": 0.5 / (0.5 + 0.3), "no": 0.5 / (0.5 + 0.7)}
    by_hand = [
        young[said] * np.log(0.5) + (1 - young[said]) * np.log(1.25) for said in data.labels.smoker
    ]
    np.testing.assert_allclose(data.setting("hidden").cate, by_hand, rtol=1e-10)


def toy_dataset(**changes: object) -> CausalDataset:
    columns: dict = {
        "X": pd.DataFrame({"a": [0, 0, 1, 1], "b": [1, 1, 1, 1]}),
        "t": np.array([0, 1, 0, 1]),
        "y0": np.array([0.0, 1.0, 2.0, 5.0]),
        "y1": np.array([1.0, 1.0, 4.0, 5.0]),
        "propensity": np.array([0.25, 0.5, 0.5, 0.75]),
    }
    meta = SDSCM(spec_from_yaml(TOY, "toy.yaml"), TabularLM(toy_table)).dataset(1).meta
    return CausalDataset(**columns | changes, meta=meta)  # type: ignore[arg-type]


def test_facts_by_hand() -> None:
    """y = 0, 1, 2, 5: mean 2, variance 3.5; naive 3 - 1; ITE = 1, 0, 2, 0."""
    found = facts(toy_dataset())
    sd = np.sqrt(3.5)
    assert (found.n, found.distinct, found.treated) == (4, 4, 0.5)
    assert found.constant == ("b",)
    assert found.sate == 0.75
    assert found.naive == 2.0
    assert found.bias == pytest.approx((2 - 0.75) / sd)
    # Weights 0.25, 0.5, 0.5, 0.75 of y1 = 1, 1, 4, 5, and 0.75, 0.5, 0.5, 0.25 of y0 = 0, 1, 2, 5.
    assert found.confounding == pytest.approx((6.5 / 2 - 2.75 / 2 - 0.75) / sd)
    assert facts(toy_dataset(propensity=None)).confounding == found.bias
    assert facts(toy_dataset(propensity=np.full(4, 0.3))).confounding == pytest.approx(0)
    assert found.heterogeneity == pytest.approx(np.std([1, 0, 2, 0]) / sd)
    assert (found.propensity_min, found.propensity_max) == (0.25, 0.75)
    assert not found.sign_flip
    assert found.problems == ("constant covariates: b",)
    assert np.isnan(found.hidden_spread)
    cate = np.array([0.0, 1.0, 0.0, 1.0])
    assert facts(toy_dataset(cates={"hidden": cate})).hidden_spread == pytest.approx(0.5 / sd)
    assert "post-treatment covariates: b" in facts(toy_dataset(post_treatment=("b",))).problems[0]


def test_facts_tell_what_is_wrong() -> None:
    n = 100
    flat = toy_dataset(
        X=pd.DataFrame({"a": np.arange(n) % 3}),
        t=(np.arange(n) < 9).astype(int),
        y0=np.arange(n) / n,
        y1=np.arange(n) / n + 0.5,
        propensity=None,
    )
    found = facts(flat)
    assert len(found.problems) == 3
    assert "9%" in found.problems[0]
    assert "6 distinct rows" in found.problems[1]
    assert "does not vary" in found.problems[2]
    assert found.distinct == 6
    assert np.isnan(found.propensity_min)
    assert found.naive == pytest.approx(np.arange(9).mean() / n + 0.5 - np.arange(9, n).mean() / n)


def test_facts_see_a_flipped_sign() -> None:
    flipped = toy_dataset(y0=np.array([9.0, 1, 9, 1]), y1=np.array([9.0, 2, 9, 2]))
    assert facts(flipped).sign_flip


def test_facts_of_one_arm_and_of_a_constant_outcome() -> None:
    found = facts(toy_dataset(t=np.ones(4, dtype=int), y0=np.ones(4), y1=np.ones(4)))
    assert np.isnan(found.naive)
    assert np.isnan(found.bias)
    assert found.heterogeneity == 0
    assert len(found.problems) == 4


def test_rows_that_weighting_leaves() -> None:
    """None where the treatment is certain, all where it is a coin."""
    n = 40
    several: dict = {
        "X": pd.DataFrame({"a": np.arange(n)}),
        "t": np.arange(n) % 2,
        "y0": np.arange(n) / n,
        "y1": np.arange(n) / n + np.arange(n) % 3,
    }
    coin = facts(toy_dataset(**several, propensity=np.full(n, 0.3)))
    assert coin.effective_n == pytest.approx(n)
    assert coin.problems == ()
    certain = facts(toy_dataset(**several, propensity=(np.arange(n) % 2).astype(float)))
    assert certain.effective_n == 0
    assert "poor overlap" in certain.problems[0]
    for never in (0.0, 1.0):
        assert facts(toy_dataset(**several, propensity=np.full(n, never))).effective_n == 0
    # E[w^2] = (0.5**2 / 0.1 + 0.5**2 / 0.9) for each of the two kinds of units.
    both = facts(toy_dataset(**several, propensity=np.where(np.arange(n) % 2, 0.9, 0.1)))
    assert both.effective_n == pytest.approx(n / (0.25 / 0.1 + 0.25 / 0.9))


def test_effects_that_hardly_vary_are_a_problem() -> None:
    n = 40
    y0 = np.arange(n) / n
    found = facts(
        toy_dataset(
            X=pd.DataFrame({"a": np.arange(n)}),
            t=np.arange(n) % 2,
            y0=y0,
            y1=y0 + 1 + 1e-3 * (np.arange(n) % 2),
            propensity=np.full(n, 0.5),
        )
    )
    assert len(found.problems) == 1
    assert "hardly varies" in found.problems[0]


def test_what_is_seen_in_a_notebook_is_short(toy: SDSCM) -> None:
    units = toy.sample(2000, do={"drug": "statin"})
    for shown in (units, toy.dataset(2000)):
        assert len(repr(shown)) < 100
        assert "2,000" in repr(shown)
    assert "do=drug" in repr(units)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"t": np.array([0, 1, 0])}, ["t", "3", "4"]),
        ({"y0": np.zeros(5)}, ["y0", "5", "4"]),
        ({"propensity": np.zeros(2)}, ["propensity", "2"]),
        ({"labels": pd.DataFrame({"a": ["x"]})}, ["labels", "1"]),
        ({"t": np.array([0, 1, 2, 1])}, ["0 or 1"]),
        ({"t": np.array([0, 1, np.nan, 1])}, ["0 or 1"]),
        ({"y1": np.array([0, 1, np.nan, 1])}, ["y1", "finite"]),
        ({"y0": np.array([0, 1, np.inf, 1])}, ["y0", "finite"]),
        (
            {"X": pd.DataFrame({"a": []}), **{k: np.array([]) for k in ("t", "y0", "y1")}}
            | {"propensity": None},
            ["no rows"],
        ),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else None,
)
def test_data_that_are_none(changes: dict, words: list[str], one_line) -> None:
    with pytest.raises(InputError) as caught:
        toy_dataset(**changes)
    message = one_line(caught.value)
    assert all(word in message for word in words)


def test_to_frame() -> None:
    frame = toy_dataset().to_frame()
    assert list(frame) == ["a", "b", "t", "y", "y0", "y1", "ite", "propensity"]
    assert frame.y.tolist() == [0, 1, 2, 5]
    assert list(toy_dataset(propensity=None).to_frame()) == list(frame)[:-1]


def test_the_fingerprint_sees_every_number_and_name() -> None:
    here = toy_dataset().fingerprint
    assert toy_dataset().fingerprint == here
    y1 = np.array([1.0, 1.0, 4.0, np.nextafter(5.0, 6)])
    X = pd.DataFrame({"a": [0, 0, 1, 1], "b": [1, 1, 1, 2]})
    changes: list[dict] = [
        {"y1": y1},
        {"y0": np.array([0.0, 1.0, 2.0, 4.0])},
        {"t": np.array([0, 1, 1, 1])},
        {"X": X},
        {"X": X.rename(columns={"b": "c"})},
        {"X": toy_dataset().X[["b", "a"]]},
    ]
    prints = {here, *(toy_dataset(**change).fingerprint for change in changes)}
    assert len(prints) == 1 + len(changes)


def test_shared_noise_changes_no_effect(toy: SDSCM) -> None:
    clean, data = toy.dataset(2000, seed=3), toy.dataset(2000, seed=3, noise=0.5)
    np.testing.assert_allclose(data.ite, clean.ite, atol=1e-12)
    added = data.y - clean.y
    np.testing.assert_allclose(data.y0 - clean.y0, added, atol=1e-12)
    assert added.std() == pytest.approx(0.5 * clean.y.std(), rel=0.05)
    assert abs(np.corrcoef(added, clean.y)[0, 1]) < 0.06
    assert len(np.unique(added)) == 2000
    assert (data.meta.options["noise"], data.meta.options["noise_coupling"]) == (0.5, "shared")


def test_independent_noise_is_no_part_of_the_cate(toy: SDSCM) -> None:
    """SD(ITE given X) is sqrt(2) times the SD of the noise; a mean over units is far smaller."""
    clean = toy.dataset(2000, seed=3)
    data = toy.dataset(2000, seed=3, noise=0.3, noise_coupling="independent")
    for setting in ("all", "hidden"):
        assert np.array_equal(data.cates[setting], clean.cates[setting])
    rest = data.ite - clean.ite
    assert rest.std() == pytest.approx(np.sqrt(2) * 0.3 * clean.y.std(), rel=0.05)
    assert abs(rest.mean()) < 3 * rest.std() / np.sqrt(2000)
    again = toy.dataset(2000, seed=4, noise=0.3, noise_coupling="independent")
    assert not np.isclose(again.y0 - again.y0.mean(), data.y0 - data.y0.mean()).any()


def test_the_share_that_nobody_can_explain_is_a_share(toy: SDSCM) -> None:
    """In small samples the variance of the ITE is often below E Var(ITE given X)."""
    for seed in range(30):
        data = toy.dataset(8, seed=seed, noise=2.0, noise_coupling="independent")
        assert 0 <= facts(data).hidden_share <= 1
    large = toy.dataset(4000, seed=0, noise=0.5, noise_coupling="independent")
    within = ((large.ite - large.cates["hidden"]) ** 2).mean()
    assert facts(large).hidden_share == pytest.approx(within / large.ite.var(), rel=0.05)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"noise": -0.1}, "noise = -0.1: give a number from 0"),
        ({"noise": float("nan")}, "noise = nan"),
        ({"noise": 1, "noise_coupling": "own"}, "'own': choose one of shared, independent"),
    ],
)
def test_impossible_noise_is_refused(toy: SDSCM, options: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        toy.dataset(5, **options)
