"""Estimates equal direct calls; overlap and balance equal calculations by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import estimators
from benchmarks.datasets.observed import read_observed
from benchmarks.estimate.analysis import analyse
from benchmarks.estimate.balance import compare_arms
from benchmarks.estimate.effects import MethodEffect, heterogeneity
from benchmarks.estimate.figures import drawings
from benchmarks.estimate.page import Question, page
from sdscm.errors import InputError
from sdscm.report_page import exported, render

METHODS = ("DiffInMeans", "LinReg", "AIPW", "LinearT")


@pytest.fixture
def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    age = rng.normal(50, 10, 200)
    town = rng.choice(["Bonn", "Oslo", "Rome"], 200)
    drug = rng.random(200) < 1 / (1 + np.exp(-(age - 50) / 10))
    y = age / 10 + drug * (1 + 2 * (town == "Oslo")) + rng.normal(size=200)
    return pd.DataFrame({"age": age, "town": town, "drug": drug.astype(int), "y": y})


@pytest.fixture
def path(table, tmp_path):
    table.to_csv(tmp_path / "data.csv", index=False)
    return tmp_path / "data.csv"


@pytest.fixture
def plain(table):
    """The columns that estimators get."""
    return pd.DataFrame(
        {"age": table.age, "town=Oslo": table.town == "Oslo", "town=Rome": table.town == "Rome"}
    ).astype(float)


def test_estimates_are_those_of_direct_calls(table, path, plain, told):
    found = analyse(read_observed(path, "drug", "y"), METHODS, hide=["town"], progress=told)
    assert told.stages == [("fits", 2 * len(METHODS))]
    assert told.done == 2 * len(METHODS)
    # There is no number before each method has been fitted.
    assert [left != left for left in told.left] == [
        n < len(METHODS) for n in range(1, 1 + int(told.done))
    ]
    t, y = table.drug.to_numpy(), table.y.to_numpy()
    for each, without in zip(found.effects, found.hidden[0].effects, strict=True):
        for X, answer in ((plain, each), (plain[["age"]], without)):
            direct = estimators.get(each.method).fit(X, t, y)
            assert answer.ate == pytest.approx(direct.ate(X))
            if hasattr(direct, "ate_interval"):
                assert (answer.low, answer.high) == pytest.approx(direct.ate_interval(X))
            else:
                assert np.isnan([answer.low, answer.high]).all()
    fit = sm.OLS(y, sm.add_constant(plain.assign(t=t))).fit()
    linear = found.effects[1]
    assert linear.ate == pytest.approx(fit.params["t"])
    assert (linear.low, linear.high) == pytest.approx(tuple(fit.conf_int().loc["t"]))
    assert found.linear.t == pytest.approx(fit.tvalues["t"])
    assert found.hidden[0].of_outcome == pytest.approx(
        1 - fit.ssr / sm.OLS(y, sm.add_constant(plain[["age"]].assign(t=t))).fit().ssr
    )
    residual = [y[t == arm] - y[t == arm].mean() for arm in (0, 1)]
    assert found.sd == pytest.approx(np.sqrt(sum(r @ r for r in residual) / 198))


def test_heterogeneity_finds_the_covariate_that_makes_it(path):
    found = analyse(read_observed(path, "drug", "y"), METHODS)
    (linear_t,) = found.varying
    assert (linear_t.method, linear_t.covariate) == ("LinearT", "town=Oslo")
    assert linear_t.share > 0.6
    X = pd.DataFrame({"x": np.arange(40.0), "noise": np.tile([0.0, 1, 1, 0], 10)})
    steps = MethodEffect("steps", effect=np.where(X.x < 10, -1.0, 3.0))
    summary = heterogeneity(steps, X, sd=1.0)
    assert (summary.covariate, summary.share) == ("x", pytest.approx(1))
    assert summary.split == "-1.000 up to 9.500, 3.000 above"
    assert summary.spread == pytest.approx(steps.effect.std())
    assert heterogeneity(MethodEffect("one", effect=np.full(40, 2.0)), X, sd=1.0) is None


def test_overlap_and_balance_by_hand():
    """One binary covariate: 3 of 4 treated and 1 of 4 control rows have it, many times over."""
    X = pd.DataFrame({"x": np.tile([1.0, 1, 1, 0, 1, 0, 0, 0], 2000), "one": 1.0})
    t = np.tile([1, 1, 1, 1, 0, 0, 0, 0], 2000)
    (treated, control), differences = compare_arms(X, t, ("no", "yes"))
    assert (treated.value, control.value) == ("yes", "no")
    assert sorted(set(treated.propensity.round(2))) == [0.25, 0.75]
    assert treated.quantiles == pytest.approx([0.25, 0.75, 0.75], abs=0.01)
    # Kish: weights 4/3 (three quarters) and 4 (one quarter): 4 / (0.75 * 16/9 + 0.25 * 16) = 3/4
    assert treated.effective == pytest.approx(0.75 * 8000, rel=0.01)
    x, one = differences
    assert (x.treated, x.control) == (0.75, 0.25)
    assert x.before == pytest.approx(0.5 / np.sqrt(0.1875), rel=1e-3)
    assert x.after == pytest.approx(0, abs=0.01)
    assert (one.before, one.after) == (0, 0)


def test_a_failure_is_a_row_and_a_warning(path):
    @estimators.register("Broken", summary="fails")
    def broken(X, t, y):
        raise ZeroDivisionError("no luck")

    found = analyse(read_observed(path, "drug", "y"), ["Broken", "LinReg"])
    assert found.effects[0].problem == "ZeroDivisionError: no luck"
    shown = page(found, Question("data.csv", "drug", "y"))
    assert shown.warnings[0] == "No estimate: Broken. The table has the reasons."
    row = next(part for part in shown.parts if part.name == "effects").tables[0].rows[0]
    assert [cell.text for cell in row.cells][-1] == "ZeroDivisionError: no luck"


def test_a_column_that_determines_the_treatment_is_the_first_warning(table, tmp_path):
    table["dose"] = table.drug * np.random.default_rng(1).integers(1, 4, len(table))
    table.to_csv(tmp_path / "dose.csv", index=False)
    found = analyse(read_observed(tmp_path / "dose.csv", "drug", "y"), ["DiffInMeans"])
    warnings = page(found, Question("dose.csv", "drug", "y")).warnings
    assert len(warnings) > 1
    assert warnings[0].startswith("'dose' is a column that determines the treatment")


def test_balanced_columns_beyond_the_largest_twenty_are_counted_only(path):
    found = analyse(read_observed(path, "drug", "y"), ["DiffInMeans"])
    first = found.differences[0]
    after = [0.0] * 30 + [0.2]
    many = tuple(replace(first, column=f"c{k}", after=value) for k, value in enumerate(after))
    shown = page(replace(found, differences=many), Question("data.csv", "drug", "y"))
    balance = next(part for part in shown.parts if part.name == "balance")
    rows = [row.cells[0].text for row in balance.tables[0].rows]
    assert rows == [*(f"c{k}" for k in range(20)), "c30"]
    assert "Left out: 10 columns with smaller differences, balanced after." in balance.text[0]


def test_few_rows_and_estimates_far_from_the_others_are_warnings(table, tmp_path):
    @estimators.register("Wild", summary="says 100")
    def wild(X, t, y):
        return np.full(len(y), 100.0)

    table.head(30).assign(drug=[1] * 5 + [0] * 25).to_csv(tmp_path / "few.csv", index=False)
    found = analyse(read_observed(tmp_path / "few.csv", "drug", "y"), ["Wild", "LinReg", "AIPW"])
    warnings = "\n".join(page(found, Question("few.csv", "drug", "y")).warnings)
    assert "Only 5 rows with 1: no method is reliable there" in warnings
    assert "with 0" not in warnings
    assert "More than one SD from the median of the methods: Wild" in warnings


def test_one_estimate_is_no_range(path):
    lead = page(analyse(read_observed(path, "drug", "y"), ["LinReg"]), Question("d", "drug", "y"))
    assert " to " not in lead.lead.partition(" in units")[0]


def test_refuters_run_on_each_method(path):
    pytest.importorskip("dowhy")
    found = analyse(read_observed(path, "drug", "y"), ["DiffInMeans"], refute=True)
    rows = {each.refuter: each for each in found.refutations}
    assert len(rows) == 5
    assert rows["placebo treatment"].expected == 0
    assert rows["data subset"].expected == pytest.approx(found.effects[0].ate)
    text = str(page(found, Question("data.csv", "drug", "y")))
    assert "placebo treatment" in text


def test_the_page_has_figures_for_phones_and_every_number(path):
    found = analyse(read_observed(path, "drug", "y"), METHODS)
    pictures = tuple(exported(each, kinds=("png",), dpi=40) for each in drawings(found, "effect"))
    assert all(each.narrow.width < 400 < each.wide.width for each in pictures)
    shown = page(found, Question("data.csv", "drug", "y"), pictures)
    assert render(shown).count("<figure") == 2
    assert render(page(found, Question("data.csv", "drug", "y"))).count("<figure") == 0


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (
            {"age": [np.nan, *range(199)], "y": [np.inf, *range(199)]},
            {},
            "'y' has no finite number in 1 of 200 rows, 'age' has no finite number in 1 of 200",
        ),
        ({"town": [None, *"ab" * 99, "a"]}, {}, "'town' is empty in 1 of 200 rows"),
        (
            {"age": ["?", *range(199)], "town": [f"street {k}" for k in range(200)]},
            {},
            r"'age' holds numbers and texts such as '\?', 'town' has 200 different texts",
        ),
        ({"drug": 1}, {}, "needs a column with two values, but 'drug' has 1 value"),
        ({"drug": [1, *[0] * 199]}, {}, "the treatment 'drug' is 1 in 1 row; give at least 2"),
        ({"y": 3.0}, {}, "the outcome 'y' has the same value in each row"),
        ({"y": ["a", "b"] * 100}, {}, "'y' is not numeric; 'outcome' .* numbers: write 0 and 1"),
        ({"drug": [0, 1, 2, 2] * 50}, {}, "'drug' has 3 values; keep the rows of two"),
        ({}, {"covariates": ["age", "height"]}, "no column 'height'; correct 'covariates'"),
        ({}, {"treated": "2"}, "--treated 2: the values of 'drug' are"),
        ({"copy": "drug"}, {}, "copy"),
    ],
)
def test_bad_tables_are_one_line(change, options, message, table, tmp_path, one_line):
    for name, values in change.items():
        table[name] = table["drug"] if name == "copy" else values
    table.to_csv(tmp_path / "bad.csv", index=False)
    with pytest.raises(InputError, match=message) as error:
        read_observed(tmp_path / "bad.csv", "drug", "y", **options)
    assert "bad.csv" in one_line(error.value)


def test_the_treated_value_can_be_named(table, path):
    usual, turned = (read_observed(path, "drug", "y", treated=v) for v in (None, "0"))
    assert (usual.contrast, turned.contrast) == (("0", "1"), ("1", "0"))
    np.testing.assert_array_equal(turned.t, 1 - usual.t)


def test_numbers_that_are_names_become_indicators(table, path):
    table.assign(town=table.town.map({"Bonn": 1, "Oslo": 2, "Rome": 3})).to_csv(path, index=False)
    data = read_observed(path, "drug", "y", categorical=["town"])
    assert analyse(data, ["LinReg"]).columns == 3
    assert list(data.labels["town"].unique()) == list(
        table.town.map({"Bonn": "1", "Oslo": "2", "Rome": "3"}).unique()
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hide": ["height"]}, "--hide height: is not a covariate; the covariates are age, town"),
        ({"methods": ["Oracle"]}, "--estimators Oracle: it needs the true effects"),
        ({"methods": ["LinRg"]}, "LinReg"),
    ],
)
def test_bad_questions_are_one_line(options, message, path, one_line):
    with pytest.raises(ValueError, match=message) as error:
        analyse(read_observed(path, "drug", "y"), **{"methods": ["LinReg"], **options})
    one_line(error.value)


def test_the_only_covariate_cannot_be_hidden(path):
    data = read_observed(path, "drug", "y", covariates=["age"])
    with pytest.raises(InputError, match="age: is the only covariate"):
        analyse(data, ["LinReg"], hide=["age"])


@pytest.fixture
def trial(tmp_path):
    """A hidden cause moves treatment and outcome; the effect is 1. ``z`` is an instrument."""
    rng = np.random.default_rng(3)
    z, hidden, age = rng.integers(0, 2, 2000), rng.normal(size=2000), rng.normal(size=2000)
    taken = (1.5 * z + hidden + rng.normal(size=2000) > 0.75).astype(int)
    y = taken + hidden + age + 0.1 * rng.normal(size=2000)
    frame = pd.DataFrame({"age": age, "z": z + 1, "taken": taken, "y": y})
    frame.to_csv(tmp_path / "trial.csv", index=False)
    return tmp_path / "trial.csv"


def test_an_instrument_finds_what_covariates_cannot(trial):
    data = read_observed(trial, "taken", "y", instrument="z")
    found = analyse(data, ["LinReg", "Wald"], hide=[], refute=False)
    adjusted, instrumental = found.effects
    assert list(found.dataset.X) == ["age"]
    assert adjusted.low > 1.5
    without_z = sm.OLS(data.y, sm.add_constant(data.X[["age"]].assign(t=data.t))).fit()
    assert adjusted.ate == pytest.approx(without_z.params["t"])
    assert instrumental.low < 1 < instrumental.high
    z, t = pd.read_csv(trial).z.to_numpy() - 1, data.t
    assert found.instrument.compliers == pytest.approx(t[z == 1].mean() - t[z == 0].mean())
    design = sm.add_constant(np.column_stack([z, data.X["age"]]))
    test = sm.OLS(t, design).fit().tvalues[1] ** 2
    assert found.instrument.first_stage_f == pytest.approx(test)
    made = page(found, Question("trial", "taken", "y"))
    text = render(made)
    assert "The instrument" in text
    assert "Methods with the instrument have none: they allow hidden confounders" in text
    assert "Diamonds: methods with the instrument" in drawings(found, "y")[0].reading
    assert "1 method with the instrument z: the compliers" in text
    # The two answer different questions: they are not summed up together.
    assert (adjusted.adjusted, instrumental.adjusted) == (True, False)
    assert "1 method that adjusts for the covariates" in text
    wanted = "Wald: it needs an instrument; name its column with --instrument"
    with pytest.raises(InputError, match=wanted):
        analyse(read_observed(trial, "taken", "y"), ["Wald"])
    with pytest.raises(InputError, match="Text-RF: it needs texts of the units; name other"):
        analyse(data, ["Text-RF"])


def test_compliers_of_an_instrument_that_lowers_the_treatment(trial):
    usual = analyse(read_observed(trial, "taken", "y", instrument="z"), ["Wald"])
    frame = pd.read_csv(trial)
    frame.assign(z=3 - frame["z"]).to_csv(trial, index=False)
    turned = analyse(read_observed(trial, "taken", "y", instrument="z"), ["Wald"])
    assert turned.instrument.compliers == pytest.approx(usual.instrument.compliers)
    assert turned.effects[0].ate == pytest.approx(usual.effects[0].ate)


def test_a_weak_instrument_is_said(trial):
    frame = pd.read_csv(trial)
    frame["z"] = np.random.default_rng(1).integers(0, 2, len(frame))
    frame.to_csv(trial, index=False)
    found = analyse(read_observed(trial, "taken", "y", instrument="z"), ["Wald"])
    assert found.instrument.weak
    assert "is weak (first-stage F" in render(page(found, Question("trial", "taken", "y")))
