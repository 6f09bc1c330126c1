"""A language model with known probabilities, for tests and for planted effects."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import numpy as np

from sdscm.arguments import check_type
from sdscm.errors import InputError
from sdscm.lm.interface import Choice, ChoiceScores
from sdscm.lm.registry import LMOptions, ModelHandle, register_lm

_SHOWN = 4

ProbabilityTable = Callable[[Choice], "Sequence[float] | np.ndarray"]


class TabularLM:
    """A language model whose probabilities a function gives.

    Parameters
    ----------
    table
        Function that gives the probabilities of a choice's values, in their order. Each must be
        positive; the sum need not be 1.
    id, revision
        Name of the model, and of its content. A different table needs a different revision.

    Examples
    --------
    >>> lm = sdscm.TabularLM(lambda choice: range(1, 1 + len(choice.values)))
    >>> model = sdscm.SDSCM("headache", lm)
    >>> model.exact().marginal("weather").round(3).to_dict()
    {'warm': 0.167, 'cold': 0.333, 'windy': 0.5}
    """

    def __init__(
        self, table: ProbabilityTable, *, id: str = "tabular", revision: str = "0"
    ) -> None:
        hint = "give a function from a Choice to the probabilities of its values"
        check_type("table", table, Callable, hint)
        self._table = table
        self.id = id
        self.revision = revision
        self.scored = 0

    def __repr__(self) -> str:
        return f"<TabularLM: {self.id}, revision {self.revision}>"

    def score(self, choices: Sequence[Choice]) -> list[ChoiceScores]:
        """Logarithms of the table's probabilities; each sentence counts as one token.

        Raises
        ------
        InputError
            If the table does not give one positive, finite number for each value.
        """
        found = []
        for choice in choices:
            probabilities = np.asarray(self._table(choice), dtype=float)
            _check(choice, probabilities)
            ones = np.ones(len(choice.values), dtype=int)
            logs = np.log(probabilities)
            found.append(ChoiceScores(logs, logs, ones, ones))
        self.scored += len(choices)
        return found


def _check(choice: Choice, probabilities: np.ndarray) -> None:
    must = "it must give one positive number for each, in their order"
    if probabilities.shape != (len(choice.values),):
        raise InputError(
            f"the table of probabilities gives {probabilities.size} numbers for the "
            f"{len(choice.values)} values {_listed(choice.values)}; {must}"
        )
    for value, probability in zip(choice.values, probabilities, strict=True):
        if not 0 < probability < np.inf:
            raise InputError(
                f"the table of probabilities gives {probability:g} for the value '{value}'; {must}"
            )


def _listed(values: Sequence[str]) -> str:
    shown = ", ".join(f"'{value}'" for value in values[:_SHOWN])
    return f"{shown}, ..." if len(values) > _SHOWN else shown


def random_table(seed: int, temperature: float = 1.0) -> ProbabilityTable:
    """A table with a standard normal score for each text, drawn from a hash of the text.

    The score depends on every sentence of the context and on the candidate. ``temperature``
    multiplies the scores: near 0 the distributions are uniform.
    """

    def table(choice: Choice) -> np.ndarray:
        scores = []
        for sentence in choice.sentences:
            text = "\x1f".join((str(seed), *choice.context, sentence))
            raw = hashlib.blake2b(text.encode(), digest_size=8).digest()
            generator = np.random.Generator(np.random.Philox(key=int.from_bytes(raw, "little")))
            scores.append(temperature * generator.standard_normal())
        return np.exp(np.array(scores))

    return table


# Not exact: the probabilities of a table do not add up over texts.
@register_lm("tabular", summary="a random table: no weights, no language", exact=False)
def open_model(name: str, options: LMOptions) -> ModelHandle:
    """``tabular:0``: the `random_table` of a seed, which needs no weights and knows no language."""
    if not name.isdecimal():
        raise InputError(f"tabular:{name}: give the seed of the random table, as in tabular:0")
    lm = TabularLM(random_table(int(name)), id=f"tabular:{name}")
    return ModelHandle(lm.id, lm.revision, load=lambda: lm, cacheable=False)
