"""Write the command that runs a suite."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path

from benchmarks.suite.model import Suite

#: Folders that are the defaults of the command.
_DEFAULTS = {"--runs": Path("runs"), "--results": Path("results")}


def command(
    suite: Suite, plugins: Iterable[str | Path] = (), options: Mapping[str, object] | None = None
) -> str:
    """Write the command that runs a suite.

    Parameters
    ----------
    suite
    plugins
        Paths of plugin files, as the user wrote them.
    options
        Values by name; those that are None, False or a default folder are left out.
    """
    words = ["sdscm", "benchmark", suite.origin]
    if suite.data is not None:
        words += ["--data", suite.data.as_posix()]
    if suite.share is not None:
        words += ["--share", f"{suite.share:g}"]
    for plugin in plugins:
        words += ["--plugin", Path(plugin).as_posix()]
    for name, value in (options or {}).items():
        if value is None or value is False:
            continue
        if name in _DEFAULTS and Path(str(value)) == _DEFAULTS[name]:
            continue
        words += [name] if value is True else [name, str(value)]
    return shlex.join(words)


def how_to_go_on(command: str, folder: Path, done: int) -> str:
    """Write the message of a run that the user stopped; ``done`` is its number of records."""
    return f"stopped; {done} cells are on record in {folder}. To continue: {command}"
