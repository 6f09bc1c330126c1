"""From a suite's dataset entries to datasets on disk. The one place where data enter a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from glob import glob
from pathlib import Path
from typing import Any

import pandas as pd

import sdscm
from benchmarks.hashing import derive_seed, digest
from benchmarks.progress import Progress
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


Rows = Callable[[float], None]


@dataclass(frozen=True)
class Request:
    """A dataset to be had: its name, its rows, and how to have it.

    ``obtain`` calls its argument with the rows that are ready, a fraction too, as they come.
    """

    name: str
    entry: str
    cluster: str
    n: int
    obtain: Callable[[Rows], CausalDataset]


def prepare(
    requests: Sequence[Request], folder: Path, progress: Progress
) -> Iterator[tuple[Source, CausalDataset]]:
    """Make datasets, or find them in ``folder``, one after the other.

    A damaged dataset file is named and made again.
    """
    for request in requests:
        path = folder / "datasets" / f"{request.name}.parquet"
        ready = 0.0

        def report(rows: float, step: str = request.name) -> None:
            nonlocal ready
            progress.advance(step, max(rows - ready, 0.0))
            ready = max(rows, ready)

        dataset = None
        if path.exists():
            try:
                dataset = CausalDataset.read_parquet(path)
            except InputError as error:
                progress.say(f"{error}; it is made again now")
        if dataset is None:
            dataset = request.obtain(report)
            dataset.to_parquet(path)
        report(request.n)
        source = Source(
            name=request.name,
            entry=request.entry,
            cluster=request.cluster,
            lm=dataset.meta.lm,
            fingerprint=dataset.fingerprint,
        )
        yield source, dataset


def requests(suite: Suite) -> list[Request]:
    """What a suite asks for, in its order; nothing is generated or written yet.

    Raises
    ------
    InputError
        If a scenario, phrasing, language model, option, file or column is not there.
    """
    found: list[Request] = []
    for entry in suite.datasets:
        if isinstance(entry, ScenarioEntry):
            found += _sampled(entry, suite)
        else:
            found += _brought(entry, suite)
    return found


def _sampled(entry: ScenarioEntry, suite: Suite) -> Iterator[Request]:
    beside = suite.folder / entry.scenario
    spec = sdscm.load_spec(str(beside) if beside.is_file() else entry.scenario)

    def request(name: str, phrasing: int, replicate: int) -> Request:
        lm = _language_model(name)
        seed = derive_seed(suite.seed, entry.title, phrasing, replicate)
        options = {"temperature": entry.temperature, **entry.options}
        try:
            model = sdscm.SDSCM(spec, lm, phrasing=phrasing, **options)
        except TypeError as error:
            raise InputError(f"{suite.origin}: {entry.title}: options: {error}") from None
        settled = [entry.n, seed, phrasing, options, entry.outcome]
        content = digest([spec.content_hash, lm.id, lm.revision, *settled, code_of_generator()])

        def obtain(rows: Rows) -> CausalDataset:
            return model.dataset(
                entry.n, seed, outcome=entry.outcome, progress=lambda done, _: rows(done)
            )

        return Request(
            name=f"{entry.title}-p{phrasing}-r{replicate}-{content[:8]}",
            entry=entry.title,
            cluster=f"{entry.title}, phrasing {phrasing}",
            n=entry.n,
            obtain=obtain,
        )

    for lm in entry.lms:
        for phrasing in entry.phrasing_numbers:
            for replicate in range(entry.replicates):
                yield request(lm, phrasing, replicate)


# One a process: a language model is large, and all phrasings use the same.
@cache
def _language_model(name: str) -> Any:
    return sdscm.load_lm(name)


def _brought(entry: FilesEntry, suite: Suite) -> Iterator[Request]:
    for number, path in enumerate(_matches(entry, suite.folder)):
        dataset = _read(entry, path, number)
        if "hidden" in suite.settings and not dataset.exogenous:
            raise InputError(
                f"{path}: the setting 'hidden' hides nothing, since no covariate is exogenous; "
                f"set 'settings: [all]' in {suite.origin}"
            )
        sampled = bool(dataset.meta.spec_hash)
        yield Request(
            name=f"{entry.title}-{path.stem}-{dataset.fingerprint[:8]}",
            entry=entry.title,
            cluster=f"{entry.title}, phrasing {dataset.meta.phrasing}" if sampled else str(path),
            n=len(dataset),
            obtain=lambda _, dataset=dataset: dataset,  # type: ignore[misc]
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
