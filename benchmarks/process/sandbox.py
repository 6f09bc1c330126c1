"""Run each cell in the same conditions, independent of earlier cells of its process."""

from __future__ import annotations

import contextlib
import io
import os
import random
import shutil
import sys
import tempfile
import warnings
from collections.abc import Iterator
from functools import lru_cache
from multiprocessing.util import Finalize
from pathlib import Path

import joblib
import numpy as np
from threadpoolctl import ThreadpoolController

_PREFIX = "sdscm-cell-"


@contextlib.contextmanager
def sandbox(seed: int, threads: int, notes: list[str]) -> Iterator[None]:
    """Set seeds, threads and an empty working folder for the block, and undo its changes after it.

    Parameters
    ----------
    seed
        Seed of the global random generators, which some libraries use.
    threads
        Threads that libraries may use.
    notes
        List to which the warnings of libraries are added.
    """
    with (
        warnings.catch_warnings(record=True) as caught,
        _thread_pools(len(sys.modules)).limit(limits=threads),
        joblib.parallel_config(backend="sequential"),
        contextlib.redirect_stdout(io.StringIO()),
        np.errstate(),
        _restored_process_state(),
        _empty_folder(),
    ):
        random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002 - see above
        warnings.simplefilter("always")
        try:
            yield
        finally:
            notes += [f"{w.category.__name__}: {w.message}" for w in caught]


@lru_cache(maxsize=1)
def _thread_pools(modules: int) -> ThreadpoolController:
    """Find the thread pools of this process.

    The search takes a millisecond. It is repeated when the number of imported modules has changed,
    because a new module may load a library.
    """
    return ThreadpoolController()


@contextlib.contextmanager
def _restored_process_state() -> Iterator[None]:
    environment, path = dict(os.environ), list(sys.path)
    state, state_of_numpy = random.getstate(), np.random.get_state()  # noqa: NPY002
    try:
        yield
    finally:
        random.setstate(state)
        np.random.set_state(state_of_numpy)  # noqa: NPY002
        if dict(os.environ) != environment:
            os.environ.clear()
            os.environ.update(environment)
        sys.path[:] = path


@contextlib.contextmanager
def _empty_folder() -> Iterator[None]:
    """Work in an empty folder, because the datasets in the run folder contain the truth."""
    before = os.getcwd()
    if not _is_empty(_folder_of(os.getpid())):
        _folder_of.cache_clear()
    folder = _folder_of(os.getpid())
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
        if not _is_empty(folder):
            _remove(folder)


@lru_cache(maxsize=1)
def _folder_of(process: int) -> Path:
    """Make the working folder of a process. Its next cells reuse the folder while it is empty."""
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{process}-"))
    # Unlike atexit, this also runs in a process that a signal ends.
    Finalize(None, _remove, args=(folder,), exitpriority=0)
    return folder


def _is_empty(folder: Path) -> bool:
    try:
        return not os.listdir(folder)
    except OSError:  # deleted, or locked
        return False


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def remove_stale_folders() -> None:
    """Remove the working folders of processes that were killed in a cell."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        process = folder.name.removeprefix(_PREFIX).split("-")[0]
        if process.isdecimal() and not _is_alive(int(process)):
            _remove(folder)


def _is_alive(process: int) -> bool:
    if os.name != "posix":  # signal 0 would end a process there
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # a process of another user
        return True
    return True
