"""Datasets and pools of the paper's release for an entry of a suite, read in place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from benchmarks.datasets.paper.loading import find, read
from benchmarks.datasets.paper.release import (
    DATASETS,
    PHRASINGS,
    POOLED,
    POOLED_ROWS,
    ROWS,
    Release,
)
from benchmarks.suite.entries import PaperEntry, count_of_share
from sdscm.data.dataset import CausalDataset

#: Seed of the order in which shares take the datasets.
_SEED = 2411_08019
_NAME = re.compile(r"(?P<lm>.+)-p(?P<variant>\d+)-(?P<pool>pool)?(?P<number>\d+)")


@dataclass(frozen=True)
class Released:
    """A released dataset of 1,000 rows, or a pool of ten datasets.

    Attributes
    ----------
    lm
    number
        The id of the dataset, or the number of the pool; see `Release`.
    rows
        1,000, or 10,000 for a pool.
    variant
        The phrasing.
    folder
        The user's copy of the data. They have no licence, so they are never copied.
    """

    lm: str
    number: int
    rows: int
    variant: int
    folder: str

    @property
    def name(self) -> str:
        """Name in every suite; `parts_of_name` parses it."""
        pool = "pool" * (self.rows == POOLED_ROWS)
        return f"{self.lm}-p{self.variant}-{pool}{self.number}"

    @property
    def place(self) -> tuple[str, str, int, int]:
        """Values from which seeds are derived."""
        return "paper", self.lm, self.rows, self.number

    def load(self) -> CausalDataset:
        """Read the dataset; the release of a language model is read once in a process."""
        release = _release(self.lm, self.folder)
        return (release.pooled if self.rows == POOLED_ROWS else release.dataset)(self.number)


def parts_of_name(name: str) -> dict[str, str | int]:
    """Parse the name of a `Released` into its ``lm``, ``rows``, ``number`` and ``variant``.

    Raises
    ------
    ValueError
        If no released dataset has such a name.
    """
    parts = _NAME.fullmatch(name)
    if parts is None:
        raise ValueError(f"'{name}' is not the name of a released dataset")
    return {
        "lm": parts["lm"],
        "rows": POOLED_ROWS if parts["pool"] else ROWS,
        "number": int(parts["number"]),
        "variant": int(parts["variant"]),
    }


def released(entry: PaperEntry, data: Path | None) -> Iterator[Released]:
    """List the released datasets of an entry, in the order in which larger shares take them.

    Parameters
    ----------
    entry
    data
        As for `find`.

    Raises
    ------
    InputError
        If the data are missing, incomplete or damaged.
    """
    lm, share, folder = entry.paper.lm, entry.paper.share, str(find(data))
    release = _release(lm, folder)
    if entry.paper.pools:
        for number in pools(share).tolist():
            variant = int(release.variant[release.pool(number)[0]])
            yield Released(lm, number, POOLED_ROWS, variant, folder)
    else:
        for place in taken(share, release.variant):
            yield Released(lm, int(release.ids[place]), ROWS, int(release.variant[place]), folder)


def order(variant: np.ndarray) -> np.ndarray:
    """Return the positions of all datasets in the order in which shares take them.

    Parameters
    ----------
    variant : array of shape (datasets,)
        Phrasing of each dataset.

    Returns
    -------
    A permutation. If all phrasings have equally many datasets, each block of as many positions as
    phrasings has one dataset of each phrasing. The permutation is random, with a fixed seed,
    because the first ids of the release are easier than the others.
    """
    draw = np.random.Generator(np.random.Philox(_SEED))
    shuffled = draw.permutation(len(variant))
    turn = np.empty(len(variant), int)
    for phrasing in np.unique(variant):
        members = shuffled[variant[shuffled] == phrasing]
        turn[members] = np.arange(len(members))
    place = draw.permutation(variant.max() + 1)[variant]
    return np.lexsort((place, turn))


def taken(share: float, variant: np.ndarray) -> np.ndarray:
    """Return the positions of the datasets in a share, at least one, in the order of `order`."""
    return order(variant)[: count_of_share(share, len(variant))]


def pools(share: float) -> np.ndarray:
    """Return the numbers of the pooled datasets in a share; see `Release.pooled`."""
    return taken(share, np.repeat(np.arange(PHRASINGS), DATASETS // PHRASINGS // POOLED))


@cache
def _release(lm: str, folder: str) -> Release:
    return read(lm, Path(folder)).require_all()
