"""How much a number of Table 1 hangs on a seed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import seeds
from seeds import by_seed, extremes, refit, spread, worst_phrasings
from shared import records_of_number

from benchmarks.cli import main
from benchmarks.datasets.paper.released import Released
from benchmarks.paper.methods import named
from benchmarks.paper.records import PaperFit
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


def test_seeds_are_told_apart_and_drawn_once(made_up, monkeypatch):
    """The forest's average effect is another with another seed, and the same with the same."""
    release = made_up(2, 4, 120)
    monkeypatch.setattr(Released, "load", lambda self: release.dataset(self.number))
    fits = [
        PaperFit(Released("gpt2", number, 1000, 1, ""), "hidden", named(["RF"])[0])
        for number in (1, 3)
    ]
    found = refit(fits, 2)
    assert found["seed"].tolist() == [1, 1, 2, 2]
    assert found["number"].tolist() == [1, 3, 1, 3]
    assert found["ate"].nunique() == found["r2_swapped"].nunique() == 4
    assert refit(fits[1:], 1)["ate"].item() == found["ate"][1]


def noisy(draws, noise, rng):
    """Fits to 1,000 datasets with errors of 1 or 3, and a seed noise of known SD in both scores."""
    number = np.tile(np.arange(1000), draws)
    sate = np.where(number % 2, 1.0, -1.0)
    bias = np.where(number % 50 < 10, 3.0, 1.0)
    ate, r2 = rng.normal(size=(2, len(number))) * noise
    columns = {"number": number, "variant": number % 50, "sate": sate}
    return pd.DataFrame(columns | {"ate": sate + bias + ate, "r2_swapped": 0.5 + r2})


def test_the_spread_is_that_of_whole_runs():
    """Errors of mean square 2.6 and truths of variance 1: the SD by hand, and by 400 whole runs."""
    rng, noise = np.random.default_rng(0), 0.05
    runs = noisy(400, noise, rng)
    runs["run"] = np.arange(len(runs)) // 1000
    mse = ((runs["ate"] - runs["sate"]) ** 2).groupby(runs["run"]).mean()
    true = {"r2": mse.std(), "rmse": np.sqrt(mse).std()}
    true["r2_swapped"] = runs.groupby("run")["r2_swapped"].mean().std()
    assert true["r2"] == pytest.approx(2 * noise * np.sqrt(2.6 / 1000), rel=0.1)
    record = runs[runs["run"] == 0]
    again = noisy(2, noise, rng).query("number < 200")
    told = spread(record, again, ()).set_index("metric")
    assert told["datasets"].tolist() == told["drawn"].tolist() == [200] * 3
    assert told["fits"].tolist() == [3] * 3
    for metric, sd in true.items():
        assert told.loc[metric, "sd"] == pytest.approx(sd, rel=0.15)
        assert told.loc[metric, "df"] > 40


def test_a_dataset_that_makes_the_spread_leaves_few_degrees_of_freedom():
    """Only dataset 7 is random, by 1 or 5: variance 8 of the sum of swapped R2, df 1."""
    record = noisy(1, 0.0, np.random.default_rng(0))
    record.loc[7, "r2_swapped"] = 5.0
    again = noisy(1, 0.0, np.random.default_rng(0)).query("number < 50").copy()
    again.loc[7, "r2_swapped"] = 1.0
    picked = extremes(record)
    assert 7 in picked
    told = spread(record, again, picked).set_index("metric").loc["r2_swapped"]
    assert told["sd"] == pytest.approx(np.sqrt(8) / 1000)
    assert told["df"] == pytest.approx(1)


def test_picked_datasets_have_a_variance_of_their_own():
    """Truths of variance 1 and errors of 1: variances 0.5 and 2 were drawn, 200 was picked."""
    number = np.arange(100)
    sate = np.where(number % 2, 1.0, -1.0)
    frame = {"number": number, "variant": number // 10, "sate": sate, "ate": sate + 1.0}
    record = pd.DataFrame(frame | {"r2_swapped": 0.0})
    again = record.loc[[0, 10, 99]].copy()
    again["ate"] += [1.0, 2.0, 20.0]
    again["r2_swapped"] += [1.0, 2.0, 20.0]
    told = spread(record, again, [99]).set_index("metric")
    assert told["drawn"].tolist() == [2] * 3
    # Each drawn one stands for its ten, and for half of the 79 others that were not picked.
    parts = np.array([49.5 * 0.5, 49.5 * 2.0, 200.0])
    df = parts.sum() ** 2 / (parts**2).sum()
    sd = np.sqrt(parts.sum()) / 100
    assert told["df"].tolist() == pytest.approx([df] * 3)
    assert told["sd"].tolist() == pytest.approx([2 * sd, sd, sd])


@pytest.mark.parametrize("draws", [1, 3])
def test_no_fit_counts_twice(draws):
    """Degrees of freedom are those of the fits at most, which equal variances and shares reach."""
    rng = np.random.default_rng(draws)
    record = noisy(1, 0.05, rng)
    for measured in (3, 20, 50):
        again = noisy(draws, 0.05, rng).query("number < @measured")
        told = spread(record, again, range(0, measured, 2))
        most = told["datasets"] * (told["fits"] - 1)
        assert (told["df"] <= most).all()
    again = noisy(1, 0.0, rng).query("number < 50")
    told = spread(noisy(1, 0.0, rng).assign(r2_swapped=1.5), again, ())
    assert told.set_index("metric").loc["r2_swapped", "df"] == pytest.approx(50)


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
