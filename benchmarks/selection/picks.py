"""Let selectors pick, and score their picks by the truth."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import kendalltau

from benchmarks.boards.ranking import merit
from benchmarks.metrics import formulas
from benchmarks.progress import Progress
from benchmarks.selection.definition import Scores, Selector
from benchmarks.selection.places import Place, scenarios
from benchmarks.selection.registry import REFERENCES
from estimators.errors import describe_error
from sdscm.errors import InputError

#: An estimate with a larger error, in SD(y), is of no use: boards count it as off.
OFF = 1.0
#: Names of the references that know the truth.
ORACLE, ELSEWHERE = REFERENCES

#: Numbers of a pick, in units of SD(y) where they are errors, gains or regrets; see `pick_table`.
NUMBERS = (
    "methods",
    "pehe",
    "regret",
    "capped_regret",
    "policy_value",
    "policy_regret",
    "optimal_policy_regret",
    "best",
    "off",
    "kendall",
)


@dataclass(frozen=True)
class _Errors:
    """True errors of the methods of a place, in SD(y), by name."""

    pehe: Mapping[str, float]
    policy_value: Mapping[str, float]
    optimal: float


def pick_table(
    found: Sequence[Place], selectors: Sequence[Selector], progress: Progress
) -> pd.DataFrame:
    """Let each selector pick at each place, and score the pick.

    Returns
    -------
    DataFrame with a row for each selector and place, the references `ORACLE` and, if there are
    several scenarios, `ELSEWHERE` among the selectors. Columns:

    - ``dataset``, ``entry``, ``cluster``, ``lm``, ``setting``: the place;
    - ``selector``; ``status``, ``ok`` or ``failed``; ``reason`` of a failure;
    - ``pick``: the method, or methods with equal scores, with `` | `` between;
    - ``methods``: the number of methods to choose between;
    - ``pehe`` of the pick; ``regret``, the distance from that of the best method;
      ``capped_regret``, the same with errors of more than 1 SD(y) counted as 1;
    - ``policy_value`` of treating where the pick's effect is positive; ``policy_regret`` against
      the best method's policy, and ``optimal_policy_regret`` against the true effects' policy;
    - ``best``: chance that the pick is the best method; ``off``: chance that its PEHE is above 1;
    - ``kendall``: Kendall's tau-b of scores and true errors, 1 for the order of the errors.

    Among methods with equal scores, each is picked with the same chance, and all numbers are exact
    expectations. They are NaN after a failure.
    """
    progress.begin("picks", len(found) * len(selectors))
    errors = [_errors(place) for place in found]
    rows = []
    for place, truth in zip(found, errors, strict=True):
        for each in selectors:
            rows.append(_row(place, each.name, truth, _scores(place, each)))
            progress.advance(f"{each.title} on {place.source.name}")
        rows.append(_row(place, ORACLE, truth, dict(truth.pehe)))
        if len(scenarios(found)) > 1:
            rows.append(_row(place, ELSEWHERE, truth, _ranks_elsewhere(place, found, errors)))
    identity = ["dataset", "entry", "cluster", "lm", "setting", "selector", "status", "reason"]
    return pd.DataFrame(rows, columns=[*identity, "pick", *NUMBERS])


def _errors(place: Place) -> _Errors:
    truth, rows = place.truth, place.shown.compared
    shown = {name: effect[rows] for name, effect in place.shown.effects.items()}
    return _Errors(
        {name: formulas.pehe(each, truth.effect) / truth.sd for name, each in shown.items()},
        {
            name: formulas.policy_value(each, truth.effect) / truth.sd
            for name, each in shown.items()
        },
        formulas.policy_value(truth.effect, truth.effect) / truth.sd,
    )


def _scores(place: Place, selector: Selector) -> dict[str, float] | str:
    """Score the methods, so that the lowest is the best; or describe the failure."""
    sign = -1 if selector.better == "higher" else 1
    try:
        given: Scores = selector.function(place.shown)
        found = {name: sign * float(given.get(name, math.nan)) for name in place.shown.effects}
        if all(math.isnan(value) for value in found.values()):
            return "it scores no method"
        return found
    except InputError as error:
        return str(error)
    except Exception as error:  # of a library or a plugin, which may raise anything
        return describe_error(error)


def _row(
    place: Place, selector: str, truth: _Errors, scores: dict[str, float] | str
) -> dict[str, Any]:
    source = place.source
    row: dict[str, Any] = {
        "dataset": source.name,
        "entry": source.entry,
        "cluster": source.cluster,
        "lm": source.lm,
        "setting": place.setting,
        "selector": selector,
        "methods": len(truth.pehe),
    }
    if isinstance(scores, str):
        return row | {"status": "failed", "reason": scores, "pick": ""}
    picked = lowest(scores)
    return (
        row
        | {"status": "ok", "reason": "", "pick": " | ".join(picked)}
        | _numbers(picked, scores, truth)
    )


def _numbers(
    picked: Sequence[str], scores: Mapping[str, float], truth: _Errors
) -> dict[str, float]:
    pehe = np.array([truth.pehe[name] for name in picked])
    value = np.array([truth.policy_value[name] for name in picked])
    least = min(truth.pehe.values())
    best = {*lowest(truth.pehe)}
    return {
        "pehe": float(pehe.mean()),
        "regret": float(pehe.mean()) - least,
        "capped_regret": float(np.minimum(pehe, OFF).mean()) - min(least, OFF),
        "policy_value": float(value.mean()),
        "policy_regret": max(truth.policy_value.values()) - float(value.mean()),
        "optimal_policy_regret": truth.optimal - float(value.mean()),
        "best": float(np.mean([name in best for name in picked])),
        "off": float(np.mean(pehe > OFF)),
        "kendall": _kendall(scores, truth.pehe),
    }


def lowest(scores: Mapping[str, float]) -> list[str]:
    """List the names whose score is the lowest, up to rounding; NaN never is."""
    known = {name: merit(value) for name, value in scores.items() if not math.isnan(value)}
    least = min(known.values())
    return [name for name, value in known.items() if value == least]


def _kendall(scores: Mapping[str, float], errors: Mapping[str, float]) -> float:
    """Kendall's tau-b (Kendall 1945); NaN if all scores are equal, or for fewer than two."""
    names = [name for name, value in scores.items() if not math.isnan(value)]
    if len(names) < 2:
        return math.nan
    pair = [[merit(each[name]) for name in names] for each in (scores, errors)]
    return float(kendalltau(*pair).statistic)


def _ranks_elsewhere(
    place: Place, found: Sequence[Place], errors: Sequence[_Errors]
) -> dict[str, float] | str:
    """Average the rank by PEHE of each method on the other scenarios, in the same setting.

    Each scenario has the same weight. Methods that lack an error at one of its places are left out.
    """
    scenario_ranks: dict[str, list[pd.Series[float]]] = {}
    for other, error in zip(found, errors, strict=True):
        if other.scenario != place.scenario and other.setting == place.setting:
            ranks = pd.Series(error.pehe).map(merit).rank()
            scenario_ranks.setdefault(other.scenario, []).append(ranks)
    if not scenario_ranks:
        return "no other scenario has this setting"
    means = [pd.concat(each, axis=1).mean(axis=1, skipna=False) for each in scenario_ranks.values()]
    mean = pd.concat(means, axis=1).mean(axis=1, skipna=False)
    found_here = {name: float(mean.get(name, math.nan)) for name in place.shown.effects}
    if all(math.isnan(value) for value in found_here.values()):
        return "no method of the other scenarios is here"
    return found_here


def failures(picks: pd.DataFrame) -> Iterator[tuple[str, str, int]]:
    """Yield selector, reason and number of places of each kind of failure."""
    lost = picks[picks["status"] != "ok"]
    for (selector, reason), part in lost.groupby(["selector", "reason"], sort=False):
        yield str(selector), str(reason), len(part)
