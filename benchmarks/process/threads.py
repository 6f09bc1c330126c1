"""Keep the thread budget: workers x threads <= cores."""

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
    """Return the number of cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        return os.cpu_count() or 1


def workers_for(asked: int | None, threads: int) -> int:
    """Return the number of worker processes: ``asked``, but at most what the cores allow.

    Raises
    ------
    InputError
        If ``asked`` is below 1.
    """
    if asked is not None and asked < 1:
        raise InputError(f"workers is {asked}: give 1 or more")
    most = max(1, cores() // threads)
    return most if asked is None else min(asked, most)


def library_limits(threads: int) -> dict[str, str]:
    """Return the environment variables that limit the threads of libraries.

    A fixed hash seed gives sets of texts the same order in all processes.
    """
    return dict.fromkeys(_LIMITS, str(threads)) | {"PYTHONHASHSEED": "0"}


@contextmanager
def children_inherit(threads: int) -> Iterator[None]:
    """Limit every library to ``threads`` threads in processes that start inside the block.

    Libraries read the environment variables when they are imported, so that a worker cannot set
    them itself.
    """
    limits = library_limits(threads)
    before = {name: os.environ.get(name) for name in limits}
    os.environ.update(limits)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
