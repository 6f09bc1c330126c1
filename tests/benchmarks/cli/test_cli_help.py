"""Every command explains itself with an example, and the examples are true."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import sdscm
from benchmarks.cli.app import command as sdscm_command


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The path of each command, groups among them."""
    if path:
        yield path
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, (*path, name))


COMMANDS = list(commands(sdscm_command()))
# What makes an example cheap, by its first words; None: it takes minutes, or the real model.
CHEAP: dict[str, list[str] | None] = {
    "generate": ["--lm", "{lm}", "--units", "6"],
    "inspect": ["--lm", "{lm}", "--units", "6", "--phrasings", "1"],
    "audit hiring --lm": None,
    "audit breast_cancer": None,
    "audit hiring": ["--lm", "{lm}", "--phrasings", "2", "--panel", "0", "--no-controls"],
    "benchmark quick": None,
    "benchmark suite.yaml": ["--workers", "0"],
    "benchmark own-data": None,
    "benchmark toy-v1.zip": ["--workers", "0"],
    "release verify": ["--workers", "0"],
    "release make toy --version 2 --sealed": ["--workers", "0", "--guessable"],
    "submit": ["--workers", "0"],
    "predict": ["--workers", "0"],
    "score": ["--workers", "0"],
    "submission check": ["--workers", "0"],
    "estimate data.csv --treatment drug --outcome recovery --estimators": [],
    "estimate": ["--estimators", "LinReg"],
    "spec phrase sleep.yaml --lm": ["--lm", "{lm}", "--tries", "2"],
    "paper": None,  # the released data are the user's; tests/benchmarks/paper has a copy in small
    "lm prepare": None,
    "lm check": None,  # minutes, and a server; test_cli_estimators.py checks a small model
    "calibrate": None,
    "mediate": ["--lm", "{lm}", "--units", "30", "--phrasings", "1", "--workers", "0"],
    "discover": ["--lm", "{lm}", "--units", "30", "--phrasings", "1", "--workers", "0"],
    "arms": [
        *("--lm", "{lm}", "--units", "60", "--phrasings", "1", "--workers", "0"),
        *("--methods", "LinearT,Zero"),
    ],
}


def examples(out: str) -> list[list[str]]:
    """The command lines below the word Example of a help page."""
    _, found, end = out.partition(" Example")
    lines = [line.strip() for line in end.splitlines()] if found else []
    return [shlex.split(line)[1:] for line in lines if line.startswith("sdscm ")]


def tables_and_graphs(folder: Path) -> None:
    """Write the files of the examples of ``spec``, ``realism``, ``estimate`` and others."""
    rows = "\n".join(f"{20 + k % 50},{k % 3},{k % 2},{k % 7}" for k in range(100))
    for name in ("data.csv", "real.csv", "made.csv"):
        (folder / name).write_text(f"age,smoker,drug,recovery\n{rows}\n")
    assigned = "\n".join(f"{k % 50},{k % 2},{k % 2 * (k % 5 > 0)},{k % 7}" for k in range(200))
    (folder / "trial.csv").write_text(f"age,assigned,taken,recovery\n{assigned}\n")
    (folder / "dag.dot").write_text("digraph { age -> drug -> recovery; age -> recovery }")
    (folder / "model.dagitty").write_text("dag { x [exposure] y [outcome] x -> y }")


def test_all_commands_are_there():
    first = {path[0] for path in COMMANDS}
    assert first == {
        "generate",
        "inspect",
        "scenarios",
        "audit",
        "benchmark",
        "leaderboard",
        "report",
        "select",
        "results",
        "paper",
        "estimators",
        "lm",
        "spec",
        "realism",
        "estimate",
        "semisynth",
        "calibrate",
        "arms",
        "discover",
        "mediate",
        "release",
        "export",
        "submit",
        "submission",
        "predict",
        "score",
    }


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_no_line_break_within_a_paragraph_of_a_help(path):
    command = sdscm_command()
    for name in path:
        command = command.commands[name]
    assert "\n" not in command.help.replace("\n\n", "")


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_help_has_an_example_of_the_command(path, cli):
    ran = cli(*path, "--help")
    assert (ran.code, ran.err) == (0, "")
    assert "<bool>" not in ran.out
    found = examples(ran.out)
    assert found
    for example in found:
        assert example[0] == path[0]


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_examples_work(path, cli, tiny_lm, workspace, data, no_figures):
    suite = (workspace / "suite.yaml").read_text()
    if path[0] in ("benchmark", "release", "export", "submit", "submission", "predict", "score"):
        assert cli("benchmark", "suite.yaml", "--workers", 0).code == 0
    if path in (("benchmark",), ("release", "verify")) or path[0].startswith("subm"):
        made = ("release", "make", "toy", "--version", "1", "--out", "toy-v1.zip")
        assert cli(*made).code == 0
    method = ("--plugin", "mine.py", "--estimators", "Mine", "--workers", 0, "--out", "mine.zip")
    if path[0] == "submission":
        assert cli("submit", "toy-v1.zip", *method).code == 0
    if path[0] in ("predict", "score"):
        made = ("release", "make", "toy", "--version", "2", "--sealed", "--guessable")
        assert cli(*made, "--out", "toy-v2", "--workers", 0).code == 0
    if path[0] == "score":
        assert cli("predict", "toy-v2/public", *method).code == 0
    (workspace / "suite.yaml").write_text(suite.replace("toy", "quick"))
    if path == ("select",):  # it chooses between methods of the CATE
        changed = (workspace / "suite.yaml").read_text().replace("DiffInMeans", "LinearT")
        (workspace / "suite.yaml").write_text(changed)
    if path[0] in ("leaderboard", "report", "results", "select"):
        assert cli("benchmark", "suite.yaml", "--workers", 0).code == 0
    if path[0] in ("spec", "realism", "estimate", "semisynth"):
        tables_and_graphs(workspace)
    if path[0] == "spec" and path[1:] not in ((), ("new",)):
        assert cli("spec", "new", "sleep").code == 0
    for example in examples(cli(*path, "--help").out):
        text = " ".join(example)
        more = next((v for k, v in CHEAP.items() if text.startswith(k)), [])
        if more is None:
            continue
        if path == ("generate",):
            data.unlink(missing_ok=True)
        ran = cli(*example, *(each.format(lm=tiny_lm) for each in more))
        assert ran.code == 0, ran.err


def test_without_a_command_it_shows_the_commands(cli):
    ran = cli()
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == cli("--help").out
    for path in COMMANDS:
        assert path[0] in ran.out


def test_version(cli):
    assert cli("--version").out == f"sdscm {sdscm.__version__}\n"
