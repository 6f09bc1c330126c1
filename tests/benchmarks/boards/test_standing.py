"""Where a method stands: three methods on four phrasings, and the tests of their differences."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_rel

from benchmarks.boards.board import boards
from benchmarks.boards.scores import columns
from benchmarks.boards.standing import Standing, standings
from benchmarks.storage.manifest import MethodInfo
from benchmarks.suite.model import BoardOptions

FIRST = [0.10, 0.11, 0.09, 0.10]
MINE = [0.21, 0.19, 0.22, 0.20]
LAST = [0.23, 0.30, 0.21, 0.40]
OPTIONS = BoardOptions(by=["dataset"], rank_by=["pehe_sd"], resamples=50)


def standing(**methods: list[float]) -> list[Standing]:
    """The places of ``Mine`` among methods with these PEHE on each phrasing."""
    rows = [
        {"dataset": f"d{i}", "entry": "toy", "cluster": f"p{i}", "setting": "all", "target": "ITE"}
        | {"rows": "fitted", "estimator": name, "status": "ok", "pehe_sd": value}
        for name, values in methods.items()
        for i, value in enumerate(values)
    ]
    scores = pd.DataFrame(rows, columns=columns())
    infos = [MethodInfo(name, "toy", "CATE", oracle=False) for name in methods]
    return list(standings(boards(scores, infos, OPTIONS, seed=0), scores, ["Mine"]))


def test_the_neighbours_are_tested_by_phrasing() -> None:
    (found,) = standing(Last=LAST, Mine=MINE, First=FIRST)
    assert (found.method, found.rank, found.of) == ("Mine", 2, 3)
    above, below = found.neighbours
    assert (above.name, above.rank, above.verdict) == ("First", 1, "worse")
    assert (below.name, below.rank, below.verdict) == ("Last", 3, "noise")
    assert above.difference == pytest.approx(np.mean(MINE) - np.mean(FIRST))
    # Holm: the smaller of the two p values is doubled.
    assert above.p_value == pytest.approx(2 * ttest_rel(MINE, FIRST).pvalue)
    assert below.p_value == pytest.approx(ttest_rel(MINE, LAST).pvalue)


def test_the_first_has_one_neighbour_and_is_better() -> None:
    (found,) = standing(Mine=FIRST, Other=MINE)
    (below,) = found.neighbours
    assert (found.rank, below.name, below.verdict) == (1, "Other", "better")


def test_equal_scores_are_the_same_and_one_phrasing_is_not_tested() -> None:
    (found,) = standing(Mine=FIRST, Twin=FIRST)
    assert [each.verdict for each in found.neighbours] == ["same"]
    (found,) = standing(Mine=FIRST[:1], Other=MINE[:1])
    assert [each.verdict for each in found.neighbours] == ["untested"]


def test_a_method_without_a_score_has_no_place() -> None:
    assert standing(Mine=[float("nan")] * 4, First=FIRST, Last=LAST) == []
    (found,) = standing(Mine=MINE)
    assert (found.rank, found.of, found.neighbours) == (1, 1, ())
