"""A spec with one phrasing for each variable: the text that a language model reads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING

from numpy.random import Philox

from sdscm.errors import InputError
from sdscm.spec.phrasing import Phrasing

if TYPE_CHECKING:
    from sdscm.spec.model import Spec


@dataclass(frozen=True)
class PhrasedSpec:
    """Phrased spec number ``number`` of a spec.

    Number 0 takes the first phrasing of every variable. Any other number draws the phrasing of each
    variable uniformly, from (number, name of the variable) alone: neither the other variables nor
    the machine change it. Draws are independent, so two numbers can give the same choice; where a
    spec has few phrasings (``Spec.n_phrasings``) they often do.

    Attributes
    ----------
    spec
    number
        0, 1, 2, ...
    choice
        The index of the chosen phrasing for each variable, in the order tau.

    Raises
    ------
    InputError
        If the number is negative.
    """

    spec: Spec
    number: int
    choice: dict[str, int] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.number < 0:
            raise InputError(f"phrasing {self.number}: a phrasing's number is 0, 1, 2, ...")
        counts = {name: len(self.spec.variable(name).phrasings) for name in self.spec.order}
        choice = {name: draw_index(self.number, name, count) for name, count in counts.items()}
        object.__setattr__(self, "choice", choice)

    def phrasing(self, name: str) -> Phrasing:
        """The phrasing chosen for a variable."""
        return self.spec.variable(name).phrasings[self.choice[name]]

    def sentence(self, name: str, code: int) -> str:
        """The sentence that says that a variable has the value of this code."""
        return self.phrasing(name).sentence(self.spec.variable(name).values[code])

    def context(self, name: str, codes: Mapping[str, int]) -> str:
        """Parent-only concatenation: the parents' sentences in the order tau, joined by a space.

        Empty without parents. ``codes`` holds at least the parents' codes. Source: arXiv
        2411.08019 v2, section 3.
        """
        return self._joined(self.spec.parents(name), codes)

    def text(self, codes: Mapping[str, int]) -> str:
        """The sentences of all variables in the order tau, joined by a space."""
        return self._joined(self.spec.order, codes)

    def _joined(self, names: tuple[str, ...], codes: Mapping[str, int]) -> str:
        return " ".join(self.sentence(name, codes[name]) for name in names)


def draw_index(number: int, name: str, count: int) -> int:
    """A uniform index below ``count`` that depends on (number, name) only; 0 for number 0.

    The raw 64-bit output of Philox is part of NumPy's stability promise, the methods of
    ``Generator`` are not. Scaling it down is biased by less than count / 2**64.
    """
    if number == 0:
        return 0
    digest = blake2b(json.dumps([number, name]).encode(), digest_size=16).digest()
    raw = int(Philox(key=int.from_bytes(digest, "little")).random_raw())
    return raw * count >> 64
