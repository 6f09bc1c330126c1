"""A dataset of a run: its name, its place in the suite, and its file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.datasets.holdout import held_out
from benchmarks.datasets.paper.released import Released
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
    lm: str
    fingerprint: str
    place: tuple[Any, ...] = ()
    released: dict[str, Any] | None = None

    def path(self, folder: Path) -> Path:
        return folder / "datasets" / f"{self.name}.parquet"

    def load(self, folder: Path) -> CausalDataset:
        """Read the dataset from a run folder; raise an InputError if it is damaged."""
        if self.released is not None:
            dataset, path = Released(**self.released).load(), Path(self.released["folder"])
        else:
            path = self.path(folder)
            dataset = CausalDataset.read_parquet(path)
        if dataset.fingerprint != self.fingerprint:
            raise InputError(f"{path}: its content has changed; delete it and run again")
        return dataset

    def held_out(self, dataset: CausalDataset, share: float) -> np.ndarray:
        """Return the mask of the held-out rows; see `benchmarks.datasets.holdout.held_out`."""
        return held_out(dataset.t, share, self.place)
