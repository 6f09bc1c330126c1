"""A dataset of a run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.datasets.paper.released import Released
from sdscm.data.dataset import CausalDataset
from sdscm.errors import InputError


@dataclass(frozen=True)
class Source:
    """A dataset of a run.

    Attributes
    ----------
    name
        Unique in the suite; the stem of its file.
    entry
        Title of the suite's entry that it comes from.
    cluster
        Datasets of one cluster (one phrasing, or one file) are not independent of each other.
    lm
        Identifier of the language model, and how it computes where that is not as usual; empty for
        data of other origin.
    fingerprint
        Content hash of the dataset.
    released
        The fields of `Released`, for a dataset of the paper that is read in place.
    """

    name: str
    entry: str
    cluster: str
    lm: str
    fingerprint: str
    released: dict[str, Any] | None = None

    def path(self, folder: Path) -> Path:
        return folder / "datasets" / f"{self.name}.parquet"

    def load(self, folder: Path) -> CausalDataset:
        """Read the dataset from a run folder; an InputError names what is damaged."""
        if self.released is not None:
            dataset, path = Released(**self.released).load(), Path(self.released["folder"])
        else:
            path = self.path(folder)
            dataset = CausalDataset.read_parquet(path)
        if dataset.fingerprint != self.fingerprint:
            raise InputError(f"{path}: its content has changed; delete it and run again")
        return dataset
