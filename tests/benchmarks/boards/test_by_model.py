"""Boards of several language models: Kendall's tau by hand and by scipy, and the test's size."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kendalltau

from benchmarks.boards.board import Board, boards
from benchmarks.boards.by_model import (
    ModelComparison,
    _exchange_test,
    _on_one_phrasing,
    _order,
    compare_models,
    headlines,
    model_table,
)
from benchmarks.boards.explain import notes
from benchmarks.boards.scores import columns
from benchmarks.boards.summary import ALL, summaries
from benchmarks.report.csv_tables import models_csv
from benchmarks.report.html.page import ranks_by_model
from benchmarks.storage.manifest import MethodInfo
from benchmarks.suite.model import BoardOptions

METHODS = [MethodInfo(name, "toy", "CATE", oracle=name == "Truth") for name in "ABCD"] + [
    MethodInfo("Truth", "toy", "CATE", oracle=True)
]
UP, DOWN = (0.1, 0.2, 0.3, 0.4), (0.4, 0.3, 0.2, 0.1)


def made(errors: dict[tuple[str, str], list[tuple[float, ...]]], **more: str) -> list[Board]:
    """Boards from the PEHE of A to D on each phrasing, by language model and entry."""
    rows = [
        {
            "dataset": f"{entry}-{i}-{lm}",
            "entry": entry,
            "cluster": f"{entry} {i}",
            "lm": lm,
            "setting": "all",
            "estimator": name,
            "target": more.get(lm, "CATE"),
            "status": "ok",
            "pehe_sd": pehe,
        }
        for (lm, entry), phrasings in errors.items()
        for i, values in enumerate(phrasings)
        for name, pehe in zip(["A", "B", "C", "D", "Truth"], [*values, 0.0], strict=True)
    ]
    options = BoardOptions(resamples=20, rank_by=["pehe_sd"])
    each = boards(pd.DataFrame(rows, columns=columns()), METHODS, options, seed=0)
    return [*each, *summaries(each)]


def only(found: list[Board]) -> ModelComparison:
    (comparison,) = compare_models(found)
    return comparison


def test_one_pair_turned_and_opposite_orders() -> None:
    """Of six pairs of methods one is turned: tau = (5 - 1) / 6; the Oracle does not count."""
    turned = (0.2, 0.1, 0.3, 0.4)
    (pair,) = only(made({("m", "tea"): [UP] * 6, ("n", "tea"): [turned] * 6})).pairs
    assert (pair.models, pair.methods, pair.phrasings) == (("m", "n"), 4, 6)
    assert (pair.tau, pair.one_phrasing, pair.between) == pytest.approx((4 / 6,) * 3)
    assert pair.within == pytest.approx(1)
    comparison = only(made({("m", "tea"): [UP] * 6, ("n", "tea"): [DOWN] * 6}))
    (pair,) = comparison.pairs
    assert (pair.tau, pair.between, pair.within) == pytest.approx((-1, -1, 1))
    assert pair.p_value == pair.least_p_value == 2 / 2**6
    assert comparison.finding == (
        "CATE by PEHE / SD(y), tea, all covariates seen: Kendall's tau between the boards of m and "
        "n is -1.00, and -1.00 on one phrasing. Two phrasings agree with 1.00 under one model and "
        "with -1.00 under two: the order of the methods depends on the model (p = 0.031)."
    )


def test_equal_orders_and_too_few_phrasings() -> None:
    comparison = only(made({("m", "tea"): [UP] * 6, ("n", "tea"): [UP] * 6}))
    assert comparison.pairs[0].p_value == 1
    assert "no dependence of the order on the model is shown (p = 1.000)" in comparison.finding
    comparison = only(made({("m", "tea"): [UP] * 5, ("n", "tea"): [DOWN] * 5}))
    assert comparison.pairs[0].p_value == 2 / 2**5
    assert comparison.finding.endswith(
        "too few phrasings to test if the order depends on the model."
    )
    comparison = only(made({("m", "tea"): [UP], ("n", "tea"): [DOWN]}))
    assert comparison.pairs[0].tau == -1
    assert math.isnan(comparison.pairs[0].p_value)
    assert comparison.finding.endswith("is -1.00. A single phrasing shows no more.")


def test_only_phrasings_of_both_models_count() -> None:
    (pair,) = only(made({("m", "tea"): [UP] * 8, ("n", "tea"): [UP] * 6})).pairs
    assert pair.phrasings == 6


def test_scenarios_have_the_same_weight() -> None:
    """Opposite orders on ``tea``, equal orders on ``job``, which has twice the phrasings."""
    found = made(
        {
            ("m", "tea"): [UP] * 5,
            ("m", "job"): [UP] * 10,
            ("n", "tea"): [DOWN] * 5,
            ("n", "job"): [UP] * 10,
        }
    )
    comparisons = compare_models(found)
    assert [each.group["dataset"] for each in comparisons] == ["tea", "job", ALL]
    (over_all,) = headlines(comparisons)
    (pair,) = over_all.pairs
    assert pair.phrasings == 15
    assert (pair.one_phrasing, pair.between, pair.within) == pytest.approx((0, 0, 1))
    assert over_all.ranks.loc["A"].to_dict() == {"m": 1, "n": 2.5}


def test_what_differs_in_more_than_the_model_is_not_compared() -> None:
    """Rankings against the CATE and the ITE, or over other scenarios, answer other questions."""
    assert compare_models(made({("m", "tea"): [UP] * 6, ("n", "tea"): [UP] * 6}, n="ITE")) == ()
    assert compare_models(made({("m", "tea"): [UP] * 6})) == ()
    found = made(
        {
            ("m", "tea"): [UP] * 5,
            ("m", "job"): [UP] * 5,
            ("m", "run"): [UP] * 5,
            ("n", "tea"): [UP] * 5,
            ("n", "job"): [UP] * 5,
        }
    )
    assert [each.group["dataset"] for each in compare_models(found)] == ["tea", "job"]


def test_more_models_have_a_pair_each_and_adjusted_p_values() -> None:
    entries = {"m": UP, "n": UP, "o": DOWN}
    comparison = only(made({(lm, "tea"): [errors] * 8 for lm, errors in entries.items()}))
    p_values = {pair.models: pair.p_value for pair in comparison.pairs}
    least = 2 / 2**8
    assert p_values == {("m", "n"): 1, ("m", "o"): 3 * least, ("n", "o"): 3 * least}
    assert "is -1.00 (m and o) to 1.00 (m and n)" in comparison.finding
    assert "depends on the model for 2 of 3 pairs" in comparison.finding
    table = model_table([comparison])
    assert [row.cells[2].text for row in table.rows] == ["m and n", "m and o", "n and o"]


def test_products_of_orders_are_the_tau_of_scipy() -> None:
    draw = np.random.Generator(np.random.Philox(1))
    ranks = pd.DataFrame(draw.integers(0, 5, (8, 6)).astype(float))
    products = _order(ranks) @ _order(ranks).T
    for i, one in enumerate(ranks.to_numpy()):
        for j, other in enumerate(ranks.to_numpy()):
            assert products[i, j] == pytest.approx(kendalltau(one, other).statistic)


def drawn(draw: np.random.Generator, shift: float, phrasings: int) -> list[np.ndarray]:
    """Orders of eight methods under two models, whose true scores differ by ``shift``."""
    truth = draw.normal(size=8)
    wording = 0.5 * draw.normal(size=(phrasings, 8))
    models = (truth, truth + shift * draw.normal(size=8))
    return [
        _order(pd.DataFrame(mean + wording + draw.normal(size=(phrasings, 8)))) for mean in models
    ]


@pytest.mark.parametrize("phrasings", [6, 12])
def test_the_exchange_test_has_its_size_and_finds_differences(phrasings: int) -> None:
    draw = np.random.Generator(np.random.Philox(2))
    shares = {}
    for shift in (0.0, 1.5):
        found = []
        for _ in range(300):
            strata = [drawn(draw, shift, phrasings) for _ in range(2 if phrasings == 6 else 1)]
            found.append(_exchange_test([one - other for one, other in strata])[0] < 0.05)
        shares[shift] = np.mean(found)
    assert shares[0.0] < 0.05 + 2.6 * np.sqrt(0.05 * 0.95 / 300)
    assert shares[1.5] > 0.6


def test_the_interval_of_tau_on_one_phrasing_covers() -> None:
    """The mean of many phrasings is the truth; six have an interval around theirs."""
    draw = np.random.Generator(np.random.Philox(3))
    covered = []
    for _ in range(20):
        one, other = drawn(draw, 1.0, 3000)
        truth = (one * other).sum(axis=1).mean()
        for _ in range(15):
            chosen = draw.choice(3000, 6, replace=False)
            _, low, high = _on_one_phrasing([(one[chosen], other[chosen])], 0.95)
            covered.append(low <= truth <= high)
    assert np.mean(covered) > 0.95 - 2.6 * np.sqrt(0.05 * 0.95 / 300)


def test_files_and_figures_of_the_comparison() -> None:
    found = made({("m", "tea"): [UP] * 6, ("n", "tea"): [DOWN] * 6})
    (row,) = pd.read_csv(pd.io.common.StringIO(models_csv(found))).to_dict("records")
    assert (row["dataset"], row["metric"], row["models"]) == ("tea", "pehe_sd", "m | n")
    assert (row["tau"], row["within"], row["p_value"]) == (-1, 1, 0.03125)
    assert models_csv(made({("m", "tea"): [UP] * 6})) == ""
    ((place, drawing),) = ranks_by_model(compare_models(found))
    assert place == {"Data": "tea"}
    assert drawing.table is not None
    cells = [[cell.text for cell in row.cells] for row in drawing.table.rows]
    assert cells[0] == ["A", "all", "PEHE / SD(y)", "1.00", "4.00"]
    assert len(cells) == 4


def test_a_board_that_averages_over_models_says_so() -> None:
    """By setting alone: A leads under one model and D under the other, on the same phrasings."""
    rows = [
        {
            "dataset": f"tea-{i}-{lm}",
            "entry": "tea",
            "cluster": f"tea {i}",
            "lm": lm,
            "setting": "all",
            "estimator": name,
            "target": "CATE",
            "status": "ok",
            "pehe_sd": pehe,
        }
        for lm, errors in (("m", UP), ("n", DOWN))
        for i in range(5)
        for name, pehe in zip("ABCD", errors, strict=True)
    ]
    options = BoardOptions(by=["setting"], resamples=20, rank_by=["pehe_sd"])
    (board,) = boards(pd.DataFrame(rows, columns=columns()), METHODS[:4], options, seed=0)
    assert (board.lms, board.clusters) == (("m", "n"), 5)
    ranking = board.rankings["pehe_sd"]
    assert ranking.average["average_rank"].tolist() == [2.5] * 4
    assert notes(board, ranking, ())[0] == (
        "All language models together (m and n): each phrasing averages its datasets of all of "
        "them."
    )
    assert compare_models([board]) == ()
