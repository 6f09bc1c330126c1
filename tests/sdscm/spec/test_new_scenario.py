"""A scenario is one YAML file: no other file names it."""

from __future__ import annotations

from pathlib import Path

import pytest

import sdscm
from benchmarks.cli import main
from benchmarks.suite.loading import load_suite
from sdscm.spec import files

SCENARIO = """\
name: umbrella
title: Does an umbrella keep you dry?
variables:
  - {name: sky, role: exogenous, values: [clear, dark], phrasings: ["The sky is {value}."]}
  - name: umbrella
    role: treatment
    values: [left it, took it]
    parents: [sky]
    phrasings: ["She had an umbrella and {value}."]
  - name: coat
    role: outcome
    values: [wet, dry]
    parents: [sky, umbrella]
    phrasings: ["Her coat is {value}."]
"""


def test_a_new_file_is_a_new_scenario(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "umbrella.yaml").write_text(SCENARIO)
    monkeypatch.setattr(files, "files", lambda package: tmp_path)
    assert sdscm.scenario_names() == ["umbrella"]
    assert sdscm.load_spec("umbrella").title == "Does an umbrella keep you dry?"
    assert main(["scenarios"]) == 0
    assert "umbrella" in capsys.readouterr().out
    assert main(["inspect", "umbrella", "--no-lm"]) == 0
    assert "took it" in capsys.readouterr().out
    suite = tmp_path / "suite.yaml"
    suite.write_text("name: s\ndatasets: [{scenario: umbrella}]\nestimators: [LinReg]\n")
    assert load_suite(suite).datasets[0].title == "umbrella"
