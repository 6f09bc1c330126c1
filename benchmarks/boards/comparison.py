"""What changed from one run to another, and whether it is more than noise."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t as student

from benchmarks import metrics
from benchmarks.boards.ranking import merit
from benchmarks.boards.saved_scores import Scored, scored
from benchmarks.metrics import Metric
from sdscm.errors import InputError
from sdscm.statistics.multiplicity import adjusted

#: What two runs must share to be compared on one table.
GROUP = ("lm", "setting", "rows")

#: How the numbers of a comparison arise, for readers.
RULE = (
    "Datasets are paired that stand in the same place of a suite (scenario, phrasing, replicate, "
    "dials; or file), where both runs have a score. A change is the mean over phrasings (or files) "
    "of the mean difference of their pairs; its interval and p value are those of Student's t over "
    "phrasings (Ibragimov and Mueller 2010), which holds if the phrasings are independent, few or "
    "many. The p values are adjusted for the methods of a table that changed (Holm 1979)."
)

_RUN = tuple[Scored, Scored]


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two runs, method by method.

    Attributes
    ----------
    before, after
        How the user named them.
    table
        A row for each metric, group of `GROUP` and method: those columns; ``before`` and ``after``,
        the scores of the pairs; ``change``, ``low`` and ``high``; ``p_value`` and ``adjusted``, see
        `RULE`; ``blocks``, the phrasings or files with a pair, and ``pairs``; ``lost_before`` and
        ``lost_after``, the cells without a score because they failed, timed out, were skipped or
        are missing; and the ``verdict``: ``better``, ``worse`` or, of a metric that is best at a
        nominal value, ``changed``; ``noise`` if that is all it may be; ``same`` if no score
        changed; ``untested`` with a single phrasing or file, or an infinite score; ``unpaired``
        without any pair of scores; ``before only`` or ``after only`` if one run alone has it.
    pairs, same_data
        Pairs of datasets, and those of them that hold the same outcomes and effects.
    alone
        Datasets of one run only.
    differences
        What else differs: keys of the suites, versions of libraries; a line each.
    level
        Level of the intervals, and one less that of the tests.
    """

    before: str
    after: str
    table: pd.DataFrame
    pairs: int
    same_data: int
    alone: int
    differences: tuple[str, ...]
    level: float


def compare(
    before: str | Path,
    after: str | Path,
    *,
    runs_dir: str | Path = "runs",
    columns: Sequence[str] | None = None,
    mixed: bool = False,
    level: float = 0.95,
) -> Comparison:
    """Say what changed between two runs of a suite, or of two that share datasets or phrasings.

    Parameters
    ----------
    before, after
        See `benchmarks.boards.saved_scores.scored`.
    runs_dir, mixed
        As for `benchmarks.leaderboard`.
    columns
        Metrics to compare, by name; by default those that the second run's suite ranks by.
    level
        Of intervals; tests have one less that.

    Raises
    ------
    InputError
        If a run is not there, they have nothing in common, or there is no such metric.
    """
    runs = scored(before, runs_dir, mixed=mixed), scored(after, runs_dir, mixed=mixed)
    return compared(runs, _chosen(columns, runs), level)


def compared(runs: _RUN, chosen: Sequence[Metric], level: float) -> Comparison:
    """As `compare`, of scores that are at hand."""
    first, second = (_with_places(run.scores) for run in runs)
    both = _datasets(first).merge(
        _datasets(second), left_index=True, right_index=True, suffixes=("_before", "")
    )
    if both.empty:
        raise InputError(
            f"{runs[0].name} and {runs[1].name}: no dataset in common (same language model, "
            "scenario or files, phrasing and replicate); compare runs of one suite"
        )
    same = np.isclose(both["sate_before"], both["sate"], rtol=1e-6, atol=0, equal_nan=True)
    same &= np.isclose(both["y_sd_before"], both["y_sd"], rtol=1e-6, atol=0, equal_nan=True)
    oracles = runs[0].oracles | runs[1].oracles
    parts = [
        _table(metric, group, first, second, oracles, level)
        for group in _groups(first, second)
        for metric in chosen
    ]
    alone = len(_datasets(first)) + len(_datasets(second)) - 2 * len(both)
    return Comparison(
        before=runs[0].name,
        after=runs[1].name,
        table=pd.concat(parts, ignore_index=True),
        pairs=len(both),
        same_data=int(same.sum()),
        alone=alone,
        differences=(*_suite_lines(runs), *_version_lines(runs)),
        level=level,
    )


def _chosen(columns: Sequence[str] | None, runs: _RUN) -> list[Metric]:
    if columns is None:
        suite = runs[1].suite or runs[0].suite
        columns = suite["board"]["rank_by"] if suite else ["pehe_sd", "ate_abs_error_sd"]
    chosen = [metrics.get(name) for name in columns]
    for metric in chosen:
        for run in runs:
            if metric.name not in run.scores:
                raise InputError(
                    f"{run.name}: holds no '{metric.name}'; choose other --columns, or name the "
                    "folder of its records"
                )
    return chosen


def _with_places(scores: pd.DataFrame) -> pd.DataFrame:
    """The scores with the column ``place``: a dataset's name without the hash of its content.

    Files of one name in several folders are numbered in their order.
    """
    names = scores[["lm", "dataset"]].drop_duplicates()
    names["place"] = names["dataset"].map(lambda name: re.sub(r"-[0-9a-f]{8}$", "", name))
    twins = names.groupby(["lm", "place"]).cumcount()
    names["place"] += twins.map(lambda number: f" ({number + 1})" if number else "")
    return scores.merge(names, on=["lm", "dataset"])


def _datasets(scores: pd.DataFrame) -> pd.DataFrame:
    """True effect and spread of each dataset, by language model and place."""
    return scores.groupby(["lm", "place"], sort=False)[["sate", "y_sd"]].first()


def _groups(first: pd.DataFrame, second: pd.DataFrame) -> list[tuple[str, ...]]:
    """The groups that both have, in the order of the second."""
    known, wanted = (
        list(dict.fromkeys(scores[list(GROUP)].itertuples(index=False, name=None)))
        for scores in (first, second)
    )
    return [group for group in wanted if group in known]


def _table(
    metric: Metric,
    group: tuple[str, ...],
    first: pd.DataFrame,
    second: pd.DataFrame,
    oracles: frozenset[str],
    level: float,
) -> pd.DataFrame:
    """The rows of one group and metric, best first by the second run's score."""
    parts = []
    for scores in (first, second):
        inside = (scores[list(GROUP)] == list(group)).all(axis=1)
        parts.append(scores[inside & ~scores["estimator"].isin(oracles)])
    has_score = [set(part.loc[part[metric.name].notna(), "estimator"]) for part in parts]
    names = dict.fromkeys([*parts[1]["estimator"], *parts[0]["estimator"]])
    rows = [
        dict(zip(GROUP, group, strict=True))
        | {"metric": metric.name, "estimator": name}
        | _row(_of(name, parts[0]), _of(name, parts[1]), metric.name, level)
        for name in names
        if any(name in each for each in has_score)
    ]
    tested = [row["p_value"] if row["verdict"] == "tested" else np.nan for row in rows]
    for row, p_value in zip(rows, adjusted(tested)[0], strict=True):
        row["adjusted"] = float(p_value)
        if row["verdict"] == "tested":
            row["verdict"] = _verdict(metric, row["change"], p_value < 1 - level)
    sign = -1 if metric.better == "higher" else 1
    rows.sort(key=lambda row: (np.isnan(row["after"]), sign * row["after"]))
    return pd.DataFrame(rows, columns=_COLUMNS)


_COLUMNS = [
    *GROUP,
    "metric",
    "estimator",
    "before",
    "after",
    "change",
    "low",
    "high",
    "p_value",
    "adjusted",
    "blocks",
    "pairs",
    "lost_before",
    "lost_after",
    "verdict",
]


def _of(name: str, scores: pd.DataFrame) -> pd.DataFrame:
    return scores[scores["estimator"] == name]


def _row(first: pd.DataFrame, second: pd.DataFrame, name: str, level: float) -> dict[str, Any]:
    nan = float("nan")
    row: dict[str, Any] = dict.fromkeys(("before", "after", "change", "low", "high"), nan)
    row |= {"p_value": nan, "blocks": 0, "pairs": 0}
    row |= {
        f"lost_{when}": int((cells["status"] != "ok").sum())
        for when, cells in (("before", first), ("after", second))
    }
    scores = [cells.set_index("place")[name].dropna() for cells in (first, second)]
    places = [place for place in scores[1].index if place in scores[0].index]
    if not places:
        one = "after only" if first.empty else "before only" if second.empty else ""
        return row | {"verdict": one or "unpaired"}
    cluster = second.set_index("place")["cluster"][places].to_numpy()
    paired = pd.DataFrame({"before": scores[0][places], "after": scores[1][places]})
    paired["change"] = paired["after"] - paired["before"]
    # Not skipping NaN, the difference of two infinite scores.
    blocks = paired.groupby(cluster).agg(partial(pd.Series.mean, skipna=False))
    means = {str(name): float(mean) for name, mean in blocks.mean(skipna=False).items()}
    row |= means | {"blocks": len(blocks), "pairs": len(paired)}
    rounded = paired[["before", "after"]].map(merit)
    if (rounded["before"] == rounded["after"]).all():
        return row | {"change": 0.0, "verdict": "same"}
    changes = blocks["change"].to_numpy(float)
    if len(changes) < 2 or not np.isfinite(changes).all():
        return row | {"verdict": "untested"}
    low, high, p_value = mean_interval(changes, level)
    return row | {"low": low, "high": high, "p_value": p_value, "verdict": "tested"}


def mean_interval(values: np.ndarray, level: float) -> tuple[float, float, float]:
    """Student's interval of the mean of values of shape (k,), and the p value of its being 0.

    With one value a cluster this is the test of Ibragimov and Mueller (2010, section 2), whose
    level holds for values of unequal variances, and for few of them. For equal values the interval
    is a point.
    """
    mean, count = float(values.mean()), len(values)
    error = float(values.std(ddof=1)) / np.sqrt(count)
    if error <= 1e-12 * abs(mean):
        return mean, mean, float(mean == 0)
    reach = float(student.ppf((1 + level) / 2, count - 1)) * error
    return mean - reach, mean + reach, float(2 * student.sf(abs(mean) / error, count - 1))


def _verdict(metric: Metric, change: float, found: bool) -> str:
    if not found:
        return "noise"
    if metric.better == "nominal":
        return "changed"
    return "better" if (change < 0) == (metric.better == "lower") else "worse"


def _suite_lines(runs: _RUN) -> Iterator[str]:
    """Keys of the suites that differ; not names, nor which methods there are."""
    if runs[0].suite is None or runs[1].suite is None:
        return
    first, second = (dict(_flat(run.suite, "")) for run in runs)
    for key in dict.fromkeys([*first, *second]):
        # Of an entry that one of them lacks, its name is enough.
        inside = re.match(r"(.*\])\.", key)
        known = inside is None or (inside[1] in first and inside[1] in second)
        known &= not re.fullmatch(r"estimators\[[^]]*\]", key)
        if known and first.get(key) != second.get(key) and key not in ("name", "title"):
            yield f"suite, {key}: {_said(first.get(key))} -> {_said(second.get(key))}"


def _flat(value: Any, key: str) -> Iterator[tuple[str, Any]]:
    """Keys of nested values; of a list of entries each by its name, and not by its place."""
    if isinstance(value, Mapping) and value:
        for name, inner in value.items():
            yield from _flat(inner, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list) and value and all(isinstance(each, Mapping) for each in value):
        for each in value:
            title = each.get("label") or each.get("name") or each.get("scenario")
            yield f"{key}[{title}]", "there"
            for name, inner in each.items():
                yield from _flat(inner, f"{key}[{title}].{name}")
    else:
        yield key, value


def _said(value: Any) -> str:
    return "nothing" if value is None else str(value)


def _version_lines(runs: _RUN) -> Iterator[str]:
    first, second = (run.versions for run in runs)
    if first and second:
        for library in sorted({*first, *second}):
            if first.get(library) != second.get(library):
                said = (each.get(library, "not used") for each in (first, second))
                yield f"{library} {' -> '.join(said)}"
