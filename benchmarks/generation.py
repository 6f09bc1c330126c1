"""Makes datasets side by side, each in a process of its own."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from pathlib import Path
from queue import Empty, Queue

from pebble import ProcessPool

from benchmarks.recipe import Recipe
from benchmarks.threads import children_inherit, cores
from benchmarks.worker import start_worker

#: What a process with a small language model and its key/value cache takes.
_BYTES = 4 * 2**30


def generators_for(workers: int, datasets: int) -> int:
    """Processes to make so many datasets with: what the run, the work and the memory allow."""
    return max(1, min(workers, datasets, _free_memory() // _BYTES))


def make_in_pool(
    recipes: Mapping[Path, Recipe], processes: int, rows: Callable[[Path, float], None]
) -> None:
    """Make the dataset of each path, and write it there.

    Processes of one thread each are faster than one process of many: nobody waits for the slowest
    thread of each step, and other programs on the machine hold up one dataset only.

    Parameters
    ----------
    recipes
        What belongs into each file.
    processes
        How many to use.
    rows
        Told, in this process, of the rows that are ready of a file.
    """
    context = multiprocessing.get_context("spawn")
    with children_inherit(max(1, cores() // processes)), context.Manager() as manager:
        told: Queue[tuple[Path, float]] = manager.Queue()
        pool = ProcessPool(processes, initializer=start_worker, initargs=((),), context=context)
        try:
            waiting: set[Future[None]] = {
                pool.schedule(_make, args=(path, recipe, told)) for path, recipe in recipes.items()
            }
            while waiting:
                ended, waiting = wait(waiting, timeout=0.5)
                _pass_on(told, rows)
                for future in ended:
                    future.result()
            pool.close()
        except BaseException:
            pool.stop()
            raise
        finally:
            pool.join()


def _make(path: Path, recipe: Recipe, told: Queue[tuple[Path, float]]) -> None:
    recipe.make(lambda rows: told.put((path, rows))).to_parquet(path)


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
