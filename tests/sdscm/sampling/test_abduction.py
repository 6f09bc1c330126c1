"""Noise inferred from rows: it reproduces the rows, and has the distribution of noise.

Tests of distribution stand at fixed seeds; each would fail one seed in 1,000 if all were well.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats

from sdscm import SDSCM, UNIFORM, InputError, Spec, Units
from sdscm.lm import TabularLM
from sdscm.lm.backends.tabular import random_table
from sdscm.sampling.noise import gumbel_noise, posterior_gumbel, uniform_noise

Line = Callable[[BaseException], str]
LEVEL = 1e-3
SEEDS = st.integers(0, 10**6)


@pytest.fixture
def scm(clinic: Spec) -> SDSCM:
    return SDSCM(clinic, TabularLM(random_table(3)))


def replayed(scm: SDSCM, units: Units) -> pd.DataFrame:
    """The values that the units' noise leads to, from the first variable on."""
    return scm.run(units.noise).codes


@given(seed=SEEDS, data=st.data())
@settings(max_examples=60)
def test_inferred_noise_reproduces_the_row(
    seed: int, data: st.DataObject, random_spec: Callable[[int], Spec]
) -> None:
    """Whatever the row, as long as it can be: also one that the model would hardly draw."""
    spec = random_spec(seed)
    scm = SDSCM(spec, TabularLM(random_table(seed, temperature=6)))
    row = st.fixed_dictionaries({n: st.sampled_from(spec.variable(n).values) for n in spec.order})
    rows = pd.DataFrame(data.draw(st.lists(row, min_size=1, max_size=8)))
    units = scm.abduct(rows, seed=seed)
    pd.testing.assert_frame_equal(units.labels, rows[list(spec.order)])
    pd.testing.assert_frame_equal(replayed(scm, units), units.codes)


# What `uniform_noise` can give: odd multiples of 2 ** -53.
UNIFORM_NUMBERS = st.integers(0, 2**52 - 1).map(lambda k: (k + 0.5) * 2.0**-52)
LOWEST, HIGHEST = 0.5 * 2.0**-52, 1 - 0.5 * 2.0**-52


@given(
    scores=st.lists(st.floats(-5000, 0), min_size=1, max_size=6),
    uniform=st.lists(UNIFORM_NUMBERS, min_size=7, max_size=7),
    pick=st.integers(0, 5),
)
@example(scores=[0.0, 0.0], uniform=[LOWEST, HIGHEST, HIGHEST, 0.5, 0.5, 0.5, 0.5], pick=1)
@example(scores=[0.0, -5000.0], uniform=[LOWEST, HIGHEST, LOWEST, 0.5, 0.5, 0.5, 0.5], pick=1)
@example(scores=[-4000.0, 0.0], uniform=[HIGHEST, LOWEST, HIGHEST, 0.5, 0.5, 0.5, 0.5], pick=0)
@settings(max_examples=300)
def test_any_value_that_can_be_is_reproduced_by_any_draw(
    scores: list[float], uniform: list[float], pick: int
) -> None:
    """Also at the edges of the uniform numbers, and for values of probability e^-5000."""
    logs = np.array(scores)[None]
    logs -= np.logaddexp.reduce(logs, axis=1)
    codes = np.array([pick % len(scores)])
    noise = posterior_gumbel(logs, codes, np.array(uniform)[None, : len(scores) + 1])
    assert np.isfinite(noise).all()
    assert (logs + noise).argmax() == codes[0]


@pytest.mark.parametrize("p", [[1.0], [0.5, 0.5], [0.7, 0.2, 0.1], [0.96, 0.03, 0.01]])
def test_averaged_over_rows_of_the_model_it_is_the_prior(p: list[float]) -> None:
    n, logs = 20_000, np.log(p)
    table = np.tile(logs, (n, 1))
    codes = (table + gumbel_noise(1, "v", 0, n, len(p))).argmax(axis=1)
    noise = posterior_gumbel(table, codes, uniform_noise(2, "a", 0, n, len(p) + 1))
    prior = gumbel_noise(4, "w", 0, n, len(p))
    tests = len(p) + 2
    for column in noise.T:
        assert stats.kstest(column, "gumbel_r").pvalue > LEVEL / tests
    assert stats.kstest((table + noise).max(axis=1), "gumbel_r").pvalue > LEVEL / tests
    # The components are independent: so is any function of all of them distributed as the prior's.
    for weights in ([1.0, 0.5, -2.0], [1.0, -1.0, 1.0]):
        both = (draws @ np.array(weights[: len(p)]) for draws in (noise, prior))
        assert stats.ks_2samp(*both).pvalue > LEVEL / tests
    if len(p) > 1:
        assert stats.spearmanr(noise[:, 0], noise[:, 1]).pvalue > LEVEL / tests


def test_given_a_value_the_largest_does_not_tell_which() -> None:
    """The maximum of log p + g is a Gumbel number whichever value has it; the noise is not."""
    n, p = 20_000, np.array([0.8, 0.15, 0.05])
    logs = np.tile(np.log(p), (n, 1))
    for code in range(3):
        uniform = uniform_noise(code, "a", 0, n, 4)
        noise = posterior_gumbel(logs, np.full(n, code), uniform)
        largest = (logs + noise).max(axis=1)
        assert stats.kstest(largest, "gumbel_r").pvalue > LEVEL / 3
        np.testing.assert_allclose(largest, logs[:, code] + noise[:, code], atol=1e-9)
        assert stats.kstest(noise[:, code], "gumbel_r").pvalue < 1e-12


def test_given_a_value_the_noise_is_that_of_the_units_that_have_it() -> None:
    """Against rejection: Gumbel noise of the prior, where it leads to the value."""
    p = np.array([0.6, 0.3, 0.1])
    prior = gumbel_noise(8, "v", 0, 60_000, 3)
    for code in range(3):
        kept = prior[(np.log(p) + prior).argmax(axis=1) == code]
        n = len(kept)
        logs = np.tile(np.log(p), (n, 1))
        noise = posterior_gumbel(logs, np.full(n, code), uniform_noise(code, "b", 0, n, 4))
        for k in range(3):
            assert stats.ks_2samp(noise[:, k], kept[:, k]).pvalue > LEVEL / 18
            pair = [k, (k + 1) % 3]
            both = (draws[:, pair[0]] - draws[:, pair[1]] for draws in (noise, kept))
            assert stats.ks_2samp(*both).pvalue > LEVEL / 18


def test_units_of_the_model_abducted_are_units_of_the_model(scm: SDSCM) -> None:
    """The noise of whole rows, each variable's against the standard Gumbel distribution."""
    units = scm.abduct(scm.sample(20_000, seed=5).labels, seed=6)
    sizes = {name: len(scm.spec.variable(name).values) for name in scm.spec.order}
    for name, size in sizes.items():
        for column in units.noise.gumbel(name, size).T:
            assert stats.kstest(column, "gumbel_r").pvalue > LEVEL / sum(sizes.values())


ROW = {
    "age": "old",
    "town": "Rome",
    "smoker": "no",
    "hobby": "golf",
    "drug": "placebo",
    "pressure": "normal",
    "state": "worsens",
    "ward": "A",
}


def test_the_counterfactual_of_a_row_is_that_of_the_units_that_have_it(clinic: Spec) -> None:
    """Against simulation: among sampled units with this row, their own noise kept."""
    scm = SDSCM(clinic, TabularLM(random_table(3, temperature=0.5)))
    sampled = scm.sample(120_000, seed=2, block=20_000)
    names = list(sampled.labels)
    row = dict(zip(names, sampled.labels.value_counts().index[0], strict=True))
    other = {"drug": {"placebo": "statin", "statin": "placebo"}[row["drug"]]}
    world = scm.counterfactual(sampled, other, block=20_000).labels
    has = (sampled.labels == pd.Series(row)).all(axis=1)
    assert has.sum() > 500
    n = 4000
    rows = pd.DataFrame([row] * n)
    found = scm.counterfactual(scm.abduct(rows, seed=1, block=n), other).labels
    for name in ("age", "town", "smoker", "hobby"):
        assert (found[name] == row[name]).all()
    asked = ["pressure", "state", "ward"]
    counts = pd.DataFrame(
        {"simulated": world[has][asked].value_counts(), "abducted": found[asked].value_counts()}
    ).fillna(0)
    large = counts.sum(axis=1) >= 20
    table = np.vstack([counts[large], counts[~large].sum()])
    table = table[table.sum(axis=1) > 0]
    assert len(table) >= 5
    assert stats.chi2_contingency(table).pvalue > LEVEL
    # The row does tell: the units' own noise makes other counterfactuals than a fresh draw does.
    before = {name: row[name] for name in ("age", "smoker")}
    fresh = scm.sample(n, seed=9, do=other, given=before)
    apart = pd.DataFrame(
        {"fresh": fresh.labels["state"].value_counts(), "abducted": found["state"].value_counts()}
    ).fillna(0)
    assert stats.chi2_contingency(apart.to_numpy()).pvalue < 1e-9


def test_to_set_what_was_observed_gives_the_row_back(scm: SDSCM) -> None:
    rows = scm.sample(200, seed=3).labels
    units = scm.abduct(rows, seed=4)
    for names in (["drug"], ["smoker", "pressure"], ["state"], ["hobby", "drug"]):
        same = scm.counterfactual(units, {name: rows[name] for name in names})
        pd.testing.assert_frame_equal(same.labels, rows)
        for name in scm.spec.order:
            expected = units.log_probabilities[name]
            np.testing.assert_allclose(
                same.log_probabilities[name], expected, rtol=1e-12, atol=1e-12
            )


def test_redraw_forgets_what_was_inferred(clinic: Spec) -> None:
    """The paper's counterfactual of a row: its descendants are those of the intervention."""
    scm = SDSCM(clinic, TabularLM(random_table(3)), coupling="redraw")
    n = 20_000
    units = scm.abduct(pd.DataFrame([ROW] * n), seed=1, block=n)
    world = scm.counterfactual(units, {"drug": "statin"}, block=n)
    exact = scm.exact().arrays
    expected = exact.conditional("pressure", ["drug", "smoker"])[1, 0]
    counts = np.bincount(world.codes["pressure"], minlength=3)
    assert stats.chisquare(counts, n * expected).pvalue > LEVEL
    other = scm.counterfactual(scm.abduct(pd.DataFrame([ROW] * n), seed=2), {"drug": "statin"})
    assert (other.codes != world.codes).any(axis=None), "the seed changes nothing"


def test_the_seed_and_the_rows_alone_make_the_units(scm: SDSCM) -> None:
    rows = scm.sample(50, seed=3).labels
    one = scm.abduct(rows, seed=4)
    again = scm.abduct(rows.iloc[:20], seed=4, block=7)
    later = scm.abduct(rows, seed=5)
    for name in scm.spec.order:
        noise = one.noise.gumbel(name, len(scm.spec.variable(name).values))
        np.testing.assert_array_equal(again.noise.values[name], noise[:20])  # type: ignore[attr-defined]
        assert not np.isin(later.noise.values[name], noise).any()  # type: ignore[attr-defined]


def test_a_stochastic_intervention_on_abducted_units(scm: SDSCM) -> None:
    """The draw uses the noise of the row, as every counterfactual does: it can be replayed."""
    units = scm.abduct(scm.sample(500, seed=3).labels, seed=4)
    worlds = [scm.counterfactual(units, {"drug": UNIFORM}, block=block) for block in (500, 13)]
    pd.testing.assert_frame_equal(worlds[0].codes, worlds[1].codes)
    assert (worlds[0].codes["drug"] != units.codes["drug"]).any()


def fixed(clinic: Spec, weights: list[float]) -> Spec:
    return clinic.model_copy(
        update={
            "variables": tuple(
                v.model_copy(update={"distribution": tuple(weights)}) if v.name == "town" else v
                for v in clinic.variables
            )
        }
    )


def test_values_of_probability_0(clinic: Spec, one_line: Line) -> None:
    """An impossible value in the row is refused; elsewhere it says nothing and breaks nothing."""
    scm = SDSCM(fixed(clinic, [0.5, 0.5, 0.0]), TabularLM(random_table(3)))
    rows = scm.sample(5_000, seed=1).labels
    assert set(rows["town"]) == {"Rome", "Oslo"}
    units = scm.abduct(rows, seed=2)
    noise = units.noise.gumbel("town", 3)
    assert np.isfinite(noise).all()
    assert stats.kstest(noise[:, 2], "gumbel_r").pvalue > LEVEL
    pd.testing.assert_frame_equal(replayed(scm, units), units.codes)
    rows.loc[[3, 7], "town"] = "Bonn"
    with pytest.raises(InputError) as caught:
        scm.abduct(rows)
    message = one_line(caught.value)
    assert all(word in message for word in ("row 3", "Bonn", "town", "probability 0"))


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (pd.DataFrame([ROW]).drop(columns="town"), ["town"]),
        (pd.DataFrame([ROW])[:0], ["no rows"]),
        (pd.DataFrame([{**ROW, "drug": "aspirin"}]), ["aspirin", "drug", "placebo", "statin"]),
        (pd.DataFrame([{**ROW, "hobby": np.nan}]), ["nan", "hobby"]),
    ],
)
def test_rows_that_are_none(
    scm: SDSCM, rows: pd.DataFrame, words: list[str], one_line: Line
) -> None:
    with pytest.raises(InputError) as caught:
        scm.abduct(rows)
    assert all(word in one_line(caught.value) for word in words)


def test_rows_may_have_other_columns_and_any_index(scm: SDSCM) -> None:
    rows = scm.sample(4, seed=1).labels
    dressed: Any = rows[list(rows)[::-1]].assign(note="x").set_axis(list("dcba"))
    pd.testing.assert_frame_equal(scm.abduct(dressed).labels, rows)


def test_fresh_noise_of_other_origin_is_other_noise(scm: SDSCM) -> None:
    """Of the same seed and unit: sampled or abducted, and for each stream within a stream."""
    units = scm.sample(20, seed=1)
    abducted = scm.abduct(units.labels, seed=1)
    noises = [
        units.noise,
        units.noise.fresh("a"),
        units.noise.fresh("b"),
        units.noise.fresh("a").fresh("b"),
        abducted.noise,
        abducted.noise.fresh("a"),
        abducted.noise.fresh("b"),
    ]
    draws = np.concatenate([noise.gumbel("hobby", 3).ravel() for noise in noises])
    assert len(np.unique(draws)) == len(draws)
    again = abducted.noise.rows(slice(5, 9)).fresh("a").gumbel("hobby", 3)
    np.testing.assert_array_equal(again, noises[5].gumbel("hobby", 3)[5:9])
