"""The published boards of the suite tasks say what the page docs/guide/tasks.md says."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "results" / "published" / "tasks"
sys.path.append(str(ROOT / "examples" / "board_studies"))
import tasks  # noqa: E402

PAGE = " ".join((ROOT / "docs" / "guide" / "tasks.md").read_text(encoding="utf-8").split())


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return tasks.board(FOLDER)


@pytest.fixture(scope="module")
def strengths(table: pd.DataFrame) -> pd.DataFrame:
    errors = tasks.strengths(table)
    return errors.assign(kind=[tasks.kind_of(name) for name in errors.index])


def test_a_strong_instrument_beats_all_that_adjust_and_a_weak_one_does_not(strengths) -> None:
    with_it = strengths[strengths.kind == "instrument"]
    adjusting = strengths[strengths.kind == "adjusts"]
    assert len(with_it) >= 8
    assert len(adjusting) >= 8
    assert (with_it[2.0] < adjusting[2.0].min()).all()
    assert (with_it[0.25] > adjusting[0.25].max()).all()
    both = with_it[0.5] < adjusting[0.5].min()
    assert {"2SLS", "Wald"} <= set(with_it.index[both])
    low, high = adjusting[2.0].min(), adjusting[2.0].max()
    best = with_it[2.0].drop(["2SLS-AR", "DoWhy IV"]).sort_values()[:5]
    assert f"The best five miss by {best.iloc[0]:.2f} to {best.iloc[-1]:.2f}." in PAGE
    assert f"The methods that adjust miss by {low:.2f} to {high:.2f}" in PAGE
    assert f"2SLS) misses by {with_it.loc['2SLS', 0.25]:.2f}" in PAGE
    better = set(with_it.index[with_it[1.0] < strengths.loc["Zero", 1.0]])
    assert better == {"2SLS", "2SLS-AR"}


@pytest.mark.parametrize("entry", ["training", "therapy"])
@pytest.mark.parametrize("score", ["ate_abs_error_sd", "pehe_sd"])
def test_texts_lie_between_hidden_and_all(table: pd.DataFrame, entry: str, score: str) -> None:
    scores = tasks.settings(table, entry, score)
    for name in ("RF", "LinearDML"):
        row = scores.loc[name]
        for text in ("words", "embeddings"):
            assert row["all"] < row[text] < row["hidden"], (name, text)


def test_the_numbers_of_texts_are_those_of_the_page(table: pd.DataFrame) -> None:
    forest = tasks.settings(table, "training", "ate_abs_error_sd").loc["RF"]
    assert f"by {forest['hidden']:.2f} without the confounder" in PAGE
    assert f"by {forest['words']:.2f} with words, by {forest['embeddings']:.2f} with" in PAGE
    units = tasks.settings(table, "training", "pehe_sd").loc["RF"]
    numbers = f"{units['words']:.2f} and {units['embeddings']:.2f} with texts"
    assert f"{units['hidden']:.2f} hidden, {numbers}, and {units['all']:.2f} with all" in PAGE


def test_bounds_hold_at_the_true_strength_and_less_at_half(table: pd.DataFrame) -> None:
    held = tasks.bounds(table)
    for name in ("Sharp sensitivity", "DoubleML PLR bounds"):
        row = held.loc[name]
        assert row["bounds_hold"] >= 0.95
        assert row["bounds_hold_half"] < row["bounds_hold"]
    number = (24 * held).round().astype("Int64")
    sharp, linear = number.loc["Sharp sensitivity"], number.loc["DoubleML PLR bounds"]
    assert f"hold in {sharp.bounds_hold} of 24 datasets, and at half of it in" in PAGE
    assert f"at half of it in {sharp.bounds_hold_half}." in PAGE
    assert f"hold in {linear.bounds_hold} and {linear.bounds_hold_half}." in PAGE


def test_selectors_are_ranked_between_the_oracle_and_the_random_floor() -> None:
    table = pd.read_csv(FOLDER / "selectors" / "selectors.csv")
    table = table[table["dataset"] == "all entries"].set_index(["setting", "selector"])
    regret = table["capped_regret"]
    for setting in ("all", "hidden"):
        assert regret[setting, "oracle"] == 0
        assert regret[setting].drop("oracle").min() > 0
    titles = {"t_score": "T-score", "random": "Random", "default": "Always LinReg"}
    for selector, title in titles.items():
        numbers = f"{regret['all', selector]:.2f} | {regret['hidden', selector]:.2f} |"
        assert f"| {title} | {numbers}" in PAGE
    assert regret["text", "t_score"] > regret["text", "random"]


def test_the_other_boards_have_what_the_page_says() -> None:
    found = json.loads((FOLDER / "discovery" / "board.json").read_text())["boards"]
    for records in found.values():
        of = {record["method"]: record for record in records}
        assert of["PC (exact)"]["shd"] == 0
        assert 6 <= of["PC"]["shd"] < of["Empty"]["shd"]
    arms = pd.read_csv(FOLDER / "arms" / "cells.csv")
    mean = arms.groupby(["scenario", "setting", "method"])["pehe_sd"].mean()
    first = {name: mean[name, "all"].drop("Oracle") for name in ("commute", "housing")}
    assert {each.idxmin() for each in first.values()} == {"RF (pairwise)", "ForestT"}
    commute, housing = first.values()
    assert f"{commute.min():.2f} in `commute` and {housing.min():.2f} in `housing`" in PAGE
    assert f"the answer 0 has {commute['Zero']:.2f} and {housing['Zero']:.2f}" in PAGE
    assert min(each["LinearDR"] for each in first.values()) > 10
    assert mean["commute", "hidden"].drop("Oracle").idxmin() == "Zero"
    split = pd.read_csv(FOLDER / "mediation" / "cells.csv")
    assert set(split["setting"]) == {"all", "hidden"}
