"""Makes several datasets at a time, each in a process of its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from multiprocessing import get_context
from multiprocessing.context import SpawnContext
from multiprocessing.managers import SyncManager
from pathlib import Path
from queue import Empty, Queue

from pebble import ProcessExpired, ProcessPool

from benchmarks.datasets.sampling import Recipe
from benchmarks.process.lifetime import exit_with_parent, process_ended, start_worker
from benchmarks.process.threads import children_inherit, cores

#: Memory of a process with a small language model and its key/value cache.
_BYTES = 4 * 2**30


def generators_for(workers: int, datasets: int) -> int:
    """Number of processes to make datasets with: workers, datasets and memory limit it."""
    return max(1, min(workers, datasets, _free_memory() // _BYTES))


def make_in_pool(
    recipes: Mapping[Path, Recipe],
    processes: int,
    rows: Callable[[Path, float], None],
    made: Callable[[Path], object] = lambda path: None,
) -> None:
    """Make the dataset of each path, and write it to the path.

    Several processes of one thread are faster than one process of several threads: no thread waits
    for the slowest thread of a step, and another program on the machine delays one dataset only.

    Parameters
    ----------
    recipes
        The recipe of each file.
    processes
        Number of processes.
    rows
        Called, in this process, with a file and its number of rows that are ready.
    made
        Called, in this process, with a file that is written.

    Raises
    ------
    RuntimeError
        If a process dies; the others are stopped.
    """
    context = get_context("spawn")
    with children_inherit(max(1, cores() // processes)), _post_office(context) as manager:
        told: Queue[tuple[Path, float]] = manager.Queue()
        pool = ProcessPool(processes, initializer=start_worker, initargs=((),), context=context)
        try:
            paths: dict[Future[None], Path] = {
                pool.schedule(_make, args=(path, recipe, told)): path
                for path, recipe in recipes.items()
            }
            waiting = set(paths)
            while waiting:
                ended, waiting = wait(waiting, timeout=0.5)
                _pass_on(told, rows)
                for future in ended:
                    _read(future, paths[future])
                    made(paths[future])
            pool.close()
        except BaseException:
            pool.stop()
            raise
        finally:
            pool.join()


def _post_office(context: SpawnContext) -> SyncManager:
    """Start the process that passes on messages; it ends with this one, even if that is killed."""
    manager = SyncManager(ctx=context)
    manager.start(exit_with_parent)
    return manager


def _make(path: Path, recipe: Recipe, told: Queue[tuple[Path, float]]) -> None:
    recipe.make(lambda rows: told.put((path, rows))).to_parquet(path)


def _read(future: Future[None], path: Path) -> None:
    try:
        future.result()
    except ProcessExpired as error:
        raise RuntimeError(f"{path}: not made, {process_ended(error.exitcode).reason}") from None


def _pass_on(told: Queue[tuple[Path, float]], rows: Callable[[Path, float], None]) -> None:
    while True:
        try:
            rows(*told.get_nowait())
        except Empty:
            return


def _free_memory() -> int:
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # not on Windows
        return _BYTES
