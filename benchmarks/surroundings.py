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
from pathlib import Path

import joblib
import numpy as np
from threadpoolctl import threadpool_limits

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
        threadpool_limits(threads),
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
    with tempfile.TemporaryDirectory(
        prefix=f"{_SCRATCH}{os.getpid()}-", ignore_cleanup_errors=True
    ) as folder:
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(before)


def sweep_scratch() -> None:
    """Remove the folders of processes that were killed in a cell."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_SCRATCH}*"):
        owner = folder.name.removeprefix(_SCRATCH).split("-")[0]
        if owner.isdecimal() and not _alive(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)


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
