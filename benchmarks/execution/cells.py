"""A cell: one method on one dataset in one setting."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from benchmarks.datasets.source import Source
from benchmarks.execution.methods import Method
from benchmarks.provenance.hashing import derive_seed, digest
from benchmarks.suite.entries import count_of_share
from benchmarks.suite.model import Suite
from sdscm.data.dataset import Setting

#: Increase this number when workers treat estimators differently, so that older records are not
#: reused.
_PROTOCOL = 3


@dataclass(frozen=True)
class Cell:
    """One method on one dataset in one setting.

    Attributes
    ----------
    dataset, fingerprint
        Name and content hash of the dataset.
    setting
        Name of the set of covariates that the estimator sees.
    estimator, identity
        Label of the method, and hash of everything that determines its numbers.
    seed
        ``random_state`` of the estimator.
    alpha, threads, holdout
        As in the suite.
    version_free_key
        Hash of the method's name and parameters: `identity` without code and versions.
    repetition
        Number of the fit among those with different seeds, from 0; it decides the seed.
    """

    dataset: str
    fingerprint: str
    setting: Setting
    estimator: str
    identity: str
    seed: int
    alpha: float
    threads: int
    holdout: float = 0.0
    version_free_key: str = ""
    repetition: int = 0

    @cached_property
    def key(self) -> str:
        """Hash of the dataset's place, the setting, the seed, the options and the method.

        The content of the dataset is not included: a record of other content has the same key, and
        is replaced.
        """
        return digest([_PROTOCOL, *self._place, self.identity])

    @property
    def version_free_cell_key(self) -> str:
        """Hash without code and versions: equal for cells that differ in these alone."""
        return digest([*self._place, self.fingerprint, self.version_free_key])

    @property
    def _place(self) -> tuple[str | int | float, ...]:
        options = (float(self.alpha), self.threads, float(self.holdout))
        return (self.dataset, self.setting, self.seed, *options)

    def __str__(self) -> str:
        later = f", repetition {self.repetition}" if self.repetition else ""
        return f"{self.estimator} on {self.dataset} ({self.setting}{later})"


def seed_of(source: Source, setting: Setting, seed_label: str, repetition: int = 0) -> int:
    """Derive the seed of an estimator from its place in the suite, independent of data.

    Parameters
    ----------
    source, setting
        The dataset, of which the place counts, and the setting.
    seed_label
        See `Method.seed_label`.
    repetition
        Number of the fit among several with different seeds; the first is 0.
    """
    later = (repetition,) if repetition else ()
    return derive_seed(*source.place, setting, seed_label, *later)


def plan(suite: Suite, sources: Sequence[Source], methods: Sequence[Method]) -> list[Cell]:
    """List the cells of a suite, in its order; none where a method is not applicable."""
    size: Counter[str] = Counter()
    place = {}
    for source in sources:
        place[source.name] = size[source.entry]
        size[source.entry] += 1
    return [
        Cell(
            dataset=source.name,
            fingerprint=source.fingerprint,
            setting=setting,
            estimator=method.label,
            identity=method.identity,
            seed=seed_of(source, setting, method.seed_label, repetition),
            alpha=suite.alpha,
            threads=suite.threads,
            holdout=suite.holdout,
            version_free_key=method.version_free_key,
            repetition=repetition,
        )
        for source in sources
        for setting in suite.settings_of(source.entry)
        for method in methods
        if method.applies(setting)
        for repetition in range(method.fits(suite))
        if place[source.name] < count_of_share(method.share, size[source.entry])
    ]


def in_order_of_shares(cells: Sequence[Cell], sources: Sequence[Source]) -> list[Cell]:
    """Sort cells so that an unfinished run has about the same share of each method's cells.

    The datasets of an entry stay in their order.
    """
    entries = {source.name: source.entry for source in sources}
    kinds = [(entries[cell.dataset], cell.setting, cell.estimator) for cell in cells]
    sizes, seen = Counter(kinds), Counter[tuple[str, ...]]()
    ranks = []
    for kind in kinds:
        ranks.append(seen[kind] / sizes[kind])
        seen[kind] += 1
    order = sorted(range(len(cells)), key=ranks.__getitem__)
    return [cells[place] for place in order]
