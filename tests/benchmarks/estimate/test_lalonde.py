"""LaLonde's table: estimates are those of statsmodels, and the tutorial's commands run."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
import statsmodels.api as sm
from causaldata import nsw_mixtape

from benchmarks.datasets.observed import read_observed
from benchmarks.estimate.analysis import analyse

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "lalonde.md"


def test_estimates_of_the_trial_are_those_of_statsmodels(tmp_path) -> None:
    table = nsw_mixtape.load_pandas().data.drop(columns="data_id").astype(float)
    table.to_csv(tmp_path / "trial.csv", index=False)
    found = analyse(
        read_observed(tmp_path / "trial.csv", "treat", "re78"), ["DiffInMeans", "LinReg"]
    )
    covariates = table.drop(columns=["re78", "treat"])
    unadjusted = sm.OLS(table.re78, sm.add_constant(table[["treat"]])).fit(cov_type="HC2")
    adjusted = sm.OLS(table.re78, sm.add_constant(covariates.assign(treat=table.treat))).fit()
    plain, linear = found.effects
    assert plain.ate == pytest.approx(unadjusted.params["treat"], abs=1e-6)
    assert plain.ate == pytest.approx(1794.34, abs=0.01), "Dehejia and Wahba 1999, table 3"
    assert linear.ate == pytest.approx(adjusted.params["treat"], abs=1e-6)
    assert linear.ate == pytest.approx(1676.34, abs=0.01)
    # The library's standard errors may differ by their small-sample factor.
    for ours, theirs in ((plain, unadjusted), (linear, adjusted)):
        low, high = theirs.conf_int().loc["treat"]
        assert ours.high - ours.low == pytest.approx(high - low, rel=0.03)


def rows(text: str) -> dict[str, list[str]]:
    """Cells of the rows of all Markdown tables, by their first cell."""
    found = re.findall(r"^\| *([^|]+?) *\|(.+)\|$", text, re.MULTILINE)
    return {name: [cell.strip() for cell in cells.split("|")] for name, cells in found}


@pytest.mark.slow
def test_the_tutorial_runs_and_says_what_came_out(run_snippets, tmp_path) -> None:
    kinds = run_snippets(PAGE)
    assert kinds.count("shell") == 4
    first, second = PAGE.read_text(encoding="utf-8").split("## Rank methods")
    told = rows(first)
    for place, name in enumerate(("trial", "survey")):
        estimates = rows((tmp_path / name / "estimate.md").read_text(encoding="utf-8"))
        for method in ("DiffInMeans", "LinReg", "IPW", "AIPW"):
            assert told[method][place] == estimates[method][0].replace("-", "−")
    board = pd.read_csv(tmp_path / "results" / "like-trial" / "leaderboard.csv")
    ranks = board[board["setting"] == "all"].set_index(["dataset", "estimator"])
    errors = rows(second)
    for place, entry in enumerate(("linear", "boosted")):
        means = ranks.loc[entry]["pehe_sd"]
        for method in ("LinReg", "LinearT", "Zero"):
            assert float(errors[method][place]) == pytest.approx(means[method], abs=0.02)
        assert means["LinReg"] < means["CausalForest"] < means["Zero"]
    realism = (tmp_path / "realism" / "realism.md").read_text(encoding="utf-8")
    area = float(re.search(r"ROC curve: ([\d.]+)", realism)[1])
    assert area == pytest.approx(0.66, abs=0.05)
