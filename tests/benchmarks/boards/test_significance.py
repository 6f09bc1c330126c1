"""Friedman's and Nemenyi's tests against published numbers and second formulas."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2

from benchmarks.boards import significance as module
from benchmarks.boards.significance import critical_difference, significance


def table(draw: np.ndarray) -> pd.DataFrame:
    names = [f"m{i}" for i in range(draw.shape[1])]
    return pd.DataFrame(draw, columns=names).rank(axis=1)


@pytest.fixture(scope="module")
def ranks() -> pd.DataFrame:
    """Five methods on thirty blocks: two that are alike and best, two alike and worst, one amid."""
    draw = np.random.Generator(np.random.Philox(11)).normal(size=(30, 5))
    return table(draw + np.array([3.0, 0, 1.2, 3, 0]))


def test_critical_difference_as_published() -> None:
    """Demsar 2006, section 3.2.2 and table 5: 4 classifiers, 14 data sets, q = 2.569 and 2.291."""
    assert critical_difference(4, 14, 0.95) == pytest.approx(1.25, abs=0.005)
    assert critical_difference(4, 14, 0.90) == pytest.approx(1.12, abs=0.005)


def test_friedman_by_its_formula(ranks: pd.DataFrame) -> None:
    blocks, methods = ranks.shape
    scale = 12 * blocks / (methods * (methods + 1))
    statistic = scale * ((ranks.mean() ** 2).sum() - methods * (methods + 1) ** 2 / 4)
    found = significance(ranks, 0.95)
    assert found.friedman == pytest.approx(chi2.sf(statistic, methods - 1))
    assert found.friedman < 0.05


def test_pairs_differ_if_and_only_if_they_are_farther_than_the_critical_difference(ranks) -> None:
    found, mean = significance(ranks, 0.95), ranks.mean()
    for a in ranks:
        for b in ranks:
            far = abs(mean[a] - mean[b]) > found.critical_difference
            assert far == (found.p_values.loc[a, b] < 0.05), (a, b)


def test_groups_of_methods_that_do_not_differ(ranks: pd.DataFrame) -> None:
    """Average ranks of m0 to m4, and a critical difference of 1.11."""
    assert ranks.mean().round(2).tolist() == [4.33, 1.93, 2.73, 4.37, 1.63]
    found = significance(ranks, 0.95)
    assert found.groups == (("m4", "m1", "m2"), ("m0", "m3"))
    assert [found.letters(name) for name in ranks] == ["b", "a", "a", "b", "a"]


def test_groups_overlap() -> None:
    """Ranks 1, 2 and 3 on each of seven blocks: the ends differ, no neighbours do (CD 1.25)."""
    found = significance(pd.DataFrame([[1, 2, 3]] * 7, columns=list("xyz")), 0.95)
    assert found.critical_difference == pytest.approx(2.343 * np.sqrt(12 / 42), abs=1e-3)
    assert found.groups == (("x", "y"), ("y", "z"))
    assert [found.letters(name) for name in "xyz"] == ["a", "a b", "b"]


def test_all_in_one_group_if_friedman_finds_nothing() -> None:
    found = significance(pd.DataFrame([[1, 2, 3], [3, 2, 1]] * 2, columns=list("xyz")), 0.95)
    assert found.friedman == pytest.approx(1)
    assert found.groups == (("x", "y", "z"),)
    tied = significance(pd.DataFrame([[2.0, 2, 2]] * 9, columns=list("xyz")), 0.95)
    assert (tied.friedman, tied.groups) == (1, (("x", "y", "z"),))


def test_too_little_to_test() -> None:
    assert significance(pd.DataFrame([[1, 2]] * 9), 0.95) is None
    assert significance(pd.DataFrame([[1, 2, 3]]), 0.95) is None
    # The critical difference of 20 methods on 2 blocks is 21: no two ranks are so far apart.
    assert significance(pd.DataFrame([list(range(20))] * 2), 0.95) is None


def test_p_values_of_pairs_are_those_of_another_library(ranks: pd.DataFrame) -> None:
    library = pytest.importorskip("scikit_posthocs")
    found = significance(ranks, 0.95).p_values.loc[list(ranks), list(ranks)]
    other = library.posthoc_nemenyi_friedman(ranks.to_numpy())
    np.testing.assert_allclose(found.to_numpy(), other.to_numpy(), rtol=1e-9)


def test_letters_go_on_after_z() -> None:
    assert [module._letter(i) for i in (0, 25, 26, 27, 52)] == ["a", "z", "aa", "ab", "ba"]
