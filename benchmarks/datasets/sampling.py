"""Recipe of a sampled dataset: everything that another process needs to make it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import sdscm
from benchmarks.suite.entries import LMEntry
from sdscm.data.dataset import CausalDataset
from sdscm.inference.outcome import OutcomeKind
from sdscm.lm import LanguageModel
from sdscm.spec import Spec

Rows = Callable[[float], None]


@dataclass(frozen=True)
class Recipe:
    """A dataset to sample.

    Attributes
    ----------
    spec, lm
        The spec, and the language model.
    phrasing, options
        Arguments of ``sdscm.SDSCM``.
    n, seed, outcome, dataset
        Arguments of ``SDSCM.dataset``.
    """

    spec: Spec
    lm: LMEntry
    phrasing: int
    options: Mapping[str, Any]
    n: int
    seed: int
    outcome: OutcomeKind
    dataset: Mapping[str, Any]

    def model(self) -> sdscm.SDSCM:
        """Make the SD-SCM; its language model is loaded when it scores for the first time."""
        return sdscm.SDSCM(self.spec, self.loaded(), phrasing=self.phrasing, **self.options)

    def loaded(self) -> LanguageModel:
        """Get the language model, which all recipes of a process share."""
        return language_model(self.lm)

    def make(self, rows: Rows) -> CausalDataset:
        """Sample the dataset; ``rows`` is called with the number of rows that are ready."""
        return self.model().dataset(
            self.n,
            self.seed,
            outcome=self.outcome,
            progress=lambda done, _: rows(done),
            **self.dataset,
        )


@cache
def language_model(entry: LMEntry) -> LanguageModel:
    """Get the language model of an entry."""
    return sdscm.load_lm(entry.name, **entry.options)
