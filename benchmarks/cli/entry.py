"""Run a command line: return the exit code, and print one line for an error."""

from __future__ import annotations

import errno
import io
import logging
import os
import shlex
import sys
import traceback
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import typer

from benchmarks.cli import STOPPED
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


def run(given: Sequence[str], received: Sequence[int] = ()) -> int:
    """Run a command, and describe each error and each stop in one line; return the exit code.

    ``received`` holds the signals that have come.
    """
    debug = DEBUG in given
    # The option belongs to the program; it is accepted after the command, too.
    ordered = [DEBUG] * debug + [each for each in given if each != DEBUG]
    _replace_unprintable_letters()
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
        return _stopped(given, str(stop))
    except Exception as error:
        if received:  # some libraries turn an interrupt into another error
            return _stopped(given)
        if debug:
            traceback.print_exc()
        code, line = _explain(error, debug)
        warn(f"error: {line}")
        return code


def _stopped(given: Sequence[str], line: str = "") -> int:
    warn(line or f"stopped; to go on, run again: {shlex.join(['sdscm', *given])}")
    return STOPPED


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
