"""Datasets and pools of the paper's release for an entry of a suite, read in place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from benchmarks.datasets.paper.loading import find, read
from benchmarks.datasets.paper.release import POOLED_ROWS, ROWS, Release
from benchmarks.datasets.paper.share import pools, taken
from benchmarks.suite.entries import PaperEntry
from sdscm.data.dataset import CausalDataset

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
        for number in pools(share):
            variant = int(release.variant[release.pool(int(number))[0]])
            yield Released(lm, int(number), POOLED_ROWS, variant, folder)
    else:
        for place in taken(share, release.variant):
            yield Released(lm, int(release.ids[place]), ROWS, int(release.variant[place]), folder)


@cache
def _release(lm: str, folder: str) -> Release:
    return read(lm, Path(folder)).require_all()
