"""Sample datasets from their recipes, one after the other or several in parallel."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from multiprocessing.context import SpawnContext
from multiprocessing.managers import SyncManager
from pathlib import Path
from queue import Empty, Queue
from typing import Any

from pebble import ProcessExpired, ProcessPool

import sdscm
from benchmarks.process.lifetime import (
    WorkerContext,
    exit_with_parent,
    process_ended,
    start_worker,
)
from benchmarks.process.threads import children_inherit, cores
from benchmarks.suite.entries import LMEntry
from sdscm.data.dataset import CausalDataset
from sdscm.inference.outcome import OutcomeKind
from sdscm.lm import LanguageModel
from sdscm.lm.score_cache import reporting
from sdscm.spec import Spec

#: Memory of a process with a small language model and its key/value cache.
_BYTES = 4 * 2**30

#: Share of the rows that count as finished before the true effects are computed.
_BEFORE_TRUTH = 0.99

#: Share of a dataset from which the speed of a language model is known.
_EVIDENCE = 0.1

#: Receives the number of finished rows, or a text: what is done now.
Rows = Callable[[float | str], None]


@dataclass(frozen=True)
class Recipe:
    """A dataset to sample: everything that another process needs to make it.

    ``phrasing`` and ``options`` are arguments of ``sdscm.SDSCM``; ``n``, ``seed``, ``outcome`` and
    ``dataset`` are those of ``SDSCM.dataset``.
    """

    spec: Spec
    lm: LMEntry
    phrasing: int
    options: Mapping[str, Any]
    n: int
    seed: int
    outcome: OutcomeKind
    dataset: Mapping[str, Any]

    def model(self) -> sdscm.SDSCM:
        """Make the SD-SCM; its language model is loaded when it scores for the first time."""
        return sdscm.SDSCM(self.spec, self.loaded(), phrasing=self.phrasing, **self.options)

    def loaded(self) -> LanguageModel:
        """Get the language model, which all recipes of a process share."""
        return language_model(self.lm)

    def make(self, rows: Rows) -> CausalDataset:
        """Sample the dataset; see `Rows`. The last rows are finished when the truth is known."""
        with reporting(rows):
            return self.model().dataset(
                self.n,
                self.seed,
                outcome=self.outcome,
                progress=lambda done, _: rows(_BEFORE_TRUTH * done),
                **self.dataset,
            )


class RowsLeft:
    """Estimate the seconds for the rows of several datasets, by the speed of each language model.

    Parameters
    ----------
    kinds
        Name of the language model, and rows, of each dataset.
    processes
        Number of datasets that are made at a time.
    clock
        Function that returns the time in seconds.
    """

    def __init__(
        self,
        kinds: Mapping[Path, tuple[str, int]],
        processes: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._kinds, self._processes, self._clock = kinds, processes, clock
        self._began: dict[Path, float] = {}
        self._made = dict.fromkeys(kinds, (0.0, 0.0))  # rows and seconds

    def update(self, path: Path, done: float | str) -> float:
        """Return the seconds left after a message of `Rows`; NaN without evidence on each model."""
        began = self._began.setdefault(path, self._clock())
        if isinstance(done, float | int):
            self._made[path] = (done, self._clock() - began)
        elif done.startswith("loading"):  # once, whatever the number of rows
            del self._began[path]
        left = 0.0
        for name in {name for name, _ in self._kinds.values()}:
            own = [(n, *self._made[path]) for path, (lm, n) in self._kinds.items() if lm == name]
            total, made, seconds = map(sum, zip(*own, strict=True))
            enough = any(rows >= _EVIDENCE * n for n, rows, _ in own)
            left += seconds / made * (total - made) if enough else math.nan
        return left / self._processes


@cache
def language_model(entry: LMEntry) -> LanguageModel:
    """Get the language model of an entry."""
    return sdscm.load_lm(entry.name, **entry.arguments)


def generators_for(workers: int, datasets: int) -> int:
    """Return the number of processes for making datasets, within the workers and the memory."""
    return max(1, min(workers, datasets, _free_memory() // _BYTES))


def make_in_pool(
    recipes: Mapping[Path, Recipe],
    processes: int,
    rows: Callable[[Path, float | str], None],
    made: Callable[[Path], object] = lambda path: None,
) -> None:
    """Make datasets in several processes, and write each to its path.

    Several processes of one thread are faster than one process of several threads: no thread waits
    for the slowest thread of a step, and another program on the machine delays one dataset only.

    Two callbacks run in this process: ``rows`` receives a file and what `Rows` do, and ``made`` a
    file that is complete.

    Raises
    ------
    RuntimeError
        If a process dies; the others are stopped.
    """
    context = WorkerContext()
    with children_inherit(max(1, cores() // processes)), _message_server(context) as manager:
        messages: Queue[tuple[Path, float | str]] = manager.Queue()
        pool = ProcessPool(processes, initializer=start_worker, initargs=((),), context=context)
        try:
            paths: dict[Future[None], Path] = {
                pool.schedule(_make, args=(path, recipe, messages)): path
                for path, recipe in recipes.items()
            }
            waiting = set(paths)
            while waiting:
                ended, waiting = wait(waiting, timeout=0.5)
                with suppress(Empty):
                    while True:
                        rows(*messages.get_nowait())
                for future in ended:
                    path = paths[future]
                    try:
                        future.result()
                    except ProcessExpired as error:
                        reason = process_ended(error.exitcode).reason
                        raise RuntimeError(f"{path}: not made, {reason}") from None
                    made(path)
            pool.close()
        except BaseException:
            pool.stop()
            raise
        finally:
            pool.join()


def _message_server(context: SpawnContext) -> SyncManager:
    """Start the process of the message queue; it ends with this process, even if killed."""
    manager = SyncManager(ctx=context)
    manager.start(exit_with_parent)
    return manager


def _make(path: Path, recipe: Recipe, messages: Queue[tuple[Path, float | str]]) -> None:
    recipe.make(lambda rows: messages.put((path, rows))).to_parquet(path)


def _free_memory() -> int:
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # not on Windows
        return _BYTES
