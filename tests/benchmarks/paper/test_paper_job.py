"""Running shares: each cell once, recorded at once, scored against the right truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import estimators
from benchmarks.paper.run import identity, job
from benchmarks.paper.run.job import run_missing
from benchmarks.paper.run.methods import named
from benchmarks.paper.run.plan import cells
from benchmarks.paper.run.records import Records, one_each
from sdscm.errors import InputError


@pytest.fixture
def records(tmp_path) -> Records:
    return Records(tmp_path / "runs", tmp_path / "results" / "cells.parquet")


@pytest.fixture
def releases(made_up):
    return {"gpt2": made_up(3, 60, 80)}


def wanted(releases, *methods, share=0.05, **more):
    return cells(releases, named(methods), share, share, **({"sizes": (1000,)} | more))


def test_scores_are_those_of_the_estimator(records, releases):
    run_missing(wanted(releases, "LinearT"), releases, records, workers=0)
    table = records.table()
    assert set(table["setting"]) == {"all", "hidden"}
    for _, row in table.iterrows():
        dataset = releases["gpt2"].dataset(row["number"]).setting(row["setting"])
        effect = estimators.get("LinearT").fit(dataset.X, dataset.t, dataset.y).effect(dataset.X)
        ite = dataset.ite
        assert row["ate"] == pytest.approx(effect.mean())
        assert row["sate"] == pytest.approx(ite.mean())
        assert row["r2"] == pytest.approx(
            1 - np.sum((ite - effect) ** 2) / np.sum((ite - ite.mean()) ** 2)
        )
        assert row["r2_swapped"] == pytest.approx(
            1 - np.sum((ite - effect) ** 2) / np.sum((effect - effect.mean()) ** 2)
        )
        assert row["pehe_sd"] == pytest.approx(
            np.sqrt(np.mean((ite - effect) ** 2)) / dataset.y.std()
        )
        assert row["variant"] == dataset.meta.phrasing


def test_pooled_cells_take_ten_datasets(records, made_up):
    release = made_up(50, 1000, 8)
    found = cells({"gpt2": release}, named(["LinReg"]), 0.02, 0.02, sizes=(10_000,))
    run_missing(found, {"gpt2": release}, records, workers=0)
    table = records.table()
    assert len(table) == 2 * 2
    for _, row in table.iterrows():
        members = np.flatnonzero(release.variant == row["variant"])
        half = members[10:] if row["number"] % 2 else members[:10]
        ite = release.y1[half].astype(float) - release.y0[half]
        assert row["sate"] == pytest.approx(ite.mean())


def test_nothing_is_run_twice(records, releases, monkeypatch):
    small = wanted(releases, "LinReg")
    assert run_missing(small, releases, records, workers=0) == 6
    larger = wanted(releases, "LinReg", "LinearS", share=0.1)
    assert run_missing(larger, releases, records, workers=0) == 24 - 6
    records.pack()
    for path in records.folder.glob("*.csv"):
        path.unlink()
    assert run_missing(larger, releases, records, workers=0) == 0
    assert len(records.table()) == 24


def test_a_run_that_is_stopped_goes_on(records, releases):
    class Stop(Exception):
        pass

    class Impatient:
        def begin(self, what, total): ...
        def say(self, line): ...
        def advance(self, step, amount=1, failed=False):
            raise Stop

    found = wanted(releases, "LinReg")
    with pytest.raises(Stop):
        run_missing(found, releases, records, workers=0, progress=Impatient())
    assert len(records.table()) == 1
    assert run_missing(found, releases, records, workers=0) == 5


def test_processes_give_the_same_numbers(records, releases, tmp_path):
    found = wanted(releases, "LinReg", "LinearT")
    run_missing(found, releases, records, workers=0)
    other = Records(tmp_path / "other", tmp_path / "none.parquet")
    run_missing(found, releases, other, workers=1)
    one, two = (r.table().sort_values("key", ignore_index=True) for r in (records, other))
    pd.testing.assert_frame_equal(one.drop(columns="seconds"), two.drop(columns="seconds"))


def test_failures_are_records_and_can_be_tried_again(records, releases, monkeypatch):
    found = wanted(releases, "LinReg")
    release = releases["gpt2"]
    release.t[:] = 0  # nothing to compare with
    run_missing(found, releases, records, workers=0)
    table = records.table()
    assert set(table["status"]) == {"failed"}
    assert table["reason"].str.len().min() > 10
    assert run_missing(found, releases, records, workers=0) == 0
    assert run_missing(found, releases, records, workers=0, retry=True) == 6
    assert len(records.table()) == 6


def test_networks_are_batched_and_agree_with_single_fits(records, releases, monkeypatch):
    pytest.importorskip("torch")
    calls = []
    together = job.run_together

    def counted(batches, done, workers):
        calls.extend(len(batch.args[0]) for batch in batches)
        together(batches, done, workers)

    small = {"representation_layers": (8,), "head_layers": (4,), "max_epochs": 3}
    monkeypatch.setattr(job, "run_together", counted)
    found = wanted(releases, "TARNet", share=0.05)
    run_missing(found, releases, records, workers=0, parameters=small)
    assert calls == [3, 3]
    table = records.table().set_index("key")
    cell = found[0]
    view = releases["gpt2"].dataset(cell.unit.number).setting(cell.setting)
    alone = estimators.get("TARNet", random_state=cell.seed, **small)
    alone.fit(view.X, view.t, view.y)
    assert table.loc[cell.key, "ate"] == pytest.approx(alone.ate(view.X), rel=1e-2, abs=1e-3)
    assert (table["seconds"] > 0).all()


def test_one_fit_serves_both_uses_of_bart(records, releases, monkeypatch, tmp_path):
    pytest.importorskip("stochtree")
    small = {"n_trees": 5, "n_burn_in": 5, "n_draws": 5, "n_chains": 1}
    fits = []
    bart = type(estimators.get("BART"))
    fit = bart.__mro__[1]._fit
    monkeypatch.setattr(
        bart.__mro__[1], "_fit", lambda self, *data: fits.append(1) or fit(self, *data)
    )
    both = wanted(releases, "BART", "BART-ITE")
    run_missing(both, releases, records, workers=0, parameters=small)
    assert len(fits) == 6
    alone = Records(tmp_path / "alone", tmp_path / "none.parquet")
    for method in ("BART", "BART-ITE"):
        run_missing(wanted(releases, method), releases, alone, workers=0, parameters=small)
    assert len(fits) == 18
    one, two = (r.table().sort_values("key", ignore_index=True) for r in (records, alone))
    assert set(one["status"]) == {"ok"}
    pd.testing.assert_frame_equal(one.drop(columns="seconds"), two.drop(columns="seconds"))
    assert (one["seconds"] > 0).all()


def test_bart_runs_as_many_chains_as_in_the_paper(records, releases, monkeypatch):
    """Not the registry's default, and a record with the default is another record."""
    pytest.importorskip("stochtree")
    get, chains = estimators.get, []
    small = {"n_trees": 5, "n_burn_in": 5, "n_draws": 5}

    def noted(name, **more):
        chains.append(more.get("n_chains"))
        return get(name, **small, **more)

    ours = identity.identity.__wrapped__("BART")
    monkeypatch.setattr("benchmarks.paper.run.identity.parameters_of", lambda method: {})
    assert identity.identity.__wrapped__("BART") != ours
    monkeypatch.setattr(estimators, "get", noted)
    found = wanted(releases, "BART")[:1]
    run_missing(found, releases, records, workers=0)
    assert records.table()["status"].tolist() == ["ok"]
    assert chains == [10]


def test_records_of_other_code_give_way(records, releases):
    run_missing(wanted(releases, "LinReg"), releases, records, workers=0)
    table = records.table()
    older = table.assign(identity="other", key=table["key"] + "x", ate=99.0)
    chosen, stale = one_each(pd.concat([table, older], ignore_index=True))
    assert (chosen["ate"] != 99).all()
    assert stale == {}
    chosen, stale = one_each(older)
    assert len(chosen) == 6
    assert stale == {"LinReg": 6}


def test_superseded_records_are_not_packed(records, releases):
    found = wanted(releases, "LinReg")
    run_missing(found, releases, records, workers=0)
    file = records.folder / "linreg.csv"
    older = pd.read_csv(file).assign(identity="other")
    older["key"] += "x"
    older.to_csv(file, mode="a", header=False, index=False)
    assert len(records.table()) == 12
    assert records.pack() == 6
    file.unlink()
    assert set(records.table()["key"]) == {cell.key for cell in found}


def test_keys_are_never_read_as_numbers(records, releases, monkeypatch):
    """A hash such as 12e456 is a number to a reader of CSV that is not told otherwise."""
    monkeypatch.setattr(identity, "digest", lambda value: "12e4567890123456")
    identity.identity.cache_clear()
    found = wanted(releases, "LinReg")
    run_missing(found, releases, records, workers=0)
    identity.identity.cache_clear()
    assert set(records.table()["identity"]) == {"i12e456789012"}


def test_a_damaged_pack_is_named(records):
    records.packed.parent.mkdir()
    records.packed.write_bytes(b"PAR1 not really")
    with pytest.raises(InputError, match=r"cells\.parquet: not a readable"):
        records.table()


def test_identity_reaches_base_classes_and_training():
    file = Path(estimators.__file__).parent / "networks" / "networks.py"
    found = identity.reached([(file, "TARNet"), (file, "fit_many")])
    assert {"base.EffectEstimator", "network_training.train", "networks.fit_many"} <= set(found)
    assert identity.identity("LinReg") != identity.identity("LinearS")
