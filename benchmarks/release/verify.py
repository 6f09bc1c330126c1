"""Verify a release: its files, its tables, its scores, and a sample of its fits.

The checks of tables, scores and fits are those of submissions, too.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path

import numpy as np

from benchmarks import metrics
from benchmarks.archive.files import DamagedArchiveError, zip_of
from benchmarks.archive.release import MANIFEST, Package, Release
from benchmarks.boards.scores import PARTS, UNSEEN_ROWS, Scorer, definitions
from benchmarks.datasets.loaded import Datasets
from benchmarks.datasets.prepare import requests
from benchmarks.datasets.source import Source
from benchmarks.datasets.truth import UNSEEN
from benchmarks.execution.cells import Cell, plan, seed_of
from benchmarks.execution.job_builder import JobBuilder
from benchmarks.execution.methods import Method, Registered, methods_of
from benchmarks.execution.runtimes import Eta, Runtimes
from benchmarks.execution.scheduler import run_here, run_in_pool
from benchmarks.execution.worker import BadPrediction, check_answers
from benchmarks.interface import Outcome, Prediction
from benchmarks.process.threads import workers_for
from benchmarks.progress import Progress, Silent
from benchmarks.provenance.hashing import digest
from benchmarks.storage.frozen import SCORES, read_cells, read_methods, read_records
from benchmarks.storage.manifest import MethodInfo
from benchmarks.storage.store import Record
from benchmarks.suite.entries import EstimatorEntry
from benchmarks.suite.loading import load_suite
from benchmarks.suite.model import Suite
from estimators.catalogue import BUILT_INS
from sdscm.data.dataset import CausalDataset, Provenance
from sdscm.errors import InputError
from sdscm.number_format import counted, joined

#: Largest relative difference of a score or prediction to the one that is made again.
TOLERANCE = 1e-9
#: Largest difference in SD(y) of a stochastic method that may come from another processor.
NEAR = 0.05
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
    progress: Progress | None = None,
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
    progress
        Receives each cell.

    Raises
    ------
    InputError
        If there is no release.
    """
    progress = progress or Silent()
    try:
        suite = load_suite(place)
        release = suite.release
        if release is None:
            raise InputError(f"{place}: a suite, but not a release; make one: sdscm release make")
        found = list(file_problems(release, MANIFEST))
        if found:
            return Verified(found, files=len(release.files.sizes))
        datasets = datasets_of(suite)
        records = list(read_records(release))
        found = [*_held_out(suite, datasets), *_truths(release, datasets)]
        found += cell_problems(suite, datasets, read_methods(release), read_cells(release))
        found += [] if found else score_problems(suite, datasets, records, release, progress)
    except DamagedArchiveError as error:
        return Verified([str(error)])
    except InputError:
        raise
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        # Its hashes are right, but `release make` did not write it.
        return Verified([f"{MANIFEST} is not that of a release ({type(error).__name__}: {error})"])
    result = Verified(shortened(found), [], len(release.files.sizes), len(records))
    if found or not refit:
        return result
    paths = list(map(Path, plugins))
    methods = {each.label: each for each in methods_of(suite.estimators, paths, suite.encodings)}
    able = [
        each for each in records if each.outcome.status == "ok" and each.cell.estimator in methods
    ]
    chosen = sorted(able, key=lambda each: digest([release.digest, each.cell.key]))[:refit]
    again = refit_problems(suite, datasets, chosen, methods, workers, paths, progress)
    if len(chosen) < refit:
        again.notes.append(f"only {counted(len(chosen), 'cell')} can be fitted again here")
    return replace(result, problems=again.problems, notes=again.notes, refitted=len(chosen))


def datasets_of(suite: Suite) -> Datasets:
    """Read the datasets of the release of a suite."""
    made = ((each.source, each.content) for each in requests(suite))
    return Datasets((s, content) for s, content in made if isinstance(content, CausalDataset))


def shortened(lines: Sequence[str]) -> list[str]:
    """Shorten a list of problems."""
    more = [f"... and {len(lines) - _MOST_LINES} more problems"] * (len(lines) > _MOST_LINES)
    return [*lines[:_MOST_LINES], *more]


def file_problems(package: Package, manifest: str) -> Iterator[str]:
    """Compare names, sizes and hashes of the files with the manifest."""
    files, listed = package.files, package.content["files"]
    for name in sorted({*files.sizes, *listed} - {manifest}):
        if name not in files.sizes:
            yield f"{name} is missing"
        elif name not in listed:
            yield f"{name} is not a file of the {manifest.removesuffix('.json')}"
        elif files.sizes[name] != listed[name]["bytes"]:
            yield f"{name} has changed: {files.sizes[name]} bytes, not {listed[name]['bytes']}"
        else:
            try:
                if sha256(files.read(name)).hexdigest() != listed[name]["sha256"]:
                    yield f"{name} has changed: its SHA-256 is not that of the manifest"
            except DamagedArchiveError as error:
                yield str(error)
    if files.place.is_file() and files.sizes.keys() == listed.keys() | {manifest}:
        try:
            packed = zip_of({name: files.read(name) for name in files.sizes})
        except DamagedArchiveError:
            return  # the file is named above
        if packed != files.place.read_bytes():
            yield f"{files.place.name} has changed: another program packed it, or it is damaged"


def _held_out(suite: Suite, datasets: Datasets) -> Iterator[str]:
    """Compare the held-out rows with those of the places in the suite."""
    assert suite.release is not None
    known = {source.name: source for source in datasets.sources}
    for name, rows in suite.release.content["held_out"].items():
        mask = known[name].held_out(datasets[name], suite.holdout)
        if mask.nonzero()[0].tolist() != rows:
            yield f"{name}: its held-out rows are not those of its place in the suite"


def cell_problems(
    suite: Suite, datasets: Datasets, methods: Sequence[MethodInfo], cells: Sequence[Cell]
) -> Iterator[str]:
    """Compare the cells of methods with those that the suite plans: all of them, and their seeds.

    A method has as many fits on each dataset as the suite plans for a stochastic, a costly or a
    deterministic method; which of them it is, is not known without its code.
    """
    known = {source.name: source for source in datasets.sources}
    options = (suite.alpha, suite.holdout, suite.threads)
    of: dict[str, list[Cell]] = {method.label: [] for method in methods}
    for cell in cells:
        source = known.get(cell.dataset)
        if (
            source is None
            or cell.setting not in suite.settings_of(source.entry)
            or cell.estimator not in of
        ):
            yield f"{cell}: no dataset, setting or method of the release"
            continue
        of[cell.estimator].append(cell)
        if cell.fingerprint != source.fingerprint:
            yield f"{cell}: made from another dataset of this name"
        elif (cell.alpha, cell.holdout, cell.threads) != options:
            yield f"{cell}: other options than the suite's"
    for label, own in of.items():
        yield from _plan_problems(suite, datasets.sources, label, own)


def _truths(release: Release, datasets: Datasets) -> Iterator[str]:
    """Compare the datasets of a sealed release with what its part may hold."""
    if release.part != "public":
        return
    for name, dataset in datasets.items():
        names = ("propensity", "text", "known_ate")
        found = [each for each in names if getattr(dataset, each) is not None]
        found += [f"cate:{setting}" for setting in (*dataset.cates, *dataset.cate_errors)]
        found += [] if np.isnan(dataset.ite).all() else ["y0, y1"]
        if found or dataset.meta != Provenance(scenario=name):
            yield f"{name}: the public part holds a truth ({', '.join(found) or 'provenance'})"


def _plan_problems(
    suite: Suite, sources: Sequence[Source], label: str, cells: Sequence[Cell]
) -> Iterator[str]:
    """Compare the cells of one method with the plan of the suite."""
    entry, mark = _entry_of(suite, label)
    allowed = {1, suite.repetitions, (entry and entry.repetitions) or 1}
    fits = 1 + max((cell.repetition for cell in cells), default=-1)
    if fits not in allowed:
        few = f"it has {fits} fits on a dataset" if cells else "it has no cell"
        yield f"{label}: {few}, but the suite plans {joined(sorted(allowed), 'or')}"
        return
    method = Method(
        *(label, "", "", False, "", "", Registered("", {})),
        share=entry.share if entry else 1.0,
        stochastic=fits > 1,
        repetitions=fits,
    )
    found = {(cell.dataset, cell.setting, cell.repetition): cell for cell in cells}
    planned = {
        (cell.dataset, cell.setting, cell.repetition): cell
        for cell in plan(suite, sources, [method])
    }
    yield from (f"{planned[key]}: it is missing" for key in planned if key not in found)
    yield from (f"{found[key]}: the suite has no such cell" for key in found if key not in planned)
    # The built-in methods of one group are fitted together, with the seed of the group.
    name = entry.name if entry else label
    groups = {f"{i.fit_group}{mark}" for i, _ in BUILT_INS if i.name == name and i.fit_group}
    by_name = {source.name: source for source in sources}
    wrong = []
    for seeds in (label, *groups):
        right = {
            cell: seed_of(by_name[cell.dataset], cell.setting, seeds, cell.repetition)
            for cell in cells
        }
        wrong.append([(cell, seed) for cell, seed in right.items() if cell.seed != seed])
    for cell, seed in min(wrong, key=len):
        yield f"{cell}: its seed is {cell.seed}, but that of its place in the suite is {seed}"


def _entry_of(suite: Suite, label: str) -> tuple[EstimatorEntry | None, str]:
    """Find the entry of a method, if the suite has it, and the mark of its encoding."""
    for entry in suite.estimators:
        for encoding in entry.encodings or suite.encodings:
            mark = "" if encoding == "codes" else f" ({encoding})"
            if entry.title + mark == label:
                return entry, mark
    return None, ""


def score_problems(
    suite: Suite,
    datasets: Datasets,
    records: Sequence[Record],
    package: Package,
    progress: Progress,
) -> Iterator[str]:
    """Compute the scores again from predictions and truth; one line for each cell that differs.

    A metric that is defined in another way here is left out: boards compute it again.
    """
    scorer = Scorer(suite, datasets.sources, lambda source: datasets[source.name])
    known, now = package.content["definitions"], definitions(suite)
    same = {name for name in now if known.get(name) == now[name]}
    names = {*PARTS, *same} - {each.name for each in metrics.registered() if each.group == "cost"}
    builder = JobBuilder(suite, datasets.sources, datasets, {})
    progress.begin("scores computed again", len(records))
    for record in records:
        progress.advance(str(record.cell))
        cell, kept = record.cell, dict(record.scores)
        problem = _answer_problem(record, builder.rows(cell), len(datasets[cell.dataset]))
        if problem:
            yield f"{cell}: {problem}"
            continue
        again = dict(scorer(cell, record.outcome))
        if UNSEEN_ROWS in now and UNSEEN_ROWS not in same:
            for each in (again, kept):
                each.pop(UNSEEN, None)
        if SCORES not in package.content["files"]:
            continue  # made without the truth
        if again.keys() != kept.keys():
            rows = joined(sorted(again.keys() ^ kept.keys()))
            yield f"{cell}: its scores are of other rows than its predictions ({rows})"
            continue
        other = {name for each in kept.values() for name in each} - {*PARTS, *known}
        if other:
            yield f"{SCORES} has a column '{min(other)}' that is no score"
            return
        pairs = [
            (rows, name, kept[rows].get(name, math.nan), right)
            for rows in again
            for name, right in again[rows].items()
            if name in names
        ]
        wrong = [each for each in pairs if not _alike(*each[2:])]
        if wrong:
            rows, name, value, right = wrong[0]
            more = f" (and {len(wrong) - 1} more scores)" * (len(wrong) > 1)
            yield (
                f"{cell}: {name} ({rows} rows) is {value:.9g}, but the predictions give "
                f"{right:.9g}{more}"
            )


def _answer_problem(record: Record, fitted: int, n: int) -> str:
    """Describe why answers do not agree with the status or the dataset; empty if they do.

    ``fitted`` of the ``n`` rows were fitted on.
    """
    outcome = record.outcome
    if outcome.status not in ("ok", "failed", "timeout", "skipped"):
        return f"its status is '{outcome.status}'"
    if (outcome.status == "ok") != (outcome.prediction is not None):
        return f"its status is {outcome.status}, but predictions say otherwise"
    wanted = {"fitted": fitted, "held-out": n - fitted} if outcome.status == "ok" else {}
    for rows, answers in (("fitted", outcome.prediction), ("held-out", outcome.held_out)):
        if (answers is not None) != bool(wanted.get(rows)):
            return f"predictions of {rows} rows are " + ("missing" if answers is None else "extra")
        try:
            if answers is not None:
                check_answers(answers, wanted[rows])
        except BadPrediction as error:
            return f"its predictions do not fit the dataset ({error}; {rows} rows)"
    return ""


def _alike(one: float, other: float) -> bool:
    if math.isnan(one) or math.isnan(other):
        return math.isnan(one) and math.isnan(other)
    return math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=TOLERANCE)


def refit_problems(
    suite: Suite,
    datasets: Datasets,
    records: Sequence[Record],
    methods: Mapping[str, Method],
    workers: int | None,
    plugins: Sequence[Path],
    progress: Progress,
) -> Verified:
    """Fit cells again, and compare the predictions.

    ``refitted`` of the result is the number of cells whose predictions are the same. A difference
    is a note if the method is stochastic, and the difference is at most `NEAR` or a library has
    another version here.
    """
    kept = {record.cell: record for record in records}
    builder = JobBuilder(suite, datasets.sources, datasets, methods)
    fitted: dict[Cell, Outcome] = {}
    tasks = [(cell, builder.job(cell)) for cell in kept]
    processes = 1 if workers == 0 else workers_for(workers, suite.threads)
    progress.begin("cells fitted again", len(tasks))
    eta = Eta(progress, processes, [(cell, job.rows) for cell, job in tasks], Runtimes())

    def done(cell: Cell, outcome: Outcome) -> None:
        fitted[cell] = outcome
        progress.advance(str(cell), failed=outcome.prediction is None)
        eta.update(cell, outcome)

    if workers == 0:
        run_here(tasks, done)
    else:
        run_in_pool(
            tasks,
            done,
            workers=processes,
            threads=suite.threads,
            time_limit=suite.time_limit,
            plugins=plugins,
            runtimes=Runtimes(),
        )
    result, changed, same = Verified(), dict[str, None](), 0
    for cell, record in kept.items():
        other = _other_versions(record, methods[cell.estimator])
        changed |= dict.fromkeys(other)
        difference, gap = _difference(record, fitted[cell], datasets[cell.dataset])
        same += not difference
        if not difference:
            continue
        if fitted[cell].status == "skipped":
            result.notes.append(f"{cell}: not fitted again: {fitted[cell].reason}")
            continue
        line = f"{cell}: fitted again, {difference}" + f" ({', '.join(other)})" * bool(other)
        # A rounding of another processor can decide a tie between two splits of a tree.
        near = not math.isnan(gap) and gap <= NEAR
        stochastic = methods[cell.estimator].stochastic
        (result.notes if stochastic and (other or near) else result.problems).append(line)
    result.notes[:0] = [f"other version here: {line}" for line in changed]
    return replace(result, refitted=same)


def _other_versions(record: Record, method: Method) -> list[str]:
    here = method.versions
    return [
        f"{library} {version} -> {here.get(library, 'not installed')}"
        for library, version in sorted(record.versions.items())
        if here.get(library) != version
    ]


def _difference(record: Record, again: Outcome, dataset: CausalDataset) -> tuple[str, float]:
    """Describe and return the largest difference of predictions in SD(y).

    The text is empty if it is within tolerance; the number is NaN if there are other answers.
    """
    other = float("nan")
    if again.status != "ok":
        return f"its status is {again.status}: {again.reason}", other
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
                return f"it has other answers ({name})", other
            with np.errstate(invalid="ignore"):
                gap = np.where(first[name] == second[name], 0.0, np.abs(first[name] - second[name]))
            largest = max(largest, float(np.max(gap, initial=0.0)) / unit)
    same = largest <= TOLERANCE
    return "" if same else f"predictions differ by {largest:.3g} SD(y)", largest
