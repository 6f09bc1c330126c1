"""Runs a suite from its data to its boards."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

import estimators as registry
from benchmarks.cells import Cell, plan
from benchmarks.contender import Contender, contenders
from benchmarks.facts import fact_table
from benchmarks.leaderboard import Board, boards
from benchmarks.manifest import Entrant, Manifest
from benchmarks.outcome import Outcome
from benchmarks.progress import Progress, Silent
from benchmarks.report import write_report
from benchmarks.report.figure import require_matplotlib
from benchmarks.runner import Task, run_here, run_in_pool
from benchmarks.scores import read_records, score
from benchmarks.sources import prepare, requests
from benchmarks.store import DamagedRecord, Record, Store
from benchmarks.suite import Suite, load_suite
from benchmarks.threads import workers_for
from benchmarks.truth import truth_of
from benchmarks.worker import Job
from sdscm.dataset import CausalDataset
from sdscm.errors import InputError


class Interrupted(KeyboardInterrupt):
    """The user stopped a run; the message says how far it is and how to go on."""


@dataclass(frozen=True, eq=False)
class Result:
    """The scores and boards of a run.

    Attributes
    ----------
    suite
    scores
        A row a cell; see `benchmarks.scores.score`.
    boards
        See `Board`.
    facts
        A row a dataset; see `benchmarks.facts.fact_table`.
    run_dir
        Folder of the records.
    files
        What was written to the results folder.
    computed
        Number of cells that this call ran; the others were on record.
    """

    suite: Suite
    scores: pd.DataFrame
    boards: list[Board]
    facts: pd.DataFrame
    run_dir: Path
    files: tuple[Path, ...]
    computed: int


def run(
    suite: Suite | str | Path,
    *,
    workers: int | None = None,
    results_dir: str | Path | None = "results",
    runs_dir: str | Path = "runs",
    estimators: Iterable[Any] | None = None,
    plugins: Iterable[str | Path] = (),
    progress: Progress | None = None,
    retry: bool = False,
) -> Result:
    """Run a suite, or what is left of it, and write its boards.

    Parameters
    ----------
    suite
        Name of a shipped suite, path of a YAML file, or a `Suite`.
    workers
        Worker processes, by default as many as the cores bear, which is also the most. 0 runs in
        this process, without time limits, for a debugger. The number does not change any score.
    results_dir
        Boards go to ``<results_dir>/<suite>/``; None writes none.
    runs_dir
        Datasets and records go to ``<runs_dir>/<suite>/``. What is there is not computed again.
    estimators
        Instead of the suite's: names, `EstimatorEntry`, objects with ``fit(X, t, y)``, or pairs
        (label, object).
    plugins
        Python files that register estimators.
    progress
        Told of each step; see `Progress`.
    retry
        Run cells again whose record says that they failed or timed out.

    Raises
    ------
    InputError
        If the suite, its data or its estimators are not as they must be, or matplotlib is missing
        and results are wanted; nothing was run.
    Interrupted
        If the user stops it; finished cells are on record.
    """
    suite = suite if isinstance(suite, Suite) else load_suite(suite)
    progress = progress or Silent()
    paths = [Path(plugin).resolve() for plugin in plugins]
    processes = 0 if workers == 0 else workers_for(workers, suite.threads)
    try:
        for path in paths:
            registry.load_plugin(path)
    except registry.EstimatorError as error:
        raise InputError(str(error)) from None
    field = contenders(suite.estimators if estimators is None else estimators, paths)
    if results_dir is not None:
        require_matplotlib()
    wanted = requests(suite)
    folder = Path(runs_dir) / suite.name
    try:
        progress.begin("rows of data", sum(request.n for request in wanted))
        prepared = list(prepare(wanted, folder, progress, processes))
        sources = [source for source, _ in prepared]
        datasets = {source.name: dataset for source, dataset in prepared}
        cells = plan(suite, sources, field)
        manifest = Manifest(
            suite=suite,
            origin=suite.origin,
            command=_command(suite, plugins),
            sources=tuple(sources),
            entrants=tuple(map(Entrant.of, field)),
            cells=tuple(cells),
        )
        manifest.write(folder)
        computed = _run_missing(
            manifest, field, datasets, Store(folder), progress, processes, paths, retry
        )
    except KeyboardInterrupt:
        raise Interrupted(_how_to_go_on(_command(suite, plugins, runs_dir), folder)) from None
    return _conclude(manifest, datasets, folder, results_dir, computed)


def leaderboard(
    suite: Suite | str | Path,
    *,
    results_dir: str | Path | None = "results",
    runs_dir: str | Path = "runs",
) -> Result:
    """Make the boards of a run again from its records; nothing is computed.

    The run may be unfinished, or still going on: its missing cells are counted on the boards.

    Parameters
    ----------
    suite
        As for `run`; only its name counts.
    results_dir, runs_dir
        As for `run`.

    Raises
    ------
    InputError
        If there is no such run, or a dataset of it is damaged.
    """
    if isinstance(suite, Suite):
        name = suite.name
    else:
        is_file = Path(suite).suffix in (".yaml", ".yml")
        name = load_suite(suite).name if is_file else str(suite)
    folder = Path(runs_dir) / name
    manifest = Manifest.read(folder)
    datasets = {source.name: source.load(folder) for source in manifest.sources}
    return _conclude(manifest, datasets, folder, results_dir, computed=0)


def _run_missing(
    manifest: Manifest,
    field: Sequence[Contender],
    datasets: dict[str, CausalDataset],
    store: Store,
    progress: Progress,
    processes: int,
    plugins: Sequence[Path],
    retry: bool,
) -> int:
    """Run the cells that have no good record, the costly ones first; return how many."""
    suite, by_label = manifest.suite, {contender.label: contender for contender in field}
    progress.begin("cells", len(manifest.cells))
    missing: dict[str, Cell] = {}
    for cell in manifest.cells:
        record = _good_record(store, cell, suite, progress, retry)
        if record is None and cell.key not in missing:
            missing[cell.key] = cell
        else:
            progress.advance(str(cell), failed=record is not None and _has_failed(record.outcome))

    def done(cell: Cell, outcome: Outcome) -> None:
        versions = by_label[cell.estimator].versions
        store.write(Record(cell, outcome, versions, suite.time_limit))
        progress.advance(str(cell), failed=_has_failed(outcome))

    todo = sorted(missing.values(), key=lambda cell: -_cost(by_label[cell.estimator]))
    views = {
        (name, setting): dataset.setting(setting)
        for name, dataset in datasets.items()
        for setting in suite.settings
    }
    tasks: list[Task] = [
        (cell, _job(cell, by_label[cell.estimator], views[cell.dataset, cell.setting]))
        for cell in todo
    ]
    if processes == 0:
        run_here(tasks, done)
    elif tasks:
        run_in_pool(
            tasks,
            done,
            workers=min(processes, len(tasks)),
            threads=suite.threads,
            time_limit=suite.time_limit,
            plugins=plugins,
        )
    return len(tasks)


def _good_record(
    store: Store, cell: Cell, suite: Suite, progress: Progress, retry: bool
) -> Record | None:
    try:
        record = store.read(cell.key)
    except DamagedRecord as error:
        progress.say(
            str(error).replace("run again to compute the cell", "it is computed again now")
        )
        return None
    if record is None or (retry and _has_failed(record.outcome)):
        return None
    more_time = record.outcome.status == "timeout" and suite.time_limit > record.time_limit
    return None if more_time else record


def _has_failed(outcome: Outcome) -> bool:
    return outcome.status in ("failed", "timeout")


def _cost(contender: Contender) -> int:
    """A rough guess that puts long cells first, so that no core is idle at the end."""
    slow = ("forest", "bart", "bcf", "net", "rf")
    return 2 * any(word in contender.label.lower() for word in slow) + bool(contender.extra)


def _job(cell: Cell, contender: Contender, view: CausalDataset) -> Job:
    """The airlock: of a dataset, an estimator gets X, t and y; only an Oracle is shown more."""
    truth = truth_of(view, view.covariates)
    return Job(
        maker=contender.maker,
        X=view.X,
        t=view.t,
        y=view.y,
        reveal=(truth.ite, truth.effect) if contender.oracle else None,
        seed=cell.seed,
        alpha=cell.alpha,
        threads=cell.threads,
    )


def _conclude(
    manifest: Manifest,
    datasets: dict[str, CausalDataset],
    folder: Path,
    results_dir: str | Path | None,
    computed: int,
) -> Result:
    suite = manifest.suite
    records = read_records(folder, manifest)
    scores = score(manifest, datasets, records)
    made = boards(scores, manifest.entrants, suite.board, suite.seed)
    facts = fact_table(manifest.sources, datasets)
    files: tuple[Path, ...] = ()
    if results_dir is not None:
        files = write_report(
            Path(results_dir) / suite.name, manifest, scores, made, facts, datasets, records
        )
    return Result(suite, scores, made, facts, folder, files, computed)


def _command(suite: Suite, plugins: Iterable[str | Path], runs_dir: str | Path = "runs") -> str:
    """What to type to run the suite; the folder of the records is named where it is not usual."""
    words = ["sdscm", "benchmark", suite.origin]
    for plugin in plugins:
        words += ["--plugin", Path(plugin).as_posix()]
    if Path(runs_dir) != Path("runs"):
        words += ["--runs", Path(runs_dir).as_posix()]
    return shlex.join(words)


def _how_to_go_on(command: str, folder: Path) -> str:
    done = len(list((folder / "cells").glob("*.json")))
    return f"stopped; {done} cells are on record in {folder}. To go on from there: {command}"
