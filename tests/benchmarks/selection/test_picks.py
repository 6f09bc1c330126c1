"""Picks and their regrets, by hand; failures are rows; the truth cannot be reached."""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmarks import selection
from benchmarks.progress import Silent
from benchmarks.selection.picks import pick_table
from sdscm.data.dataset import CausalDataset
from sdscm.errors import InputError

EXACT = pytest.approx


def selector(name: str, function: Any, better: Any = "lower") -> selection.Selector:
    return selection.Selector(name, name, better, function, "")


def picks(places: list[Any], *selectors: selection.Selector) -> pd.DataFrame:
    return pick_table(places, selectors, Silent())


def row(table: pd.DataFrame, name: str) -> dict[str, Any]:
    (found,) = table[table["selector"] == name].to_dict("records")
    return found


def test_regrets_by_hand(made) -> None:
    found = made()
    place, shown = found.place, found.place.shown
    sd, rows = found.data.y.std(), shown.held_out
    guess = np.sqrt(np.mean((shown.effects["guess"][rows] - 2) ** 2)) / sd
    table = picks(
        [place],
        selector("worst", lambda shown: {"right": 2, "wrong": 1, "guess": 3}, "higher"),
        selector("second", lambda shown: {"right": 2, "wrong": 1}),
        selection.get("random"),
    )
    worst, second, random, oracle = (
        row(table, name) for name in ("worst", "second", "random", "oracle")
    )
    assert worst["pick"] == "guess"
    assert worst["pehe"] == worst["regret"] == EXACT(guess)
    assert worst["capped_regret"] == EXACT(min(guess, 1))
    value = 2 * np.mean(shown.effects["guess"][rows] > 0) / sd
    assert worst["policy_value"] == EXACT(value)
    assert worst["policy_regret"] == worst["optimal_policy_regret"] == EXACT(2 / sd - value)
    assert second["pick"] == "wrong"
    assert second["regret"] == EXACT(0.8 / sd)
    assert second["policy_regret"] == EXACT(0)  # its effects have the right sign
    errors = {"right": 0, "wrong": 0.8 / sd, "guess": guess}
    order = {"right": 2, "wrong": 3, "guess": 1}  # the places by the scores of "worst"
    pairs = [("right", "wrong"), ("right", "guess"), ("wrong", "guess")]
    signs = [np.sign((errors[a] - errors[b]) * (order[a] - order[b])) for a, b in pairs]
    assert worst["kendall"] == EXACT(sum(signs) / 3)
    assert oracle["regret"] == oracle["capped_regret"] == 0
    assert (oracle["best"], oracle["kendall"], oracle["pick"]) == (1, EXACT(1), "right")
    assert random["regret"] == EXACT(np.mean(list(errors.values())))
    assert random["best"] == EXACT(1 / 3)
    assert random["off"] == EXACT(float(guess > 1) / 3)
    assert math.isnan(random["kendall"])
    assert {row(table, name)["methods"] for name in table["selector"]} == {3}


def test_an_error_beyond_one_counts_as_one(made) -> None:
    found = made()
    effects = {**found.place.shown.effects, "wild": np.full(200, 1e6)}
    shown = selection.Shown(
        **{n: getattr(found.place.shown, n) for n in ("X", "t", "y", "held_out", "seed")},
        effects=effects,
    )
    place = type(found.place)(found.place.source, "all", "toy", shown, found.place.truth)
    table = picks([place], selector("wild", lambda shown: {"wild": 0}))
    wild = row(table, "wild")
    assert wild["regret"] > 1e5
    assert (wild["capped_regret"], wild["off"]) == (1, 1)


def test_nan_and_missing_scores_are_not_picked(made) -> None:
    function = lambda shown: {"right": math.nan, "wrong": 5.0, "unknown": 0.0}  # noqa: E731
    found = row(picks([made().place], selector("some", function)), "some")
    assert (found["status"], found["pick"]) == ("ok", "wrong")
    assert math.isnan(found["kendall"])  # one method has a score


def test_equal_scores_share_the_pick(made) -> None:
    function = lambda shown: {"right": 0.3, "wrong": 0.1 + 0.2, "guess": 1}  # noqa: E731
    found = row(picks([made().place], selector("tie", function)), "tie")
    assert (found["pick"], found["best"]) == ("right | wrong", 0.5)


def test_a_selector_that_raises_is_a_row_with_a_reason(made) -> None:
    def broken(shown: selection.Shown) -> selection.Scores:
        raise ZeroDivisionError("no\nrows")

    def refusing(shown: selection.Shown) -> selection.Scores:
        raise InputError("it needs an instrument")

    table = picks(
        [made().place],
        selector("broken", broken),
        selector("refusing", refusing),
        selector("silent", lambda shown: {}),
        selector("text", lambda shown: {"right": "low"}),
    )
    reasons = {each["selector"]: each["reason"] for each in table.to_dict("records")}
    assert reasons["broken"] == "ZeroDivisionError: no rows"
    assert reasons["refusing"] == "it needs an instrument"
    assert reasons["silent"] == "it scores no method"
    assert reasons["text"].startswith("ValueError: ")
    lost = table[table["status"] == "failed"]
    assert len(lost) == 4
    assert lost["regret"].isna().all()
    assert (lost["pick"] == "").all()


def test_best_elsewhere_is_the_best_of_the_other_scenarios(made) -> None:
    def place(seed: int, scenario: str, **errors: float) -> Any:
        found = made(seed)
        effects = {name: found.data.ite + error for name, error in errors.items()}
        shown = selection.Shown(
            **{n: getattr(found.place.shown, n) for n in ("X", "t", "y", "held_out", "seed")},
            effects=effects,
        )
        return type(found.place)(found.place.source, "all", scenario, shown, found.place.truth)

    places = [
        place(0, "tea", a=0.1, b=0.2, c=0.3),
        place(1, "tea", a=0.1, b=0.2, c=0.3),
        place(2, "tea", a=0.3, b=0.2, c=0.1),  # mean ranks in tea: a 5/3, b 2, c 7/3
        place(3, "soil", a=0.3, b=0.1, c=0.2),
    ]
    table = picks(places, selection.get("random"))
    found = table[table["selector"] == "elsewhere"].set_index("dataset")["pick"].to_dict()
    assert found == {"toy-0": "b", "toy-1": "b", "toy-2": "b", "toy-3": "a"}
    assert "elsewhere" not in set(picks(places[:3], selection.get("random"))["selector"])


# --- the truth


def reachable(thing: Any, seen: dict[int, Any]) -> None:
    """Collect all that can be reached from an object by attributes, elements and bases."""
    if id(thing) in seen or isinstance(thing, str | bytes | int | float | type | None):
        return
    seen[id(thing)] = thing
    if isinstance(thing, np.ndarray):
        reachable(thing.base, seen)
    elif isinstance(thing, pd.DataFrame):
        for name in thing:
            reachable(thing[name].to_numpy(), seen)
        reachable(thing.attrs, seen)
        reachable(thing.columns.to_numpy(), seen)
    elif isinstance(thing, dict | MappingProxyType):
        for key, value in thing.items():
            reachable(key, seen)
            reachable(value, seen)
    elif isinstance(thing, list | tuple | set | frozenset):
        for each in thing:
            reachable(each, seen)
    else:
        for name in dir(thing):
            if not name.startswith("__"):
                reachable(getattr(thing, name, None), seen)


def shows(values: np.ndarray, secret: np.ndarray) -> bool:
    """Tell if an array holds a secret, whole or in some rows, up to scale and shift."""
    values = np.asarray(values, dtype=float).ravel()
    if len(values) != len(secret) or np.ptp(values) == 0:
        return False
    return bool(abs(np.corrcoef(values, secret)[0, 1]) > 1 - 1e-9)


@pytest.mark.parametrize("setting", ["all", "hidden"])
def test_a_spy_reaches_nothing_of_the_truth(made, setting: str) -> None:
    caught: list[selection.Shown] = []

    def spy(shown: selection.Shown) -> selection.Scores:
        caught.append(shown)
        _ = shown.nuisances
        return {"right": 0}

    found = made(constant=False, setting=setting)
    place = found.place
    noise = np.random.default_rng(5).normal(size=(2, 200))
    shown = selection.Shown(
        **{n: getattr(place.shown, n) for n in ("X", "t", "y", "held_out", "seed")},
        effects={"right": noise[0], "wrong": noise[1]},  # an effect that is right would be seen
    )
    picks([type(place)(place.source, setting, "toy", shown, place.truth)], selector("spy", spy))
    seen: dict[int, Any] = {}
    reachable(caught[0], seen)
    data, hidden = found.data, place.shown.held_out
    secrets = {
        "y0": data.y0,
        "y1": data.y1,
        "ite": data.ite,
        "propensity": data.propensity,
        "counterfactual": np.where(data.t == 1, data.y0, data.y1),
    }
    if setting == "hidden":
        secrets["u"] = data.X["u"].to_numpy()
    arrays = [each for each in seen.values() if isinstance(each, np.ndarray) and each.dtype != "O"]
    assert len(arrays) > 8
    for name, secret in secrets.items():
        for part in (secret, secret[hidden], secret[~hidden]):
            assert not any(shows(array, part) for array in arrays), name
    assert not any(isinstance(each, CausalDataset) for each in seen.values())
    assert not shown.y.flags.writeable
