"""A classifier tells shuffled columns from real ones, and a copy not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sdscm.errors import InputError
from sdscm.realism.comparison import Separation, compare, verdict


@pytest.fixture(scope="module")
def real():
    rng = np.random.default_rng(0)
    x = rng.normal(size=600)
    return pd.DataFrame(
        {
            "age": x,
            "income": x + 0.5 * rng.normal(size=600),
            "city": np.where(x > 0, "Rome", "Oslo"),
            "drug": rng.integers(0, 2, 600),
        }
    )


def test_a_resampled_copy_cannot_be_told_apart(real):
    """Copies of a row in both tables would push the area below 0.5."""
    found = compare(real.sample(600, replace=True, random_state=1), real).separation
    assert found.low < 0.5 < found.high
    assert found.rows == 600


def test_shuffled_columns_have_the_same_marginals_and_are_told_apart(real):
    shuffled = pd.DataFrame(
        {
            name: real[name].sample(frac=1, random_state=place).to_numpy()
            for place, name in enumerate(real)
        }
    )
    found = compare(shuffled, real)
    assert found.separation.low > 0.75
    assert max(column.distance for column in found.columns) == pytest.approx(0)
    first = found.pairs[0]
    assert {first.first, first.second} <= {"age", "income", "city"}
    assert first.difference < -0.5


def test_distances_are_those_by_hand():
    made = pd.DataFrame({"kind": ["a"] * 30 + ["b"] * 10, "size": np.arange(40.0)})
    real = pd.DataFrame({"kind": ["a"] * 20 + ["c"] * 20, "size": np.arange(40.0) + 10})
    distances = {each.column: each.distance for each in compare(made, real).columns}
    assert distances == pytest.approx({"kind": 0.5, "size": 0.25})


def test_an_association_without_one_is_0_and_of_a_copy_is_1():
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 3, 5000), rng.integers(0, 3, 5000)
    table = pd.DataFrame({"a": a.astype(str), "copy": a.astype(str), "b": b.astype(str)})
    pairs = {(each.first, each.second): each.real for each in compare(table, table).pairs}
    assert pairs[("a", "copy")] == pytest.approx(1, abs=1e-3)
    assert pairs[("a", "b")] < 0.03


def test_texts_and_numbers_of_one_name_are_compared_as_texts(real):
    labels = real.assign(drug=real["drug"].map({0: "no", 1: "yes"}))
    drug = next(each for each in compare(labels, real).columns if each.column == "drug")
    assert (drug.kind, drug.distance) == ("categories", 0)


@pytest.mark.parametrize(
    ("made", "problem"),
    [
        (pd.DataFrame({"other": range(30)}), "the tables share no column: other and age, income"),
        (pd.DataFrame({"age": range(5)}), "the made data has 5 rows; give at least 20"),
        (
            pd.DataFrame(np.zeros((30, 2)), columns=["age", "age"]),
            "the made data: column 'age' occurs twice",
        ),
    ],
)
def test_tables_that_cannot_be_compared_are_one_line(real, made, problem):
    with pytest.raises(InputError, match=problem):
        compare(made, real)


@pytest.mark.parametrize(
    ("made", "real", "apart"), [("ab", "cd", True), ("ab", "ab", False), ("aa", "aa", False)]
)
def test_few_different_rows_are_told_apart_by_their_shares(made, real, apart):
    found = compare(*(pd.DataFrame({"age": list(values) * 10}) for values in (made, real)))
    assert (found.separation.low > 0.5) == apart


def test_a_classifier_below_chance_is_no_sign_of_realism():
    assert "Look at the distances of the columns" in verdict(Separation(0.1, 0.0, 0.2, 20))
