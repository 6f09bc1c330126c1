"""From a suite's dataset entries to datasets on disk. The one place where data enter a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from glob import glob
from pathlib import Path
from typing import Any

import pandas as pd

import sdscm
from benchmarks.hashing import derive_seed, digest
from benchmarks.suite import FilesEntry, ScenarioEntry, Suite
from benchmarks.versions import code_of_generator
from sdscm.dataset import CausalDataset
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
        Identifier of the language model; empty for data of other origin.
    fingerprint
        Content hash of the dataset.
    """

    name: str
    entry: str
    cluster: str
    lm: str
    fingerprint: str

    def path(self, folder: Path) -> Path:
        return folder / "datasets" / f"{self.name}.parquet"

    def load(self, folder: Path) -> CausalDataset:
        """Read the dataset from a run folder; an InputError names what is damaged."""
        path = self.path(folder)
        dataset = CausalDataset.read_parquet(path)
        if dataset.fingerprint != self.fingerprint:
            raise InputError(f"{path}: its content has changed; delete it and run again")
        return dataset


@dataclass(frozen=True)
class _Request:
    """A dataset to be had, and how."""

    name: str
    entry: str
    cluster: str
    obtain: Callable[[], CausalDataset]


def prepare(suite: Suite, folder: Path, said: Callable[[str], None]) -> Iterator[Source]:
    """Make the suite's datasets, or find them in ``folder``, one after the other.

    A damaged dataset file is named through ``said`` and made again.

    Raises
    ------
    InputError
        If a scenario, language model, file or column is not there.
    """
    for request in requests(suite):
        path = folder / "datasets" / f"{request.name}.parquet"
        dataset = None
        if path.exists():
            try:
                dataset = CausalDataset.read_parquet(path)
            except InputError as error:
                said(f"{error}; it is made again now")
        if dataset is None:
            dataset = request.obtain()
            dataset.to_parquet(path)
        yield Source(
            name=request.name,
            entry=request.entry,
            cluster=request.cluster,
            lm=dataset.meta.lm,
            fingerprint=dataset.fingerprint,
        )


def requests(suite: Suite) -> list[_Request]:
    """What a suite asks for, in its order; nothing is generated yet."""
    found: list[_Request] = []
    for entry in suite.datasets:
        if isinstance(entry, ScenarioEntry):
            found += _sampled(entry, suite)
        else:
            found += _brought(entry, suite)
    return found


def _sampled(entry: ScenarioEntry, suite: Suite) -> Iterator[_Request]:
    beside = suite.folder / entry.scenario
    spec = sdscm.load_spec(str(beside) if beside.is_file() else entry.scenario)

    def request(lm: str, phrasing: int, replicate: int) -> _Request:
        seed = derive_seed(suite.seed, entry.title, phrasing, replicate)
        options = {"temperature": entry.temperature, **entry.options}

        def obtain() -> CausalDataset:
            model = sdscm.SDSCM(spec, _language_model(lm), phrasing=phrasing, **options)
            return model.dataset(entry.n, seed)

        content = digest(
            [spec.content_hash, lm, phrasing, entry.n, seed, options, code_of_generator()]
        )
        return _Request(
            name=f"{entry.title}-p{phrasing}-r{replicate}-{content[:8]}",
            entry=entry.title,
            cluster=f"{entry.title}, phrasing {phrasing}",
            obtain=obtain,
        )

    for lm in entry.lms:
        for phrasing in entry.phrasing_numbers:
            for replicate in range(entry.replicates):
                yield request(lm, phrasing, replicate)


@cache
def _language_model(name: str) -> Any:
    return sdscm.load_lm(name)


def _brought(entry: FilesEntry, suite: Suite) -> Iterator[_Request]:
    for number, path in enumerate(_matches(entry, suite.folder)):
        dataset = _read(entry, path, number)
        if "hidden" in suite.settings and not dataset.exogenous:
            raise InputError(
                f"{path}: the setting 'hidden' hides nothing, since no covariate is exogenous; "
                f"set 'settings: [all]' in {suite.origin}"
            )
        sampled = bool(dataset.meta.spec_hash)
        yield _Request(
            name=f"{entry.title}-{path.stem}-{dataset.fingerprint[:8]}",
            entry=entry.title,
            cluster=f"{entry.title}, phrasing {dataset.meta.phrasing}" if sampled else str(path),
            obtain=lambda dataset=dataset: dataset,  # type: ignore[misc]
        )


def _matches(entry: FilesEntry, folder: Path) -> list[Path]:
    found: list[Path] = []
    for pattern in entry.patterns:
        here = sorted(Path(match) for match in glob(str(folder / pattern)))
        if not here:
            raise InputError(f"{entry.name}: no file matches '{folder / pattern}'")
        found += here
    return found


def _read(entry: FilesEntry, path: Path, number: int) -> CausalDataset:
    columns = entry.columns
    if columns is None:
        if path.suffix != ".parquet":
            raise InputError(f"{path}: say in 'columns' which column is the treatment, y0 and y1")
        return CausalDataset.read_parquet(path)
    try:
        frame = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{path}: not a readable Parquet or CSV file ({reason})") from None
    return CausalDataset.from_frame(
        frame,
        treatment=columns.treatment,
        y0=columns.y0,
        y1=columns.y1,
        covariates=columns.covariates,
        exogenous=tuple(columns.exogenous),
        propensity=columns.propensity,
        name=str(path.name),
        replicate=number,
    )
