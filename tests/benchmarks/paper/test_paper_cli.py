"""``sdscm paper``: what it prints, writes and refuses."""

from __future__ import annotations

import shutil

import pandas as pd
import pytest

from benchmarks.cli import main
from benchmarks.cli.paper import _duration
from benchmarks.datasets.paper import loading


@pytest.fixture(autouse=True)
def _workspace(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(loading.VARIABLE, raising=False)


def test_variants_are_told_and_written(made_up, clone, capsys):
    folder = clone(made_up(3, 9, 60))
    assert main(["paper", "variants", "--data", str(folder), "--out", "variants.csv"]) == 0
    said = capsys.readouterr().out
    assert "3, of 3 datasets each" in said
    assert "9 of 1,000" in said
    written = pd.read_csv("variants.csv")
    assert written["variant"].tolist() == [0, 1, 2] * 3
    assert set(written["lm"]) == {"gpt2"}


def test_another_parquet_file_makes_no_packed_copy(made_up, clone, capsys):
    folder = clone(made_up(2, 4, 30))
    (folder / "data" / "cancer_example" / "notes.parquet").touch()
    assert main(["paper", "variants", "--data", str(folder)]) == 0
    assert "Column 'variant'" not in capsys.readouterr().out


def test_the_packed_copy_agrees_with_its_variants(paper_folder, capsys):
    assert main(["paper", "variants", "--data", str(paper_folder)]) == 0
    said = capsys.readouterr().out
    assert said.count("50, of 20 datasets each") == 2
    assert said.count("agrees for every dataset") == 2


def test_an_estimate_runs_nothing(paper_folder, tmp_path, capsys):
    assert main(["paper", "run", "--data", str(paper_folder), "--estimate"]) == 0
    said = capsys.readouterr().out
    assert "ids 50 of 1000: " in said
    assert "take about" in said
    assert not list(tmp_path.iterdir())


def test_a_run_goes_on_and_gives_tables(paper_folder, tmp_path, capsys):
    run = ["paper", "run", "--data", str(paper_folder), "--methods", "LinReg,LinearT"]
    run += ["--workers", "0", "--rows", "1000"]
    assert main([*run, "--share", "0.005"]) == 0
    assert main([*run, "--share", "0.01"]) == 0
    said = capsys.readouterr().out
    assert "Cells: 40, of which 0 are on record." in said
    assert "Cells: 80, of which 40 are on record." in said
    assert main(["paper", "tables"]) == 0
    for name in ("tables.md", "tables.csv", "tables.tex", "cells.parquet"):
        assert (tmp_path / "results" / "paper" / name).stat().st_size > 1000
    made = pd.read_csv("results/paper/tables.csv")
    run_now = made[made["ours"].notna()]
    assert set(run_now["method"]) == {"LinReg", "LinearT"}
    assert set(run_now["datasets"]) == {10}
    shutil.rmtree(tmp_path / "runs")
    assert main(["paper", "tables"]) == 0
    pd.testing.assert_frame_equal(pd.read_csv("results/paper/tables.csv"), made, rtol=1e-5)


def test_where_nothing_is_missing_no_time_is_told(paper_folder, capsys):
    run = ["paper", "run", "--data", str(paper_folder), "--methods", "LinReg", "--lms", "gpt2"]
    run += ["--workers", "0", "--rows", "1000", "--share", "0.001"]
    assert main(run) == 0
    assert "The others take about a minute on one core." in capsys.readouterr().out
    assert main(run) == 0
    said = capsys.readouterr().out
    assert "Cells: 2, of which 2 are on record." in said
    assert "The others" not in said


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (5, "a minute"),
        (89, "a minute"),
        (91, "2 minutes"),
        (5900, "98 minutes"),
        (6100, "1.7 hours"),
    ],
)
def test_durations_are_rounded(seconds, told):
    assert _duration(seconds) == told


def test_figures_of_a_few_cells(paper_folder, tmp_path, capsys):
    """The figures of the data are there; the tables lack an estimator that the paper lacks."""
    pytest.importorskip("matplotlib")
    where = ["--data", str(paper_folder)]
    run = ["paper", "run", *where, "--workers", "0", "--rows", "1000", "--share", "0.002"]
    assert main([*run, "--methods", "LinReg,AIPW"]) == 0
    for command in (["tables"], ["figures", *where]):
        assert main(["paper", *command]) == 0
    results = tmp_path / "results" / "paper"
    for name in ("example.png", "sate-therapy.png", "effects-gpt2.png"):
        assert (results / name).stat().st_size > 1000
    assert "AIPW" not in (results / "tables.md").read_text()


def test_figures_without_data_say_so(paper_folder, tmp_path, monkeypatch, capsys):
    pytest.importorskip("matplotlib")
    run = ["paper", "run", "--data", str(paper_folder), "--workers", "0", "--rows", "1000"]
    assert main([*run, "--share", "0.001", "--methods", "LinReg"]) == 0
    monkeypatch.setattr(loading, "_BESIDE", tmp_path / "nowhere")
    assert main(["paper", "figures"]) == 0
    assert "The example of a dataset is left out" in capsys.readouterr().out
    assert main(["paper", "figures", "--data", str(tmp_path / "nowhere")]) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--methods", "OLS"], "'OLS' is not a method"),
        (["--share", "2"], "--share: the share is 2"),
        (["--share", "0"], "--share: the share is 0"),
        (["--costly-share", "0", "--methods", "RF"], "--costly-share: the share is 0"),
        (["--rows", "50"], "--rows: '50' is not one of 1000, 10000"),
        (["--settings", "some"], "--settings: 'some'"),
        (["--lms", "gpt5"], "--lms: 'gpt5' is not one of gpt2, llama-3-8b"),
        (["--methods", ""], "--methods: is empty"),
        (["--methods", "RF,,BART"], "--methods: a name between two commas is empty"),
    ],
)
def test_bad_input_is_one_line(arguments, message, paper_folder, capsys):
    assert main(["paper", "run", "--data", str(paper_folder), *arguments]) == 2
    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1


def test_missing_data_say_how_to_get_them(tmp_path, capsys):
    assert main(["paper", "run", "--data", str(tmp_path)]) == 2
    assert "clone the repository" in capsys.readouterr().err


def test_a_file_of_the_data_is_not_their_folder(paper_folder, capsys):
    file = next(iter(sorted(paper_folder.glob("*.parquet"))))
    assert main(["paper", "variants", "--data", str(file)]) == 2
    assert f"{file}: a file; name the folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    "command",
    [
        ["run"],
        ["figures"],
    ],
    ids=" ".join,
)
def test_a_part_of_the_data_is_refused(command, made_up, clone, capsys):
    assert main(["paper", *command, "--data", str(clone(made_up(3, 9, 60)))]) == 2
    said = capsys.readouterr()
    assert "9 datasets of 60 rows" in said.err
    assert said.err.count("\n") == 1
    assert not said.out


def test_damaged_records_are_one_line(tmp_path, capsys):
    path = tmp_path / "runs" / "paper-table1" / "run.sqlite"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"no database" * 500)
    assert main(["paper", "tables"]) == 2
    err = capsys.readouterr().err
    assert str(path.relative_to(tmp_path)) in err
    assert err.count("\n") == 1


def test_tables_need_records(capsys):
    assert main(["paper", "tables"]) == 2
    assert "run first: sdscm paper run" in capsys.readouterr().err


@pytest.mark.parametrize("study", ["clipping", "defects", "extra", "refit", "seeds"])
def test_a_study_that_is_a_script_now_says_where(study, capsys):
    assert main(["paper", study, "--help"]) == 2
    err = capsys.readouterr().err
    assert f"examples/paper_studies/{study}.py" in err
    assert err.count("\n") == 1
