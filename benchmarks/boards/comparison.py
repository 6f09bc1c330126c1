"""Compare two runs: find the scores that changed, and test if the changes are noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import ttest_1samp

from benchmarks import metrics
from benchmarks.boards.ranking import merit
from benchmarks.boards.run_differences import suite_differences, version_differences
from benchmarks.boards.saved_scores import Scored, scored
from benchmarks.boards.scores import average_repetitions
from benchmarks.datasets.source import lm_mark
from benchmarks.metrics import Metric
from sdscm.arguments import names_of
from sdscm.display import html_card, html_note, html_table
from sdscm.errors import InputError
from sdscm.number_format import counted, joined, number, with_interval
from sdscm.statistics.multiplicity import adjusted

_SHOWN = 8  # rows in a notebook
#: Columns that the rows of one table of a comparison share.
GROUP = ("lm", "entry", "setting", "rows")

#: Definition of the numbers of a comparison, for readers.
RULE = (
    "A pair is two datasets in the same place of a suite (scenario, phrasing, replicate, dials; or "
    "file), where both runs have a score. A change is the mean over phrasings (or files) "
    "of the mean difference of their pairs; its interval and p value are those of Student's t over "
    "phrasings (Ibragimov and Mueller 2010), which holds if the phrasings are independent, few or "
    "many. The p values are adjusted for the methods of a table that changed (Holm 1979)."
)

_RUN = tuple[Scored, Scored]


@dataclass(frozen=True, eq=False)
class Comparison:
    """Hold the comparison of two runs, by method.

    Attributes
    ----------
    before, after
        Names of the runs, as the user gave them.
    table
        A row for each group (see `GROUP`), metric and method. Columns: those of the group,
        ``metric`` and ``estimator``; ``before`` and ``after``, the mean scores of the pairs;
        ``change`` with its interval ``low`` and ``high``; ``p_value`` and ``adjusted``, see `RULE`;
        ``blocks``, the number of phrasings or files with a pair, and ``pairs``; ``lost_before`` and
        ``lost_after``, the cells without a score because they failed, timed out, were skipped or
        are missing; ``verdict``.

        Verdicts: ``better``, ``worse``, or ``changed`` for a metric that is best at a nominal
        value; ``noise`` if the change may be noise; ``same`` if no score changed; ``untested`` with
        a single phrasing or file, or an infinite score; ``unpaired`` without any pair of scores;
        ``before only`` or ``after only`` if one run alone has the method.
    pairs, same_data
        Number of pairs of datasets, and number of pairs with the same outcomes and effects.
    alone
        Number of datasets that only one run has.
    differences
        Keys of the suites and versions of libraries that differ, one line each.
    level
        Level of the intervals; the tests have the level 1 - ``level``.

    Examples
    --------
    >>> _ = benchmarks.run(suite, workers=0, results_dir=None)
    >>> benchmarks.compare("tiny", "tiny").same_data
    1
    """

    before: str
    after: str
    table: pd.DataFrame
    pairs: int
    same_data: int
    alone: int
    differences: tuple[str, ...]
    level: float

    def __repr__(self) -> str:
        return f"<Comparison: {self.before} and {self.after}, {self._about}>"

    @property
    def _about(self) -> str:
        verdicts = self.table["verdict"].value_counts()
        found = joined(f"{count} {verdict}" for verdict, count in verdicts.items())
        return f"{counted(self.pairs, 'pair')} of datasets; scores: {found or 'none'}"

    def _repr_html_(self) -> str:
        # The scores that changed come first.
        order = self.table["verdict"].isin(["same", "noise", "untested"]).sort_values(kind="stable")
        rows = [
            (
                *(row[key] for key in ("entry", "setting", "metric", "estimator")),
                *(number(row[key]) for key in ("before", "after")),
                with_interval(row["change"], row["low"], row["high"]),
                row["verdict"],
            )
            for _, row in self.table.loc[order.index].head(_SHOWN).iterrows()
        ]
        heads = ["dataset", "setting", "metric", "method", "before", "after", "change", "verdict"]
        rest = len(self.table) - len(rows)
        return html_card(
            f"Comparison: {self.before} and {self.after}",
            self._about,
            html_table(heads, rows),
            html_note(f"and {rest:,} more rows in .table" * (rest > 0), *self.differences),
        )


def compare(
    before: str | Path,
    after: str | Path,
    *,
    runs_dir: str | Path = "runs",
    columns: Sequence[str] | None = None,
    mixed: bool = False,
    level: float = 0.95,
) -> Comparison:
    """Compare two runs that share datasets or phrasings, such as two runs of a suite.

    Parameters
    ----------
    before, after
        See `benchmarks.boards.saved_scores.scored`.
    runs_dir, mixed
        As in `benchmarks.leaderboard`.
    columns
        Names of the metrics to compare; by default the ``rank_by`` of the second run's suite.
    level
        Level of the intervals; the tests have the level 1 - ``level``.

    Raises
    ------
    InputError
        If a run does not exist, the runs have no dataset in common, or a metric is unknown.

    Examples
    --------
    >>> _ = benchmarks.run(suite, workers=0, results_dir=None)
    >>> found = benchmarks.compare("tiny", "tiny")
    >>> found.table["verdict"].unique().tolist()
    ['same']
    """
    runs = scored(before, runs_dir, mixed=mixed), scored(after, runs_dir, mixed=mixed)
    return compared(runs, _chosen(columns, runs), level)


def compared(runs: _RUN, chosen: Sequence[Metric], level: float) -> Comparison:
    """Compare two runs from their scores; see `compare`."""
    first, second = (_with_places(average_repetitions(run.scores)) for run in runs)
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
        differences=(
            *suite_differences(runs[0].suite, runs[1].suite),
            *version_differences(runs[0].versions, runs[1].versions),
        ),
        level=level,
    )


def _chosen(columns: Sequence[str] | None, runs: _RUN) -> list[Metric]:
    if columns is None:
        suite = runs[1].suite or runs[0].suite
        columns = suite["board"]["rank_by"] if suite else ["pehe_sd", "ate_abs_error_sd"]
    chosen = [metrics.get(name) for name in names_of("columns", columns)]
    for metric in chosen:
        for run in runs:
            if metric.name not in run.scores:
                raise InputError(
                    f"{run.name}: holds no '{metric.name}'; choose other --columns, or name the "
                    "folder of its records"
                )
    return chosen


def _with_places(scores: pd.DataFrame) -> pd.DataFrame:
    """Add the column ``place``: the name of the dataset, without its language model.

    The name of a dataset contains its language model if an entry of the suite has several.
    """
    names = scores[["lm", "dataset"]].drop_duplicates()
    names["place"] = [
        name.removesuffix(lm_mark(lm))
        for lm, name in names.astype(str).itertuples(index=False, name=None)
    ]
    return scores.merge(names, on=["lm", "dataset"])


def _datasets(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the true effect and the SD of y of each dataset, by language model and place."""
    return scores.groupby(["lm", "place"], sort=False)[["sate", "y_sd"]].first()


def _groups(first: pd.DataFrame, second: pd.DataFrame) -> list[tuple[str, ...]]:
    """List the groups of both runs, in the order of the second run."""
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
    """Make the rows of one group and metric, best first by the score of the second run."""
    parts = []
    for scores in (first, second):
        inside = (scores[list(GROUP)] == list(group)).all(axis=1)
        parts.append(scores[inside & ~scores["estimator"].isin(oracles)])
    with_score = {
        name for part in parts for name in part.loc[part[metric.name].notna(), "estimator"]
    }
    names = dict.fromkeys([*parts[1]["estimator"], *parts[0]["estimator"]])
    rows = [
        dict(zip(GROUP, group, strict=True))
        | {"metric": metric.name, "estimator": name}
        | paired_row(_of(name, parts[0]), _of(name, parts[1]), metric.name, level)
        for name in names
        if name in with_score
    ]
    tested = [row["p_value"] if row["verdict"] == "tested" else np.nan for row in rows]
    for row, p_value in zip(rows, adjusted(tested)[0], strict=True):
        row["adjusted"] = float(p_value)
        if row["verdict"] == "tested":
            row["verdict"] = _verdict(metric, row["change"], p_value < 1 - level)
    sign = -1 if metric.better == "higher" else 1
    rows.sort(key=lambda row: (np.isnan(row["after"]), sign * row["after"]))
    return pd.DataFrame(rows, columns=_COLUMNS)


def _of(name: str, scores: pd.DataFrame) -> pd.DataFrame:
    return scores[scores["estimator"] == name]


_COLUMNS = (
    *GROUP,
    *("metric", "estimator", "before", "after", "change", "low", "high", "p_value", "adjusted"),
    *("blocks", "pairs", "lost_before", "lost_after", "verdict"),
)


def paired_row(
    first: pd.DataFrame, second: pd.DataFrame, name: str, level: float
) -> dict[str, Any]:
    """Compare the scores ``name`` of two methods or runs, dataset by dataset; see `RULE`.

    ``first`` and ``second`` have a row for each dataset, and the columns ``place``, ``cluster``,
    ``status`` and ``name``. The result has the columns of `Comparison.table` from ``before`` on;
    its verdict is ``tested``, ``same``, ``untested``, ``unpaired``, or names the only one there.
    """
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
    # The difference of two infinite scores is NaN, and so is the mean.
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
    """Compute Student's interval of a mean, and the p value of the hypothesis that it is 0.

    With one value for each cluster this is the test of Ibragimov and Mueller (2010, section 2). Its
    level holds for values of unequal variances, and for few values. For equal values the interval
    is a point.

    Parameters
    ----------
    values : array of shape (k,), with k at least 2
    level
        Level of the interval.
    """
    mean, count = float(values.mean()), len(values)
    if float(values.std(ddof=1)) <= 1e-12 * abs(mean) * np.sqrt(count):
        return mean, mean, float(mean == 0)
    tested = ttest_1samp(values, 0)
    low, high = tested.confidence_interval(level)
    return float(low), float(high), float(tested.pvalue)


def _verdict(metric: Metric, change: float, found: bool) -> str:
    if not found:
        return "noise"
    if metric.better == "nominal":
        return "changed"
    return "better" if (change < 0) == (metric.better == "lower") else "worse"
