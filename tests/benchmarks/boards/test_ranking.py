"""Toy tables whose every rank and win rate is known by hand."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import pytest

from benchmarks import metrics
from benchmarks.boards.bootstrap import cluster_means
from benchmarks.boards.ranking import block_ranks, rank_methods, win_rates

PEHE, R2 = metrics.get("pehe_sd"), metrics.get("r2")
NAN = float("nan")


def cells(metric: str, blocks: dict[str, dict[str, list[float]]]) -> pd.DataFrame:
    """Scores of {block: {method: one score a dataset}}."""
    rows = [
        {"cluster": block, "estimator": method, metric: score}
        for block, methods in blocks.items()
        for method, scores in methods.items()
        for score in scores
    ]
    return pd.DataFrame(rows)


TOY = cells(
    "pehe_sd",
    {
        # means 2, 3, 3: a tie of the last two
        "p0": {"A": [1, 3], "B": [2, 4], "C": [3, 3]},
        # equal but for the last digits; C has lost a dataset
        "p1": {"A": [0.1 + 0.2, 1], "B": [0.3, 1], "C": [0, NAN]},
        # B and C have lost something
        "p2": {"A": [5, 5], "B": [NAN, 0], "C": [NAN, NAN]},
        # nobody has a score
        "p3": {"A": [NAN, 0], "B": [NAN, 0], "C": [NAN, 0]},
    },
)


def test_ranks_by_hand() -> None:
    ranks = block_ranks(TOY, PEHE)
    assert ranks.to_dict("index") == {
        "p0": {"A": 1, "B": 2.5, "C": 2.5},
        "p1": {"A": 1.5, "B": 1.5, "C": 3},
        "p2": {"A": 1, "B": 2.5, "C": 2.5},
    }


def test_a_higher_r2_ranks_first() -> None:
    ranks = block_ranks(cells("r2", {"p0": {"A": [0.1], "B": [0.9], "C": [NAN]}}), R2)
    assert ranks.loc["p0"].to_dict() == {"A": 2, "B": 1, "C": 3}


def test_win_rates_by_hand() -> None:
    wins = win_rates(block_ranks(TOY, PEHE))
    expected = pd.DataFrame(
        [[NAN, 2.5 / 3, 1], [0.5 / 3, NAN, 2 / 3], [0, 1 / 3, NAN]], list("ABC"), list("ABC")
    )
    assert wins.to_numpy() == pytest.approx(expected.to_numpy(), nan_ok=True)
    assert (wins + wins.T).stack().dropna().to_numpy() == pytest.approx(1)


@pytest.fixture
def toy():
    mean = partial(cluster_means, resamples=500, level=0.95, seed=0)
    return rank_methods(PEHE, TOY, ("A", "B", "C", "Oracle"), {"A", "B", "C"}, mean, 0.95)


def test_averages_over_blocks(toy) -> None:
    assert toy.average["average_rank"].to_dict() == pytest.approx(
        {"A": 3.5 / 3, "B": 6.5 / 3, "C": 8 / 3}
    )
    assert toy.average["win_rate"].to_dict() == pytest.approx(
        {"A": 5.5 / 6, "B": 2.5 / 6, "C": 1 / 6}
    )
    assert toy.average.loc["A", ["average_rank_low", "average_rank_high"]].tolist() == [1, 1.5]


def test_average_rank_and_win_rate_say_the_same(toy) -> None:
    """A method that beats a share w of the others has the average rank 1 + (m - 1) (1 - w)."""
    implied = 1 + 2 * (1 - toy.average["win_rate"])
    assert implied.to_numpy() == pytest.approx(toy.average["average_rank"].to_numpy())


def test_without_competitors_there_is_nothing_to_compare() -> None:
    mean = partial(cluster_means, resamples=10, level=0.95, seed=0)
    found = rank_methods(PEHE, TOY, ("A",), (), mean, 0.95)
    assert found.average.empty
    assert found.significance is None


def test_blocks_are_ranked_as_scipy_ranks() -> None:
    draw = np.random.Generator(np.random.Philox(2)).normal(size=(20, 6))
    toy = cells(
        "pehe_sd",
        {
            f"p{i}": {name: [x] for name, x in zip("ABCDEF", row, strict=True)}
            for i, row in enumerate(draw)
        },
    )
    expected = pd.DataFrame(draw, columns=list("ABCDEF")).rank(axis=1)
    assert (block_ranks(toy, PEHE).to_numpy() == expected.to_numpy()).all()


def test_methods_that_never_end_a_phrasing_are_not_ranked() -> None:
    toy = cells("pehe_sd", {"p0": {"A": [1, NAN], "B": [NAN, 2]}})
    mean = partial(cluster_means, resamples=10, level=0.95, seed=0)
    found = rank_methods(PEHE, toy, ("A", "B"), {"A", "B"}, mean, 0.95)
    assert found.average.isna().to_numpy().all()
    assert found.wins.isna().to_numpy().all()
