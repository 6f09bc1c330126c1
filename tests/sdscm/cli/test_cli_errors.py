"""Bad input is one line and exit code 2, a failure one line and 1; nothing is written."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest

import sdscm

# A command, and pieces of the line that it ends with: what is wrong, and the way out.
BAD = {
    "": [],
    "generate": ["Missing argument 'SPEC'", "sdscm generate --help"],
    "paper": ["No such command 'paper'", "sdscm --help"],
    "generate study.yaml --frob": ["No such option: --frob", "sdscm generate --help"],
    "generate nope": ["nope: no such file or scenario", "breast_cancer"],
    "generate nope.yaml": ["nope.yaml: no such file"],
    "generate suite.yaml": ["suite.yaml"],
    "generate mine.py": ["mine.py: is no spec file", ".yaml"],
    "generate study.yaml -n 0": ["'-n'", "1", "sdscm generate --help"],
    "generate study.yaml -n -5": ["'-n'", "1"],
    "generate study.yaml -n many": ["'-n'", "integer"],
    "generate study.yaml --seed -1": ["'--seed'"],
    "generate study.yaml --phrasing -1": ["'--phrasing'"],
    "generate study.yaml --scoring best": ["'--scoring': 'best'", "definition"],
    "generate study.yaml --coupling best": ["'--coupling': 'best'", "redraw"],
    "generate study.yaml --outcome best": ["'--outcome': 'best'", "probability"],
    "generate study.yaml --temperature warm": ["'--temperature'"],
    "generate study.yaml --lm {lm} --temperature 0": ["temperature 0", "positive"],
    "generate study.yaml --lm {lm} --temperature nan": ["temperature nan", "positive"],
    "generate study.yaml --lm ./nope": ["language model './nope'", "save_pretrained"],
    "generate study.yaml --lm .": ["language model '.'", "config.json", "save_pretrained"],
    "generate study.yaml --lm no-such-model": ["'no-such-model'", "cannot be loaded", "sdscm lm"],
    "generate study.yaml --out study.yaml": ["--out study.yaml", ".parquet or .csv"],
    "generate study.yaml --out data.txt": ["--out data.txt", ".parquet or .csv"],
    "generate study.yaml --out there.csv": ["there.csv: is there already", "--force"],
    "generate study.yaml --out folder.csv --force": ["folder.csv: is a folder"],
    "generate study.yaml --out mine.py/data.csv": ["mine.py: cannot be written", "another folder"],
    "generate study.yaml --do drug": ["--do drug", "VARIABLE=VALUE"],
    "generate study.yaml --do =a": ["--do =a", "VARIABLE=VALUE"],
    "generate study.yaml --do drug=a --do drug=b": ["'drug' is set twice"],
    "generate study.yaml --lm {lm} --do drug=a": ["'a' is no value of 'drug'", "placebo, statins"],
    "generate study.yaml --lm {lm} --do dog=a": ["'dog' is no variable", "smoker"],
    "generate study.yaml --lm {lm} --do age=young": ["'age' is exogenous"],
    "inspect nope": ["nope: no such file or scenario"],
    "inspect nope.parquet": ["nope.parquet: no such file"],
    "inspect truncated.parquet": ["truncated.parquet: not a readable Parquet file", "make it again"],
    "inspect foreign.parquet": ["foreign.parquet: not written by sdscm"],
    "inspect study.yaml --phrasings 0": ["'--phrasings'"],
    "inspect study.yaml --lm ./nope": ["language model './nope'"],
    "benchmark": ["Missing argument 'SUITE'"],
    "benchmark nope": ["unknown suite 'nope'", "quick"],
    "benchmark nope.yaml": ["nope.yaml: no such file"],
    "benchmark suite.yaml --workers -1": ["'--workers'"],
    "benchmark suite.yaml --plugin nope.py": ["nope.py: cannot be read"],
    "benchmark suite.yaml --plugin study.yaml": ["study.yaml"],
    "benchmark suite.yaml --results mine.py": ["--results mine.py: cannot be written"],
    "benchmark suite.yaml --runs mine.py": ["--runs mine.py: cannot be written"],
    "benchmark suite.yaml": ["truncated.parquet: not a readable Parquet file"],
    "benchmark unknown.yaml": ["no estimator 'LinRig'", "'LinReg'"],
    "benchmark bad-key.yaml": ["bad-key.yaml", "datasets"],
    "leaderboard suite.yaml": ["no run here", "run the suite first"],
    "leaderboard nope": ["nope: no run here"],
    "leaderboard suite.yaml --results mine.py": ["--results mine.py: cannot be written"],
    "estimators show LinRig": ["no estimator 'LinRig'", "'LinReg'"],
    "estimators check LinRig": ["no estimator 'LinRig'", "sdscm estimators list"],
    "estimators check Rude --plugin rude.py": ["Rude", "finite"],
    "estimators list --plugin nope.py": ["nope.py: cannot be read"],
    "estimators --plugin nope.py list": ["nope.py: cannot be read"],
    "estimators frob": ["No such command 'frob'", "sdscm estimators --help"],
    "lm prepare": ["Missing argument 'NAME'"],
    "lm prepare ./nope": ["language model './nope'", "smollm2-135m"],
}
del BAD[""]


@pytest.fixture
def bad_files(workspace: Path, dataset_file: Path) -> None:
    """What users have in their folders."""
    whole = dataset_file.read_bytes()
    (workspace / "truncated.parquet").write_bytes(whole[: len(whole) // 2])
    (workspace / "there.csv").write_text("dear data\n")
    (workspace / "folder.csv").mkdir()
    suite = (workspace / "suite.yaml").read_text()
    (workspace / "unknown.yaml").write_text(suite.replace("LinReg", "LinRig"))
    (workspace / "bad-key.yaml").write_text(suite.replace("datasets", "data"))
    plugin = (workspace / "mine.py").read_text()
    (workspace / "rude.py").write_text(plugin.replace("Mine", "Rude").replace("y[t == 1]", "0 / y"))
    frame = sdscm.CausalDataset.read_parquet(dataset_file).to_frame()
    (workspace / "sub").mkdir()
    frame.to_parquet(workspace / "foreign.parquet")


@pytest.mark.usefixtures("bad_files", "untouched")
@pytest.mark.parametrize("command", BAD)
def test_bad_input_is_one_line(command, cli, tiny_lm, monkeypatch):
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    if command in ("benchmark suite.yaml",):
        os.remove("foreign.parquet")
        frame = Path("foreign.parquet")
        ran = cli(*shlex.split(command.format(lm=tiny_lm)))
        frame.touch()
    else:
        ran = cli(*shlex.split(command.format(lm=tiny_lm)))
    assert ran.code == 2
    assert ran.err.startswith("error: ")
    assert ran.err.count("\n") == 1, ran.err
    assert ran.err.endswith("\n")
    for piece in BAD[command]:
        assert piece in ran.err
    assert ran.out == ""
