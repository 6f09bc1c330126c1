"""A limit on the memory of a piece of work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow

from benchmarks.memory import kib

try:
    import resource
except ModuleNotFoundError:  # not on Windows
    resource = None  # type: ignore[assignment]


@contextmanager
def at_most(gibibytes: float | None) -> Iterator[None]:
    """Let the block take so much memory beside what its process holds; more is a MemoryError.

    It limits private writable memory (``RLIMIT_DATA``, since Linux 4.7), not the address space: of
    the latter, libraries reserve far more than they use. Other systems do not keep to it.
    """
    held = _held()
    if gibibytes is None or held is None:
        yield
        return
    # Arrow's other pools reserve a gibibyte at a time, which would count.
    pyarrow.set_memory_pool(pyarrow.system_memory_pool())
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    limit = held + int(gibibytes * 2**30)
    allowed = [each for each in (soft, hard) if each != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_DATA, (min([limit, *allowed]), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def _held() -> int | None:
    """Bytes that count against the limit already; None where the system does not tell."""
    try:
        return 1024 * kib("VmData")
    except OSError:
        return None
