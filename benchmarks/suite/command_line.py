"""What to type to run a suite."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path

from benchmarks.suite.model import Suite

#: Folders that need not be named.
_USUAL = {"--runs": Path("runs"), "--results": Path("results")}


def command(
    suite: Suite, plugins: Iterable[str | Path] = (), options: Mapping[str, object] | None = None
) -> str:
    """The command of a suite.

    Parameters
    ----------
    suite
    plugins
        As they were named.
    options
        By name; those that are None, False, or folders that are the usual ones, are left out.
    """
    words = ["sdscm", "benchmark", suite.origin]
    if suite.data is not None:
        words += ["--data", suite.data.as_posix()]
    for plugin in plugins:
        words += ["--plugin", Path(plugin).as_posix()]
    for name, value in (options or {}).items():
        if value is None or value is False:
            continue
        if name in _USUAL and Path(str(value)) == _USUAL[name]:
            continue
        words += [name] if value is True else [name, str(value)]
    return shlex.join(words)


def how_to_go_on(command: str, folder: Path, done: int) -> str:
    """Tell the user who has stopped a run how to go on; ``done`` cells are on record."""
    return f"stopped; {done} cells are on record in {folder}. To go on from there: {command}"
