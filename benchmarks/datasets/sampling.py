"""Sample datasets from their recipes, one after the other or several in parallel."""

from __future__ import annotations

import math
import os
import pickle
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, as_completed, wait
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from multiprocessing.context import SpawnContext
from multiprocessing.managers import SyncManager
from pathlib import Path
from queue import Empty, Queue
from threading import Event, Lock
from typing import Any, NoReturn

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
from sdscm.errors import InputError, reason
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

#: Gets the language model of an entry.
LoadModel = Callable[[LMEntry], LanguageModel]

#: Receives a file that could not be made, and the error. It raises the error to stop the others.
Failed = Callable[[Path, Exception], None]


def stop(path: Path, error: Exception) -> NoReturn:
    """Raise the error of a file that could not be made; see `Failed`."""
    raise error


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

    def model(self, load: LoadModel | None = None) -> sdscm.SDSCM:
        """Make the SD-SCM; its language model is loaded when it scores for the first time.

        ``load`` gets the language model; by default one that all recipes of a process share.
        """
        lm = (load or language_model)(self.lm)
        return sdscm.SDSCM(self.spec, lm, phrasing=self.phrasing, **self.options)

    def make(self, rows: Rows, load: LoadModel | None = None) -> CausalDataset:
        """Sample the dataset; see `Rows`. The last rows are finished when the truth is known."""
        with reporting(rows):
            return self.model(load).dataset(
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


def make_all(
    recipes: Mapping[Path, Recipe],
    processes: int,
    rows: Callable[[Path, float | str], None],
    made: Callable[[Path], object],
    failed: Failed = stop,
    load: LoadModel | None = None,
) -> None:
    """Make datasets in this process or in several; parameters as in `make_in_pool`.

    With ``load``, the language models run elsewhere, and ``processes`` is a number of threads.
    """
    if load is not None:
        make_in_threads(recipes, processes, rows, made, failed, load)
        return
    if processes > 1:
        make_in_pool(recipes, processes, rows, made, failed)
        return
    broken: dict[LMEntry, Exception] = {}
    for path, recipe in recipes.items():
        if recipe.lm not in broken:
            try:
                made(recipe.make(partial(rows, path)).to_parquet(path))
                continue
            except Exception as error:  # whatever a language model raises
                broken[recipe.lm] = error
        failed(path, broken[recipe.lm])


def make_in_threads(
    recipes: Mapping[Path, Recipe],
    threads: int,
    rows: Callable[[Path, float | str], None],
    made: Callable[[Path], object],
    failed: Failed,
    load: LoadModel,
) -> None:
    """Make datasets with language models that run elsewhere, those of one model after another."""
    one_at_a_time = Lock()

    def make(path: Path, stopped: Event) -> None:
        def report(done: float | str) -> None:
            if stopped.is_set():
                raise RuntimeError("another dataset has failed")
            with one_at_a_time:
                rows(path, done)

        recipes[path].make(report, load).to_parquet(path)

    groups: dict[LMEntry, list[Path]] = {}
    for path, recipe in recipes.items():
        groups.setdefault(recipe.lm, []).append(path)
    for paths in groups.values():
        stopped = Event()
        with ThreadPoolExecutor(threads) as pool:
            try:
                tasks = {pool.submit(make, path, stopped): path for path in paths}
                for task in as_completed(tasks):
                    if (error := _error_of(task, tasks[task])) is None:
                        made(tasks[task])
                        continue
                    if not stopped.is_set():
                        stopped.set()
                        first = error
                    failed(tasks[task], first)
            except BaseException:
                stopped.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise


def make_in_pool(
    recipes: Mapping[Path, Recipe],
    processes: int,
    rows: Callable[[Path, float | str], None],
    made: Callable[[Path], object] = lambda path: None,
    failed: Failed = stop,
) -> None:
    """Make datasets in several processes, and write each to its path.

    Several processes of one thread are faster than one process of several threads: no thread waits
    for the slowest thread of a step, and another program on the machine delays one dataset only.
    After a dataset of a language model fails, the later ones of that model are not tried.

    Three callbacks run in this process: ``rows`` receives a file and what `Rows` do, ``made`` a
    file that is complete, and ``failed`` is `Failed`; a process that died is a RuntimeError.
    """
    context = WorkerContext()
    with children_inherit(max(1, cores() // processes)), _message_server(context) as manager:
        messages: Queue[tuple[Path, float | str]] = manager.Queue()
        pool = ProcessPool(processes, initializer=start_worker, initargs=((),), context=context)
        try:
            queue, running = deque(recipes), dict[Future[None], Path]()
            broken: dict[LMEntry, Exception] = {}
            while queue or running:
                while queue and len(running) < processes:
                    path = queue.popleft()
                    recipe = recipes[path]
                    if broken and recipe.lm in broken:
                        failed(path, broken[recipe.lm])
                    else:
                        running[pool.schedule(_make, args=(path, recipe, messages))] = path
                ended = wait(running, timeout=0.5, return_when=FIRST_COMPLETED).done
                with suppress(Empty):
                    while True:
                        rows(*messages.get_nowait())
                for future in ended:
                    path = running.pop(future)
                    if (error := _error_of(future, path)) is None:
                        made(path)
                        continue
                    failed(path, error)
                    broken[recipes[path].lm] = error
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


def _error_of(future: Future[None], path: Path) -> Exception | None:
    try:
        future.result()
    except ProcessExpired as error:
        return RuntimeError(f"{path}: not made, {process_ended(error.exitcode).reason}")
    except Exception as error:  # whatever a language model raises
        return error
    return None


def _make(path: Path, recipe: Recipe, messages: Queue[tuple[Path, float | str]]) -> None:
    try:
        recipe.make(lambda rows: messages.put((path, rows))).to_parquet(path)
    except Exception as error:
        raise portable(error) from error


def portable(error: Exception) -> Exception:
    """Return an error that can be sent to another process: the same one, if it can be."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return (InputError if isinstance(error, InputError) else RuntimeError)(reason(error))
    return error


def _free_memory() -> int:
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # not on Windows
        return _BYTES
