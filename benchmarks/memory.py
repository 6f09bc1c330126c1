"""How much memory a piece of work needs at its peak."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

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
