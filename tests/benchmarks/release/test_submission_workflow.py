"""The workflow of GitHub Actions for submissions: its commands, and what its jobs may do."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from benchmarks.cli import main

WORKFLOW = Path(__file__).parents[3] / "examples" / "submission-check.yml"
JOBS = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))


def scripts(job: str) -> list[str]:
    return [step["run"] for step in JOBS["jobs"][job]["steps"] if "run" in step]


def test_jobs_may_only_read_and_have_no_secrets() -> None:
    assert JOBS["permissions"] == {"contents": "read"}
    assert list(JOBS[True]) == ["pull_request"]  # YAML 1.1 reads the key 'on' as true
    assert "${{" not in WORKFLOW.read_text(encoding="utf-8")  # no secret, and no text of a stranger
    for job in JOBS["jobs"].values():
        assert {*job} <= {"needs", "environment", "runs-on", "timeout-minutes", "steps"}
        for step in job["steps"]:
            assert "cache" not in str(step)
            if "checkout" in step.get("uses", ""):
                assert step["with"]["persist-credentials"] is False
    assert "environment" in JOBS["jobs"]["refit"]
    assert "--refit" not in "".join(scripts("check"))


@pytest.mark.parametrize(("job", "mark"), [("check", "Not verified"), ("refit", "Verified")])
def test_its_command_checks_a_submission(
    job: str, mark: str, entered: Path, made: Path, tmp_path: Path, monkeypatch, capsys
) -> None:
    (command,) = re.findall(r"sdscm (submission check[^\n|]*)", scripts(job)[-1])
    monkeypatch.chdir(tmp_path)
    shutil.copytree(made, tmp_path / "toy-v1")  # as if it came with the package
    assert main([*command.split(), str(entered), "--workers", "0"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith(mark)


def test_only_changed_zips_are_given_to_it(tmp_path: Path) -> None:
    """The shell line, in a repository with a branch, and with ``echo`` in the place of sdscm."""

    def git(*words: str) -> None:
        name = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        subprocess.run(["git", *name, *words], cwd=tmp_path, check=True, capture_output=True)

    folder = tmp_path / "results" / "submissions"
    folder.mkdir(parents=True)
    git("init", "-b", "main")
    (folder / "old.zip").write_text("old")
    git("add", ".")
    git("commit", "-m", "first")
    git("update-ref", "refs/remotes/origin/main", "HEAD")
    git("checkout", "-b", "entry")
    for name in ("new one.zip", "$(touch gone).zip", "--help.zip", "notes.txt"):
        (folder / name).write_text("new")
    (folder / "old.zip").unlink()
    git("add", ".")
    git("commit", "-m", "second")
    for job in JOBS["jobs"]:
        script = scripts(job)[-1].replace("sdscm submission check", "echo")
        ran = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=tmp_path,
            env={"GITHUB_BASE_REF": "main", "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=True,
        )
        names = ("$(touch gone).zip", "--help.zip", "new one.zip")
        more = "--refit 3 " if job == "refit" else ""
        assert ran.stdout.splitlines() == [f"{more}results/submissions/{name}" for name in names]
        assert not (tmp_path / "gone").exists()
