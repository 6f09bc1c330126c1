"""What shows in a process of its own only: imports, pipes, signals."""

from __future__ import annotations

import os
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
