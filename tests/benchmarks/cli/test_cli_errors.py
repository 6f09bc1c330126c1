"""Bad input is one line and exit code 2, a failure one line and 1; nothing is written."""

from __future__ import annotations

import errno
import logging
import os
import shlex
import warnings
from pathlib import Path

import pytest

import sdscm

LONG = "x" * 300

# A command, and pieces of the line that it ends with: what is wrong, and the way out.
BAD = {
    "leaderboard quick --columns pehe_sd,": ["--columns", "'pehe_sd,'"],
    "generate": ["Missing argument 'SPEC'", "sdscm generate --help"],
    "papers": ["No such command 'papers'", "sdscm --help"],
    "generate study.yaml --frob": ["No such option: --frob", "sdscm generate --help"],
    "generate nope": ["nope: no such file or scenario", "breast_cancer"],
    "generate nope.yaml": ["nope.yaml: no such file"],
    "generate suite.yaml": ["suite.yaml"],
    "generate mine.py": ["mine.py: is not a spec file", ".yaml"],
    "generate study.yaml --units 0": ["'--units'", "1", "sdscm generate --help"],
    "generate study.yaml --units -5": ["'--units'", "1"],
    "generate study.yaml --units many": ["'--units'", "integer"],
    "generate study.yaml --seed -1": ["'--seed'"],
    "generate study.yaml --phrasing -1": ["'--phrasing'"],
    "generate study.yaml --scoring best": ["'--scoring': 'best'", "definition"],
    "generate study.yaml --coupling best": ["'--coupling': 'best'", "redraw"],
    "generate study.yaml --measure best": ["'--measure': 'best'", "probability"],
    "generate study.yaml --temperature warm": ["'--temperature'"],
    "generate study.yaml --lm {lm} --temperature 0": ["temperature = 0", "positive"],
    "generate study.yaml --lm {lm} --temperature nan": ["temperature = nan", "positive"],
    "generate study.yaml --lm ./nope": ["language model './nope'", "save_pretrained"],
    "generate study.yaml --lm .": ["language model '.'", "config.json", "save_pretrained"],
    "generate study.yaml --lm no-such-model": ["'no-such-model'", "cannot be loaded", "sdscm lm"],
    "generate study.yaml --out study.yaml": ["--out study.yaml", ".parquet or .csv"],
    "generate study.yaml --out data.txt": ["--out data.txt", ".parquet or .csv"],
    "generate study.yaml --out there.csv": ["there.csv: exists already", "--force"],
    "generate study.yaml --out folder.csv --force": ["folder.csv: is a folder"],
    "generate study.yaml --out mine.py/data.csv": ["mine.py: cannot be written", "another folder"],
    "generate study.yaml --do drug": ["--do drug", "VARIABLE=VALUE"],
    "generate study.yaml --do =a": ["--do =a", "VARIABLE=VALUE"],
    "generate study.yaml --do drug=a --do drug=b": ["'drug' is set twice"],
    "generate study.yaml --do drug=statins --hide 1": ["--hide", "without effects"],
    "generate study.yaml --do drug=statins --measure category": ["--measure", "without effects"],
    "generate study.yaml --do drug=statins --cate-draws 9": ["--cate-draws", "without effects"],
    "generate study.yaml --score recovers": ["--score recovers", "VALUE=NUMBER"],
    "generate study.yaml --score recovers=good": [
        "--score recovers=good",
        "'good' is not a number",
    ],
    "generate study.yaml --lm {lm} --score recovers=1": ["takes no scores", "expected-score"],
    "generate study.yaml --lm {lm} --cate-draws 1": ["cate_draws = 1", "2 or more"],
    "generate study.yaml --lm {lm} --do drug=a": ["'a' is not a value of 'drug'", "placebo"],
    "generate study.yaml --lm {lm} --do dog=a": ["'dog' is not a variable", "smoker"],
    "generate study.yaml --lm {lm} --do age=young": ["'age' is exogenous"],
    "inspect nope": ["nope: no such file or scenario"],
    "inspect nope.parquet": ["nope.parquet: no such file"],
    "inspect truncated.parquet": [
        "truncated.parquet: not a readable Parquet file",
        "generate it again",
    ],
    "inspect foreign.parquet": ["foreign.parquet: not written by sdscm"],
    "inspect study.yaml --phrasings 0": ["--phrasings 0", "above 0"],
    "inspect study.yaml --lm ./nope": ["language model './nope'"],
    "benchmark": ["Missing argument 'SUITE'"],
    "benchmark nope": ["unknown suite 'nope'", "quick"],
    "benchmark nope.yaml": ["nope.yaml: no such file"],
    "benchmark suite.yaml": ["no file matches", "data*.parquet"],
    "benchmark suite.yaml --workers -1": ["'--workers'"],
    "benchmark suite.yaml --plugin nope.py": ["nope.py: cannot be read"],
    "benchmark suite.yaml --plugin study.yaml": ["study.yaml"],
    "benchmark suite.yaml --results mine.py": ["--results mine.py: cannot be written"],
    "benchmark suite.yaml --runs mine.py": ["--runs mine.py: cannot be written"],
    "benchmark broken.yaml": ["truncated.parquet: not a readable Parquet file"],
    "benchmark unknown.yaml": ["no estimator 'LinRig'", "'LinReg'"],
    "benchmark bad-key.yaml": ["bad-key.yaml", "datasets"],
    "leaderboard suite.yaml": ["no run here", "run the suite first"],
    "leaderboard nope": ["nope: no run here"],
    "leaderboard suite.yaml --results mine.py": ["--results mine.py: cannot be written"],
    "estimators show LinRig": ["no estimator 'LinRig'", "'LinReg'"],
    "estimators check LinRig": ["no estimator 'LinRig'", "sdscm estimators list"],
    "estimators check Rude --plugin rude.py": ["Rude: ", "for 1 - t"],
    "estimators list --plugin nope.py": ["nope.py: cannot be read"],
    "estimators --plugin nope.py list": ["nope.py: cannot be read"],
    "estimators frob": ["No such command 'frob'", "sdscm estimators --help"],
    "inspect deep.yaml": ["deep.yaml: is nested too deeply", "remove the inner brackets"],
    "inspect deep.json": ["deep.json: is nested too deeply", "remove the inner brackets"],
    "benchmark deep.yaml": ["deep.yaml: is nested too deeply", "remove the inner brackets"],
    f"inspect {LONG}": ["xxx...: File name too long", "a shorter one"],
    f"inspect {LONG}.yaml": ["xxx...: File name too long", "a shorter one"],
    f"generate study.yaml --out {LONG}.parquet": ["xxx...: File name too long"],
    f"generate study.yaml --out {LONG}/data.parquet": ["xxx...: File name too long"],
    f"inspect study.yaml --no-lm --picture {LONG}.svg": ["xxx...: File name too long"],
    "lm prepare": ["Missing argument 'NAME'"],
    "lm prepare ./nope": ["language model './nope'", "smollm2-135m"],
}


@pytest.fixture
def bad_files(workspace: Path, dataset_file: Path) -> None:
    """What users have in their folders."""
    whole = dataset_file.read_bytes()
    (workspace / "truncated.parquet").write_bytes(whole[: len(whole) // 2])
    (workspace / "there.csv").write_text("dear data\n")
    (workspace / "folder.csv").mkdir()
    (workspace / "deep.yaml").write_text(f"name: {'[' * 5000}{']' * 5000}\n")
    (workspace / "deep.json").write_text(f'{{"name": {"[" * 200_000}{"]" * 200_000}}}\n')
    suite = (workspace / "suite.yaml").read_text()
    (workspace / "unknown.yaml").write_text(suite.replace("LinReg", "LinRig"))
    (workspace / "broken.yaml").write_text(suite.replace("data*", "truncated"))
    (workspace / "bad-key.yaml").write_text(suite.replace("datasets", "data"))
    plugin = (workspace / "mine.py").read_text()
    (workspace / "rude.py").write_text(plugin.replace("Mine", "Rude").replace("y[t == 0]", "0 * y"))
    frame = sdscm.CausalDataset.read_parquet(dataset_file).to_frame()
    frame.to_parquet(workspace / "foreign.parquet")


@pytest.mark.usefixtures("bad_files", "untouched")
@pytest.mark.parametrize("command", BAD)
def test_bad_input_is_one_line(command, cli, tiny_lm, monkeypatch):
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    ran = cli(*shlex.split(command.format(lm=tiny_lm)))
    assert ran.code == 2
    assert ran.err.startswith("error: ")
    assert ran.err.count("\n") == 1, ran.err
    assert ran.err.endswith("\n")
    for piece in BAD[command]:
        assert piece in ran.err
    assert ran.out == ""


@pytest.mark.parametrize(
    ("letter", "shown"), [("\x1b[31m", "\\x1b[31m"), ("\ufeff", "\\ufeff"), ("\u202e", "\\u202e")]
)
def test_letters_that_nobody_sees_are_escapes(cli, letter, shown):
    """They would change the colour of a terminal, or the order of what is read."""
    ran = cli("inspect", f"no{letter}pe.yaml")
    assert ran.code == 2
    assert f"no{shown}pe.yaml" in ran.err


@pytest.mark.parametrize("option", ["estimators show", "benchmark"])
def test_a_long_word_does_not_fill_the_screen(cli, option):
    ran = cli(*option.split(), "x" * 100_000)
    assert ran.code == 2
    assert len(ran.err) < 1500
    assert " ... " in ran.err


@pytest.mark.usefixtures("untouched")
def test_unwritable_folder(cli, workspace, tiny_lm):
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    folder = workspace / "locked"
    folder.mkdir()
    folder.chmod(0o555)
    ran = cli("generate", "study.yaml", "--lm", tiny_lm, "--out", folder / "data.parquet")
    folder.rmdir()
    assert ran.code == 2
    assert "cannot be written to" in ran.err
    assert "Permission denied" in ran.err


@pytest.mark.usefixtures("untouched")
def test_a_cache_folder_that_cannot_be_made(cli, workspace, tiny_lm, monkeypatch):
    """Below a regular file, where root cannot write either."""
    monkeypatch.setenv("SDSCM_CACHE", str(workspace / "study.yaml" / "cache"))
    for command in (["generate", "study.yaml", "--lm", tiny_lm], ["lm", "prepare", "smollm2-135m"]):
        ran = cli(*command)
        assert ran.code == 2
        assert ran.err.startswith("error: the cache folder ")
        assert "Not a directory" in ran.err
        assert "SDSCM_CACHE" in ran.err
        assert ran.err.count("\n") == 1


@pytest.mark.usefixtures("untouched")
def test_a_full_disk_is_one_line(cli, tiny_lm, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    ran = cli("generate", "study.yaml", "--lm", tiny_lm, "--units", 5)
    assert ran.code == 2
    assert ran.err.splitlines()[-1] == (
        "error: No space left on device; free the disk, or write to another"
    )


@pytest.mark.usefixtures("untouched")
def test_failure_is_one_line(cli, monkeypatch):
    def fail(name, **options):
        raise RuntimeError("first\nsecond.")

    monkeypatch.setattr(sdscm, "load_lm", fail)
    ran = cli("generate", "study.yaml")
    assert ran.code == 1
    assert ran.err == (
        "error: RuntimeError: first second; run again with --debug for the traceback\n"
    )
    assert ran.out == ""


@pytest.mark.parametrize("place", [0, 1, 2])
def test_debug_shows_the_traceback(place, cli, monkeypatch):
    def fail(name, **options):
        raise RuntimeError("first")

    monkeypatch.setattr(sdscm, "load_lm", fail)
    command = ["generate", "study.yaml"]
    command.insert(place, "--debug")
    ran = cli(*command)
    assert ran.code == 1
    assert "Traceback" in ran.err
    assert "in fail" in ran.err
    assert ran.err.endswith("\nerror: RuntimeError: first\n")


def test_debug_shows_the_traceback_of_bad_input(cli):
    ran = cli("--debug", "inspect", "nope")
    assert ran.code == 2
    assert "Traceback" in ran.err
    assert ran.err.splitlines()[-1].startswith("error: nope: no such file")


def test_libraries_are_quiet_unless_debugged(cli, monkeypatch, caplog):
    def chat(name, **options):
        logging.getLogger("some.library").warning("we try again")
        warnings.warn("this will change", FutureWarning, stacklevel=1)
        raise sdscm.InputError("no")

    monkeypatch.setattr(sdscm, "load_lm", chat)
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        assert cli("generate", "study.yaml").err == "error: no\n"
        assert not shown
        assert not caplog.messages
        cli("generate", "study.yaml", "--debug")
    assert [str(each.message) for each in shown] == ["this will change"]
    assert caplog.messages == ["we try again"]
    assert logging.root.manager.disable == 0


def test_interrupt_says_how_to_go_on(cli, monkeypatch):
    def stop(name, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(sdscm, "load_lm", stop)
    ran = cli("generate", "study.yaml", "--out", "my data.csv")
    assert ran.code == 130
    assert ran.err == (
        "stopped; to go on, run again: sdscm generate study.yaml --out 'my data.csv'\n"
    )
    assert not list(Path().glob("*.csv"))
