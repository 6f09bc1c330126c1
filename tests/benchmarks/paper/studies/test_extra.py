"""What the paper did not ask, on records and releases whose numbers are known by hand."""

from __future__ import annotations

from dataclasses import replace

import extra
import numpy as np
import pandas as pd
import pytest
from effect_errors import against_cate, floors, outliers
from extra import page
from ranks import ranks

from benchmarks.cli import main
from benchmarks.datasets.paper.release import Release
from benchmarks.paper.records import COLUMNS


def records(method, errors, **more) -> pd.DataFrame:
    """Datasets with these errors of the average effect, two of each phrasing."""
    errors = np.asarray(errors, float)
    known = {"lm": "gpt2", "rows": 1000, "setting": "hidden", "status": "ok", "sd": 2.0}
    frame = pd.DataFrame({"ate": errors + 1, "sate": 1.0, "pehe_sd": np.abs(errors)})
    frame["number"] = range(len(errors))
    frame["variant"] = frame["number"] // 2
    return frame.assign(method=method, **(known | more)).reindex(columns=list(COLUMNS))


def test_each_phrasing_ranks_once():
    """B is better in phrasing 0, A in 1 and 2, by the means of two datasets."""
    table = ranks(pd.concat([records("A", [3, 0, 1, 1, 1, 1]), records("B", [1, 1, 9, 0, 2, 2])]))
    ate = table[table["error"] == "ate"].set_index("method")
    assert ate["rank"].to_dict() == pytest.approx({"A": 4 / 3, "B": 5 / 3})
    assert ate.loc["A", ["low", "high"]].tolist() == [1, 2]
    assert (ate["phrasings"] == 3).all()
    assert (ate["datasets"] == 6).all()


def test_ranks_stand_on_the_datasets_of_all():
    found = ranks(pd.concat([records("A", [0, 5, 1, 1]), records("B", [1, 1])]))
    assert found[found["error"] == "ate"]["rank"].tolist() == [1, 2]
    assert set(found["datasets"]) == {2}
    assert ranks(records("A", [1, 2])).empty


def test_rounding_makes_no_ranks():
    found = ranks(pd.concat([records("A", [1, 1]), records("B", [1 + 1e-13, 1])]))
    assert found["rank"].tolist() == [1.5] * 4


def test_outliers_are_named_largest_first():
    errors = np.full(300, 0.1)
    errors[[7, 9]] = 50, -100
    found = outliers(pd.concat([records("A", errors), records("B", np.full(300, 0.1))]))
    assert found["method"].tolist() == ["A"]
    assert found["which"].item() == "9, 7"
    assert found["rmse"].item() == pytest.approx(np.sqrt(np.mean(errors**2)))
    assert found["rmse_without"].item() == pytest.approx(0.1)


def test_all_that_failed_are_outliers():
    """1.5 is less than 1 SD(y) of 2, and 2.5 is more; neither makes an RMSE of 20."""
    errors = np.full(300, 0.1)
    errors[[7, 9, 11]] = 1.5, -2.5, 400
    found = outliers(records("A", errors))
    assert found["which"].tolist() == ["11, 9"]
    assert found["rmse_without"].item() == pytest.approx(np.sqrt((297 * 0.01 + 2.25) / 298))


def test_outliers_of_a_share_are_named():
    """1 % of 50 datasets is none; three of them may make an RMSE as well, four are no few."""
    errors = np.full(50, 0.1)
    errors[[7, 9, 11]] = 50, -100, 70
    found = outliers(records("A", errors))
    assert found["which"].tolist() == ["9, 11, 7"]
    errors[13] = 60
    assert outliers(records("A", errors)).empty
    assert outliers(records("A", errors[:12])).empty


def test_methods_of_fewer_datasets_have_a_table_of_their_own():
    """40 datasets of 20 phrasings; BART on the first 20, of 10 phrasings; CQR has just begun."""
    parts = [
        records(name, [error] * count)
        for name, error, count in (("RF", 1, 40), ("TNet", 2, 40), ("BART", 0, 20), ("CQR", 0, 4))
    ]
    found = ranks(pd.concat(parts)).query("error == 'ate'")
    tables = {
        table: (dict(zip(part["method"], part["rank"], strict=True)), part["datasets"].max())
        for table, part in found.groupby("table")
    }
    assert tables == {0: ({"RF": 1, "TNet": 2}, 40), 1: ({"BART": 1, "RF": 2, "TNet": 3}, 20)}
    text = page(pd.concat(parts), {}, {"RF": 3})
    assert text.count("### gpt2, hidden") == 1
    assert text.index("ATE, 40 datasets of 20") < text.index("ATE, 20 datasets of 10")
    assert "Datasets of 1,000 rows. Cells made with other code" in text
    assert "RF (3 of 40)." in text


@pytest.fixture(scope="module")
def release() -> Release:
    """Effects of 3 times a shown covariate and of 2 times a hidden one, fair coins both."""
    draw = np.random.default_rng(0)
    X = np.zeros((4, 5000, 12), dtype=np.int8)
    X[..., 0], X[..., 5] = draw.integers(0, 2, size=(2, 4, 5000))
    ite = (2 * X[..., 0] + 3 * X[..., 5]).astype(np.float32)
    t = draw.integers(0, 2, size=(4, 5000)).astype(np.int8)
    zero = np.zeros_like(ite)
    return Release("gpt2", np.arange(4), np.array([0, 0, 1, 1]), X, t, zero, ite)


def test_the_hidden_part_of_effects(release):
    floor = floors(release)
    assert floor["variant"].tolist() == [0, 1]
    assert floor["hidden"].to_numpy() == pytest.approx(1, rel=0.01)
    assert floor["variance"].to_numpy() == pytest.approx(1 + 9 / 4, rel=0.02)
    assert floor["rows"].tolist() == [1, 1]
    # Datasets of one distribution: 1 - 1 / (1 + 9 / 4) each.
    assert floor["largest_r2"].to_numpy() == pytest.approx(9 / 13, rel=0.02)


def test_the_largest_r2_is_a_mean_over_datasets(release):
    """One with effects ten times as large: the hidden part is pooled, the variance is its own."""
    y1 = release.y1.copy()
    y1[0] *= 10
    found = floors(replace(release, y1=y1)).iloc[0]
    ite = y1[:2].astype(float)
    expected = np.mean(1 - found["hidden"] / ite.var(axis=1))
    assert found["largest_r2"] == pytest.approx(expected)
    assert found["largest_r2"] < 1 - found["hidden"] / found["variance"] - 1


def test_no_error_against_the_cate_is_told_of_estimates_that_follow_their_own_rows(release):
    own = against_cate(records("BART-ITE", [2, 2, 2, 2], sd=1.0), floors(release))
    assert own["ite"].item() == 2
    assert np.isnan(own["cate"].item())
    text = page(records("BART-ITE", [2, 2, 2, 2], sd=1.0), {"gpt2": release}, {})
    assert "| BART-ITE | 2 | – | " in text


def test_errors_are_split_into_cate_and_the_rest(release):
    """An error of 2 SD against the ITE, with SD(y) = 1: squares 4 = 3 + 1."""
    found = against_cate(records("A", [2, 2, 2, 2], sd=1.0), floors(release)).iloc[0]
    assert found["ite"] == 2
    assert found["cate"] == pytest.approx(np.sqrt(3), rel=0.01)
    assert found["floor"] == pytest.approx(1, rel=0.01)
    assert found["floor_share"] == pytest.approx(1 / (1 + 9 / 4), rel=0.02)
    assert found["largest_r2"] == pytest.approx(9 / 13, rel=0.02)


def test_the_page_holds_what_was_found(release):
    both = pd.concat([records("RF", [3, 0, 1, 1]), records("TNet", [1, 1, 9, 0])])
    text = page(both, {"gpt2": release}, {})
    assert "| RF | 1.50 [1.00, 2.00] | 1.50 [1.00, 2.00] |" in text
    assert "ATE, 4 datasets of 2 phrasings" in text
    assert "errors against ITE and CATE, gpt2" in text


def test_the_page_of_a_few_cells(paper_folder, tmp_path, monkeypatch, capsys):
    """An estimator that the paper lacks is apart from its methods."""
    monkeypatch.chdir(tmp_path)
    where = ["--data", str(paper_folder)]
    run = ["paper", "run", *where, "--workers", "0", "--rows", "1000", "--share", "0.002"]
    assert main([*run, "--methods", "LinReg,AIPW"]) == 0
    assert extra.main(where) == 0
    text = (tmp_path / "results" / "paper" / "extra.md").read_text()
    before, after = text.split("## Estimators beyond the paper")
    assert "errors against ITE and CATE, gpt2" in before
    assert "AIPW" not in before
    assert "| **AIPW** |" in after
    assert "gpt2, N = 1,000, ids 2 of 1000: " in after
    assert "| LinReg |" in after


def test_a_part_of_the_data_is_refused(made_up, clone, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert extra.main(["--data", str(clone(made_up(3, 9, 60)))]) == 2
    said = capsys.readouterr()
    assert "9 datasets of 60 rows" in said.err
    assert said.err.count("\n") == 1
    assert not said.out
