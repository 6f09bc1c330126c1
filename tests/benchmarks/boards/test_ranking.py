"""Toy tables whose every rank and win rate is known by hand."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import pytest

from benchmarks import metrics
from benchmarks.boards.intervals import cluster_means
from benchmarks.boards.ranking import block_ranks, rank_methods, win_rates

PEHE, R2 = metrics.get("pehe_sd"), metrics.get("r2")
NAN = float("nan")
MEAN = partial(cluster_means, resamples=500, level=0.95, seed=0)


def cells(metric: str, blocks: dict[str, dict[str, list[float]]]) -> pd.DataFrame:
    """Scores of {block: {method: one score a dataset}}."""
    rows = [
        {
            "cluster": block,
            "dataset": f"{block}-{number}",
            "setting": "all",
            "estimator": method,
            metric: score,
        }
        for block, methods in blocks.items()
        for method, scores in methods.items()
        for number, score in enumerate(scores)
    ]
    return pd.DataFrame(rows)


TOY = cells(
    "pehe_sd",
    {
        # ranks 1 2 3 and 2 3 1
        "p0": {"A": [1, 3], "B": [2, 4], "C": [3, 1]},
        # A and B are equal but for the last digits; C has lost a dataset: 2.5 2.5 1 and 1.5 1.5 3
        "p1": {"A": [0.1 + 0.2, 1], "B": [0.3, 1], "C": [0, NAN]},
        # one score is enormous: 1 3 2; nobody has the other one
        "p2": {"A": [5, NAN], "B": [1e9, NAN], "C": [6, NAN]},
        # nobody has a score
        "p3": {"A": [NAN, NAN], "B": [NAN, NAN], "C": [NAN, NAN]},
    },
)


def test_ranks_by_hand() -> None:
    ranks = block_ranks(TOY, PEHE)
    assert ranks.to_dict("index") == {
        "p0": {"A": 1.5, "B": 2.5, "C": 2},
        "p1": {"A": 2, "B": 2, "C": 2},
        "p2": {"A": 1, "B": 3, "C": 2},
    }


def test_one_score_changes_one_rank_only() -> None:
    """A method that is best on 19 of 20 datasets stays first, whatever its error on the last is."""
    for worst in (0.5, 1e3, 1e300, NAN):
        blocks = {f"p{i}": {"A": [0.1], "B": [0.2], "C": [0.3]} for i in range(19)}
        toy = cells("pehe_sd", {**blocks, "p19": {"A": [worst], "B": [0.2], "C": [0.3]}})
        found = rank_methods(PEHE, toy, ["C", "B", "A"], ["A", "B", "C"], MEAN, 0.95)
        assert found.average["rank"].to_dict() == {"A": 1, "B": 2, "C": 3}
        assert found.average.loc["A", "average_rank"] == pytest.approx((19 + 3) / 20)


def test_a_higher_r2_ranks_first() -> None:
    ranks = block_ranks(cells("r2", {"p0": {"A": [0.1], "B": [0.9], "C": [NAN]}}), R2)
    assert ranks.loc["p0"].to_dict() == {"A": 2, "B": 1, "C": 3}


def test_win_rates_by_hand() -> None:
    wins = win_rates(block_ranks(TOY, PEHE))
    expected = pd.DataFrame(
        [[NAN, 2.5 / 3, 2.5 / 3], [0.5 / 3, NAN, 0.5 / 3], [0.5 / 3, 2.5 / 3, NAN]],
        list("ABC"),
        list("ABC"),
    )
    assert wins.to_numpy() == pytest.approx(expected.to_numpy(), nan_ok=True)
    assert (wins + wins.T).stack().dropna().to_numpy() == pytest.approx(1)


@pytest.fixture
def toy():
    return rank_methods(PEHE, TOY, ["A", "B", "C", "Oracle"], {"A", "B", "C"}, MEAN, 0.95)


def test_averages_over_blocks(toy) -> None:
    assert toy.methods == ("A", "C", "B", "Oracle")
    assert toy.average["average_rank"].to_dict() == pytest.approx({"A": 1.5, "B": 2.5, "C": 2})
    assert toy.average["rank"].to_dict() == {"A": 1, "C": 2, "B": 3}
    assert toy.average["win_rate"].to_dict() == pytest.approx(
        {"A": 2.5 / 3, "B": 0.5 / 3, "C": 1.5 / 3}
    )
    assert toy.average[["average_rank_low", "average_rank_high"]].isna().to_numpy().all()
    assert toy.means.loc["p0"].to_dict() == {"A": 2, "B": 3, "C": 2}


def test_the_interval_of_an_average_rank_is_over_blocks() -> None:
    draw = np.random.Generator(np.random.Philox(2)).normal(size=(8, 3))
    blocks = {
        f"p{i}": dict(zip("ABC", ([x] for x in row), strict=True)) for i, row in enumerate(draw)
    }
    found = rank_methods(PEHE, cells("pehe_sd", blocks), list("ABC"), list("ABC"), MEAN, 0.95)
    ends = np.clip(MEAN(pd.DataFrame(draw).rank(axis=1)[0].to_numpy(), np.arange(8)), 1, 3)
    columns = ["average_rank", "average_rank_low", "average_rank_high"]
    assert found.average.loc["A", columns].tolist() == pytest.approx(ends)


def test_average_rank_and_win_rate_say_the_same() -> None:
    """A method that beats a share w of the others has the average rank 1 + (m - 1) (1 - w).

    Here with one dataset for each block.
    """
    one = TOY.drop_duplicates(["cluster", "estimator"])
    toy = rank_methods(PEHE, one, list("ABC"), list("ABC"), MEAN, 0.95)
    implied = 1 + 2 * (1 - toy.average["win_rate"])
    assert implied.to_numpy() == pytest.approx(toy.average["average_rank"].to_numpy())


def test_without_competitors_there_is_nothing_to_compare() -> None:
    found = rank_methods(PEHE, TOY, ["A"], [], MEAN, 0.95)
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
    found = block_ranks(toy, PEHE).loc[[f"p{i}" for i in range(20)]]
    assert (found.to_numpy() == expected.to_numpy()).all()
