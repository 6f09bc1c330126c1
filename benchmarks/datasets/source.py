"""A dataset of a run: its name, its place in the suite, and its file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.datasets.paper.released import Released
from benchmarks.provenance.hashing import derive_seed
from sdscm.data.dataset import CausalDataset
from sdscm.errors import InputError


def described(lm: str, marks: str) -> str:
    """Format the name of a language model for boards, with settings that are not the defaults."""
    return f"{lm} ({marks})" if marks else lm


def lm_mark(lm: str) -> str:
    """Format the end of a dataset's name, for an entry with several language models."""
    return "-" + re.sub(r"[^A-Za-z0-9_.]+", "-", lm).strip("-")


@dataclass(frozen=True)
class Source:
    """A dataset of a run.

    Attributes
    ----------
    name
        Unique in the suite; the stem of its file. It depends on the place only.
    entry
        Title of the suite's entry that it comes from.
    cluster
        Datasets of one cluster (one phrasing, or one file) are not independent of each other.
    lm
        Identifier of the language model, with settings that differ from the defaults; empty for
        data of other origin.
    fingerprint
        Content hash of the dataset.
    place
        JSON values from which seeds are derived: the suite's seed, the entry, and the dataset's
        place in the entry. It does not depend on the language model, so that the boards of all
        language models have the same seeds.
    released
        The fields of `Released`, for a dataset of the paper that is read in place.
    """

    name: str
    entry: str
    cluster: str
    lm: str = ""
    fingerprint: str = ""
    place: tuple[Any, ...] = ()
    released: dict[str, Any] | None = None

    def path(self, folder: Path) -> Path:
        return folder / "datasets" / f"{self.name}.parquet"

    def read(self, folder: Path) -> CausalDataset:
        """Read the dataset from a run folder, or where it was released."""
        if self.released is not None:
            return Released(**self.released).load()
        return CausalDataset.read_parquet(self.path(folder))

    def load(self, folder: Path) -> CausalDataset:
        """Read the dataset; raise an InputError if it is damaged or its content has changed."""
        dataset = self.read(folder)
        if dataset.fingerprint != self.fingerprint:
            path = self.released["folder"] if self.released else self.path(folder)
            raise InputError(f"{path}: its content has changed; delete it and run again")
        return dataset

    def held_out(self, dataset: CausalDataset, share: float) -> np.ndarray:
        """Return the mask of the held-out rows; see `held_out`."""
        return held_out(dataset.t, share, self.place)


def held_out(t: np.ndarray, share: float, place: tuple[Any, ...]) -> np.ndarray:
    """Choose the rows that no estimator is fitted on, the same for every estimator and setting.

    The share of each treatment arm is the same, rounded, and at least one row of each arm is left
    for the fit. Each row has a random number that depends on its position only, and the rows with
    the smallest numbers of their arm are held out. If the treatment of one row differs on another
    processor, the choice of the other rows stays almost the same.

    Parameters
    ----------
    t : array of shape (n,)
        The treatment, 0 or 1.
    share
        In [0, 1).
    place
        Place of the dataset in the suite; see `Source`.

    Returns
    -------
    Boolean array of shape (n,).
    """
    mask = np.zeros(len(t), dtype=bool)
    seed = derive_seed("held out", *place, float(share))
    numbers = np.random.Generator(np.random.Philox(seed)).random(len(t))
    for arm in (0, 1):
        rows = np.flatnonzero(t == arm)
        rows = rows[np.argsort(numbers[rows], kind="stable")]
        mask[rows[: min(round(share * len(rows)), max(len(rows) - 1, 0))]] = True
    return mask
