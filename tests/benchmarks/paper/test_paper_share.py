"""Which datasets a share takes, and which cells follow."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.datasets.paper.share import order, pools, taken
from benchmarks.paper.run.methods import METHODS, named
from benchmarks.paper.run.plan import POOLED_ROWS, cells
from sdscm.errors import InputError

VARIANT = np.random.default_rng(0).permutation(np.repeat(np.arange(50), 20))


def test_every_twentieth_of_the_job_has_each_phrasing_once():
    found = order(VARIANT)
    assert sorted(found) == list(range(1000))
    for turn in found.reshape(20, 50):
        assert sorted(VARIANT[turn]) == list(range(50))


def test_a_larger_share_contains_a_smaller():
    sizes = [len(taken(share, VARIANT)) for share in (0.0001, 0.02, 0.05, 0.3, 1)]
    assert sizes == [1, 20, 50, 300, 1000]
    assert taken(0.3, VARIANT)[:50].tolist() == taken(0.05, VARIANT).tolist()


def test_half_of_the_pools_has_each_phrasing_once():
    assert sorted(pools(0.5) // 2) == list(range(50))
    assert sorted(pools(1)) == list(range(100))


@pytest.mark.parametrize("share", [0, -1, 1.01])
def test_a_share_is_a_part(share):
    with pytest.raises(InputError, match="above 0, up to 1"):
        taken(share, VARIANT)


def test_unknown_methods_are_named():
    with pytest.raises(InputError, match=r"'OLS' is not a method.*LinReg"):
        named(["LinReg", "OLS"])
    assert [method.name for method in named(["bart", "t-only ols"])] == ["T-Only OLS", "BART"]


def test_the_whole_job_has_every_cell_once(made_up):
    release = made_up(50, 1000, 1)
    found = cells({"gpt2": release}, METHODS, 1, 1)
    assert len({(cell.unit, cell.setting, cell.method) for cell in found}) == len(found)
    pooled = sum(cell.unit.rows == POOLED_ROWS for cell in found)
    assert (len(found) - pooled, pooled) == (1000 * 2 * 17, 100 * 2 * 16)


def test_a_cut_run_has_a_smaller_share_of_each_method(made_up):
    release = made_up(5, 100, 4)
    found = cells({"gpt2": release}, named(["LinReg", "RF"]), 0.4, 0.4, sizes=(1000,))
    first = found[: len(found) // 2]
    numbers = {cell.unit.number for cell in first}
    assert len(numbers) == 20
    assert len(first) == 20 * 2 * 2


def test_costly_methods_and_pools_have_a_share_of_their_own(made_up):
    release = made_up(50, 1000, 1)
    found = cells({"gpt2": release}, named(["LinReg", "TNet"]), 0.1, 0.02)
    count = {
        (name, rows): sum((c.method.name, c.unit.rows) == (name, rows) for c in found)
        for name in ("LinReg", "TNet")
        for rows in (1000, 10000)
    }
    assert count == {
        ("LinReg", 1000): 100 * 2,
        ("TNet", 1000): 20 * 2,
        ("LinReg", 10000): 2 * 2,
        ("TNet", 10000): 2 * 2,
    }


def test_keys_change_with_data_and_setting_only_where_they_should(made_up):
    first, other = made_up(2, 4, 6), made_up(2, 4, 6, seed=1)
    one, again, changed = (
        cells({"gpt2": release}, named(["LinReg"]), 1, 1, sizes=(1000,))
        for release in (first, first, other)
    )
    assert [cell.key for cell in one] == [cell.key for cell in again]
    assert not {cell.key for cell in one} & {cell.key for cell in changed}
    assert len({cell.seed for cell in one}) == len(one)
