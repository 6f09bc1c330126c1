"""Runs what is missing of a share, and records each cell as it ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import Any

from benchmarks.datasets.paper.release import Release
from benchmarks.datasets.truth import truth_of
from benchmarks.execution.batches import Task
from benchmarks.execution.cells import Cell
from benchmarks.execution.job import Job
from benchmarks.execution.methods import Registered
from benchmarks.execution.scheduler import run_here, run_in_pool
from benchmarks.interface import Outcome
from benchmarks.paper.run.batches import Batch, execute_both, execute_together, run_together
from benchmarks.paper.run.methods import parameters_of
from benchmarks.paper.run.plan import PaperCell, load
from benchmarks.paper.run.records import Records
from benchmarks.progress import Progress, Silent
from sdscm.data.dataset import CausalDataset

ALPHA = 0.05
#: Seconds that a cell may take.
TIME_LIMIT = 1800.0
#: Cells whose data are in memory at a time: a pool takes all its jobs at once.
_PORTION = 1000
#: Datasets that a network method learns from in one batch.
_BATCH = 4


def run_missing(
    wanted: Sequence[PaperCell],
    releases: Mapping[str, Release],
    records: Records,
    *,
    workers: int,
    progress: Progress | None = None,
    retry: bool = False,
    parameters: Mapping[str, Any] | None = None,
) -> int:
    """Run the cells that have no record.

    Parameters
    ----------
    wanted
        Cells, in the order in which to run them.
    releases
        By language model.
    records
        Takes each cell when it ends, so that nothing is run twice.
    workers
        Processes of one thread each; 0 runs in this one. No number depends on it, but for the
        rounding of networks.
    progress
        Told of each cell.
    retry
        Run those again that failed.
    parameters
        Of the estimators, beside those of the paper: for a trial whose records stand apart, since
        a key does not tell of them.

    Returns
    -------
    How many were run.
    """
    progress = progress or Silent()
    known = records.done(retry)
    todo = [cell for cell in wanted if cell.key not in known]
    progress.begin("cells", len(todo))
    for portion in _portions(todo):
        _run_portion(portion, releases, records, workers, progress, dict(parameters or {}))
    return len(todo)


def _portions(todo: Sequence[PaperCell]) -> Iterator[Sequence[PaperCell]]:
    for start in range(0, len(todo), _PORTION):
        yield todo[start : start + _PORTION]


def _run_portion(
    portion: Sequence[PaperCell],
    releases: Mapping[str, Release],
    records: Records,
    workers: int,
    progress: Progress,
    parameters: dict[str, Any],
) -> None:
    views = _Views(releases)
    by_key = {cell.key: cell for cell in portion}

    def record(cell: PaperCell, outcome: Outcome) -> None:
        view = views[cell]
        records.append(cell, outcome, truth_of(view, view.covariates))
        progress.advance(str(cell), failed=outcome.status in ("failed", "timeout"))

    def job(cell: PaperCell) -> Job:
        return _job(cell, views[cell], parameters)

    batches = [*_pairs(portion), *_batches(cell for cell in portion if cell.method.together)]
    batched = {cell.key for batch in batches for cell in batch}
    # Costly cells first, so that no core is idle at the end.
    alone = sorted((c for c in portion if c.key not in batched), key=lambda c: -c.seconds)
    tasks: list[Task] = [(_harness_cell(cell), job(cell)) for cell in alone]

    def done(cell: Cell, outcome: Outcome) -> None:
        record(by_key[cell.identity], outcome)

    if workers == 0:
        run_here(tasks, done)
    elif tasks:
        run_in_pool(
            tasks,
            done,
            workers=min(workers, len(tasks)),
            threads=1,
            time_limit=TIME_LIMIT,
            plugins=(),
        )

    def done_together(number: int, outcomes: list[Outcome]) -> None:
        for cell, outcome in zip(batches[number], outcomes, strict=True):
            record(cell, outcome)

    if batches:
        run_together(
            [_batch(batch, [job(cell) for cell in batch]) for batch in batches],
            done_together,
            min(workers, len(batches)),
        )


def _batch(cells: Sequence[PaperCell], jobs: list[Job]) -> Batch:
    first = cells[0].method
    return partial(execute_together if first.together else execute_both, jobs)


class _Views:
    """Datasets as cells see them, each made once."""

    def __init__(self, releases: Mapping[str, Release]) -> None:
        self._releases = releases
        self._made: dict[object, CausalDataset] = {}

    def __getitem__(self, cell: PaperCell) -> CausalDataset:
        which = cell.unit, cell.setting
        if which not in self._made:
            whole = load(self._releases[cell.unit.lm], cell.unit)
            self._made[which] = whole.setting(cell.setting)
        return self._made[which]


def _job(cell: PaperCell, view: CausalDataset, parameters: dict[str, Any]) -> Job:
    return Job(
        maker=Registered(cell.method.name, parameters_of(cell.method.name) | parameters),
        X=view.X,
        t=view.t,
        y=view.y,
        reveal=None,
        seed=cell.seed,
        alpha=ALPHA,
        threads=1,
    )


def _harness_cell(cell: PaperCell) -> Cell:
    """The cell as the harness's runner takes it; its identity is our key."""
    return Cell(
        dataset=f"{cell.unit.lm}-{cell.unit.rows}-{cell.unit.number}",
        fingerprint=cell.unit.data,
        setting=cell.setting,
        estimator=cell.method.name,
        identity=cell.key,
        seed=cell.seed,
        alpha=ALPHA,
        threads=1,
    )


def _pairs(cells: Iterable[PaperCell]) -> list[list[PaperCell]]:
    """Cells of one dataset and setting with the same fit: the owner of the fit, then the other."""
    found: dict[object, list[PaperCell]] = {}
    for cell in cells:
        found.setdefault((cell.unit, cell.setting, cell.method.fit), []).append(cell)
    return [
        sorted(members, key=lambda cell: cell.method.fit_of)
        for members in found.values()
        if len(members) == 2
    ]


def _batches(cells: Iterable[PaperCell]) -> Iterator[list[PaperCell]]:
    """Cells of one method with equal shapes, a few at a time."""

    def shape(cell: PaperCell) -> tuple[str, str, int]:
        return cell.method.name, cell.setting, cell.unit.rows

    for _, group in groupby(sorted(cells, key=shape), key=shape):
        members = list(group)
        for start in range(0, len(members), _BATCH):
            yield members[start : start + _BATCH]
