"""Small specs whose mechanisms are written by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import sdscm
from sdscm.lm.interface import Choice
from sdscm.spec import Spec, spec_from_yaml

SPEC = """\
name: four
variables:
  - {name: a, role: exogenous, values: ["0", "1"], phrasings: ["a is {value}.", "So a is {value}."]}
  - {name: b, role: covariate, values: ["0", "1"], phrasings: ["b is {value}."]}
  - {name: c, role: treatment, values: ["0", "1"], parents: [a, b], phrasings: ["c is {value}."]}
  - {name: d, role: outcome, values: ["0", "1"], parents: [c], phrasings: ["d is {value}."]}
"""

#: P(value 1) of a variable, from the values of its parents.
Mechanisms = dict[str, Callable[..., float]]
#: Both causes of c matter on their own, and c matters for d: faithful to the DAG.
FAITHFUL: Mechanisms = {
    "a": lambda: 0.4,
    "b": lambda: 0.6,
    "c": lambda a, b: 0.1 + 0.5 * a + 0.3 * b,
    "d": lambda c: 0.2 + 0.6 * c,
}


def table_of(mechanisms: Mechanisms) -> Callable[[Choice], list[float]]:
    def table(choice: Choice) -> list[float]:
        name = choice.prefix.split()[-2]
        if name not in mechanisms:  # a question about names
            return [1.0] * len(choice.values)
        parents = [int(sentence.rstrip(".").split()[-1]) for sentence in choice.context]
        share = mechanisms[name](*parents)
        return [1 - share, share]

    return table


@pytest.fixture
def four() -> Spec:
    return spec_from_yaml(SPEC, "four.yaml")


@pytest.fixture
def lm_of() -> Callable[..., sdscm.TabularLM]:
    """Return a function that makes the language model of `FAITHFUL` with other mechanisms."""

    def make(**others: Callable[..., float]) -> sdscm.TabularLM:
        return sdscm.TabularLM(table_of(FAITHFUL | others))

    return make
