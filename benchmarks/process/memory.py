"""Measure and limit the memory of a block of code."""

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
    """Start to measure the peak of the resident memory of this process.

    Returns
    -------
    A function that returns the peak since this call in MiB, minus the memory that the process used
    at this call. It returns None if the system cannot reset the peak: only Linux can (man 5 proc,
    ``clear_refs``). The memory of child processes is not included.
    """
    try:
        Path("/proc/self/clear_refs").write_text(_RESET_PEAK)
        before = kib("VmRSS")
    except OSError:
        return lambda: None
    return lambda: max(kib("VmHWM") - before, 0) / 1024


def kib(name: str) -> int:
    """Read a size in KiB of this process from Linux (man 5 proc, ``status``).

    Raises
    ------
    OSError
        If the system does not report it.
    """
    for line in Path("/proc/self/status").read_text().splitlines():
        key, _, value = line.partition(":")
        if key == name:
            return int(value.split()[0])
    raise OSError(f"/proc/self/status has no {name}")


@contextmanager
def memory_limit(gibibytes: float | None) -> Iterator[None]:
    """Limit the memory that the block may use in addition to that of its process.

    None sets no limit. An allocation above the limit raises a MemoryError. Linux 4.7 or later
    enforces the limit; other systems do not. ``RLIMIT_DATA`` limits private writable memory. A
    limit of the address space is not useful, because libraries reserve far more addresses than
    they use.
    """
    try:
        held = 1024 * kib("VmData")
    except OSError:
        held = None
    if gibibytes is None or held is None:
        yield
        return
    # Other memory pools of Arrow reserve a gibibyte at a time, which counts against the limit.
    pyarrow.set_memory_pool(pyarrow.system_memory_pool())
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    limits = [held + int(gibibytes * 2**30), soft, hard]
    lowest = min(each for each in limits if each != resource.RLIM_INFINITY)
    resource.setrlimit(resource.RLIMIT_DATA, (lowest, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
