"""Bounds in a run: which strengths cross to which methods, and how they are scored."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator

import benchmarks
import sdscm
from benchmarks.boards.scores import definitions
from benchmarks.execution.strengths import MULTIPLES, questions
from benchmarks.storage.manifest import Manifest
from benchmarks.suite.model import Suite
from sdscm import HiddenConfounding

SEEN: list[dict[str, Any]] = []
TRUTH = HiddenConfounding(gamma=9.0, outcome_r2=0.4, treatment_r2=0.2, riesz_r2=0.5)
NAMES = ("bounds_hold", "bounds_hold_half", "bounds_from", "bounds_width_sd")


class Bounds(BaseEstimator):
    """Records the strength that it is asked for; its bounds are that far from 0."""

    def fit(self, X, t, y):
        self.sd_ = y.std()
        return self

    def ate(self, X):
        return 0.0

    def ate_bounds(self, X, alpha=None, **strength):
        SEEN.append({**strength, "alpha": alpha, "rows": len(X)})
        far = self.sd_ * np.log(strength.get("gamma", 2.0))
        return -far, far


class NeedsNone(Bounds):
    strength = "none"


class NeedsShares(Bounds):
    strength = "riesz_r2"


def _suite(**changes: Any) -> Suite:
    content = {
        "name": "bounds",
        "settings": ["all", "hidden"],
        "datasets": [{"scenario": "headache", "lm": "tabular:0", "n": 100}],
        "estimators": ["DiffInMeans"],
        "holdout": 0.2,
        "alpha": 0.1,
    }
    return Suite.model_validate(content | changes)


def _run(tmp_path: Any, *methods: Any, **changes: Any) -> Any:
    SEEN.clear()
    return benchmarks.run(
        _suite(**changes), estimators=list(methods), workers=0, results_dir=None, runs_dir=tmp_path
    )


def test_strengths_are_multiples_of_the_true_one():
    gammas = {each.multiple: each.arguments["gamma"] for each in questions("gamma", TRUTH)}
    assert tuple(gammas) == MULTIPLES
    assert {m: gammas[m] for m in (0, 0.5, 1, 2)} == {0: 1, 0.5: 3, 1: 9, 2: 81}
    for kind, second in (("partial_r2", 0.2), ("riesz_r2", 0.5)):
        shares = {each.multiple: each.arguments[kind] for each in questions(kind, TRUTH)}
        assert shares[0] == (0, 0)
        assert shares[1] == pytest.approx((0.4, second))
        bias = {m: np.sqrt(r * c / (1 - c)) for m, (r, c) in shares.items()}
        assert bias[0.5] == pytest.approx(bias[1] / 2)
        assert bias[2] == pytest.approx(bias[1] * 2)
        assert shares[4][0] == 1
    assert [asdict(each) for each in questions("none", None)] == [{"multiple": 1, "arguments": {}}]
    assert questions("gamma", None) == ()


def test_only_the_strength_crosses_and_only_to_a_method_that_needs_it(tmp_path):
    _run(tmp_path, ("gamma", Bounds()), ("shares", NeedsShares()), ("none", NeedsNone()))
    (file,) = tmp_path.rglob("*.parquet")
    truth = sdscm.CausalDataset.read_parquet(file).hidden_confounding
    expected = []
    for setting in ("all", "hidden"):
        for kind, value in (("gamma", "gamma"), ("riesz_r2", "riesz_r2"), ("none", "")):
            asked = questions(kind, truth[setting])
            assert all(set(each.arguments) <= {value} for each in asked)
            expected += [{**each.arguments, "alpha": 0.1, "rows": 80} for each in asked]
    assert expected == SEEN
    assert truth["all"] == HiddenConfounding()


def test_each_setting_has_its_own_strength(tmp_path):
    settings = list(sdscm.SETTING_INFOS)
    datasets = [{"scenario": "training", "lm": "tabular:0", "n": 100}]
    _run(tmp_path, ("gamma", Bounds()), settings=settings, datasets=datasets)
    (file,) = tmp_path.rglob("*.parquet")
    data = sdscm.CausalDataset.read_parquet(file)
    asked = [SEEN[place]["gamma"] for place in range(MULTIPLES.index(1), len(SEEN), len(MULTIPLES))]
    expected = [data.setting(each).hidden_confounding[each].gamma for each in settings]
    assert asked == expected
    assert dict(zip(settings, asked, strict=True))["instrument"] not in (1, asked[1])


def test_scores_of_bounds_by_hand(tmp_path):
    result = _run(tmp_path, ("gamma", Bounds()), ("none", NeedsNone()), "DiffInMeans")
    rows = result.scores[result.scores["setting"] == "hidden"].set_index(["estimator", "rows"])
    (file,) = tmp_path.rglob("*.parquet")
    data = sdscm.CausalDataset.read_parquet(file)
    log_gamma = np.log(data.hidden_confounding["hidden"].gamma)
    found = rows.loc["gamma", "fitted"]
    source = Manifest.read(tmp_path / "bounds").sources[0]
    fitted = ~source.held_out(data, 0.2)
    distance = abs(data.ite[fitted].mean()) / data.y[fitted].std()
    assert found["bounds_width_sd"] == pytest.approx(
        2 * log_gamma * data.y[fitted].std() / data.y.std()
    )
    assert found["bounds_hold"] == (distance <= log_gamma)
    assert found["bounds_hold_half"] == (distance <= log_gamma / 2)
    assert found["bounds_from"] == min(m for m in MULTIPLES if distance <= m * log_gamma)
    none = rows.loc["none", "fitted"]
    assert none["bounds_width_sd"] > 0
    assert none[["bounds_hold_half", "bounds_from"]].isna().all()
    # Held-out rows have another SATE than the population of the bounds.
    for label, part in (("gamma", "held-out"), ("DiffInMeans", "fitted")):
        assert rows.loc[(label, part), list(NAMES)].isna().all()
    again = benchmarks.leaderboard("bounds", runs_dir=tmp_path, results_dir=None)
    assert (again.scores["bounds_hold"].dropna() == result.scores["bounds_hold"].dropna()).all()
    for board in result.boards:
        shown = board.table["bounds_hold"].notna().any()
        assert shown == (board.group["rows"] == "fitted")


def test_without_bounds_a_run_is_as_before(tmp_path):
    result = _run(tmp_path / "plain", "DiffInMeans")
    manifest = Manifest.read(tmp_path / "plain" / "bounds")
    assert not set(NAMES) & set(definitions(manifest.suite, manifest.methods))
    assert "bounds" not in manifest.methods[0].content
    (file,) = (tmp_path / "plain").rglob("*.parquet")
    assert sdscm.CausalDataset.read_parquet(file).hidden_confounding == {}
    _run(tmp_path / "bounds", "DiffInMeans", ("gamma", Bounds()))
    manifest = Manifest.read(tmp_path / "bounds" / "bounds")
    assert set(NAMES) <= set(definitions(manifest.suite, manifest.methods))
    assert not result.scores[list(NAMES)].notna().any(axis=None)


def test_cells_are_skipped_where_the_strength_is_unknown(tmp_path):
    few = [
        {
            "scenario": "headache",
            "lm": "tabular:0",
            "n": 100,
            "dataset": {"cate_contexts": 2},
        }
    ]
    result = _run(tmp_path, ("gamma", Bounds()), ("none", NeedsNone()), datasets=few)
    statuses = result.scores.groupby("estimator")["status"].unique()
    assert statuses["gamma"].tolist() == ["skipped"]
    assert statuses["none"].tolist() == ["ok"]
    reasons = result.scores[result.scores["estimator"] == "gamma"]["reason"]
    assert reasons.str.contains("strength of hidden confounding is not known").all()


def test_a_release_does_not_hold_bounds(tmp_path):
    from benchmarks.release.make import release_of_run

    _run(tmp_path, ("gamma", Bounds()))
    with pytest.raises(sdscm.InputError, match="a release does not hold bounds, as gamma"):
        release_of_run("bounds", tmp_path / "release", runs_dir=tmp_path, version="1.0")
