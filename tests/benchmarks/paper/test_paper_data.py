"""Reading the released data, from either layout, and what is said where they are not right."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from benchmarks.datasets.paper import loading
from benchmarks.datasets.paper.loading import find, read
from benchmarks.datasets.paper.phrasings import disagreements, recover
from benchmarks.datasets.paper.release import COVARIATES, DATASETS, OUTCOMES, ROWS, TREATMENT
from sdscm.errors import InputError


def test_a_clone_is_read(made_up, clone):
    made = made_up(3, 7, 40)
    folder = clone(made)
    for named in (folder, folder / "data", folder / "data" / "cancer_example"):
        found = read("gpt2", find(named))
        for part in ("ids", "X", "t", "y0", "y1", "variant"):
            np.testing.assert_array_equal(getattr(found, part), getattr(made, part))


def test_files_are_in_the_order_of_their_numbers(made_up, clone):
    made = made_up(2, 12, 30)
    assert read("gpt2", find(clone(made))).ids.tolist() == list(range(12))


def test_a_dataset_has_its_truth_and_hides_the_exogenous(made_up):
    made = made_up(2, 4, 20)
    dataset = made.dataset(3)
    np.testing.assert_array_equal(dataset.y, np.where(made.t[3] == 1, made.y1[3], made.y0[3]))
    np.testing.assert_array_equal(dataset.cate, made.y1[3].astype(float) - made.y0[3])
    assert dataset.meta.phrasing == 1
    hidden = dataset.setting("hidden")
    assert list(hidden.X) == [f"X{i}" for i in range(4, 12)]
    np.testing.assert_array_equal(hidden.X.to_numpy(), made.X[3][:, 4:])
    assert hidden.cate is None


def test_ten_datasets_of_one_phrasing_are_pooled(made_up):
    made = made_up(3, 60, 5)
    first, second = made.pooled(2), made.pooled(3)
    assert first.meta.phrasing == second.meta.phrasing == 1
    np.testing.assert_array_equal(first.y0, made.y0[1:30:3].reshape(-1))
    np.testing.assert_array_equal(second.X, made.X[31:60:3].reshape(-1, 12))
    with pytest.raises(InputError, match="no dataset 6"):
        made.pooled(6)


def test_the_message_says_how_to_get_the_data(tmp_path, monkeypatch):
    monkeypatch.delenv(loading.VARIABLE, raising=False)
    with pytest.raises(InputError, match=r"no released data.*clone.*--data") as told:
        find(tmp_path)
    assert "\n" not in str(told.value)
    monkeypatch.setattr(loading, "_BESIDE", tmp_path)
    with pytest.raises(InputError, match="missing; clone"):
        find()


def test_the_variable_names_the_folder(made_up, clone, monkeypatch):
    folder = clone(made_up(2, 3, 10))
    monkeypatch.setenv(loading.VARIABLE, str(folder))
    assert find() == folder / "data" / "cancer_example"


def _edit(folder, change):
    path = next(folder.rglob("*_1.csv"))
    frame = change(pd.read_csv(path, index_col=0))
    frame.to_csv(path)
    return path


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.drop(columns="X5"), "X5"),
        (lambda f: f.iloc[:-1], "19 rows"),
        (lambda f: f.assign(**{"logP(X13=0)": f["logP(X13=0)"] + 1}), "in 20 rows logP"),
        (lambda f: f.assign(X12=2), "X12"),
        (lambda f: f.assign(X12=None), "X12"),
        (lambda f: f.assign(X3="a"), "invalid value 'a'"),
        (lambda f: f.assign(X3=[None, *f["X3"][1:]]), "'X3' is not a whole number .* in 1 rows"),
        (lambda f: f.assign(X3=0.5), "'X3' is not a whole number .* in 20 rows"),
        (lambda f: f.assign(X3=-1), "'X3'"),
        (lambda f: f.assign(X3=300), "'X3'"),
        (lambda f: f.iloc[:0], "no rows"),
    ],
)
def test_damage_is_named(change, message, made_up, clone):
    folder = clone(made_up(2, 3, 20))
    _edit(folder, change)
    with pytest.raises(InputError, match=message) as told:
        read("gpt2", find(folder))
    assert "\n" not in str(told.value)


def test_a_dataset_in_two_files_is_told(made_up, clone):
    folder = clone(made_up(2, 3, 20))
    path = next(folder.rglob("*_1.csv"))
    path.with_name("copy_1.csv").write_bytes(path.read_bytes())
    with pytest.raises(InputError, match=r"dataset 1 is in .*_1\.csv as well"):
        find(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.drop(columns="X5"), "no column 'X5'"),
        (lambda f: f.drop(columns="variant"), "no column 'variant'"),
        (lambda f: f.assign(X3="a"), "column 'X3' is not of numbers"),
        (lambda f: f.assign(X3=[np.nan, *f["X3"][1:]]), "'X3' is not a whole number .* in 1 rows"),
        (lambda f: f.assign(X12=2), "X12"),
        (lambda f: f.iloc[:-1], "of 19 to 20 rows"),
        (lambda f: f.iloc[::-1], "not in order"),
        (lambda f: f.assign(variant=range(len(f))), "more than one variant"),
        (lambda f: f.iloc[:0], "no rows"),
    ],
)
def test_damage_of_a_packed_copy_is_named(change, message, made_up, tmp_path):
    made = made_up(2, 3, 20)
    parts = [
        pd.DataFrame(made.X[k], columns=list(COVARIATES)).assign(
            dataset=k,
            variant=made.variant[k],
            **{TREATMENT: made.t[k], OUTCOMES[0]: made.y0[k], OUTCOMES[1]: made.y1[k]},
        )
        for k in range(3)
    ]
    whole = pd.concat(parts, ignore_index=True)
    whole.to_parquet(tmp_path / "gpt2.parquet")
    np.testing.assert_array_equal(read("gpt2", tmp_path).X, made.X)
    change(whole).to_parquet(tmp_path / "gpt2.parquet")
    with pytest.raises(InputError, match=message) as told:
        read("gpt2", tmp_path)
    assert "\n" not in str(told.value)


def test_a_part_of_the_release_is_not_all(made_up):
    with pytest.raises(InputError, match="7 datasets of 40 rows"):
        made_up(3, 7, 40).require_all()


def test_phrasings_are_recovered_from_rounded_scores(made_up):
    made = made_up(4, 12, 300)
    noise = np.random.default_rng(1).normal(scale=1e-5, size=made.y0.shape)
    scores = np.stack([made.y0 + noise, made.y1 - noise], axis=-1)
    assert recover(made.X, scores).tolist() == made.variant.tolist()
    shuffled = np.random.default_rng(2).permutation(12)
    found = recover(made.X[shuffled], scores[shuffled])
    pairs = set(zip(found, made.variant[shuffled], strict=True))
    assert len(pairs) == 4
    assert found[0] == 0


def test_the_release_is_whole_and_quickly_read(release, paper_folder):
    release.require_all()
    start = time.perf_counter()
    again = read(release.lm, paper_folder).require_all()
    datasets = [again.dataset(number) for number in range(0, DATASETS, 10)]
    assert {len(dataset) for dataset in datasets} == {ROWS}
    # 100 datasets and the file; well under a minute for all 2,000.
    assert time.perf_counter() - start < 20


def test_the_csv_files_agree_with_the_packed_copy(release, paper_folder):
    layout = paper_folder / "csv_layout"
    if not layout.is_dir():
        pytest.skip("no CSV files beside the packed copy")
    files = read(release.lm, find(layout))
    places = np.searchsorted(release.ids, files.ids)
    np.testing.assert_array_equal(files.X, release.X[places])
    np.testing.assert_array_equal(files.t, release.t[places])
    np.testing.assert_array_equal(files.y0, release.y0[places])
    np.testing.assert_array_equal(files.y1, release.y1[places])


def test_the_scores_tell_the_phrasings_of_the_release(release):
    """Of 300 datasets; `sdscm paper variants` does it for all."""
    part = replace(
        release,
        **{name: getattr(release, name)[:300] for name in ("ids", "variant", "X", "t", "y0", "y1")},
    )
    found = recover(part.X, np.stack([part.y0, part.y1], axis=-1))
    assert found.tolist() == part.variant.tolist()


@pytest.mark.parametrize(
    ("told", "differ"),
    [
        ([0, 0, 1, 1, 2, 2], 0),
        ([7, 7, 3, 3, 5, 5], 0),  # other names of the same groups
        ([0, 1, 1, 1, 2, 2], 1),  # one of them elsewhere
        ([0, 0, 1, 1, 1, 1], 2),  # two groups that are one
        ([0, 0, 1, 1, 2, 3], 1),  # one group that is two
    ],
)
def test_groups_are_compared_whatever_they_are_called(told, differ):
    found = np.array([0, 0, 1, 1, 2, 2])
    assert disagreements(found, np.array(told)) == differ
    assert disagreements(np.array(told), found) == differ
