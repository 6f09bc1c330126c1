"""How much a number of Table 1 hangs on a seed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import seeds
from seeds import by_seed, refit, worst_phrasings
from shared import records_of_number

from benchmarks.cli import main
from sdscm.errors import InputError


@pytest.fixture
def records():
    """Four datasets of two phrasings; among them what belongs to other numbers of the table."""
    one = pd.DataFrame(
        {
            "lm": "gpt2",
            "setting": "all",
            "rows": 1000,
            "method": "LinearDML",
            "status": "ok",
            "number": [0, 1, 2, 3],
            "variant": [0, 1, 0, 1],
            "ate": [1.0, 2.0, 3.0, 4.5],
            "sate": [1.0, 2.1, 3.0, 4.0],
            "sd": 1.0,
        }
    )
    others = [
        one.assign(**{key: value}, ate=9.0)
        for key, value in (
            ("lm", "llama-3-8b"),
            ("setting", "hidden"),
            ("rows", 10_000),
            ("method", "LinearDR"),
            ("status", "failed"),
        )
    ]
    return pd.concat([*others[:2], one, *others[2:]])


def test_only_the_records_of_the_number_are_taken(records):
    found = records_of_number(records, "gpt2", "all", "LinearDML")
    assert found["ate"].tolist() == [1.0, 2.0, 3.0, 4.5]


def test_without_records_the_error_names_the_command(records):
    with pytest.raises(InputError, match='sdscm paper run --rows 1000 --methods "RF"'):
        records_of_number(records, "gpt2", "all", "RF")


def test_the_worst_phrasing_has_the_largest_errors(records):
    found = records_of_number(records, "gpt2", "all", "LinearDML")
    assert worst_phrasings(found, 1) == [1]
    assert worst_phrasings(found, 2) == [1, 0]


def test_numbers_with_other_seeds_by_hand(records):
    found = records_of_number(records, "gpt2", "all", "LinearDML")
    refits = pd.DataFrame(
        {"seed": [1, 1, 2, 2], "number": [1, 3, 1, 3], "ate": [2.1, 4.0, 4.1, 4.0]}
    )
    told = by_seed(found, refits)
    assert told["seed"].tolist() == ["recorded", "1", "2"]
    assert told["rmse"].tolist() == pytest.approx([np.sqrt(0.26 / 4), 0.0, 1.0])
    spread = np.var([1.0, 2.1, 3.0, 4.0])
    assert told["r2"].tolist() == pytest.approx([1 - 0.26 / 4 / spread, 1.0, 1 - 1 / spread])
    assert told["worst"].tolist()[::2] == [3, 1]
    assert told["error"].tolist()[::2] == pytest.approx([0.5, 2.0])


def test_seeds_are_told_apart_and_drawn_once(made_up):
    """The forest's average effect is another with another seed, and the same with the same."""
    release = made_up(2, 4, 120)
    found = refit(release, [1, 3], "hidden", "RF", seeds=2)
    assert found["seed"].tolist() == [1, 2, 1, 2]
    assert found["variant"].tolist() == [1] * 4
    assert found["treated"].to_numpy() == pytest.approx(np.repeat(release.t[[1, 3]].mean(1), 2))
    assert found["sate"].to_numpy() == pytest.approx(
        np.repeat((release.y1 - release.y0)[[1, 3]].astype(float).mean(1), 2)
    )
    assert found["ate"].nunique() == 4
    assert refit(release, [3], "hidden", "RF", seeds=1)["ate"].item() == found["ate"][2]


def test_the_command_prints_the_record_and_each_seed(paper_folder, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    data = ["--data", str(paper_folder)]
    run = ["paper", "run", *data, "--share", "0.002", "--rows", "1000", "--workers", "0"]
    assert main([*run, "--methods", "RF", "--settings", "all", "--lms", "gpt2"]) == 0
    study = [*data, "--method", "RF", "--phrasings", "1", "--seeds", "2"]
    assert seeds.main([*study, "--out", "fits.csv"]) == 0
    said = capsys.readouterr().out
    assert "(1 of 2)" in said
    assert "| recorded |" in said
    assert "| 2 |" in said
    assert len(pd.read_csv("fits.csv")) == 2


def test_bad_input_is_one_line(capsys):
    assert seeds.main(["--method", "LinReg"]) == 2
    err = capsys.readouterr().err
    assert "--method: 'LinReg' is not one of BART, " in err
    assert err.count("\n") == 1
