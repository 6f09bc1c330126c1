"""Laws of every SD-SCM, on random specs and random mechanisms."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from sdscm import SDSCM, Spec, Units
from sdscm.lm import TabularLM
from sdscm.lm.backends.tabular import random_table

N = 60


@st.composite
def specs(draw: st.DrawFn) -> Spec:
    """A random DAG: exogenous roots, then covariates, treatment and outcome in a random order."""
    roles = ["exogenous"] * draw(st.integers(0, 2))
    rest = ["covariate"] * draw(st.integers(1, 3)) + ["treatment", "outcome"]
    roles += draw(st.permutations(rest))
    variables = []
    for i, role in enumerate(roles):
        size = 2 if role == "treatment" else draw(st.integers(2, 4))
        before = [v["name"] for v in variables if role != "exogenous" or v["role"] == "exogenous"]
        fixed = role != "outcome" and draw(st.integers(0, 4)) == 0
        variables.append(
            {
                "name": f"v{i}",
                "role": role,
                "values": [f"v{i}={k}" for k in range(size)],
                "parents": [name for name in before if draw(st.booleans())],
                "phrasings": ["It is {value}.", "So {value}!"],
                "distribution": "uniform" if fixed else "lm",
            }
        )
    return Spec.model_validate({"name": "random", "variables": variables})


MODELS = st.builds(
    SDSCM,
    spec=specs(),
    lm=st.integers(0, 99).map(lambda seed: TabularLM(random_table(seed, temperature=2))),
    phrasing=st.integers(0, 3),
    temperature=st.sampled_from([0.5, 1.0, 3.0]),
)
SEEDS = st.integers(0, 10**6)


def close(found: np.ndarray, expected: np.ndarray) -> None:
    """Equal up to rounding: blocks of other sizes may be summed in another order elsewhere."""
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def assert_same(one: Units, other: Units) -> None:
    """The same values, and the same mechanisms up to rounding."""
    pd.testing.assert_frame_equal(one.codes, other.codes)
    for name, logs in one.log_probabilities.items():
        close(logs, other.log_probabilities[name])


def endogenous(scm: SDSCM) -> list[str]:
    return [name for name in scm.spec.order if scm.spec.variable(name).role != "exogenous"]


def targets(scm: SDSCM) -> st.SearchStrategy[dict[str, str]]:
    """A value for one or two endogenous variables."""
    names = st.lists(st.sampled_from(endogenous(scm)), min_size=1, max_size=2, unique=True)
    return names.flatmap(
        lambda found: st.fixed_dictionaries(
            {name: st.sampled_from(scm.spec.variable(name).values) for name in found}
        )
    )


@given(MODELS, SEEDS, st.data())
def test_to_set_what_was_observed_gives_the_unit_back(
    scm: SDSCM, seed: int, data: st.DataObject
) -> None:
    """Consistency: do(t = observed) returns the observed row."""
    units = scm.sample(N, seed)
    names = data.draw(st.lists(st.sampled_from(endogenous(scm)), min_size=1, unique=True))
    observed = {name: units.labels[name] for name in names}
    assert_same(scm.counterfactual(units, observed), units)


@given(MODELS, SEEDS, st.data())
def test_a_counterfactual_is_an_intervention_on_the_same_units(
    scm: SDSCM, seed: int, data: st.DataObject
) -> None:
    """With the units' own noise, the counterfactual is the interventional sample of that seed."""
    do = data.draw(targets(scm))
    assert_same(scm.counterfactual(scm.sample(N, seed), do), scm.sample(N, seed, do=do))


@given(MODELS, SEEDS, st.data())
def test_only_targets_and_their_descendants_change(
    scm: SDSCM, seed: int, data: st.DataObject
) -> None:
    do = data.draw(targets(scm))
    touched = set(do).union(*(scm.spec.descendants(name) for name in do))
    for model in (scm, SDSCM(scm.spec, scm.lm, coupling="redraw")):
        units = model.sample(N, seed)
        world = model.counterfactual(units, do)
        for name, value in do.items():
            assert (world.labels[name] == value).all()
        for name in scm.spec.order:
            if name not in touched:
                np.testing.assert_array_equal(world.codes[name], units.codes[name])
                close(world.log_probabilities[name], units.log_probabilities[name])


@given(MODELS, SEEDS, st.data())
def test_composition(scm: SDSCM, seed: int, data: st.DataObject) -> None:
    """do(x) equals do(x, w = its value under do(x)) (Pearl, "Causality", 2009, section 7.3)."""
    do = data.draw(targets(scm))
    world = scm.sample(N, seed, do=do)
    others = [name for name in endogenous(scm) if name not in do]
    names = data.draw(st.lists(st.sampled_from(others), max_size=2, unique=True))
    both = {**do, **{name: world.labels[name] for name in names}}
    joint = scm.counterfactual(scm.sample(N, seed), both)
    assert_same(joint, world)


@given(MODELS, SEEDS, st.data())
def test_two_interventions_are_one_in_either_order(
    scm: SDSCM, seed: int, data: st.DataObject
) -> None:
    do = data.draw(targets(scm))
    backwards = dict(reversed(do.items()))
    assert_same(scm.sample(N, seed, do=do), scm.sample(N, seed, do=backwards))


@given(MODELS, SEEDS, st.integers(1, N))
def test_more_units_change_no_unit(scm: SDSCM, seed: int, k: int) -> None:
    few, many = scm.sample(k, seed), scm.sample(N, seed)
    pd.testing.assert_frame_equal(few.codes, many.codes[:k])
    for name, logs in few.log_probabilities.items():
        close(logs, many.log_probabilities[name][:k])


@given(MODELS, SEEDS, st.integers(0, N - 1))
def test_units_can_be_sampled_from_the_middle(scm: SDSCM, seed: int, first: int) -> None:
    """So that workers can share a sample out among themselves."""
    late, many = scm.sample(N - first, seed, first=first), scm.sample(N, seed)
    pd.testing.assert_frame_equal(late.codes, many.codes[first:].reset_index(drop=True))
    do = {scm.spec.treatment.name: scm.spec.treatment.values[1]}
    expected = scm.counterfactual(many, do).codes[first:].reset_index(drop=True)
    pd.testing.assert_frame_equal(scm.counterfactual(late, do).codes, expected)


@settings(max_examples=15)
@given(MODELS, SEEDS)
def test_the_size_of_a_block_changes_nothing(scm: SDSCM, seed: int) -> None:
    do = {scm.spec.treatment.name: scm.spec.treatment.values[1]}
    n = 16  # blocks of 1 are slow
    for coupling in ("gumbel", "redraw"):
        model = SDSCM(scm.spec, scm.lm, coupling=coupling)
        units = model.sample(n, seed)
        world = model.counterfactual(units, do)
        for block in (1, 7, 256):
            assert_same(model.sample(n, seed, block=block), units)
            assert_same(model.counterfactual(units, do, block=block), world)


@given(MODELS, SEEDS)
def test_mechanisms_are_distributions_of_the_parents_alone(scm: SDSCM, seed: int) -> None:
    units = scm.sample(N, seed)
    for name, logs in units.log_probabilities.items():
        assert logs.shape == (N, len(scm.spec.variable(name).values))
        np.testing.assert_allclose(np.exp(logs).sum(axis=1), 1, atol=1e-12)
        parents = units.codes[list(scm.spec.parents(name))].to_numpy()
        known: dict[bytes, np.ndarray] = {}
        for row, of_row in zip(parents, logs, strict=True):
            close(known.setdefault(row.tobytes(), of_row), of_row)


@given(MODELS, SEEDS)
def test_text_tells_the_codes(scm: SDSCM, seed: int) -> None:
    units = scm.sample(5, seed)
    for text, (_, row) in zip(units.text, units.labels.iterrows(), strict=True):
        sentences = [scm.phrased.phrasing(name).sentence(row[name]) for name in scm.spec.order]
        assert text == " ".join(sentences)
