"""A language model given by a table, and the errors of a wrong table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from sdscm import SDSCM, InputError, Spec, TabularLM
from sdscm.lm import Choice

CHOICE = Choice((), "", ("a", "b", "c"), "")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ([0.5, 0.5], "gives 2 numbers for the 3 values 'a', 'b', 'c'"),
        (np.ones((3, 2)), "gives 6 numbers for the 3 values"),
        ([0.5, 0.0, 0.5], "gives 0 for the value 'b'"),
        ([0.5, 0.5, float("nan")], "gives nan for the value 'c'"),
        ([float("inf"), 1, 1], "gives inf for the value 'a'"),
    ],
)
def test_a_wrong_table(given: Any, told: str, one_line: Callable[[BaseException], str]) -> None:
    with pytest.raises(InputError) as caught:
        TabularLM(lambda choice: given).score([CHOICE])
    message = one_line(caught.value)
    assert told in message
    assert "one positive number for each" in message


def test_a_long_domain_is_not_listed(one_line: Callable[[BaseException], str]) -> None:
    values = tuple(f"room {i}" for i in range(500))
    with pytest.raises(InputError) as caught:
        TabularLM(lambda choice: np.ones(2)).score([Choice((), "", values, "")])
    assert len(one_line(caught.value)) < 250


def test_the_variable_is_named(clinic: Spec, one_line: Callable[[BaseException], str]) -> None:
    def table(choice: Choice) -> list[float]:
        return [1.0] * (2 if "dies" in choice.values else len(choice.values))

    with pytest.raises(InputError) as caught:
        SDSCM(clinic, TabularLM(table)).sample(5)
    assert one_line(caught.value).startswith("clinic: variable 'state': the table")
