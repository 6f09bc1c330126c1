"""Run a command line: return the exit code, and print one line for an error."""

from __future__ import annotations

import errno
import io
import logging
import os
import shlex
import signal
import sys
import traceback
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import typer

from benchmarks.cli.app import command
from benchmarks.cli.old_forms import rewritten
from benchmarks.cli.output import warn
from sdscm.errors import InputError

DEBUG = "--debug"

#: Variable that a shell sets to get completions; see ``sdscm --show-completion``.
COMPLETION = "_SDSCM_COMPLETE"

OK = 0
FAILED = 1
BAD_INPUT = 2
STOPPED = 130  # 128 + SIGINT, as in shells
TERMINATED = 143  # 128 + SIGTERM
READER_LEFT = 141  # 128 + SIGPIPE

# Errors of files and folders that the user can fix, with the fix.
_FIXES = {
    errno.ENAMETOOLONG: "give a shorter one",
    errno.ENOTDIR: "a part of the path is a file, not a folder; give another path",
    errno.EISDIR: "give the path of a file",
    errno.ELOOP: "its links form a circle; give another path",
    errno.EACCES: "give another path, or change its permissions",
    errno.EPERM: "give another path, or change its permissions",
    errno.EROFS: "give a path on a disk that can be written to",
    errno.ENOSPC: "free the disk, or write to another",
    errno.EDQUOT: "free the disk, or write to another",
}
_LONGEST_PATH = 120


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``sdscm`` and return its exit code.

    Parameters
    ----------
    arguments
        The words after ``sdscm`` on the command line; by default those of this process.

    Returns
    -------
    0 on success, 1 on failure, 2 on bad input, 130 if the user stops it, 143 if SIGTERM does, 141
    if the reader of its output is gone.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = DEBUG in given
    # The option belongs to the program; it is accepted after the command, too.
    ordered = [DEBUG] * debug + [each for each in given if each != DEBUG]
    _replace_unprintable_letters()
    with _interrupt_on_sigterm() as received:
        code = _run(ordered, given, debug)
    return TERMINATED if received and code == STOPPED else code


def _run(ordered: Sequence[str], given: Sequence[str], debug: bool) -> int:
    """Run a command, and describe each error and each stop in one line."""
    try:
        with nullcontext() if debug else _quiet_libraries():
            code = _invoke(rewritten(ordered))
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        _drop_output()
        return READER_LEFT
    except SystemExit as stop:
        if isinstance(stop.__context__, BrokenPipeError):  # rich exits on it
            return READER_LEFT
        raise
    except KeyboardInterrupt as stop:
        warn(str(stop) or f"stopped; to go on, run again: {shlex.join(['sdscm', *given])}")
        return STOPPED
    except Exception as error:
        if debug:
            traceback.print_exc()
        code, line = _explain(error, debug)
        warn(f"error: {line}")
        return code


@contextmanager
def _interrupt_on_sigterm() -> Iterator[list[int]]:
    """Let SIGTERM, by which schedulers end a job, stop a command as Ctrl-C does.

    Yields
    ------
    A list that holds the signal once it has come.
    """
    received: list[int] = []

    def interrupt(number: int, frame: object) -> None:
        received.append(number)
        raise KeyboardInterrupt

    try:
        before = signal.signal(signal.SIGTERM, interrupt)
    except ValueError:  # not in the main thread, which alone may handle signals
        yield received
        return
    try:
        yield received
    finally:
        signal.signal(signal.SIGTERM, before)


def _invoke(arguments: list[str]) -> int:
    """Run a command without Typer's ``main``, which would hide the message of an interrupt."""
    sdscm = command()
    if COMPLETION in os.environ:
        sdscm.main(arguments, "sdscm")
    try:
        with sdscm.make_context("sdscm", arguments) as context:
            sdscm.invoke(context)
    except typer.Exit as stop:
        return stop.exit_code
    return OK


@contextmanager
def _quiet_libraries() -> Iterator[None]:
    """Hide warnings of libraries, such as retries and deprecations."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _explain(error: Exception, debug: bool) -> tuple[int, str]:
    """Return the exit code and the line for an error."""
    if isinstance(error, typer.TyperException):
        context = getattr(error, "ctx", None)
        path = "sdscm" if context is None else context.command_path
        return BAD_INPUT, f"{_usage_problem(error).rstrip('.')}; see: {path} --help"
    if isinstance(error, InputError) or _is_estimator_error(error):
        return BAD_INPUT, str(error)
    if isinstance(error, OSError) and error.errno in _FIXES:
        return BAD_INPUT, _file_problem(error)
    hint = "" if debug else f"; run again with {DEBUG} for the traceback"
    return FAILED, f"{type(error).__name__}: {str(error).rstrip('.')}{hint}"


def _usage_problem(error: typer.TyperException) -> str:
    """Describe an error in a command line, without the prefix that pydantic adds."""
    cause: Any = error.__cause__
    details = cause.errors()[0] if hasattr(cause, "errors") else {}
    if "error" in details.get("ctx", {}):
        error.message = str(details["ctx"]["error"])
    return error.format_message()


def _file_problem(error: OSError) -> str:
    path = "" if error.filename is None else os.fsdecode(error.filename)
    if len(path) > _LONGEST_PATH:
        path = f"{path[:_LONGEST_PATH]}..."
    problem = f"{path}: " * bool(path) + (error.strerror or type(error).__name__)
    return f"{problem}; {_FIXES[error.errno or 0]}"


def _is_estimator_error(error: Exception) -> bool:
    # The module is loaded if the error comes from it; otherwise its import would take time.
    errors = sys.modules.get("estimators.errors")
    return errors is not None and isinstance(error, errors.EstimatorError)


def _replace_unprintable_letters() -> None:
    """Print a question mark for each letter that the terminal or pipe cannot encode."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _drop_output() -> None:
    """Keep the interpreter from flushing to the closed pipe when it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
