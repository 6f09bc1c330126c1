"""Doubly robust learners with clipped propensities."""

from __future__ import annotations

import clipping
import numpy as np
import pandas as pd
import pytest
from clipping import failed, over_seeds, table_when_clipped
from sklearn.metrics import r2_score

import estimators
from benchmarks.provenance.hashing import derive_seed
from sdscm.errors import InputError


def test_clipping_is_where_propensities_are_low(made_up):
    """Three in a hundred are treated: a lowest propensity of 0.2 changes the estimate."""
    pytest.importorskip("econml")
    release = made_up(2, 2, 300)
    release.t[0] = np.arange(300) % 33 == 0
    found = clipping.clipping(release, [0], clips=(1e-6, 0.2))
    assert found["setting"].tolist() == ["all"] * 2 + ["hidden"] * 2
    assert set(found["treated"]) == {10 / 300}
    assert found["propensity"].between(0.001, 0.1).all()
    for _, part in found.groupby("setting"):
        low, high = part["ate"]
        assert low != high
    dataset = release.dataset(0)
    assert found["error"].to_numpy() == pytest.approx(
        (found["ate"] - dataset.ite.mean()) / dataset.y.std()
    )


@pytest.fixture
def three_datasets(made_up):
    """A release, and records of it in which the first dataset fails with all covariates."""
    release = made_up(3, 3, 200)
    rows = []
    for setting in ("all", "hidden"):
        for number in (0, 1, 2):
            dataset = release.dataset(number)
            sate, sd = dataset.ite.mean(), dataset.y.std()
            off = {("all", 0): 1.5, ("hidden", 2): -0.9}.get((setting, number), 0.1) * sd
            rows.append([number, number, setting, sate + off, sate, sd])
    columns = ["number", "variant", "setting", "ate", "sate", "sd"]
    known = {"lm": "gpt2", "rows": 1000, "method": "LinearDR", "status": "ok"}
    return release, pd.DataFrame(rows, columns=columns).assign(**known)


def test_a_fit_fails_if_it_is_off_by_more_than_a_standard_deviation(three_datasets):
    _, records = three_datasets
    assert failed(records, "gpt2", "LinearDR") == {"all": [0], "hidden": []}
    with pytest.raises(InputError, match="no records of ForestDR"):
        failed(records, "gpt2", "ForestDR")


def test_what_failed_is_fitted_again_as_it_was_but_for_the_clip(three_datasets):
    """The others keep their record; the seed is the one that the run gave to the cell."""
    pytest.importorskip("econml")
    release, records = three_datasets
    found = table_when_clipped(release, records, "LinearDR", clips=(0.3,))
    assert found["setting"].tolist() == ["all"] * 2 + ["hidden"] * 2
    assert found["clip"].tolist() == [1e-6, 0.3] * 2
    assert found["failed"].tolist() == [1, 1, 0, 0]
    seed = derive_seed("paper", "gpt2", 1000, 0, "all", "LinearDR")
    seen = release.dataset(0).setting("all")
    clipped = estimators.get("LinearDR", random_state=seed, min_propensity=0.3)
    again = clipped.fit(seen.X, seen.t, seen.y).ate(seen.X)
    number = records[records["setting"] == "all"]
    for ate, row in zip((number["ate"].iloc[0], again), (0, 1), strict=True):
        ates = np.array([ate, *number["ate"].iloc[1:]])
        assert found["r2"][row] == pytest.approx(r2_score(number["sate"], ates))
    assert found["r2"][0] != found["r2"][1]
    assert found["r2"][2] == found["r2"][3]


def test_the_clipped_table_is_printed(three_datasets, tmp_path, monkeypatch, capsys):
    release, records = three_datasets
    monkeypatch.setattr("clipping.read_releases", lambda *_: {"gpt2": release})
    monkeypatch.setattr("clipping.read_records", lambda *_: (records, {}))
    out = tmp_path / "clipped.csv"
    assert clipping.main(["--ids", "failed", "--out", str(out)]) == 0
    assert "| all | 1e-06 | 3 | 1 |" in capsys.readouterr().out
    assert pd.read_csv(out)["clip"].tolist() == [1e-6, 0.01, 0.05] * 2


def test_seeds_are_put_together():
    table = pd.DataFrame(
        {
            "number": 556,
            "setting": "all",
            "treated": 0.08,
            "seed": [0, 0, 1, 1, 2, 2],
            "models": ["LogisticRegression"] * 4
            + ["LogisticRegression RandomForestClassifier"] * 2,
            "clip": [1e-6, 0.01] * 3,
            "error": [-0.1, 0.1, 0.2, -0.2, -50.0, 0.3],
        }
    )
    found = over_seeds(table)
    names = ["clip", "seeds", "forests", "failed", "median", "largest"]
    assert found[names].to_numpy().tolist() == [
        [1e-6, 3, 1, 1, 0.2, 50.0],
        [0.01, 3, 1, 0, 0.2, 0.3],
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--ids", "5;6"], "--ids: '5;6'"),
        (["--method", "LinReg"], "--method: 'LinReg'"),
        (["--ids", "failed", "--seeds", "2"], "--seeds: fits that failed"),
    ],
)
def test_bad_input_is_one_line(arguments, message, capsys):
    assert clipping.main(arguments) == 2
    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("ids", "message"),
    [("5000", "no dataset 5000 of gpt2; its 1000 ids go from 0 to 999"), ("1,b", "'1,b' is not")],
)
def test_ids_that_do_not_exist(ids, message, paper_folder, capsys):
    assert clipping.main(["--data", str(paper_folder), "--ids", ids]) == 2
    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1


def test_a_part_of_the_data_is_enough_for_a_dataset_by_its_id(made_up, clone, capsys):
    pytest.importorskip("econml")
    assert clipping.main(["--data", str(clone(made_up(2, 2, 300))), "--ids", "1"]) == 0
    assert "| 1 | all | 0 |" in capsys.readouterr().out
