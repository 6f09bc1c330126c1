"""Datasets from tables with known potential outcomes, such as IHDP."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sdscm import CausalDataset, InputError, facts

Line = Callable[[BaseException], str]


@pytest.fixture
def ihdp() -> pd.DataFrame:
    """Of the shape of IHDP (response surface B): 747 rows, 25 covariates, 139 treated."""
    generator = np.random.Generator(np.random.Philox(key=2))
    frame = pd.DataFrame({f"x{i}": generator.normal(size=747) for i in range(1, 7)})
    for i in range(7, 26):
        frame[f"x{i}"] = generator.integers(2, size=747)
    order = np.argsort(frame.x1 + generator.normal(size=747))
    frame.insert(0, "treatment", 0)
    frame.loc[order[-139:], "treatment"] = 1
    frame["mu0"] = np.exp(0.3 * (frame.x1 + frame.x2 + 0.5))
    frame["mu1"] = 0.4 * frame.x1 + 0.3 * frame.x3 - 4 + 6
    return frame


def made(frame: pd.DataFrame, **options: Any) -> CausalDataset:
    columns = {"treatment": "treatment", "y0": "mu0", "y1": "mu1"}
    return CausalDataset.from_frame(frame, **columns | options)


def test_ihdp(ihdp: pd.DataFrame) -> None:
    data = made(ihdp, name="ihdp", replicate=7, exogenous=["x1", "x2"])
    assert len(data) == 747
    assert list(data.X) == [f"x{i}" for i in range(1, 26)]
    assert set(data.X.dtypes) == {np.dtype("float64")}
    np.testing.assert_array_equal(data.t, ihdp.treatment)
    np.testing.assert_array_equal(data.ite, ihdp.mu1 - ihdp.mu0)
    np.testing.assert_array_equal(data.y, np.where(ihdp.treatment == 1, ihdp.mu1, ihdp.mu0))
    assert (data.meta.scenario, data.meta.seed, data.meta.lm) == ("ihdp", 7, "")
    assert list(data.setting("hidden").X) == [f"x{i}" for i in range(3, 26)]
    assert data.propensity is data.labels is data.text is None
    assert facts(data).treated == pytest.approx(139 / 747)
    assert not facts(data).problems


def test_the_frame_is_left_alone(ihdp: pd.DataFrame) -> None:
    before = ihdp.copy()
    data = made(ihdp)
    ihdp.loc[0, "x1"] = 99.0
    assert data.X.x1[0] == before.x1[0]


def test_rows_are_numbered_anew(ihdp: pd.DataFrame) -> None:
    part = ihdp[ihdp.x7 == 1]
    data = made(part)
    assert data.X.index.tolist() == list(range(len(part)))
    np.testing.assert_array_equal(data.y0, part.mu0)
    np.testing.assert_array_equal(data.X.x1, part.x1)


@pytest.mark.parametrize("levels", [(False, True), (1, 2), (-1.0, 1.0), ("control", "treated")])
def test_the_smaller_of_two_values_is_control(ihdp: pd.DataFrame, levels: tuple) -> None:
    renamed = ihdp.assign(treatment=[levels[t] for t in ihdp.treatment])
    np.testing.assert_array_equal(made(renamed).t, ihdp.treatment)


def test_chosen_covariates_and_propensity(ihdp: pd.DataFrame) -> None:
    frame = ihdp.assign(p=0.25)
    data = made(frame, covariates=["x3", "x1"], propensity="p")
    assert list(data.X) == ["x3", "x1"]
    np.testing.assert_array_equal(data.propensity, np.full(747, 0.25))
    assert "p" not in made(frame, propensity="p").X


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"treatment": "drug"}, ["drug", "treatment", "mu0"]),
        ({"y0": "y"}, ["'y'", "mu0"]),
        ({"y1": "y"}, ["'y'", "mu1"]),
        ({"propensity": "e"}, ["'e'"]),
        ({"covariates": ["x1", "z"]}, ["'z'"]),
        ({"exogenous": ["z"]}, ["'z'"]),
        ({"treatment": "x1"}, ["x1", "two"]),
        ({"covariates": ["x1", "treatment"]}, ["treatment"]),
        ({"covariates": ["x1", "mu1"]}, ["mu1"]),
    ],
    ids=str,
)
def test_columns_that_cannot_be(
    ihdp: pd.DataFrame, one_line: Line, options: dict[str, Any], words: list[str]
) -> None:
    with pytest.raises(InputError) as caught:
        made(ihdp, name="ihdp_1.csv", **options)
    message = one_line(caught.value)
    assert "ihdp_1.csv" in message
    assert all(word in message for word in words)


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("x1", "blue", ["number"]),
        ("mu0", "blue", ["number"]),
        ("p", "blue", ["number"]),
        ("treatment", 3, ["treatment", "3 values"]),
        ("treatment", np.nan, ["treatment"]),
        ("treatment", "blue", ["treatment"]),
        ("treatment", None, ["treatment"]),
        ("mu1", np.nan, ["'mu1' has no finite number in 1 of 747 rows"]),
        ("mu0", np.inf, ["'mu0' has no finite number"]),
    ],
)
def test_values_that_cannot_be(
    ihdp: pd.DataFrame, one_line: Line, column: str, value: Any, words: list[str]
) -> None:
    frame = ihdp.assign(p=0.5)
    frame[column] = frame[column].astype(object)
    frame.loc[5, column] = value
    with pytest.raises(InputError) as caught:
        made(frame, propensity="p")
    message = one_line(caught.value)
    assert all(word in message for word in words)


def test_one_arm_only(ihdp: pd.DataFrame, one_line: Line) -> None:
    with pytest.raises(InputError) as caught:
        made(ihdp[ihdp.treatment == 0])
    assert "1 value" in one_line(caught.value)


def test_no_rows(ihdp: pd.DataFrame, one_line: Line) -> None:
    with pytest.raises(InputError) as caught:
        made(ihdp[:0])
    one_line(caught.value)


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        ({}, {"outcome": "x1"}, "'outcome' follows from 'y0' and 'y1'; remove it"),
        ({}, {"ate": 5.0}, "'ate' follows from 'y0' and 'y1'; remove it"),
        ({}, {"y1": None}, "'y0' needs the other potential outcome"),
        ({}, {"y0": None, "y1": None}, "name the column of the 'outcome'"),
        ({}, {"covariates": ["x1"], "exogenous": ["x2"]}, "'x2' is in 'exogenous'"),
        ({}, {"covariates": "x1"}, "'covariates' in from_frame is a text; give a list: [x1]"),
        ({}, {"covariates": []}, "there are no covariates"),
        ({}, {"covariates": ["x1", "x1"]}, "'x1' twice"),
        ({}, {"y1": "mu0"}, "'mu0' is 'y0' and 'y1'"),
        ({}, {"counterfactual": "x1"}, "'counterfactual' follows from 'y0' and 'y1'; remove it"),
        ({}, {"mu0": "x1"}, "'mu0' needs the other mean, too"),
        ({}, {"mu0": "x1", "mu1": "x2", "ate": 1.0}, "'ate' follows from"),
        ({"x1": 1e39}, {}, "'x1' has numbers beyond 3.4e+38"),
        ({"mu0": -1e39}, {}, "'mu0' has numbers beyond 3.4e+38"),
        ({"x1": 10**400}, {}, "'x1' has numbers beyond 3.4e+38"),
        ({"x1": pd.Period("2020-01")}, {}, "'x1' is a date; encode"),
        ({"Unnamed: 3": 0.5}, {}, "a column has no name ('Unnamed: 3')"),
        ({"p": 7.0}, {"propensity": "p"}, "values outside of 0 to 1"),
        ({"x1": 1j}, {}, "'x1' is complex; encode it as numbers first"),
        ({"x1": pd.Timestamp("2020-01-01")}, {}, "'x1' is a date; encode"),
        ({"mu0": pd.Timedelta("1D")}, {}, "'mu0' is a duration; 'y0' in from_frame needs numbers"),
        (
            {"x1": np.nan, "x2": np.inf},
            {},
            "'x1' has no finite number in 747 of 747 rows, 'x2' has",
        ),
        (
            {"treatment": None, "mu1": np.inf, "x2": np.nan},
            {},
            "'treatment' is empty in 747 of 747 rows, 'mu1' has no finite number in 747 of 747 "
            "rows, 'x2' has",
        ),
    ],
    ids=str,
)
def test_contradictions_are_refused(
    ihdp: pd.DataFrame, one_line: Line, change: dict[str, Any], options: dict, words: str
) -> None:
    with pytest.raises(InputError) as caught:
        made(ihdp.assign(**change), **options)
    assert words in one_line(caught.value)


@pytest.mark.parametrize("ate", ["3", np.nan, True, np.inf])
def test_an_average_effect_that_is_no_number(ihdp: pd.DataFrame, ate: Any) -> None:
    with pytest.raises(InputError, match=r"'ate' in from_frame is .*; give a finite number"):
        made(ihdp, y0=None, y1=None, outcome="mu0", ate=ate)


@pytest.mark.parametrize("column", ["x1", "mu0", "treatment"])
def test_columns_of_one_name_are_refused(ihdp: pd.DataFrame, one_line: Line, column: str) -> None:
    with pytest.raises(InputError) as caught:
        made(pd.concat([ihdp, ihdp[[column]]], axis=1))
    assert f"2 columns are called '{column}'" in one_line(caught.value)
    with pytest.raises(InputError, match="2 columns are called '0'"):
        made(ihdp.assign(**{"0": 1.0}).rename(columns={"x1": 0}))


def test_lists_are_no_treatment(ihdp: pd.DataFrame, one_line: Line) -> None:
    with pytest.raises(InputError) as caught:
        made(ihdp.assign(treatment=[[t] for t in ihdp.treatment]))
    assert "'treatment' holds lists or values of several types" in one_line(caught.value)
    mixed = [pd.Timestamp("2020-01-01") if t else 1 for t in ihdp.treatment]
    with pytest.raises(InputError, match="'treatment' holds lists or values of several types"):
        made(ihdp.assign(treatment=mixed))
    with pytest.raises(InputError, match=r"'treatment' in from_frame is \['t'\]; name one column"):
        made(ihdp, treatment=["t"])


@pytest.mark.parametrize("column", ["y", "mu1", "effect"])
def test_a_copy_of_the_truth_is_no_covariate(ihdp: pd.DataFrame, column: str) -> None:
    """Unless the user names the covariates."""
    y = np.where(ihdp.treatment == 1, ihdp.mu1, ihdp.mu0)
    copies = ihdp.assign(y=y, effect=ihdp.mu1 - ihdp.mu0)
    leaky = ihdp.assign(copy=copies[column])
    with pytest.raises(InputError, match="the column 'copy' is the "):
        made(leaky)
    assert list(made(leaky, covariates=["copy"]).X) == ["copy"]


def test_covariates_may_be_an_index(ihdp: pd.DataFrame) -> None:
    assert list(made(ihdp, covariates=ihdp.columns[1:3]).X) == ["x1", "x2"]


def test_an_ordered_categorical_keeps_its_order(ihdp: pd.DataFrame) -> None:
    """By the alphabet the drug would come before the placebo."""
    arms = np.where(ihdp.treatment == 1, "drug", "placebo")
    ordered = pd.Categorical(arms, categories=["placebo", "drug"], ordered=True)
    np.testing.assert_array_equal(made(ihdp.assign(treatment=ordered)).t, ihdp.treatment)
    np.testing.assert_array_equal(made(ihdp.assign(treatment=arms)).t, 1 - ihdp.treatment)


def test_covariates_keep_the_names_of_other_columns() -> None:
    frame = pd.DataFrame(
        {"t": [10.0, 20], "y": [5.0, 6], "t_": [7.0, 8], "drug": [0, 1], "a": 0.0, "b": 1.0}
    )
    table = CausalDataset.from_frame(frame, treatment="drug", y0="a", y1="b").to_frame()
    assert list(table) == ["t", "y", "t_", "t__", "y_", "y0", "y1", "ite"]
    np.testing.assert_array_equal(table[["t", "y", "t_"]], frame[["t", "y", "t_"]])
    np.testing.assert_array_equal(table[["t__", "y_"]], [[0, 0], [1, 1]])


def test_nothing_is_said_of_unknown_effects(ihdp: pd.DataFrame) -> None:
    """And a constant effect is still told."""
    unknown = made(ihdp.drop(columns="mu1"), y0=None, y1=None, outcome="mu0")
    assert not any("effect" in problem for problem in facts(unknown).problems)
    constant = made(ihdp.assign(mu1=ihdp.mu0 + 1))
    assert "the effect does not vary between units" in facts(constant).problems


def test_dates_within_objects_are_no_numbers(ihdp: pd.DataFrame) -> None:
    """Numpy would turn a date of its own into the years or nanoseconds since 1970."""
    dates = ihdp.assign(x1=ihdp.x1.astype(object))
    for value, kind in ((np.datetime64("2020"), "a date"), (np.timedelta64(3, "D"), "a duration")):
        dates.at[3, "x1"] = value
        with pytest.raises(InputError, match=f"'x1' is {kind}; encode"):
            made(dates)


def test_row_numbers_are_no_covariates(ihdp: pd.DataFrame) -> None:
    """As pandas names the index of a table that was written and read, once or twice."""
    numbers = {"Unnamed: 0": range(747), "Unnamed: 0.1": range(747, 0, -1)}
    assert list(made(ihdp.assign(**numbers)).X) == list(made(ihdp).X)
    chosen = made(ihdp.assign(**numbers), covariates=["x1", "Unnamed: 0"])
    assert list(chosen.X) == ["x1", "Unnamed: 0"]


@pytest.mark.parametrize(
    ("arms", "shown"),
    [
        ((1, 2), "2"),
        ((0.0, 1.0), "1"),
        (("9", "10"), "10"),
        (("drug", "placebo"), "placebo"),
        ((False, True), "True"),
        ((pd.Timestamp("2019-05-05"), pd.Timestamp("2020-01-02")), "2020-01-02"),
    ],
)
def test_the_treated_value_is_told(
    ihdp: pd.DataFrame, arms: tuple, shown: str, tmp_path: Path
) -> None:
    data = made(ihdp.assign(treatment=[arms[t] for t in ihdp.treatment]))
    np.testing.assert_array_equal(data.t, ihdp.treatment)
    assert data.contrast[1] == facts(data).contrast[1] == shown
    assert repr(data).endswith(f"25 covariates (all), t = 1 is {shown}>")
    back = CausalDataset.read_parquet(data.to_parquet(tmp_path / "d.parquet"))
    assert back.contrast == data.contrast


def test_the_format_of_ihdp(ihdp: pd.DataFrame, one_line: Line) -> None:
    """The wrong mappings lead to the right one."""
    rng = np.random.default_rng(0)
    y0, y1 = (ihdp[mean] + rng.normal(size=747) for mean in ("mu0", "mu1"))
    treated = ihdp.treatment == 1
    table = ihdp.assign(y_factual=y1.where(treated, y0), y_cfactual=y0.where(treated, y1))
    with pytest.raises(InputError) as caught:
        made(table, outcome="y_factual")
    assert "if these are means without noise, name them in 'mu0' and 'mu1'" in one_line(
        caught.value
    )
    right = "outcome: y_factual, counterfactual: y_cfactual, mu0: mu0, mu1: mu1"
    for roles in ({}, {"y0": None, "y1": None, "outcome": "y_factual"}):
        with pytest.raises(InputError) as caught:
            made(table, **roles)
        assert right in one_line(caught.value)
    roles = dict(each.split(": ") for each in right.split(", "))
    data = made(table, y0=None, y1=None, **roles)
    assert list(data.X) == [f"x{i}" for i in range(1, 26)]
    np.testing.assert_array_equal(data.cates["all"], ihdp.mu1 - ihdp.mu0)
    np.testing.assert_allclose(data.ite, y1 - y0)
    means = made(
        table.drop(columns="y_cfactual"), y0=None, y1=None, **roles | {"counterfactual": None}
    )
    np.testing.assert_allclose(means.ite, ihdp.mu1 - ihdp.mu0)
    np.testing.assert_array_equal(means.y, table.y_factual)
    chosen = made(table, covariates=["x1", "y_cfactual"])
    assert len(facts(chosen).leaks) == 1


def test_an_instrument_is_shown_apart(ihdp: pd.DataFrame) -> None:
    frame = ihdp.assign(assigned=np.where(ihdp.x1 > 0, 7, 3))
    data = made(frame, instrument="assigned", exogenous=["x2"])
    view = data.setting("instrument")
    np.testing.assert_array_equal(view.shown["instrument"], (ihdp.x1 > 0).astype(int))
    assert "assigned" not in view.X
    assert "assigned" in data.X
    assert "x2" not in view.X
    assert data.potential_treatments is None


@pytest.mark.parametrize(
    ("values", "part"),
    [([0, 1, 2], "needs a column with two values, but 'z' has 3"), (["a", "b"], "write 0 and 1")],
)
def test_an_instrument_has_two_numbers(ihdp: pd.DataFrame, values: list[Any], part: str) -> None:
    frame = ihdp.assign(z=np.resize(np.array(values, dtype=object), len(ihdp)))
    with pytest.raises(InputError, match=part):
        made(frame, instrument="z")


def test_a_table_without_an_instrument_says_how_to_name_one(ihdp: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="name the column of the instrument in 'instrument'"):
        made(ihdp).setting("instrument")
