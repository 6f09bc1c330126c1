"""A small trial with a hidden cause and two mediators, whose mechanisms are written by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import sdscm
from sdscm.lm.interface import Choice
from sdscm.spec import Spec, spec_from_yaml

SPEC = """\
name: trial
variables:
  - {name: u, role: exogenous, values: ["0", "1"], phrasings: ["u is {value}.", "So u is {value}."]}
  - {name: x, role: covariate, values: ["0", "1"], phrasings: ["x is {value}."]}
  - {name: t, role: treatment, values: ["0", "1"], parents: [u, x], phrasings: ["t is {value}."]}
  - {name: m, role: mediator, values: ["0", "1"], parents: [x, t], phrasings: ["m is {value}."]}
  - {name: k, role: mediator, values: ["0", "1"], parents: [t, m], phrasings: ["k is {value}."]}
  - {name: y, role: outcome, values: ["0", "1"], parents: [u, x, t, m, k],
     phrasings: ["y is {value}."]}
outcome_value: "1"
"""

#: P(value 1) of a variable, from the values of its parents.
MECHANISMS: dict[str, Callable[..., float]] = {
    "u": lambda: 0.4,
    "x": lambda: 0.7,
    "t": lambda u, x: 0.2 + 0.3 * u + 0.3 * x,
    "m": lambda x, t: 0.3 + 0.1 * x + 0.4 * t,
    "k": lambda t, m: 0.2 + 0.3 * t + 0.3 * m,
    "y": lambda u, x, t, m, k: (
        0.05 + 0.1 * u + 0.1 * x + 0.2 * t + 0.15 * m + 0.1 * k + 0.2 * t * m
    ),
}


def _table(choice: Choice) -> list[float]:
    parents = [int(sentence.rstrip(".").split()[-1]) for sentence in choice.context]
    share = MECHANISMS[choice.prefix.split()[-2]](*parents)
    return [1 - share, share]


@pytest.fixture
def trial() -> Spec:
    return spec_from_yaml(SPEC, "trial.yaml")


@pytest.fixture
def lm() -> sdscm.TabularLM:
    return sdscm.TabularLM(_table)
