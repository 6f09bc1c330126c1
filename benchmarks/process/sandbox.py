"""The same surroundings for each cell, whichever cells its process has run before."""

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

_SCRATCH = "sdscm-cell-"


@contextlib.contextmanager
def surroundings(seed: int, threads: int, notes: list[str]) -> Iterator[None]:
    """Seeds, threads, an empty working folder; whatever is changed of them is undone after it.

    Parameters
    ----------
    seed
        Of the global generators, from which libraries draw whatever one passes to them.
    threads
        That libraries may use.
    notes
        Gets what libraries warn of.
    """
    with (
        warnings.catch_warnings(record=True) as caught,
        _thread_pools(len(sys.modules)).limit(limits=threads),
        joblib.parallel_config(backend="sequential"),
        contextlib.redirect_stdout(io.StringIO()),
        np.errstate(),
        _same_process_state(),
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
    """The thread pools of this process; to look for them takes a millisecond.

    With modules come libraries, so that their number tells when to look again.
    """
    return ThreadpoolController()


@contextlib.contextmanager
def _same_process_state() -> Iterator[None]:
    environment, path = dict(os.environ), list(sys.path)
    drawn, drawn_by_numpy = random.getstate(), np.random.get_state()  # noqa: NPY002
    try:
        yield
    finally:
        random.setstate(drawn)
        np.random.set_state(drawn_by_numpy)  # noqa: NPY002
        if dict(os.environ) != environment:
            os.environ.clear()
            os.environ.update(environment)
        sys.path[:] = path


@contextlib.contextmanager
def _empty_folder() -> Iterator[None]:
    """Work in an empty folder: where the run was started, its datasets hold the truth."""
    before = os.getcwd()
    if not _is_empty(_scratch(os.getpid())):
        _scratch.cache_clear()
    folder = _scratch(os.getpid())
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
        if not _is_empty(folder):
            _remove(folder)


@lru_cache(maxsize=1)
def _scratch(process: int) -> Path:
    """The working folder of a process: one that stays empty serves its next cell too."""
    folder = Path(tempfile.mkdtemp(prefix=f"{_SCRATCH}{process}-"))
    # Unlike atexit, heeded by processes that are told to end by a signal.
    Finalize(None, _remove, args=(folder,), exitpriority=0)
    return folder


def _is_empty(folder: Path) -> bool:
    try:
        return not os.listdir(folder)
    except OSError:  # it is not there any more, or locked
        return False


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def sweep_scratch() -> None:
    """Remove the folders of processes that were killed in a cell."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_SCRATCH}*"):
        owner = folder.name.removeprefix(_SCRATCH).split("-")[0]
        if owner.isdecimal() and not _alive(int(owner)):
            _remove(folder)


def _alive(process: int) -> bool:
    if os.name != "posix":  # where signal 0 is a real one
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # of another user
        return True
    return True
