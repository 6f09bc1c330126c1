from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from benchmarks.contender import contenders
from benchmarks.suite import EstimatorEntry
from sdscm.errors import InputError


class Mean:
    """Has no parameters, and no base class."""

    def fit(self, X, t, y):
        self.value = float(np.mean(y))
        return self

    def ate(self, X):
        return self.value


def test_identity_depends_on_parameters_and_not_on_labels() -> None:
    plain, labelled, deeper = contenders(
        [
            "RF",
            EstimatorEntry(name="RF", label="again"),
            EstimatorEntry(name="RF", label="deep", params={"n_estimators": 7}),
        ]
    )
    assert plain.identity == labelled.identity
    assert plain.identity != deeper.identity
    assert [c.label for c in (plain, labelled, deeper)] == ["RF", "again", "deep"]


def test_the_seed_reaches_estimators_that_take_one() -> None:
    forest, fixed = contenders(
        ["RF", EstimatorEntry(name="RF", label="fixed", params={"random_state": 3})]
    )
    assert forest.maker.make(11).random_state == 11
    assert fixed.maker.make(11).random_state == 3


def test_objects_become_copies() -> None:
    mine = Mean()
    (contender,) = contenders([mine])
    made = contender.maker.make(0)
    assert made is not mine
    assert (contender.label, contender.estimand, contender.oracle) == ("Mean", "ATE", False)


def test_a_plugins_content_is_part_of_what_it_registers_only(tmp_path: Path) -> None:
    one, two = tmp_path / "one.py", tmp_path / "two.py"
    one.write_text("a = 1")
    two.write_text("a = 2")
    assert contenders(["RF"], [one])[0].identity == contenders(["RF"], [two])[0].identity


@pytest.mark.parametrize(
    ("given", "part"),
    [
        (["LinRegg"], "did you mean 'LinReg'"),
        ([EstimatorEntry(name="RF", params={"tree": 3})], "RF: no parameter 'tree'"),
        ([EstimatorEntry(name="RF", params={"n_estimators": {1}})], "must be plain numbers"),
        ([Mean(), Mean()], "two estimators are called 'Mean'"),
        ([Mean], "not an estimator"),
        ([3], "int: not an estimator"),
        ([], "no estimators"),
    ],
)
def test_bad_ones_give_one_line(given: list[object], part: str) -> None:
    with pytest.raises(InputError) as caught:
        contenders(given)
    assert part in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_object_that_cannot_travel_is_told() -> None:
    mine = Mean()
    mine.lock = threading.Lock()
    with pytest.raises(InputError, match="Mean: cannot be sent to the workers"):
        contenders([mine])
