"""Runs cells in worker processes, and has each recorded at once."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from pebble import ProcessExpired, ProcessPool

from benchmarks.cells import Cell
from benchmarks.outcome import Outcome
from benchmarks.threads import children_inherit
from benchmarks.worker import Job, execute, start_worker

Task = tuple[Cell, Job]
Done = Callable[[Cell, Outcome], None]


def run_here(tasks: Iterable[Task], done: Done) -> None:
    """Run cells in this process, one after the other, without a time limit: for a debugger."""
    for cell, job in tasks:
        done(cell, execute(job))


def run_in_pool(
    tasks: Sequence[Task],
    done: Done,
    *,
    workers: int,
    threads: int,
    time_limit: float,
    plugins: Sequence[Path],
) -> None:
    """Run cells in ``workers`` processes; ``done`` is called in this one, as each ends.

    A cell that is not ready after ``time_limit`` seconds is killed with its process, and a process
    that dies takes one cell with it; both are outcomes like others.

    Raises
    ------
    RuntimeError
        If workers die before they run any cell.
    """
    left = {cell.key: (cell, job) for cell, job in tasks}
    with children_inherit(threads):
        while left:
            before = len(left)
            try:
                _one_pool(left, done, workers, time_limit, plugins)
            except BrokenProcessPool as error:
                # A worker that dies between two cells breaks the whole pool: open a new one for
                # what is left.
                if len(left) == before:
                    raise RuntimeError(
                        "the worker processes die before they run a cell; a script that calls "
                        "benchmarks.run needs the guard: if __name__ == '__main__'"
                    ) from error


def _one_pool(
    left: dict[str, Task], done: Done, workers: int, time_limit: float, plugins: Sequence[Path]
) -> None:
    # Spawned, not forked: a fork of a process whose libraries hold threads may deadlock.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPool(workers, initializer=start_worker, initargs=(plugins,), context=context)
    try:
        futures: dict[Future[Outcome], str] = {
            pool.schedule(execute, args=(job,), timeout=time_limit): key
            for key, (_, job) in left.items()
        }
        waiting = set(futures)
        while waiting:
            ended, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for future in ended:
                outcome = _outcome(future, time_limit)
                cell, _ = left.pop(futures[future])
                done(cell, outcome)
        pool.close()
    except BaseException:
        pool.stop()
        raise
    finally:
        pool.join()


def _outcome(future: Future[Outcome], time_limit: float) -> Outcome:
    try:
        return future.result()
    except TimeoutError:
        return Outcome("timeout", f"stopped after {time_limit:g} s")
    except ProcessExpired as error:
        how = f"signal {-error.exitcode}" if error.exitcode < 0 else f"exit code {error.exitcode}"
        hint = "; it may have run out of memory" if error.exitcode == -9 else ""
        return Outcome("failed", f"its process died ({how}){hint}")
    except BrokenProcessPool:
        raise
    except Exception as error:  # the answer did not survive the way back
        return Outcome("failed", f"{type(error).__name__}: {' '.join(str(error).split())}")
