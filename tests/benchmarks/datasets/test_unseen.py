"""Held-out rows whose covariates occur in no fitted row."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import benchmarks
from benchmarks.boards.scores import read_records, score
from benchmarks.datasets import truth
from benchmarks.datasets.source import held_out
from benchmarks.datasets.truth import MIN_UNSEEN, parts_of, unseen_rows
from benchmarks.execution.job_builder import encoded
from benchmarks.report.html import write_page
from benchmarks.storage.manifest import Manifest
from benchmarks.storage.store import Record, Store
from sdscm.data.dataset import CausalDataset


def test_rows_are_unseen_if_no_fitted_row_has_all_their_numbers() -> None:
    X = pd.DataFrame(
        {
            "a": [0, 0, 1, 0, 1, 1, 2],
            "b": [0.3, 0.0, 1.0, 0.1 + 0.2, -0.0, 1.0, 0.3],
        }
    )
    out = np.array([False, False, False, True, True, True, True])
    # 0.1 + 0.2 is not 0.3; (1, 0) mixes two fitted rows; (1, 1) is fitted; the value 2 is new.
    assert unseen_rows(X, out).tolist() == [False] * 3 + [True, True, False, True]
    # 0.0 is equal to -0.0, and two equal held-out rows do not count as seen.
    X.loc[[4, 3], "a"] = 0, 2
    X.loc[3, "b"] = 0.3
    assert unseen_rows(X, out).tolist() == [False] * 3 + [True, False, False, True]


def labelled() -> CausalDataset:
    """Six rows, of which the last three are held out below."""
    frame = pd.DataFrame({"u": [0.0, 1, 2, 3, 1, 0], "town": [0.0, 1, 2, 1, 1, 2]})
    frame = frame.assign(t=[0, 1] * 3, y0=0.0, y1=1.0)
    labels = pd.DataFrame({"town": [["Bonn", "Kiel", "Ulm"][int(code)] for code in frame["town"]]})
    return CausalDataset.from_frame(
        frame, treatment="t", y0="y0", y1="y1", exogenous=["u"], labels=labels
    )


def test_a_setting_decides_which_rows_are_unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(truth, "MIN_UNSEEN", 1)
    dataset, out = labelled(), np.array([False] * 3 + [True] * 3)
    by_setting = {
        setting: {part.rows: part for part in parts_of(dataset, setting, out)}
        for setting in ("all", "hidden")
    }
    # (3, Kiel) has a new u, (0, Ulm) is a new pair; every town alone is in a fitted row.
    assert by_setting["all"]["unseen"].chosen.tolist() == [False] * 3 + [True, False, True]
    assert by_setting["all"]["held-out"].unseen_share == pytest.approx(2 / 3)
    assert list(by_setting["hidden"]) == ["fitted", "held-out"]
    assert by_setting["hidden"]["held-out"].unseen_share == 0


def test_the_encoding_does_not_matter() -> None:
    dataset, out = labelled(), np.array([False] * 3 + [True] * 3)
    one_hot = encoded(dataset, "one-hot")
    assert one_hot.shape[1] == 3
    np.testing.assert_array_equal(unseen_rows(one_hot, out), unseen_rows(dataset.X, out))


def looked_up(stem: str, new: int, n: int = 200) -> CausalDataset:
    """Rows whose effect is x, for x in 0 to 3; of the held-out rows ``new`` have x = 10."""
    t = np.arange(n) % 2
    x = np.arange(n) // 2 % 4
    out = np.flatnonzero(held_out(t, 0.2, (0, "toy", stem)))
    x[out[:new]] = 10
    frame = pd.DataFrame({"x": x.astype(float), "t": t, "y0": 1.0 * x, "y1": 2.0 * x})
    return CausalDataset.from_frame(
        frame, treatment="t", y0="y0", y1="y1", covariates=["x"], name="toy"
    )


def run(folder: Path, datasets: list[CausalDataset], **changes: object) -> benchmarks.Result:
    for number, dataset in enumerate(datasets):
        dataset.to_parquet(folder / "data" / f"d{number}.parquet")
    content = {
        "name": "toy",
        "datasets": [{"name": "toy", "files": str(folder / "data" / "*.parquet")}],
        "settings": ["all"],
        "estimators": ["ExactMatch", "LinReg", "DiffInMeans", "Oracle"],
        "board": {"resamples": 20},
    }
    return benchmarks.run(
        benchmarks.Suite.model_validate(content | changes),
        workers=0,
        runs_dir=folder / "runs",
        results_dir=folder / "results",
    )


def test_exact_matching_looks_up_fitted_rows_and_knows_no_unseen_one(tmp_path) -> None:
    result = run(tmp_path, [looked_up("d0", 20)])
    assert [board.group["rows"] for board in result.boards] == ["fitted", "held-out", "unseen"]
    scores = result.scores.set_index(["estimator", "rows"])
    # The fallback is the mean effect of the fitted rows, all of which have a match.
    fitted = scores.loc[("ExactMatch", "fitted")]
    assert fitted["pehe"] == pytest.approx(0, abs=1e-12)
    fallback = fitted["sate"]
    unseen = scores.loc[("ExactMatch", "unseen")]
    assert unseen["sate"] == 10
    assert unseen["pehe"] == pytest.approx(10 - fallback)
    assert unseen["ate_error"] == pytest.approx(fallback - 10)
    # The other half of the held-out rows is looked up without an error.
    assert scores.loc[("ExactMatch", "held-out"), "pehe"] == pytest.approx(
        (10 - fallback) * np.sqrt(0.5)
    )
    assert (scores.loc["Oracle", "pehe"] == 0).all()
    # An average alone is the same for all rows.
    average = scores.loc["DiffInMeans", "ate"]
    assert average["unseen"] == average["fitted"]
    assert scores["unseen_share"].groupby("rows").unique().to_dict()["unseen"].tolist() == [0.5]


def test_pages_have_the_rows_and_their_share(tmp_path, no_figures) -> None:
    result = run(tmp_path, [looked_up("d0", 20), looked_up("d1", 30)])
    page = (tmp_path / "results" / "toy" / "leaderboard.md").read_text()
    places = [line for line in page.splitlines() if line.startswith("## Data of other origin")]
    assert [place.rpartition(", ")[2] for place in places] == [
        "fitted rows",
        "held-out rows",
        "held-out rows with new covariate values",
    ]
    # 20 and 30 of 40 rows: 0.625, rounded to even.
    assert "62.5% of the held-out rows have covariate values that no fitted row has" in page
    assert "that no fitted row has: 62.5% (mean over datasets)" in page
    html = write_page(result, tmp_path / "page")[0].read_text(encoding="utf-8")
    contents = html.partition("<nav")[2].partition("</nav>")[0]
    for words in ("fitted rows", "held-out rows", "held-out rows with new covariate values"):
        link = contents.partition(f'">{words}</a>')[0].rpartition("#")[2]
        assert f'id="{link}"' in html
    # The summary at the top is of the fitted rows.
    top = html.partition("<nav")[0]
    assert "fitted rows:" in top
    assert "held-out" not in top


def test_too_few_unseen_rows_have_no_scores(tmp_path) -> None:
    few, enough = looked_up("d0", MIN_UNSEEN - 1), looked_up("d1", MIN_UNSEEN)
    scores = run(tmp_path, [few, enough]).scores
    unseen = scores[scores["rows"] == "unseen"]
    assert unseen["dataset"].unique().tolist() == ["toy-d1"]
    shares = scores[scores["rows"] == "held-out"].groupby("dataset")["unseen_share"].first()
    assert shares.tolist() == [(MIN_UNSEEN - 1) / 40, MIN_UNSEEN / 40]


def test_continuous_covariates_have_one_board_of_held_out_rows(make_suite, tmp_path) -> None:
    suite = make_suite(datasets=2, settings=["all"], holdout=0.25)
    result = benchmarks.run(
        suite, workers=0, runs_dir=tmp_path / "runs", results_dir=tmp_path / "results"
    )
    assert [board.group["rows"] for board in result.boards] == ["fitted", "held-out"]
    page = (tmp_path / "results" / "toy" / "leaderboard.md").read_text()
    assert "All held-out rows have new covariate values" in page


def without_rows(records: Mapping[str, Record]) -> dict[str, str]:
    """The definitions of an older version, which had no unseen rows."""
    known = dict(next(iter(records.values())).definitions)
    del known["unseen rows"]
    return known


def test_records_without_scores_of_unseen_rows_are_scored_from_predictions(tmp_path) -> None:
    result = run(tmp_path, [looked_up("d0", 20)])
    manifest = Manifest.read(result.run_dir)
    with Store.of(result.run_dir) as store:
        records = store.records()
        older = {
            key: {rows: record.scores[rows] for rows in ("fitted", "held-out")}
            for key, record in records.items()
        }
        store.write_scores(older, without_rows(records))
        again = read_records(store, manifest)
    assert len(again.rescored) == 4
    pd.testing.assert_frame_equal(score(manifest, again.records), result.scores)


def test_records_that_dropped_predictions_are_counted(tmp_path) -> None:
    result = run(tmp_path, [looked_up("d0", 20)], predictions="drop")
    with Store.of(result.run_dir) as store:
        records = store.records()
        older = {key: {"fitted": record.scores["fitted"]} for key, record in records.items()}
        store.write_scores(older, without_rows(records))
    found = benchmarks.leaderboard("toy", runs_dir=tmp_path / "runs", results_dir=None)
    assert found.notes == (
        "4 cells have no score of unseen rows: it was not computed when they ran, and the suite "
        "drops predictions",
    )


def test_unseen_scores_of_another_choice_of_rows_are_not_shown(tmp_path) -> None:
    """Another version chose these rows, and the predictions are gone."""
    result = run(tmp_path, [looked_up("d0", 20)], predictions="drop")
    assert "unseen" in set(result.scores[result.scores["pehe_sd"].notna()]["rows"])
    with Store.of(result.run_dir) as store:
        records = store.records()
        other = dict(next(iter(records.values())).definitions) | {"unseen rows": "another choice"}
        store.write_scores({key: record.scores for key, record in records.items()}, other)
    found = benchmarks.leaderboard("toy", runs_dir=tmp_path / "runs", results_dir=None)
    shown = found.scores[found.scores["pehe_sd"].notna()]
    assert set(shown["rows"]) == {"fitted", "held-out"}
    assert "4 cells have no score of unseen rows" in found.notes[0]


@pytest.mark.parametrize("rows", [2, 3, 4, 7])
def test_a_small_table_keeps_two_rows_of_each_arm(rows: int) -> None:
    t = np.repeat([0, 1], rows)
    share = benchmarks.Suite.model_fields["holdout"].default
    fitted = t[~held_out(t, share, ("a",))]
    assert np.bincount(fitted).min() >= max(2, rows - 1)


def test_a_table_of_few_rows_runs_with_the_default(tmp_path) -> None:
    scores = run(tmp_path, [looked_up("d0", 0, n=8)]).scores
    assert scores["status"].eq("ok").all()
    assert scores["rows"].unique().tolist() == ["fitted", "held-out"]
