"""A board over scenarios, by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_ind

from benchmarks import metrics
from benchmarks.boards.board import boards
from benchmarks.boards.board_table import board_table, wide_table
from benchmarks.boards.ranking import place_methods
from benchmarks.boards.scores import columns
from benchmarks.boards.summary import ALL, mean_of_means, summaries
from benchmarks.storage.manifest import MethodInfo
from benchmarks.suite.model import BoardOptions

METHODS = [MethodInfo(name, "toy", "CATE", oracle=name == "Truth") for name in "ABCDE"] + [
    MethodInfo("Truth", "toy", "CATE", oracle=True)
]
#: For each scenario its number of phrasings, and the PEHE of the methods on each.
SCENARIOS = {
    "tea": (12, {"A": 0.1, "B": 0.2, "C": 0.3, "D": 900.0, "E": 0.5}),
    "job": (6, {"A": 40.0, "B": 20.0, "C": 10.0, "D": 0.1}),
}


WINS = pd.DataFrame(0.5, list("AB"), list("AB"))


def wide_place(table) -> int:
    return [column.name for column in table.columns].index("estimator")


@pytest.fixture
def made():
    rows = [
        {
            "dataset": f"{entry}-{i}",
            "entry": entry,
            "cluster": f"{entry} {i}",
            "lm": "lm",
            "setting": "all",
            "estimator": name,
            "target": "CATE" if entry == "tea" else "ITE",
            "status": "ok",
            "pehe_sd": pehe,
            "ate_abs_error_sd": 0.1,
        }
        for entry, (count, errors) in SCENARIOS.items()
        for i in range(count)
        for name, pehe in (errors | {"Truth": 0.0}).items()
    ]
    scores = pd.DataFrame(rows, columns=columns())
    each = boards(scores, METHODS, BoardOptions(resamples=20), seed=0)
    return [*each, *summaries(each)]


def test_each_scenario_has_the_same_weight(made) -> None:
    """Ranks 1 2 3 5 4 on ``tea`` and 4 3 2 1 on ``job``, which has half as many phrasings."""
    tea, job, summary = made
    assert (tea.group["dataset"], job.group["dataset"]) == ("tea", "job")
    assert summary.group == {"lm": "lm", "dataset": ALL, "setting": "all"}
    assert (summary.scenarios, summary.clusters) == (("tea", "job"), 18)
    assert summary.target == "CATE and ITE"
    average = summary.rankings["pehe_sd"].average
    assert average["average_rank"].to_dict() == {"A": 2.5, "B": 2.5, "C": 2.5, "D": 3}
    assert average["rank"].to_dict() == {"A": 1, "B": 1, "C": 1, "D": 4}
    assert average["win_rate"].to_numpy() == pytest.approx(
        [1 / 2, (3 / 4 + 1 / 3) / 2, (2 / 4 + 2 / 3) / 2, 1 / 2]
    )
    assert summary.rankings["pehe_sd"].ranks.loc["job"].to_dict() == {
        "A": 4,
        "B": 3,
        "C": 2,
        "D": 1,
    }


def test_its_table_has_ranks_and_counts_and_no_scores(made) -> None:
    summary = made[-1]
    rows = summary.table.set_index("estimator")
    assert rows.loc["D", ["cells", "ok", "off"]].tolist() == [18, 18, 12]
    assert rows.loc["E", "rank_pehe_sd"] == ""
    assert rows.loc["Truth", "rank_pehe_sd"] == "check"
    assert rows["pehe_sd"].isna().all()
    shown = board_table(summary, summary.rankings["pehe_sd"], ["pehe_sd", "r2"], alpha=0.05)
    names = [column.name for column in shown.columns]
    assert "rank_on_tea" in names
    assert not {"pehe_sd", "r2"} & set(names)
    assert "2 scenarios" in shown.notes[0]
    wide = wide_table(summary)
    place = [column.name for column in wide.columns].index("average_rank_pehe_sd")
    cells = {row.cells[wide_place(wide)].text: row.cells[place].value for row in wide.rows}
    assert cells["A"] == 2.5


def test_an_interval_of_a_mean_of_means_is_welchs() -> None:
    """The difference of two means is the sum of means of which one has the other sign."""
    draw = np.random.Generator(np.random.Philox(0))
    one, other = draw.normal(size=7), 3 * draw.normal(size=12)
    ends = ttest_ind(one, -other, equal_var=False).confidence_interval(0.95)
    expected = ((one.mean() + other.mean()) / 2, ends.low / 2, ends.high / 2)
    assert mean_of_means([one, other], 0.95) == pytest.approx(expected)
    assert np.isnan(mean_of_means([one, other[:4]], 0.95)[1:]).all()
    equal = mean_of_means([np.ones(5), np.zeros(5)], 0.95)
    assert equal == pytest.approx((0.5, np.nan, np.nan), nan_ok=True)


def test_entries_that_share_phrasings_are_one_scenario(made) -> None:
    """A second entry of ``tea`` with the opposite ranks: its phrasings average to equal ranks."""
    tea, job, _ = made
    assert list(summaries([tea, replace(tea, group={**tea.group, "dataset": "tea-2"})])) == []
    ranking = tea.rankings["pehe_sd"]
    turned = replace(ranking, ranks=6 - ranking.ranks, wins=1 - ranking.wins)
    again = replace(tea, group={**tea.group, "dataset": "tea-2"}, rankings={"pehe_sd": turned})
    (summary,) = summaries([tea, job, again])
    assert (summary.scenarios, summary.clusters) == (("tea", "job"), 18)
    assert summary.rankings["pehe_sd"].ranks.loc["tea"].to_dict() == dict.fromkeys("ABCD", 3)
    average = summary.rankings["pehe_sd"].average["average_rank"]
    assert average.to_dict() == {"A": 3.5, "B": 3, "C": 2.5, "D": 2}


def test_an_average_rank_may_be_above_the_number_of_common_methods(made) -> None:
    ends = made[-1].rankings["pehe_sd"].average.loc["D", ["average_rank_low", "average_rank_high"]]
    assert ends.isna().all(), "equal ranks on all phrasings"
    ranks = pd.DataFrame([[1.0, 8.0]] * 3, columns=["A", "B"])
    rows = {"A": (1.0, 0.5, 2.0, 1.0), "B": (8.0, 6.0, 11.0, 0.0)}
    found = place_methods(metrics.get("pehe_sd"), ["A", "B"], ranks, ranks, rows, WINS, 0.95, 10)
    assert found.average.loc["B", ["average_rank_low", "average_rank_high"]].tolist() == [6, 10]
    assert found.average.loc["A", "average_rank_low"] == 1
