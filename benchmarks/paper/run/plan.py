"""The cells of a share: one method on one dataset, or ten pooled, in one setting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.datasets.paper.release import POOLED, ROWS, Release
from benchmarks.datasets.paper.share import pools, taken
from benchmarks.paper.run.identity import identity
from benchmarks.paper.run.methods import Method
from benchmarks.provenance.hashing import derive_seed, digest, digest_bytes
from sdscm.data.dataset import SETTINGS, CausalDataset, Setting

#: Raised when cells are run or scored in another way, so that older records are not reused.
_PROTOCOL = 1
POOLED_ROWS = POOLED * ROWS
SIZES = (ROWS, POOLED_ROWS)


@dataclass(frozen=True)
class Unit:
    """A dataset of the job.

    Attributes
    ----------
    lm, rows
        ``rows`` is 1,000, or 10,000 for a pooled one.
    number
        The id, or the number of the pool; see `Release`.
    variant
        The phrasing.
    data
        Hash of the content.
    """

    lm: str
    rows: int
    number: int
    variant: int
    data: str


@dataclass(frozen=True)
class PaperCell:
    """One record of the job."""

    unit: Unit
    setting: Setting
    method: Method

    @property
    def seed(self) -> int:
        """``random_state`` of the estimator."""
        unit = self.unit
        return derive_seed("paper", unit.lm, unit.rows, unit.number, self.setting, self.method.fit)

    @property
    def identity(self) -> str:
        return identity(self.method.name)

    @property
    def key(self) -> str:
        """Content hash: equal keys have equal numbers."""
        content = [_PROTOCOL, self.unit.data, self.setting, self.identity, self.seed]
        return "k" + digest(content)[:16]

    @property
    def seconds(self) -> float:
        """Expected seconds on one core."""
        pooled = self.unit.rows == POOLED_ROWS
        return self.method.pooled_seconds if pooled else self.method.seconds

    def __str__(self) -> str:
        what = "pool" if self.unit.rows == POOLED_ROWS else "dataset"
        return f"{self.method.name} on {self.unit.lm} {what} {self.unit.number} ({self.setting})"


def load(release: Release, unit: Unit) -> CausalDataset:
    """The data of a unit."""
    return (release.pooled if unit.rows == POOLED_ROWS else release.dataset)(unit.number)


def units(release: Release, share: float, rows: int) -> list[Unit]:
    """The datasets of a share, of 1,000 or 10,000 rows, in the order of the share."""
    if rows == POOLED_ROWS:
        numbers = pools(share)
        made = [(int(number), release.pooled(int(number))) for number in numbers]
    else:
        numbers = release.ids[taken(share, release.variant)]
        made = [(int(number), release.dataset(int(number))) for number in numbers]
    return [
        Unit(release.lm, rows, number, dataset.meta.phrasing, _content(dataset))
        for number, dataset in made
    ]


def _content(dataset: CausalDataset) -> str:
    parts = dataset.X.to_numpy(), dataset.t, dataset.y0, dataset.y1
    return digest_bytes(b"".join(part.astype(np.float32).tobytes() for part in parts))[:12]


def cells(
    releases: Mapping[str, Release],
    methods: Sequence[Method],
    share: float,
    costly_share: float,
    sizes: Sequence[int] = SIZES,
    settings: Sequence[Setting] = SETTINGS,
) -> list[PaperCell]:
    """All cells of a share, in an order in which a run that is cut short has a smaller share.

    Parameters
    ----------
    releases
        By language model.
    methods
    share
        Part of the datasets of 1,000 rows for the methods that are not costly.
    costly_share
        Part of the datasets for the costly ones, and of the pooled ones for all.
    sizes, settings
        Rows of the datasets, and settings.
    """
    found: list[tuple[float, PaperCell]] = []
    for release in releases.values():
        for rows in sizes:
            for costly in (False, True):
                chosen = [
                    method
                    for method in methods
                    if method.costly == costly and (rows == ROWS or method.effects)
                ]
                part = share if rows == ROWS and not costly else costly_share
                wanted = units(release, part, rows) if chosen else []
                for rank, unit in zip(np.linspace(0, 1, len(wanted)), wanted, strict=True):
                    found += [
                        (float(rank), PaperCell(unit, setting, method))
                        for setting in settings
                        for method in chosen
                    ]
    return [cell for _, cell in sorted(found, key=lambda pair: pair[0])]


def seconds(todo: Sequence[PaperCell], workers: int) -> float:
    """Expected seconds of cells on so many cores."""
    fits: dict[object, float] = {}
    for cell in todo:
        fit = cell.unit, cell.setting, cell.method.fit
        fits[fit] = max(fits.get(fit, 0.0), cell.seconds)
    return sum(fits.values()) / max(workers, 1)
