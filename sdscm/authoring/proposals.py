"""Sentences that a language model proposes, and the check of a sentence by a language model."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from sdscm.lm.interface import Choice, LanguageModel
from sdscm.lm.score_cache import generative
from sdscm.sampling.sampler import Sampler
from sdscm.spec import Phrasing, Spec, Variable
from sdscm.spec.phrasing import PLACE

#: Sentences of one call of the model, the sentences that it is shown, and the most tokens of one.
_ROUND, _SHOWN, _TOKENS = 8, 5, 40
#: Values that the prompt lists.
_VALUES = 6
#: Units whose parents are the contexts of the mass check, and the most sentences to compare with.
_UNITS, _COMPARED = 8, 8
#: Smallest mass, as a share of the median of the variable's own sentences. The shipped sentences,
#: which people wrote, differ as much: about 5 % of them are below this share.
LEAST_SHARE = 0.03
_MARKER = re.compile(r"^\s*(?:[-*\u2022]|\d+[.)])\s+")


def proposals(variable: Variable, lm: LanguageModel, tries: int) -> Iterator[str]:
    """Sentences of a language model that may state the variable's value; the same in each run.

    Parameters
    ----------
    variable
    lm
        A model that writes text (`sdscm.lm.interface.GenerativeLanguageModel`).
    tries
        Number of sentences; the model is not called again before they are needed.

    Raises
    ------
    InputError
        If the model writes no text.
    """
    own = [each.template for each in (*variable.phrasings, *variable.tuning)]
    for number, done in enumerate(range(0, tries, _ROUND)):
        first = number * _SHOWN
        shown = [own[(first + place) % len(own)] for place in range(min(_SHOWN, len(own)))]
        lines = generative(lm).generate(
            _prompt(variable),
            "".join(f"- {each}\n" for each in shown) + "-",
            count=min(_ROUND, tries - done),
            tokens=_TOKENS,
            seed=number,
        )
        yield from filter(None, (_MARKER.sub("", line).strip() for line in lines))


def _prompt(variable: Variable) -> str:
    values = ", ".join(variable.values[:_VALUES])
    return (
        f"Write more sentences that say the same in other words, one a line. Keep {PLACE} in each: "
        f"it stands for one of: {values}."
    )


class MassCheck:
    """The check that a language model expects the values of a variable after a sentence.

    The mass of a sentence is the total probability of the values, as a mean over the parents of
    sampled units, which the first sentence of each parent states. Its scale depends on the values
    and on the model, so it is compared with the masses of the variable's own sentences.

    Parameters
    ----------
    spec
    lm

    Raises
    ------
    InputError
        If the model cannot score the spec.
    """

    def __init__(self, spec: Spec, lm: LanguageModel) -> None:
        self._lm = lm
        sampler = Sampler(spec, lm)
        units = sampler.sample(_UNITS)
        self._contexts: dict[str, list[tuple[str, ...]]] = {
            name: [
                tuple(
                    sampler.phrased.sentence(parent, int(units.codes[parent].iloc[row]))
                    for parent in spec.parents(name)
                )
                for row in range(_UNITS)
            ]
            for name in spec.order
        }

    def masses(self, variable: Variable, phrasings: Sequence[Phrasing]) -> np.ndarray:
        """Mass of each sentence, of shape (number of sentences,)."""
        choices = [
            Choice(context, each.prefix, variable.values, each.suffix)
            for each in phrasings
            for context in self._contexts[variable.name]
        ]
        found = [np.exp(each.value).sum() for each in self._lm.score(choices)]
        return np.asarray(found).reshape(len(phrasings), -1).mean(axis=1)

    def of(self, variable: Variable) -> Callable[[str], str]:
        """A function that gives the reason to drop a sentence, or an empty text."""
        own = [*variable.phrasings, *variable.tuning][:_COMPARED]
        least = LEAST_SHARE * float(np.median(self.masses(variable, own)))

        def reason(candidate: str) -> str:
            mass = float(self.masses(variable, [Phrasing.from_template(candidate)])[0])
            if mass >= least:
                return ""
            return (
                f"the model gives the values {mass:.1e} of its probability after it, and "
                f"{least / LEAST_SHARE:.1e} after the other sentences"
            )

        return reason
