"""What estimators get in each setting: all that they need, and nothing of the truth."""

from __future__ import annotations

from typing import Any, ClassVar

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator

import benchmarks
import estimators
import sdscm
from benchmarks.suite.model import Suite
from sdscm.data.settings import SETTING_INFOS

ALL = tuple(SETTING_INFOS)
SEEN: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []


class Spy(BaseEstimator):
    """Records all that it is given."""

    needs: ClassVar[tuple[str, ...]] = ()

    def fit(self, X, t, y, **shown):
        SEEN.append(("fit", (X, t, y), shown))
        return self

    def effect(self, X, **shown):
        SEEN.append(("effect", (X,), shown))
        return np.zeros(len(X))


class InstrumentSpy(Spy):
    needs = ("instrument",)


class TextSpy(Spy):
    needs = ("text",)


class ProxySpy(Spy):
    needs = ("proxies",)


class GraphSpy(Spy):
    needs = ("graph",)


def _suite(**changes: Any) -> Suite:
    content = {
        "name": "spied",
        "settings": list(ALL),
        "datasets": [{"scenario": "training", "lm": "tabular:0", "n": 120}],
        "estimators": ["DiffInMeans"],
        "holdout": 0.25,
    }
    return Suite.model_validate(content | changes)


def _run(suite: Suite, *spies: Any, **options: Any) -> Any:
    SEEN.clear()
    methods = ["DiffInMeans", *spies]
    return benchmarks.run(suite, estimators=methods, workers=0, results_dir=None, **options)


def _columns(given: Any) -> list[np.ndarray]:
    """All columns of numbers in what an estimator got."""
    if isinstance(given, pd.DataFrame):
        return [given[name].to_numpy() for name in given]
    if isinstance(given, np.ndarray):
        return [given]
    return []


@pytest.mark.parametrize("setting", ALL)
@pytest.mark.parametrize("spy", [Spy, InstrumentSpy, TextSpy, ProxySpy, GraphSpy])
def test_a_spy_finds_no_truth(spy, setting, monkeypatch, tmp_path):
    kept: list[sdscm.CausalDataset] = []
    make = sdscm.SDSCM.dataset

    def keeping(self, *args, **options):
        kept.append(make(self, *args, **options))
        return kept[-1]

    monkeypatch.setattr(sdscm.SDSCM, "dataset", keeping)
    _run(_suite(settings=[setting], holdout=0), spy(), runs_dir=tmp_path)
    info = SETTING_INFOS[setting]
    calls = [(args, shown) for _, args, shown in SEEN]
    assert bool(calls) == (set(spy.needs) <= {*info.shows, "graph"})
    (data,) = kept
    hidden = data.exogenous if info.hides else ()
    truths = {
        "y0": data.y0,
        "y1": data.y1,
        "ite": data.ite,
        "propensity": data.propensity,
        **{name: data.X[name].to_numpy() for name in hidden},
    }
    if setting == "instrument" and spy is not InstrumentSpy:
        truths["lottery"] = data.X["lottery"].to_numpy()
    if data.potential_treatments is not None:
        truths |= {f"t under {z}": data.potential_treatments[:, z] for z in (0, 1)}
    for args, shown in calls:
        assert set(shown) <= set(spy.needs)
        # y itself tells y0 of some rows: it has few values here.
        found = [c for part in (args[0], *shown.values()) for c in _columns(part)]
        assert all(len(column) == len(data) for column in found)
        for name, values in truths.items():
            assert not any(_tells(column, values) for column in found), name
        assert not set(args[0]) & {*hidden, "course", "job"}
        assert not set(args[0].attrs["categories"]) & {*hidden, "course", "job"}
        if len(args) == 3:
            view = data.setting(setting)
            np.testing.assert_array_equal(args[1], view.t)
            np.testing.assert_array_equal(args[2], view.y)
        if "graph" in shown:
            _require_no_values(shown["graph"], args[0])
        for text in shown.get("text", ()):
            assert "friend" in text  # the hidden confounder, in a sentence
            assert not any(word in text for word in (" takes a course", "found a job"))


def _require_no_values(graph: nx.DiGraph, X: pd.DataFrame) -> None:
    """Require that a graph says names and roles only, and that X has what it calls observed."""
    spec = sdscm.load_spec("training")
    assert list(graph) == [variable.name for variable in spec.variables]
    assert graph.graph == {}
    assert all(content == {} for *_, content in graph.edges(data=True))
    roles = {"treatment", "outcome", "instrument", "proxy", "covariate"}
    for name, node in graph.nodes.items():
        assert set(node) == {"role", "observed"}
        assert node["role"] in roles
        beside = node["role"] in ("treatment", "outcome", "instrument")
        assert node["observed"] is (beside or name in X)


def _tells(column: np.ndarray, values: np.ndarray) -> bool:
    """Return whether a column is a one-to-one recoding of the values, or one that has more."""
    table = pd.DataFrame({"column": column, "value": values})
    return bool((table.groupby("column")["value"].nunique() == 1).all()) and (
        table["column"].nunique() < len(table)
    )


def test_the_text_has_no_sentence_of_treatment_or_outcome():
    model = sdscm.SDSCM("training", "tabular:0")
    data = model.dataset(60, settings=("text",))
    units = model.sample(60)
    texts = data.setting("text").shown["text"]
    for name in ("course", "job"):
        sentences = units.text_of([name])
        assert not any(s in t for s, t in zip(sentences, texts, strict=True))
    assert all(s in t for s, t in zip(units.text_of(["friend"]), texts, strict=True))


def test_methods_have_cells_where_their_needs_are_shown():
    result = _run(_suite(), Spy(), InstrumentSpy(), TextSpy())
    seen = {
        board.group["setting"]: (set(board.table["estimator"]), set(board.not_applicable))
        for board in result.boards
        if board.group["rows"] == "fitted"
    }
    for setting, (there, absent) in seen.items():
        shows = SETTING_INFOS[setting].shows
        assert ("InstrumentSpy" in there) == ("instrument" in shows)
        assert ("TextSpy" in there) == ("text" in shows)
        assert absent == {"InstrumentSpy", "TextSpy"} - there
        assert "Spy" in there


def test_a_run_with_the_graph(tmp_path):
    """Graph-AIPW has cells where the dataset comes from a spec; others have no graph."""
    formula = {"simulation": "linear", "n": 60, "settings": ["all"]}
    suite = _suite(
        settings=["all", "hidden", "randomised"],
        datasets=[{"scenario": "training", "lm": "tabular:0", "n": 300}, formula],
        encodings=["codes", "one-hot"],
    )
    result = _run(suite, "Graph-AIPW", runs_dir=tmp_path / "runs")
    rows = result.scores.query("rows == 'fitted'")
    rows = rows[rows["estimator"].str.startswith("Graph")]
    made = rows[rows["entry"] == "training"].groupby("setting")["status"].agg(set)
    # The friend is the confounder: hidden, there is no back-door set.
    assert made.to_dict() == {"all": {"ok"}, "hidden": {"failed"}, "randomised": {"ok"}}
    other = rows[rows["entry"] != "training"]
    assert set(other["status"]) == {"skipped"}
    assert other["reason"].str.startswith("the graph is not known").all()
    (file,) = (tmp_path / "runs").rglob("training*.parquet")
    assert sdscm.CausalDataset.read_parquet(file).graph is not None


def test_a_plugin_with_an_instrument_is_scored_against_the_compliers(tmp_path):
    class Wald(BaseEstimator):
        needs = ("instrument",)

        def fit(self, X, t, y, instrument):
            z = np.asarray(instrument)
            self.late_ = np.cov(z, y)[0, 1] / np.cov(z, t)[0, 1]
            return self

        def ate(self, X):
            return float(self.late_)

    suite = _suite(
        settings=["instrument"],
        holdout=0,
        datasets=[
            {
                "scenario": "training",
                "lm": "tabular:0",
                "n": 400,
                "dials": {"strength": 4},
            }
        ],
        board={"rank_by": ["late_abs_error_sd"]},
    )
    result = _run(suite, ("mine", Wald()), "Wald", runs_dir=tmp_path)
    scores = result.scores.set_index("estimator")
    assert scores.loc["mine", "late_error_sd"] == pytest.approx(
        scores.loc["Wald", "late_error_sd"], abs=1e-9
    )
    (file,) = tmp_path.rglob("*.parquet")
    data = sdscm.CausalDataset.read_parquet(file)
    late = data.ite[data.compliers].mean()
    assert scores["late_error_sd"].to_numpy() == pytest.approx(
        (scores["ate"].to_numpy() - late) / data.y.std(), abs=1e-9
    )
    assert scores.loc["mine", "ate_error_sd"] != scores.loc["mine", "late_error_sd"]


def test_late_metrics_need_the_setting():
    with pytest.raises(Exception, match="needs the setting 'instrument'"):
        _suite(settings=["all"], board={"rank_by": ["late_abs_error_sd"]})


def test_scores_of_the_compliers_by_hand():
    from benchmarks.interface import Prediction, Truth
    from benchmarks.metrics import get

    truth = Truth(
        ite=np.array([1.0, 2.0, 6.0, 9.0]),
        effect=np.array([1.0, 2.0, 6.0, 9.0]),
        target="CATE",
        sd=2.0,
        compliers=np.array([True, False, True, False]),
        complier_effect=np.array([1.5, np.nan, 5.0, np.nan]),
    )
    assert truth.late == 3.5
    prediction = Prediction(
        ate=4.5, ate_interval=np.array([4.0, 5.0]), effect=np.array([2.5, 0.0, 5.0, 0.0])
    )
    expected = {
        "late_error_sd": 0.5,
        "late_abs_error_sd": 0.5,
        "late_coverage": 0.0,
        "complier_pehe_sd": np.sqrt(0.5) / 2,
    }
    for name, value in expected.items():
        assert get(name).score(prediction, truth) == pytest.approx(value, abs=1e-12)
    part = truth.of_rows(np.array([False, True, True, False]))
    assert part.late == 6.0
    assert not truth.of_rows(np.array([False, True, False, True])).tells("LATE")


def test_an_estimator_says_what_it_lacks():
    data = sdscm.SDSCM("training", "tabular:0").dataset(100)
    with pytest.raises(estimators.EstimatorError, match="needs instrument; call fit"):
        estimators.get("Wald").fit(data.X, data.t, data.y)
    with pytest.raises(estimators.EstimatorError, match="takes no instrument"):
        estimators.get("LinReg").fit(data.X, data.t, data.y, instrument=data.t)
    with pytest.raises(estimators.EstimatorError, match="holds 2"):
        estimators.get("Wald").fit(data.X, data.t, data.y, instrument=2 * data.t)


def test_an_entry_has_its_own_settings(tmp_path):
    entry = {"scenario": "training", "lm": "tabular:0", "n": 120}
    # checkout has no proxies.
    other = {"scenario": "checkout", "lm": "tabular:0", "n": 120, "settings": ["text", "hidden"]}
    suite = _suite(datasets=[entry, other], settings=["hidden", "text", "proxies"])
    assert suite.settings_of("checkout") == ["hidden", "text"]
    result = benchmarks.run(suite, workers=0, runs_dir=tmp_path, results_dir=tmp_path)
    found = result.scores.groupby("entry")["setting"].agg(lambda each: list(dict.fromkeys(each)))
    assert found.to_dict() == {
        "training": ["hidden", "text", "proxies"],
        "checkout": ["hidden", "text"],
    }
    assert set(result.scores["status"]) == {"ok"}
    again = benchmarks.run(suite, workers=0, runs_dir=tmp_path, results_dir=tmp_path)
    assert again.computed == 0
    assert "settings" not in suite.datasets[0].model_dump()
