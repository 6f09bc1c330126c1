"""The paper's suites in the common engine: each cell once, with the seeds of the records."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import benchmarks
import estimators
from benchmarks.datasets.paper import released as source
from benchmarks.datasets.paper.release import POOLED_ROWS, ROWS
from benchmarks.datasets.prepare import prepare, requests
from benchmarks.execution.cells import in_order_of_shares, plan
from benchmarks.execution.methods import methods_of
from benchmarks.paper.methods import METHODS, NAMES, named
from benchmarks.paper.records import fits_of, one_each, pack, read_records, seconds
from benchmarks.paper.suites import SUITES, part_of_suite
from benchmarks.progress import Silent
from sdscm.errors import InputError


@pytest.fixture
def release(made_up, monkeypatch):
    """Sixty small datasets of three phrasings stand for the release of GPT-2."""
    return stand_in(made_up(3, 60, 80), monkeypatch)


def stand_in(release, monkeypatch):
    monkeypatch.setattr(source, "find", lambda data: Path("data"))
    monkeypatch.setattr(source, "_release", lambda lm, folder: release)
    return release


def part(*methods, rows=ROWS, share=0.05, records=None, settings=("all", "hidden")):
    chosen = named(methods)
    more = {"lms": ["gpt2"], "settings": settings, "records": records}
    return part_of_suite(rows, chosen, share, share, **more)


@pytest.fixture
def run(tmp_path):
    """Runs suites in a folder, and gives the records."""

    def go(suite, folder="runs", **more):
        more = {"workers": 0, "mixed": True} | more
        found = benchmarks.run(suite, results_dir=None, runs_dir=tmp_path / folder, **more)
        return found.computed, read_records(tmp_path / "none.parquet", tmp_path / folder)

    return go


def test_scores_are_those_of_the_estimator(run, release):
    _, table = run(part("LinearT"))
    assert len(table) == 6
    assert set(table["setting"]) == {"all", "hidden"}
    for _, row in table.iterrows():
        dataset = release.dataset(row["number"]).setting(row["setting"])
        effect = estimators.get("LinearT").fit(dataset.X, dataset.t, dataset.y).effect(dataset.X)
        ite = dataset.ite
        error = np.sum((ite - effect) ** 2)
        assert row["ate"] == pytest.approx(effect.mean())
        assert row["sate"] == pytest.approx(ite.mean())
        assert row["sd"] == pytest.approx(dataset.y.std())
        assert row["r2"] == pytest.approx(1 - error / np.sum((ite - ite.mean()) ** 2), rel=1e-5)
        assert row["r2_swapped"] == pytest.approx(
            1 - error / np.sum((effect - effect.mean()) ** 2), rel=1e-5
        )
        assert row["variant"] == dataset.meta.phrasing


def test_pools_take_ten_datasets(run, made_up, monkeypatch):
    release = stand_in(made_up(50, 1000, 8), monkeypatch)
    _, table = run(part("LinReg", rows=POOLED_ROWS, share=0.02))
    assert len(table) == 2 * 2
    assert set(table["rows"]) == {POOLED_ROWS}
    for _, row in table.iterrows():
        members = np.flatnonzero(release.variant == row["variant"])
        half = members[10:] if row["number"] % 2 else members[:10]
        ite = release.y1[half].astype(float) - release.y0[half]
        assert row["sate"] == pytest.approx(ite.mean())


def test_seeds_are_those_of_the_recorded_fits(run, made_up, monkeypatch):
    """Written down from the engine that made results/paper/cells.parquet."""
    stand_in(made_up(3, 9, 80), monkeypatch)
    known = {("all", "RF"): 1063297263, ("hidden", "RF"): 802663202}
    _, table = run(part("RF", share=1.0, settings=("all", "hidden")))
    mine = table[table["number"] == 7].set_index(["setting", "method"])["seed"]
    assert mine.to_dict() == known


def test_nothing_is_run_twice_and_packed_records_count(run, release, tmp_path):
    assert run(part("LinReg"))[0] == 6
    computed, table = run(part("LinReg", "LinearS", share=0.1))
    assert computed == 24 - 6
    packed = tmp_path / "cells.parquet"
    pack(one_each(table)[0], packed)
    suite = part("LinReg", "LinearS", share=0.1, records=packed)
    computed, again = run(suite, "other")
    assert computed == 0
    before, after = (read_records(packed, tmp_path / name) for name in ("none", "other"))
    places = ["dataset", "setting", "method"]
    before, after = (
        each.sort_values(places, ignore_index=True)[before.columns] for each in (before, after)
    )
    pd.testing.assert_frame_equal(before, after)
    assert len(again) == 24


def test_the_data_are_not_copied(run, release, tmp_path):
    run(part("LinReg"))
    assert {path.suffix for path in (tmp_path / "runs").rglob("*.*")} <= {".sqlite", ".lock"}


def test_records_of_other_code_count_unless_the_user_says_otherwise(run, release, tmp_path):
    _, table = run(part("LinReg"))
    packed = tmp_path / "cells.parquet"
    pack(table.assign(identity="other", ate=99.0), packed)
    suite = part("LinReg", records=packed)
    assert run(suite, "other")[0] == 0
    older, stale = one_each(read_records(packed, tmp_path / "other"))
    assert stale == {"LinReg": 6}
    assert (older["ate"] == 99).all()
    assert one_each(older, current_only=True)[0].empty
    assert run(suite, "other", mixed=False)[0] == 6
    chosen, stale = one_each(read_records(packed, tmp_path / "other"))
    assert stale == {}
    assert (chosen["ate"] != 99).all()


def test_failures_are_records_and_can_be_tried_again(run, release):
    release.t[:] = 0  # nothing to compare with
    _, table = run(part("LinReg"))
    assert set(table["status"]) == {"failed"}
    assert table["reason"].str.len().min() > 10
    assert run(part("LinReg"))[0] == 0
    assert run(part("LinReg"), retry=True)[0] == 6


def test_a_key_of_older_records_is_kept(run, release, tmp_path):
    _, table = run(part("LinReg"))
    packed = tmp_path / "cells.parquet"
    pack(table.assign(made_with="i0123"), packed)
    run(part("LinReg", records=packed), "other")
    again = read_records(packed, tmp_path / "other")
    assert set(again["made_with"]) == {"i0123"}


def test_a_damaged_pack_is_named(tmp_path):
    path = tmp_path / "cells.parquet"
    path.write_bytes(b"PAR1 not really")
    with pytest.raises(InputError, match=r"cells\.parquet: not a readable"):
        read_records(path, tmp_path)


@pytest.mark.parametrize("rows", SUITES)
def test_the_shipped_suites_are_the_usual_share(rows):
    shipped = benchmarks.load_suite(SUITES[rows])
    usual = part_of_suite(
        rows,
        METHODS,
        0.05,
        0.01,
        lms=["gpt2", "llama-3-8b"],
        settings=["all", "hidden"],
        records=Path("results/paper/cells.parquet"),
    )
    assert usual == shipped


def test_the_whole_job_has_every_cell_once(made_up, monkeypatch):
    stand_in(made_up(50, 1000, 1), monkeypatch)
    names = [method.name for method in METHODS]
    counts = []
    for rows in (ROWS, POOLED_ROWS):
        places = [fit.place for fit in fits_of(part(*names, rows=rows, share=1))]
        assert len(set(places)) == len(places)
        counts.append(len(places))
    assert counts == [1000 * 2 * 17, 100 * 2 * 16]


def test_a_shared_fit_is_expected_once(made_up, monkeypatch):
    stand_in(made_up(3, 60, 8), monkeypatch)
    both, one = (fits_of(part(*names)) for names in (("BART", "BART-ITE"), ("BART-ITE",)))
    assert len(both) == 2 * len(one)
    assert seconds(both, 1) == seconds(one, 1) == 2 * seconds(both, 2)


def test_costly_methods_take_their_own_share(made_up, monkeypatch):
    stand_in(made_up(50, 1000, 1), monkeypatch)
    suite = part_of_suite(
        ROWS, named(["LinReg", "ForestDR"]), 0.05, 0.013, lms=["gpt2"], settings=["all"]
    )
    names = [fit.method.name for fit in fits_of(suite)]
    assert (names.count("LinReg"), names.count("ForestDR")) == (50, 13)


def test_a_cut_run_has_a_smaller_share_of_each_method(run, release):
    """Also where methods run on different numbers of datasets."""
    both = named(["LinReg", "ForestDR"])
    suite = part_of_suite(ROWS, both, 0.5, 0.1, lms=["gpt2"], settings=["all"])
    sources = [source for source, _ in prepare(requests(suite), Path("unused"), Silent())]
    cells = plan(suite, sources, methods_of(suite.estimators))
    first = in_order_of_shares(cells, sources)[: len(cells) // 2]
    counts = Counter(cell.estimator for cell in first)
    assert counts == {"LinReg": 15, "ForestDR": 3}
    order = [source.name for source in sources]
    for name, count in counts.items():
        assert [cell.dataset for cell in first if cell.estimator == name] == order[:count]


@pytest.mark.parametrize(("share", "costly"), [(0, 0.5), (2, 0.5), (0.5, -1)])
def test_a_share_is_a_part(share, costly):
    with pytest.raises(InputError, match="above 0, up to 1"):
        part_of_suite(ROWS, METHODS, share, costly, lms=["gpt2"], settings=["all"])


def test_bart_runs_as_many_chains_as_in_the_paper():
    suite = part("BART", "BART-ITE", "RF")
    raw = {"standardise": False}
    params = [entry.params for entry in suite.estimators]
    assert params == [raw | {"n_chains": 10}] * 2 + [raw]


def test_any_built_in_estimator_may_be_named():
    found = named(["aipw", "LinReg", "CausalML X-LGBM"])
    assert [(method.name, method.name in NAMES) for method in found] == [
        ("LinReg", True),
        ("AIPW", False),
        ("CausalML X-LGBM", False),
    ]
    assert not found[1].effects  # an average alone: nothing to pool for Table 2
    assert found[2].effects


@pytest.mark.parametrize("name", ["Oracle", "OLS"])
def test_other_names_are_refused(name):
    with pytest.raises(InputError, match=f"'{name}' is not a method"):
        named([name])
