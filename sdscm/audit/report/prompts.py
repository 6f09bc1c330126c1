"""Prompts: the texts that the language models read."""

from __future__ import annotations

from dataclasses import dataclass

from sdscm.audit.plan import variables_read
from sdscm.spec import Spec


@dataclass(frozen=True)
class Example:
    """One full question: the context, and the sentences that are scored after it."""

    context: str
    candidates: tuple[str, ...]


def prompt(spec: Spec, number: int) -> str:
    """Format a phrasing's sentences in order tau, with variable names in place of values.

    The model scores a variable after the sentences of the variable's parents only.
    """
    phrased = spec.phrased(number)
    return " ".join(phrased.phrasing(name).sentence(f"[{name}]") for name in variables_read(spec))


def example(spec: Spec, number: int) -> Example:
    """Make the outcome's question in a phrasing, with the first value of each parent."""
    phrased, outcome = spec.phrased(number), spec.outcome
    codes = dict.fromkeys(spec.order, 0)
    return Example(
        context=phrased.context(outcome.name, codes),
        candidates=tuple(
            phrased.sentence(outcome.name, code) for code in range(len(outcome.values))
        ),
    )
