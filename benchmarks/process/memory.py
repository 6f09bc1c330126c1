"""Measure and limit the memory of a piece of work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow

try:
    import resource
except ModuleNotFoundError:  # not on Windows
    resource = None  # type: ignore[assignment]

_RESET_PEAK = "5"


def watch_peak() -> Callable[[], float | None]:
    """Begin to measure the peak of this process' resident memory.

    Returns
    -------
    A function that gives the MiB above what the process holds now, so far; None where the system
    does not tell (it is Linux that lets one reset the peak: man 5 proc, ``clear_refs``). Memory of
    child processes is left out.
    """
    try:
        Path("/proc/self/clear_refs").write_text(_RESET_PEAK)
        before = kib("VmRSS")
    except OSError:
        return lambda: None
    return lambda: max(kib("VmHWM") - before, 0) / 1024


def kib(name: str) -> int:
    """A size in KiB that Linux tells of this process (man 5 proc, ``status``); else an OSError."""
    for line in Path("/proc/self/status").read_text().splitlines():
        key, _, value = line.partition(":")
        if key == name:
            return int(value.split()[0])
    raise OSError(f"/proc/self/status has no {name}")


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
