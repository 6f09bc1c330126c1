"""Verify a release: its files, its tables, its scores, and a sample of its fits."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import numpy as np

from benchmarks.archive.files import DamagedArchiveError, zip_of
from benchmarks.archive.release import MANIFEST, Release
from benchmarks.boards.scores import Scorer
from benchmarks.datasets.loaded import Datasets
from benchmarks.datasets.prepare import requests
from benchmarks.execution.cells import Cell
from benchmarks.execution.job_builder import JobBuilder
from benchmarks.execution.methods import Method, methods_of
from benchmarks.execution.runtimes import Runtimes
from benchmarks.execution.scheduler import run_here, run_in_pool
from benchmarks.interface import Outcome, Prediction
from benchmarks.process.threads import workers_for
from benchmarks.provenance.hashing import digest
from benchmarks.storage.frozen import read_cells, read_methods, read_records
from benchmarks.storage.store import Record
from benchmarks.suite.loading import load_suite
from benchmarks.suite.model import Suite
from sdscm.data.dataset import CausalDataset, Provenance
from sdscm.errors import InputError
from sdscm.number_format import counted

#: Largest relative difference of a score or prediction to the one that is made again.
TOLERANCE = 1e-9
_MOST_LINES = 20


@dataclass(frozen=True)
class Verified:
    """Result of a verification.

    Attributes
    ----------
    problems
        What is wrong, one line each, with the file or the cell.
    notes
        What a reader should know, such as other versions of libraries.
    files, cells, refitted
        Numbers of files, of cells whose scores were computed again, and of fits that were made
        again.
    """

    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    files: int = 0
    cells: int = 0
    refitted: int = 0


def verify_release(
    place: str | Path,
    *,
    refit: int = 0,
    workers: int | None = None,
    plugins: Sequence[str | Path] = (),
) -> Verified:
    """Verify a release.

    Names, sizes and SHA-256 of all files are compared with the manifest, the columns of the tables
    with their schema, and cells with the suite. Scores are computed again from predictions
    and truth. The checks end with the first kind that finds a problem.

    Parameters
    ----------
    place
        As for `benchmarks.suite.loading.load_suite`.
    refit
        Number of cells to fit again: a sample that the manifest's hash decides.
    workers
        As in `benchmarks.run`.
    plugins
        Files, already loaded, with methods of the release.

    Raises
    ------
    InputError
        If there is no release.
    """
    try:
        suite = load_suite(place)
        release = suite.release
        if release is None:
            raise InputError(f"{place}: a suite, but not a release; make one: sdscm release make")
        found = list(_files(release))
        if found:
            return Verified(found, files=len(release.files.sizes))
        made = ((each.source, each.content) for each in requests(suite))
        datasets = Datasets(
            (s, content) for s, content in made if isinstance(content, CausalDataset)
        )
        records = list(read_records(release))
        found = [*_cells(suite, datasets, read_cells(release)), *_truths(release, datasets)]
        found += [] if found else _scores(suite, datasets, records)
    except DamagedArchiveError as error:
        return Verified([str(error)])
    except InputError:
        raise
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        # Its hashes are right, but `release make` did not write it.
        return Verified([f"{MANIFEST} is not that of a release ({type(error).__name__}: {error})"])
    result = Verified(found[:_MOST_LINES], [], len(release.files.sizes), len(records))
    if len(found) > _MOST_LINES:
        result.problems.append(f"... and {len(found) - _MOST_LINES} more problems")
    if found or not refit:
        return result
    return _refitted(result, suite, datasets, records, refit, workers, list(map(Path, plugins)))


def _files(release: Release) -> Iterator[str]:
    """Compare names, sizes and hashes of the files with the manifest."""
    files, listed = release.files, release.content["files"]
    for name in sorted({*files.sizes, *listed} - {MANIFEST}):
        if name not in files.sizes:
            yield f"{name} is missing"
        elif name not in listed:
            yield f"{name} is not a file of the release"
        elif files.sizes[name] != listed[name]["bytes"]:
            yield f"{name} has changed: {files.sizes[name]} bytes, not {listed[name]['bytes']}"
        else:
            try:
                if sha256(files.read(name)).hexdigest() != listed[name]["sha256"]:
                    yield f"{name} has changed: its SHA-256 is not that of the manifest"
            except DamagedArchiveError as error:
                yield str(error)
    if files.place.is_file() and files.sizes.keys() == listed.keys() | {MANIFEST}:
        try:
            packed = zip_of({name: files.read(name) for name in files.sizes})
        except DamagedArchiveError:
            return  # the file is named above
        if packed != files.place.read_bytes():
            yield f"{files.place.name} has changed: another program packed it, or it is damaged"


def _cells(suite: Suite, datasets: Datasets, cells: Sequence[Cell]) -> Iterator[str]:
    """Compare the cells with the suite: each dataset, setting and method, and held-out rows."""
    assert suite.release is not None
    known = {source.name: source for source in datasets.sources}
    for name, rows in suite.release.content["held_out"].items():
        mask = known[name].held_out(datasets[name], suite.holdout)
        if mask.nonzero()[0].tolist() != rows:
            yield f"{name}: its held-out rows are not those of its place in the suite"
    methods = {method.label for method in read_methods(suite.release)}
    seen = set()
    for cell in cells:
        source = known.get(cell.dataset)
        if source is None or cell.setting not in suite.settings or cell.estimator not in methods:
            yield f"{cell}: no dataset, setting or method of the release"
        elif cell.fingerprint != source.fingerprint:
            yield f"{cell}: made from another dataset of this name"
        elif (cell.alpha, cell.holdout, cell.threads) != (
            suite.alpha,
            suite.holdout,
            suite.threads,
        ):
            yield f"{cell}: other options than the suite's"
        else:
            seen.add(cell.estimator)
    yield from (f"{method}: it has no cell" for method in sorted(methods - seen))


def _truths(release: Release, datasets: Datasets) -> Iterator[str]:
    """Compare the datasets of a sealed release with what its part may hold."""
    if release.content.get("sealed", {}).get("part") != "public":
        return
    for name, dataset in datasets.items():
        names = ("propensity", "text", "known_ate")
        found = [each for each in names if getattr(dataset, each) is not None]
        found += [f"cate:{setting}" for setting in (*dataset.cates, *dataset.cate_errors)]
        found += [] if np.isnan(dataset.ite).all() else ["y0, y1"]
        if found or dataset.meta != Provenance(scenario=name):
            yield f"{name}: the public part holds a truth ({', '.join(found) or 'provenance'})"


def _scores(suite: Suite, datasets: Datasets, records: Sequence[Record]) -> Iterator[str]:
    """Compute the scores again from predictions and truth."""
    scorer = Scorer(suite, datasets.sources, lambda source: datasets[source.name])
    for record in records:
        cell, outcome = record.cell, record.outcome
        if (outcome.status == "ok") != (outcome.prediction is not None):
            yield f"{cell}: its status is {outcome.status}, but predictions say otherwise"
            continue
        try:
            again = scorer(cell, outcome)
        except (ValueError, IndexError) as error:
            yield f"{cell}: its predictions do not fit the dataset ({error})"
            continue
        if again.keys() != record.scores.keys():
            yield f"{cell}: scores of other rows than its predictions have"
            continue
        for rows, values in record.scores.items():
            for name, value in values.items():
                if name in again[rows] and not _alike(again[rows][name], value):
                    yield (
                        f"{cell}: {name} ({rows} rows) is {value:.9g}, but the predictions give "
                        f"{again[rows][name]:.9g}"
                    )


def _alike(one: float, other: float) -> bool:
    if math.isnan(one) or math.isnan(other):
        return math.isnan(one) and math.isnan(other)
    return math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=TOLERANCE)


def _refitted(
    result: Verified,
    suite: Suite,
    datasets: Datasets,
    records: Sequence[Record],
    count: int,
    workers: int | None,
    plugins: list[Path],
) -> Verified:
    """Fit a sample of cells again, and compare the predictions."""
    assert suite.release is not None
    methods = {each.label: each for each in methods_of(suite.estimators, plugins, suite.encodings)}
    salt = suite.release.digest
    able = [
        each for each in records if each.outcome.status == "ok" and each.cell.estimator in methods
    ]
    chosen = sorted(able, key=lambda each: digest([salt, each.cell.key]))[:count]
    kept = {record.cell: record for record in chosen}
    builder = JobBuilder(suite, datasets.sources, datasets, methods)
    fitted: dict[Cell, Outcome] = {}
    tasks = [(cell, builder.job(cell)) for cell in kept]
    if workers == 0:
        run_here(tasks, fitted.__setitem__)
    else:
        run_in_pool(
            tasks,
            fitted.__setitem__,
            workers=workers_for(workers, suite.threads),
            threads=suite.threads,
            time_limit=suite.time_limit,
            plugins=plugins,
            runtimes=Runtimes(),
        )
    changed: dict[str, None] = {}
    for cell, record in kept.items():
        other = _other_versions(record, methods[cell.estimator])
        changed |= dict.fromkeys(other)
        difference = _difference(record, fitted[cell], datasets[cell.dataset])
        if not difference:
            continue
        if fitted[cell].status == "skipped":
            result.notes.append(f"{cell}: not fitted again: {fitted[cell].reason}")
            continue
        line = f"{cell}: fitted again, {difference}" + f" ({', '.join(other)})" * bool(other)
        stochastic = methods[cell.estimator].stochastic
        (result.notes if stochastic and other else result.problems).append(line)
    notes = [f"other version here: {line}" for line in changed]
    if len(chosen) < count:
        notes.append(f"only {counted(len(chosen), 'cell')} can be fitted again here")
    return Verified(
        result.problems, [*notes, *result.notes], result.files, result.cells, len(chosen)
    )


def _other_versions(record: Record, method: Method) -> list[str]:
    here = method.versions
    return [
        f"{library} {version} -> {here.get(library, 'not installed')}"
        for library, version in sorted(record.versions.items())
        if here.get(library) != version
    ]


def _difference(record: Record, again: Outcome, dataset: CausalDataset) -> str:
    """Describe the largest difference of predictions in SD(y); empty if it is within tolerance."""
    if again.status != "ok":
        return f"its status is {again.status}: {again.reason}"
    unit = float(dataset.y.std()) or 1.0
    largest = 0.0
    pairs: list[tuple[Prediction | None, Prediction | None]] = [
        (record.outcome.prediction, again.prediction),
        (record.outcome.held_out, again.held_out),
    ]
    for before, after in pairs:
        first, second = ({} if each is None else each.arrays() for each in (before, after))
        for name in {*first, *second} - {"seconds", "peak_memory"}:
            if name not in first or name not in second or first[name].shape != second[name].shape:
                return f"it has other answers ({name})"
            with np.errstate(invalid="ignore"):
                gap = np.where(first[name] == second[name], 0.0, np.abs(first[name] - second[name]))
            largest = max(largest, float(np.max(gap, initial=0.0)) / unit)
    return "" if largest <= TOLERANCE else f"predictions differ by {largest:.3g} SD(y)"
