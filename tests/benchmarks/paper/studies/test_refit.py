"""Recorded cells that are fitted again."""

from __future__ import annotations

import shutil

import numpy as np
import pandas as pd
import pytest
import refit
from refit import NUMBERS, changes, compare, drawn

import estimators
from benchmarks.cli import main
from benchmarks.datasets.paper.released import Released
from benchmarks.paper.methods import named
from benchmarks.paper.records import PLACE, PaperFit, pack, read_records


@pytest.fixture
def cells():
    """BART and BART-ITE share a fit, RF has its own: of each 20 fits."""
    methods = named(["BART", "BART-ITE", "RF"])
    return [
        PaperFit(Released("gpt2", number, 1000, 0, "data"), setting, method)
        for number in range(10)
        for setting in ("all", "hidden")
        for method in methods
    ]


def test_fits_are_drawn_whole_and_only_from_the_records(cells):
    known = {cell.place for cell in cells if cell.dataset.number > 4}
    chosen = drawn(cells, known, 3)
    assert [cell.method.name for cell in chosen] == ["BART", "BART-ITE"] * 3 + ["RF"] * 3
    assert all(cell.dataset.number > 4 for cell in chosen)
    assert len({cell.place for cell in chosen}) == 9
    for first, second in zip(chosen[:6:2], chosen[1:6:2], strict=True):
        assert (first.dataset, first.setting) == (second.dataset, second.setting)


def test_what_is_drawn_hangs_on_the_draw_and_not_on_other_methods(cells):
    keys = {cell.place for cell in cells}
    chosen = drawn(cells, keys, 3)
    forests = [cell for cell in cells if cell.method.name == "RF"]
    assert drawn(forests, keys, 3) == chosen[6:]
    assert drawn(list(reversed(forests)), keys, 3) == chosen[6:]
    assert drawn(forests, keys, 3, draw=1) != chosen[6:]


def test_where_there_are_fewer_all_are_drawn(cells):
    known = {cell.place for cell in cells[:6]}
    assert {cell.place for cell in drawn(cells, known, 50)} == known
    assert drawn(cells, set(), 50) == []


def records(**columns) -> pd.DataFrame:
    """Three records of two methods."""
    place = dict(zip(PLACE, ("gpt2", 1000, [0, 1, 2], "all", ["RF", "RF", "BART"]), strict=True))
    return pd.DataFrame(place | {"status": "ok"} | dict.fromkeys(NUMBERS, 0.3) | columns)


def test_equal_records_are_the_same():
    told = compare(records(ite_coverage=np.nan), records(ite_coverage=np.nan).iloc[::-1])
    assert told["method"].tolist() == ["BART", "RF"]
    assert told["cells"].tolist() == told["same"].tolist() == [1, 2]
    assert (told["largest"] == 0).all()
    assert (told["number"] == "").all()


def test_a_difference_is_told_with_the_number_that_has_it():
    old = records(ate=[1.0, 1.0, 1.0], r2=[-1000.0, 0.3, 0.3])
    new = records(ate=[1.0, 1.001, 1.0], r2=[-1010.0, 0.3, 0.3 + 1e-8])
    told = compare(old, new).set_index("method")
    assert told.loc["RF", "same"] == 0
    assert told.loc["RF", "largest"] == pytest.approx(0.01)
    assert told.loc["RF", "number"] == "r2"
    assert told.loc["BART", "same"] == 1
    assert told.loc["BART", "largest"] == pytest.approx(1e-8)


def test_a_record_of_single_precision_is_compared_so():
    told = compare(records(r2=np.float32(0.1)).astype({"r2": float}), records(r2=0.1))
    assert (told["largest"] == 0).all()


def test_networks_may_round_otherwise():
    old = records(method=["TARNet", "TARNet", "RF"])
    told = compare(old, old.assign(r2=[0.304, 0.33, 0.304])).set_index("method")
    assert told["same"].to_dict() == {"TARNet": 1, "RF": 0}


@pytest.mark.parametrize(
    "columns", [{"ate": np.nan}, {"ate": None, "status": "failed"}, {"status": "failed"}]
)
def test_what_fails_now_is_not_the_same(columns):
    told = compare(records(), records(**columns))
    assert told["same"].tolist() == [0, 0]
    assert np.isinf(told["largest"]).all()


def test_what_another_parameter_changes_by_hand():
    which = {"lm": "gpt2", "rows": 1000, "setting": ["all", "all", "hidden"], "sate": 1.0}
    old = records(**which, r2_swapped=[0.2, 0.4, 0.1], ate=[1.0, 1.0, 2.0], method="RF")
    new = records(**which, r2_swapped=[0.3, 0.7, 0.1], ate=[1.3, 1.4, 1.5], method="RF")
    told = changes(old, new.iloc[::-1]).set_index("setting")
    assert told["fits"].to_dict() == {"all": 2, "hidden": 1}
    seen = told.loc["all", ["recorded", "now", "difference", "se", "rmse_recorded", "rmse_now"]]
    assert seen.tolist() == pytest.approx([0.3, 0.5, 0.2, 0.1, 0.0, np.sqrt(0.25 / 2)])
    assert told.loc["hidden", ["rmse_recorded", "rmse_now"]].tolist() == pytest.approx([1, 0.5])
    assert np.isnan(told.loc["hidden", "se"])


def test_fits_that_fail_are_left_out_of_the_changes():
    which = {"lm": "gpt2", "rows": 1000, "setting": "all", "sate": 1.0, "method": "RF"}
    new = records(**which).assign(status=["ok", "failed", "ok"], r2_swapped=[0.5, np.nan, 0.3])
    told = changes(records(**which), new)
    assert told["fits"].item() == 2
    assert told["difference"].item() == pytest.approx(0.1)


def test_the_command_compares_with_the_records(paper_folder, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    data = ["--data", str(paper_folder), "--methods", "LinReg,RF", "--workers", "0"]
    assert main(["paper", "run", *data, "--share", "0.002", "--rows", "1000"]) == 0
    packed = tmp_path / "results" / "paper" / "cells.parquet"
    packed.parent.mkdir(parents=True)
    records = read_records(packed, tmp_path / "runs")
    pack(records, packed)
    capsys.readouterr()
    assert refit.main([*data, "--lms", "gpt2"]) == 0
    assert "| RF | 2 of 2 | 0 |" in capsys.readouterr().out
    shutil.rmtree(tmp_path / "runs")
    off = records["ate"] + 0.5 * (records["method"] == "LinReg")
    pack(records.assign(ate=off), packed)
    assert refit.main([*data, "--lms", "gpt2"]) == 1
    said = capsys.readouterr().out
    assert "| LinReg | 0 of 2 | 0.5 | ate |" in said
    assert "| RF | 2 of 2 | 0 |" in said


def test_the_command_shows_what_a_parameter_changes(paper_folder, tmp_path, monkeypatch, capsys):
    """With the parameter that the record has nothing changes; with another it does."""
    monkeypatch.chdir(tmp_path)
    data = ["--data", str(paper_folder), "--methods", "RF", "--workers", "0", "--lms", "gpt2"]
    assert main(["paper", "run", *data, "--share", "0.002", "--rows", "1000"]) == 0
    usual = estimators.parameters("RF")["n_estimators"]
    trial = [*data, "--settings", "hidden"]
    capsys.readouterr()
    assert refit.main([*trial, "--set", f"n_estimators={usual}"]) == 0
    same = capsys.readouterr().out.splitlines()[-1]
    assert refit.main([*trial, "--set", "n_estimators=2"]) == 0
    other = capsys.readouterr().out.splitlines()[-1]
    assert same.startswith("| RF | gpt2 | 1,000 | hidden | 2 |")
    assert "| +0.0000 | 0.0000 |" in same
    assert "| +0.0000 |" not in other
    assert other.split("|")[6] == same.split("|")[6]
    assert other.split("|")[7] != same.split("|")[7]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--set", "n_draws=5"],
            "--set: LinReg has no parameter 'n_draws' but standardise; choose",
        ),
        (["--methods", "RF", "--set", "seed=5"], "RF has no parameter 'seed' but n_estimators"),
        (["--set", "n_draws"], "'n_draws' is not PARAMETER=VALUE, as n_draws=500"),
        (["--settings", "some"], "--settings: 'some' is not one of all, hidden"),
        (["--methods", "OLS"], "'OLS' is not a method"),
        (["--rows", "50"], "--rows: '50' is not one of 1000, 10000"),
        (["--methods", "LinearT"], "nothing to compare with; run first: sdscm paper run"),
    ],
)
def test_bad_input_is_one_line(arguments, message, paper_folder, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    data = ["--data", str(paper_folder), "--workers", "0", "--methods", "LinReg"]
    run = ["paper", "run", *data, "--rows", "1000", "--settings", "all"]
    assert main([*run, "--share", "0.001", "--lms", "gpt2"]) == 0
    capsys.readouterr()
    assert refit.main([*data, *arguments]) == 2
    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1
