"""What shows in a process of its own only: imports, pipes, signals."""

from __future__ import annotations

import os
import pty
import random
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SDSCM = [sys.executable, "-m", "benchmarks"]

SLEEPING = """\
import time
from pathlib import Path

import estimators


@estimators.register("Sleeping", estimand="ATE")
def sleeping(X, t, y):
    Path({ready!r}).touch()
    time.sleep(60)
    return 0.0
"""


#: Libraries that take a tenth of a second or more to import.
HEAVY = {"estimators", "matplotlib", "networkx", "numpy", "pandas", "pyarrow"} | {
    "scipy",
    "sklearn",
    "torch",
    "transformers",
    "yaml",
}


@pytest.mark.parametrize("command", [(), ("generate",), ("benchmark",), ("audit",), ("paper",)])
def test_help_loads_no_heavy_library(command):
    ran = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "benchmarks", *command, "--help"],
        capture_output=True,
        text=True,
    )
    assert "Usage: sdscm" in ran.stdout
    loaded = {line.rpartition("|")[2].strip() for line in ran.stderr.splitlines()}
    assert "benchmarks.cli.app" in loaded
    # Typer checks the options in front of a command with pydantic.
    heavy = HEAVY if command else HEAVY | {"pydantic"}
    assert heavy & loaded == set()


def test_a_shell_gets_completions():
    asked = {"_SDSCM_COMPLETE": "complete_bash", "COMP_WORDS": "sdscm gen", "COMP_CWORD": "1"}
    ran = subprocess.run(SDSCM, capture_output=True, text=True, env=os.environ | asked)
    assert (ran.returncode, ran.stdout.split(), ran.stderr) == (0, ["generate"], "")


def test_entry_point_is_the_exit_code():
    ran = subprocess.run([*SDSCM, "inspect", "nope"], capture_output=True, text=True)
    assert ran.returncode == 2
    assert ran.stderr.startswith("error: nope: no such file or scenario")
    assert ran.stdout == ""


@pytest.mark.parametrize("command", [["scenarios"], ["--version"], ["--help"]])
def test_a_reader_that_leaves_is_no_traceback(command):
    read, write = os.pipe()
    os.close(read)
    ran = subprocess.run([*SDSCM, *command], stdout=write, stderr=subprocess.PIPE, text=True)
    os.close(write)
    assert ran.returncode == 141
    assert ran.stderr == ""


def test_a_terminal_without_the_letters_gets_others():
    environment = os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    command = [*SDSCM, "estimators", "list"]
    ran = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "LinReg" in ran.stdout
    assert ran.stdout.isascii()


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_run_that_is_stopped(workspace, data, sent, code):
    """By Ctrl-C, or by a scheduler: both say how to go on."""
    # An absolute path: a cell runs in an empty folder of its own.
    (workspace / "sleeping.py").write_text(SLEEPING.format(ready=str(workspace / "ready")))
    suite = (workspace / "suite.yaml").read_text().replace("LinReg", "Sleeping")
    (workspace / "suite.yaml").write_text(suite)
    command = [*SDSCM, "benchmark", "suite.yaml", "--workers", "0", "--plugin", "sleeping.py"]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A test-suite in the background of a shell hands down that interrupts are ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as run:
        deadline = time.monotonic() + 60
        while not Path("ready").exists():
            assert run.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        run.send_signal(sent)
        out, err = run.communicate(timeout=30)
    assert run.returncode == code
    assert out == ""
    assert "Traceback" not in err
    assert err.splitlines()[-1].startswith("stopped; ")


def test_a_live_board_in_a_terminal_and_its_end(workspace, data):
    """It shows the best methods, and Ctrl-C leaves the cursor and no half board."""
    (workspace / "sleeping.py").write_text(SLEEPING.format(ready=str(workspace / "ready")))
    suite = (workspace / "suite.yaml").read_text().replace("Oracle", "Zero, Sleeping")
    (workspace / "suite.yaml").write_text(suite)
    command = [*SDSCM, "benchmark", "suite.yaml", "--workers", "1", "--plugin", "sleeping.py"]
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*command, "--live"],
        stdout=theirs,
        stderr=theirs,
        env=os.environ | {"COLUMNS": "120", "LINES": "30", "TERM": "xterm"},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as run:
        os.close(theirs)
        shown, sent = "", False
        deadline = time.monotonic() + 60
        while chunk := _read(ours, deadline):
            shown += chunk
            # LinReg has ended, and the last method sleeps.
            if not sent and re.search(r"LinReg +\S+ +\S+ +1 of 1", shown):
                sent = True
                run.send_signal(signal.SIGINT)
    os.close(ours)
    assert run.returncode == 130
    assert sent
    plain = " ".join(re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown).split())
    assert "all methods have finished 0 datasets of 1" in plain
    hidden, back = shown.rfind("\x1b[?25l"), shown.rfind("\x1b[?25h")
    assert 0 <= hidden < back
    end = shown[back:]
    assert "stopped; " in end
    assert "Traceback" not in shown
    # The last frame, which stays, is without the board.
    last = shown[shown.rfind("\x1b[2K") :]
    assert "cells" in last
    assert "Best so far" not in last


def _read(terminal: int, deadline: float) -> str:
    """What a terminal shows next; empty at its end."""
    try:
        assert select.select([terminal], [], [], max(0, deadline - time.monotonic()))[0]
        return os.read(terminal, 65536).decode(errors="replace")
    except OSError:  # on Linux, the other end is closed
        return ""


#: A command that is stopped at an awkward moment: what Python or a library does with the interrupt.
STOPPED_AT = {
    "in a destructor, where Python drops it": """
class Object:
    def __del__(self):
        os.kill(os.getpid(), number)
        time.sleep(1)

Object()
time.sleep(30)
""",
    "in an exec, after which CPython ends by SIGINT": 'exec("os.kill(os.getpid(), number)")',
    "in a library that makes another error of it": """
try:
    os.kill(os.getpid(), number)
except KeyboardInterrupt:
    raise ImportError("a part of a library")
""",
    "twice": """
try:
    os.kill(os.getpid(), number)
finally:
    os.kill(os.getpid(), number)
""",
}
AWKWARD = """
import os, sys, time
from benchmarks import cli
from benchmarks.cli import entry

number = {number}

def command(arguments):
    {command}

entry._invoke = command
sys.exit(cli.main())
"""
AT_THE_IMPORTS = """
import os, sys

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "benchmarks.cli.app":
            os.kill(os.getpid(), {number})

sys.meta_path.insert(0, Finder())
from benchmarks import cli

sys.exit(cli.main())
"""


def _run_script(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=25,  # the interrupted command would go on for 30 s
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("when", [*STOPPED_AT, "at the imports"])
def test_a_stop_is_one_line_at_any_moment(when, number, code):
    script = AT_THE_IMPORTS.format(number=int(number))
    if when in STOPPED_AT:
        command = STOPPED_AT[when].replace("\n", "\n    ")
        script = AWKWARD.format(number=int(number), command=command)
    ran = _run_script(script)
    assert ran.returncode == code, ran.stderr
    assert ran.stderr.startswith("stopped; to go on, run ")
    assert ran.stderr.count("\n") == 1


def test_a_program_in_the_background_ignores_ctrl_c():
    """Shells let it inherit that."""
    command = "os.kill(os.getpid(), number); return 0"
    script = AWKWARD.format(number=int(signal.SIGINT), command=command)
    script = f"import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n{script}"
    assert _run_script(script).returncode == 0


@pytest.mark.slow
def test_signals_at_random_moments_of_a_run(workspace, tiny_lm):
    """The model is loaded, processes make data, workers start, cells run."""
    (workspace / "suite.yaml").write_text(
        "name: toy\n"
        f"datasets: [{{scenario: study.yaml, lm: {tiny_lm}, n: 200, phrasings: 2}}]\n"
        "estimators: [LinReg, ForestT, LinearDML]\nholdout: 0\nboard: {resamples: 50}\n"
    )
    moments = random.Random(2026)
    command = [*SDSCM, "benchmark", "suite.yaml", "--workers", "2"]
    for number in range(30):
        sent = moments.choice([signal.SIGINT, signal.SIGTERM])
        # The interpreter itself takes some hundredths of a second to start.
        after = moments.uniform(0.2, 9.0)
        folders = ["--runs", f"runs-{number}", "--results", f"results-{number}"]
        with subprocess.Popen(
            [*command, *folders],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env=os.environ | {"SDSCM_CACHE": str(workspace / f"cache-{number}")},
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        ) as run:
            time.sleep(after)
            ended = run.poll() is not None
            if not ended:
                # A terminal interrupts all processes of a command; a scheduler may end its first.
                os.killpg(run.pid, sent) if moments.random() < 0.7 else run.send_signal(sent)
            err = run.communicate(timeout=60)[1]
        what = f"{sent.name} after {after:.2f} s: {err}"
        assert "Traceback" not in err, what
        assert run.returncode == (0 if ended else 128 + sent), what
