"""Datasets of several arms against closed forms, brute force, and datasets of two arms."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

import sdscm
from sdscm.spec import spec_from_yaml

SPEC = """\
name: arms
variables:
  - {name: u, role: exogenous, values: ["0", "1"], phrasings: ["u is {value}."]}
  - {name: x, role: covariate, values: ["0", "1", "2"], parents: [u], phrasings: ["x is {value}."]}
  - {name: t, role: treatment, values: ["0", "1", "2"], parents: [u, x],
     phrasings: ["t is {value}."]}
  - {name: m, role: covariate, values: ["0", "1"], parents: [u, t], phrasings: ["m is {value}."]}
  - {name: y, role: outcome, values: ["0", "1"], parents: [x, t, m], phrasings: ["y is {value}."]}
"""


def _normalised(*weights):
    return np.array(weights, dtype=float) / sum(weights)


#: P(variable | parents), written by hand.
MECHANISMS = {
    "u": lambda: _normalised(2, 3),
    "x": lambda u: _normalised(1 + u, 2, 4 - 2 * u),
    "t": lambda u, x: _normalised(1 + u, 1 + x, 2),
    "m": lambda u, t: _normalised(1 + t, 2 + 3 * u * t),
    "y": lambda x, t, m: _normalised(1 + x + 2 * t, 3 + m + x * t),
}


def table(choice):
    parents = [int(sentence.rstrip(".").split()[-1]) for sentence in choice.context]
    return MECHANISMS[choice.prefix.split()[-2]](*parents)


@pytest.fixture(scope="module")
def data():
    model = sdscm.SDSCM(spec_from_yaml(SPEC, "arms.yaml"), sdscm.TabularLM(table))
    return model.multi_arm_dataset(400, 1, outcome="probability")


def brute_force(kept):
    """E[P(y = 0)] under each arm, given u and x, or x only, as a function of the kept values."""
    means = {}
    for given in product(*(range({"u": 2, "x": 3}[name]) for name in kept)):
        total, weight = np.zeros(3), 0.0
        for u, x in product(range(2), range(3)):
            values = {"u": u, "x": x}
            if tuple(values[name] for name in kept) != given:
                continue
            share = MECHANISMS["u"]()[u] * MECHANISMS["x"](u)[x]
            weight += share
            for t, m in product(range(3), range(2)):
                total[t] += share * MECHANISMS["m"](u, t)[m] * MECHANISMS["y"](x, t, m)[0]
        means[given] = total / weight
    return means


@pytest.mark.parametrize("setting", ["all", "hidden"])
def test_the_cates_are_those_of_brute_force(data, setting) -> None:
    shown = data.setting(setting)
    means = brute_force(list(shown.X))
    true = np.array([means[tuple(row)] for row in shown.X.to_numpy()])
    np.testing.assert_allclose(shown.cate, true[:, 1:] - true[:, :1], rtol=0, atol=1e-12)
    assert list(shown.X) == (["u", "x"] if setting == "all" else ["x"])


def test_outcomes_and_propensities_have_closed_forms(data) -> None:
    """A potential outcome is P(y = 0) at the unit's m in this arm, one of two values."""
    for row, (u, x) in enumerate(data.X.to_numpy()):
        np.testing.assert_allclose(data.propensities[row], MECHANISMS["t"](u, x), atol=1e-12)
        for t in range(3):
            possible = [MECHANISMS["y"](x, t, m)[0] for m in range(2)]
            assert np.abs(data.potential_outcomes[row, t] - possible).min() < 1e-12
    np.testing.assert_array_equal(
        data.y, [p[t] for p, t in zip(data.potential_outcomes, data.t, strict=True)]
    )
    # Units of one covariate row share their noise between arms, and differ from each other.
    effects = pd.DataFrame(data.effects).groupby([data.X["u"], data.X["x"]]).nunique()
    assert (effects.to_numpy() > 1).all()


def test_the_sample_means_meet_the_exact_ones() -> None:
    model = sdscm.SDSCM(spec_from_yaml(SPEC, "arms.yaml"), sdscm.TabularLM(table))
    data = model.multi_arm_dataset(4_000, 1, outcome="probability")
    exact = [model.exact().effect("probability", contrast=("0", arm)) for arm in data.arms[1:]]
    true = brute_force([])[()]
    np.testing.assert_allclose(exact, true[1:] - true[0], atol=1e-12)
    error = data.effects.std(axis=0) / np.sqrt(len(data))
    assert (np.abs(data.sates - exact) < 4 * error).all()


@pytest.mark.parametrize("options", [{}, {"noise": 0.5, "noise_coupling": "independent"}])
def test_two_arms_are_a_dataset_to_the_bit(options) -> None:
    """Also with the reference second in the spec, and where other values are left out."""
    model = sdscm.SDSCM("commute", "tabular:0")
    for arms in (("by bus", "by car"), ("by car", "by bus")):
        two = model.dataset(150, 3, contrast=arms, **options)
        found = model.multi_arm_dataset(150, 3, arms=arms, **options)
        pd.testing.assert_frame_equal(found.X, two.X)
        pd.testing.assert_frame_equal(found.labels, two.labels)
        assert np.array_equal(found.t, two.t)
        assert np.array_equal(found.y, two.y)
        assert np.array_equal(found.potential_outcomes, np.stack([two.y0, two.y1], axis=1))
        assert np.array_equal(found.propensities[:, 1], two.propensity)
        assert np.array_equal(found.effects[:, 0], two.ite)
        assert found.sates[0] == two.sate
        assert list(found.cates) == list(two.cates) == ["all", "hidden"]
        for setting in ("all", "hidden"):
            assert np.array_equal(found.cates[setting][:, 0], two.cates[setting])
            pd.testing.assert_frame_equal(found.setting(setting).X, two.setting(setting).X)
        assert found.exogenous == two.exogenous


def test_another_reference_changes_the_columns_only() -> None:
    model = sdscm.SDSCM("commute", "tabular:0")
    usual, other = (
        model.multi_arm_dataset(100, arms=arms) for arms in (None, ["by car", "by bus", "by bike"])
    )
    assert usual.arms == ("by bus", "by bike", "by car")
    order = [2, 0, 1]
    assert np.array_equal(other.potential_outcomes, usual.potential_outcomes[:, order])
    assert np.array_equal(other.propensities, usual.propensities[:, order])
    assert np.array_equal(np.array(order)[other.t], usual.t)
    np.testing.assert_allclose(other.cate[:, 0], -usual.cate[:, 1], atol=1e-15)


def test_a_setting_without_covariates_is_one_line(one_line) -> None:
    data = sdscm.SDSCM("misinformation", "tabular:0").multi_arm_dataset(50)
    with pytest.raises(sdscm.InputError, match="nothing is left") as wrong:
        data.setting("hidden")
    one_line(wrong.value)


@pytest.mark.parametrize(
    ("arms", "why"),
    [
        (["by bus"], "two values"),
        ("by bus", "one value"),
        (["by bus", "by bus"], "named twice"),
        (["by bus", "by boat"], "'by boat' is not a value of 'way'"),
    ],
)
def test_bad_arms_are_one_line(one_line, arms, why) -> None:
    with pytest.raises(sdscm.InputError, match=why) as wrong:
        sdscm.SDSCM("commute", "tabular:0").multi_arm_dataset(50, arms=arms)
    one_line(wrong.value)


def test_it_shows_itself() -> None:
    data = sdscm.SDSCM("commute", "tabular:0").multi_arm_dataset(50)
    assert "by bus, by bike, by car" in repr(data)
    assert "reference" in data._repr_html_()
    assert len(data.to_frame()) == len(data) == 50


def test_a_file_keeps_everything(tmp_path, one_line) -> None:
    data = sdscm.SDSCM("commute", "tabular:0").multi_arm_dataset(40, arms=["by car", "by bus"])
    path = data.to_parquet(tmp_path / "arms.parquet")
    back = sdscm.MultiArmDataset.read_parquet(path)
    assert repr(back) == repr(data)
    for name in ("X", "labels"):
        pd.testing.assert_frame_equal(getattr(back, name), getattr(data, name), check_dtype=False)
    for name in ("t", "potential_outcomes", "propensities", "y"):
        assert np.array_equal(getattr(back, name), getattr(data, name))
    assert list(back.cates) == list(data.cates)
    assert all(np.array_equal(back.cates[name], data.cates[name]) for name in data.cates)
    assert (back.arms, back.exogenous) == (data.arms, data.exogenous)
    assert back.meta.options == data.meta.options
    two = sdscm.SDSCM("commute", "tabular:0").dataset(40).to_parquet(tmp_path / "two.parquet")
    for call, why in (
        (lambda: sdscm.CausalDataset.read_parquet(path), "several arms"),
        (lambda: sdscm.MultiArmDataset.read_parquet(two), "two arms"),
        (lambda: sdscm.MultiArmDataset.read_parquet(tmp_path / "none"), "no such file"),
        (lambda: data.setting("hidden").to_parquet(path), "not one of its settings"),
    ):
        with pytest.raises(sdscm.InputError, match=why) as wrong:
            call()
        one_line(wrong.value)
