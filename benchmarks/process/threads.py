"""The thread budget: workers x threads <= cores."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from sdscm.errors import InputError

_LIMITS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "LOKY_MAX_CPU_COUNT",
)


def cores() -> int:
    """Cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        return os.cpu_count() or 1


def workers_for(asked: int | None, threads: int) -> int:
    """Worker processes to start: as many as asked, but no more than the cores have threads for.

    Raises
    ------
    InputError
        If less than one is asked for.
    """
    if asked is not None and asked < 1:
        raise InputError(f"workers is {asked}: give 1 or more")
    most = max(1, cores() // threads)
    return most if asked is None else min(asked, most)


def library_limits(threads: int) -> dict[str, str]:
    """What has to stand in the environment of a process before it imports a library.

    A fixed hash seed makes the order of sets of texts the same in all processes.
    """
    return dict.fromkeys(_LIMITS, str(threads)) | {"PYTHONHASHSEED": "0"}


@contextmanager
def children_inherit(threads: int) -> Iterator[None]:
    """Processes that start inside the block have ``threads`` threads in every library.

    The libraries read these variables when they are imported, so that a worker's own code would
    come too late.
    """
    wanted = library_limits(threads)
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
