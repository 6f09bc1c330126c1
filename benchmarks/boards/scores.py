"""Score records: make a table with a row for each cell and a column for each metric."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import metrics
from benchmarks.datasets.source import Source
from benchmarks.datasets.truth import (
    FITTED,
    HELD_OUT,
    MIN_UNSEEN,
    UNSEEN,
    Part,
    parts_of,
    truth_of,
    unseen_rows,
    with_compliers,
)
from benchmarks.execution.cells import Cell
from benchmarks.interface import IV_TARGETS, Interval, Outcome, Prediction, Truth
from benchmarks.provenance.hashing import digest
from benchmarks.provenance.source_code import own_code_of
from benchmarks.storage.manifest import Manifest, MethodInfo
from benchmarks.storage.reuse import chosen
from benchmarks.storage.store import DamagedRecordError, Record, Scores, Store
from benchmarks.suite.model import Suite
from sdscm.data.dataset import CausalDataset

#: Columns that identify a cell and hold its outcome.
IDENTITY = (
    "dataset",
    "entry",
    "cluster",
    "lm",
    "setting",
    "rows",
    "estimator",
    "family",
    "target",
    "repetition",
    "seed",
    "status",
    "reason",
)

#: Columns that metrics of all datasets use, in units of y: the estimated average effect, the true
#: average effect, and the standard deviation of the outcome (NaN if it is constant).
PARTS = ("ate", "sate", "y_sd")

#: Column with the share of the held-out rows that are unseen; see `benchmarks.datasets.truth.Part`.
UNSEEN_SHARE = "unseen_share"

#: Key in `definitions` of the choice of the unseen rows.
UNSEEN_ROWS = "unseen rows"

#: Columns that identify a method on the rows of a dataset; its repetitions share them.
_PLACE = ["dataset", "setting", "rows", "estimator"]

#: Columns that are the same for all repetitions, or that are texts.
_NOT_AVERAGED = (*IDENTITY, "sate", "y_sd", UNSEEN_SHARE)

#: Status of a method on a dataset with several repetitions: the first one that occurs.
_WORST_FIRST = ("failed", "timeout", "ok", "skipped", "missing")

#: Number of truths that are kept in memory, for the next cells of the same dataset and setting.
_MOST_TRUTHS = 500


class Scorer:
    """Score the predictions of cells.

    Parameters
    ----------
    suite, sources
    load
        Function that returns the dataset of a source, with its truth.
    """

    def __init__(
        self, suite: Suite, sources: Sequence[Source], load: Callable[[Source], CausalDataset]
    ) -> None:
        self._holdout = suite.holdout
        self._sources = {source.name: source for source in sources}
        self._load = load
        self._parts: dict[tuple[str, str], list[Part]] = {}

    def __call__(self, cell: Cell, outcome: Outcome) -> Scores:
        """Score a cell; see `Record`. The result is empty for a cell without predictions."""
        if outcome.prediction is None:
            return {}
        fitted, *others = self._parts_of(cell)
        scores = {FITTED: _scores(outcome.prediction, fitted.truth, cell.alpha)}
        if outcome.held_out is not None:
            for part in others:
                prediction = outcome.held_out
                if part.rows == UNSEEN:
                    prediction = _of_rows(prediction, part.chosen[~fitted.chosen])
                scores[part.rows] = _scores(prediction, part.truth, cell.alpha)
        return scores

    def _parts_of(self, cell: Cell) -> list[Part]:
        place = (cell.dataset, cell.setting)
        if place not in self._parts:
            if len(self._parts) >= _MOST_TRUTHS:
                self._parts.clear()
            source = self._sources[cell.dataset]
            dataset = self._load(source)
            mask = source.held_out(dataset, self._holdout)
            view = dataset.setting(cell.setting)
            parts = parts_of(view, cell.setting, mask)
            self._parts[place] = [with_compliers(part, view) for part in parts]
        return self._parts[place]


def _of_rows(prediction: Prediction, rows: np.ndarray) -> Prediction:
    """Select the answers for some of the rows of a prediction.

    The average effect of a method with effects is then the mean of the selected ones. Its interval
    is not known: it does not follow from that of all rows. The answers of a method of the average
    effect alone stay, because they are the same for all rows.

    Parameters
    ----------
    prediction
    rows : boolean array of shape (n,)
    """
    if prediction.effect is None:
        return prediction

    def pair(ends: Interval | None) -> Interval | None:
        return None if ends is None else (ends[0][rows], ends[1][rows])

    effect = prediction.effect[rows]
    return replace(
        prediction,
        effect=effect,
        effect_interval=pair(prediction.effect_interval),
        ate=float(effect.mean()),
        ate_interval=None,
        ite_interval=pair(prediction.ite_interval),
    )


def _scores(prediction: Prediction, truth: Truth, alpha: float) -> dict[str, float]:
    """Compute the `PARTS` and every metric; NaN if the answer or the truth is missing.

    Metrics that need an instrument are left out where the setting shows none, and metrics of bounds
    where there are no bounds.
    """
    prediction, nan = replace(prediction, alpha=alpha), float("nan")
    parts = (nan if prediction.ate is None else prediction.ate, truth.sate, truth.sd or nan)
    return dict(zip(PARTS, parts, strict=True)) | {
        metric.name: metric.score(prediction, truth) if truth.tells(metric.target) else nan
        for metric in metrics.registered()
        if (truth.compliers is not None or metric.target not in IV_TARGETS)
        and (prediction.ate_bounds is not None or "ate_bounds" not in metric.needs)
    }


def definitions(suite: Suite, methods: Iterable[MethodInfo] = ()) -> dict[str, str]:
    """Return the hash of each metric's definition, by name; a score with another hash is stale.

    Metrics that no setting of the suite, or none of the methods, can have are left out. If the
    suite holds out rows, `UNSEEN_ROWS` has the hash of the choice of these rows.
    """
    with_instrument = "instrument" in suite.settings
    with_bounds = suite.release is None and any(method.bounds for method in methods)
    truth, compliers = own_code_of(truth_of), own_code_of(with_compliers)
    found = {
        metric.name: digest(
            [metric.definition, truth, *[compliers] * (metric.target in IV_TARGETS)]
        )
        for metric in metrics.registered()
        if (with_instrument or metric.target not in IV_TARGETS)
        and (with_bounds or "ate_bounds" not in metric.needs)
    }
    if suite.holdout:
        chosen = [own_code_of(function) for function in (unseen_rows, parts_of, _of_rows)]
        found[UNSEEN_ROWS] = digest([*chosen, MIN_UNSEEN])
    return found


@dataclass(frozen=True, eq=False)
class ScoredRecords:
    """Hold the records of a run with current scores.

    Attributes
    ----------
    records
        The record of each planned cell that has one, by the cell's key, without predictions.
    rescored
        Scores that were computed now from stored predictions, by the record's key.
    unknown
        Number of cells without a score, for each metric that was added or changed after their
        predictions were dropped.
    """

    records: Mapping[str, Record]
    rescored: Mapping[str, Scores] = field(default_factory=dict)
    unknown: Mapping[str, int] = field(default_factory=dict)

    @property
    def notes(self) -> tuple[str, ...]:
        """Describe the scores that are missing, one line each."""
        if not self.unknown:
            return ()
        cells = max(self.unknown.values())
        names = ", ".join(self.unknown)
        return (
            f"{cells} cells have no score of {names}: it was not computed when they ran, and the "
            "suite drops predictions",
        )


def read_records(
    store: Store, manifest: Manifest, mixed: bool = False, scorer: Scorer | None = None
) -> ScoredRecords:
    """Read the valid records of a run's cells; damaged records count as missing.

    Stale scores are computed again if the predictions are stored.

    Parameters
    ----------
    store, manifest
    mixed
        Use a record of other code or library versions if the current one is missing.
    scorer
        Scorer of stale cells; by default one that reads the datasets of the run folder on demand.

    Raises
    ------
    InputError
        If the records are of different versions and ``mixed`` is not set.
    """
    folder = store.path.parent
    scorer = scorer or Scorer(manifest.suite, manifest.sources, lambda source: source.load(folder))
    records = chosen(manifest.cells, store.records(), mixed, manifest.reference)
    now = definitions(manifest.suite, manifest.methods)
    rescored: dict[str, Scores] = {}
    unknown: dict[str, int] = {}
    for key, record in records.items():
        if record.outcome.status != "ok" or record.definitions == now:
            continue
        scores = _rescored(store, record, scorer)
        if scores:
            rescored[record.cell.key] = scores
        else:
            stale = [name for name in now if record.definitions.get(name) != now[name]]
            unknown |= {name: unknown.get(name, 0) + 1 for name in stale}
            scores = {
                rows: {name: value for name, value in values.items() if name not in stale}
                for rows, values in record.scores.items()
                if not (rows == UNSEEN and UNSEEN_ROWS in stale)
            }
        records[key] = replace(record, scores=scores)
    return ScoredRecords(records, rescored, unknown)


def _rescored(store: Store, record: Record, scorer: Scorer) -> Scores:
    try:
        kept = store.read(record.cell.key)
    except DamagedRecordError:
        return {}
    return {} if kept is None else scorer(kept.cell, kept.outcome)


def score(manifest: Manifest, records: Mapping[str, Record]) -> pd.DataFrame:
    """Make the table of scores of a run.

    Returns
    -------
    DataFrame with the columns `IDENTITY`, `PARTS`, `UNSEEN_SHARE` and one of each metric (NaN where
    it does not apply), and a row for each cell in the order of the suite. ``status`` is the
    record's, or ``missing``. ``rows`` is ``fitted``; if the suite holds out rows, a second row of
    the cell has ``held-out`` and the scores of those rows, and a third one ``unseen``, where the
    table of the truth has such rows.
    """
    sources = {source.name: source for source in manifest.sources}
    sources |= {source.name: source for source, _ in manifest.lost}
    methods = {method.label: method for method in manifest.methods}
    truths: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in manifest.truths.to_dict("records"):
        place = (row["dataset"], row["setting"])
        truths.setdefault(place, []).append({str(name): value for name, value in row.items()})
    for source, _ in manifest.lost:
        for setting in manifest.suite.settings_of(source.entry):
            truths[source.name, setting] = _no_truth(source, setting, sources, truths, manifest)
    missing = Outcome("missing", "not run yet")
    rows = []
    for cell in manifest.cells:
        source, record = sources[cell.dataset], records.get(cell.key)
        outcome = record.outcome if record else missing
        known = {
            "entry": source.entry,
            "cluster": source.cluster,
            "lm": source.lm,
            "estimator": cell.estimator,
            "family": methods[cell.estimator].family,
            "repetition": cell.repetition,
            "seed": cell.seed,
            "status": outcome.status,
            "reason": outcome.reason,
        }
        for truth in truths[cell.dataset, cell.setting]:
            found = record.scores.get(truth["rows"], {}) if record else {}
            rows.append({**truth, **known, **found})
    table = pd.DataFrame(rows, columns=columns())
    numbers = [name for name in columns() if name not in IDENTITY]
    return table.astype(dict.fromkeys(numbers, float))


def _no_truth(
    source: Source,
    setting: str,
    sources: Mapping[str, Source],
    truths: Mapping[tuple[str, str], list[dict[str, Any]]],
    manifest: Manifest,
) -> list[dict[str, Any]]:
    """Make the rows of a dataset that could not be made, like those of its entry."""
    alike = (
        rows
        for (name, where), rows in truths.items()
        if where == setting and sources[name].entry == source.entry
    )
    kinds = [FITTED, HELD_OUT] if manifest.suite.holdout else [FITTED]
    known = next(alike, [{"rows": rows, "target": "CATE"} for rows in kinds])
    return [
        {"dataset": source.name, "setting": setting, "rows": row["rows"], "target": row["target"]}
        for row in known
    ]


def average_repetitions(scores: pd.DataFrame) -> pd.DataFrame:
    """Average the scores of each method on each dataset over its repetitions.

    If a repetition failed or timed out, the method has no scores on that dataset: a mean over the
    seeds that succeed would favour methods that fail. Repetitions that are missing are left out.

    Returns
    -------
    DataFrame as `score` returns it, with one row for each method, dataset, setting and kind of
    rows; ``status``, ``reason`` and ``seed`` are those of the worst repetition.
    """
    if not scores.duplicated(_PLACE).any():
        return scores
    severity = scores["status"].map({name: n for n, name in enumerate(_WORST_FIRST)})
    worst = scores.assign(severity=severity).sort_values("severity", kind="stable")
    worst = worst.drop_duplicates(_PLACE).set_index(_PLACE)
    numbers = [str(name) for name in scores if name not in _NOT_AVERAGED]
    ended = scores[scores["status"].isin(_WORST_FIRST[:3])].groupby(_PLACE, sort=False)[numbers]
    complete = ended.count().eq(ended.size(), axis=0)
    worst[numbers] = ended.mean().where(complete).reindex(worst.index)
    order = pd.MultiIndex.from_frame(scores[_PLACE].drop_duplicates())
    return worst.reindex(order).reset_index()[list(map(str, scores))]


def seed_spread(scores: pd.DataFrame, metric: str) -> dict[str, float]:
    """Compute by how much the seed changes a score of each method.

    Returns
    -------
    The standard deviation of the score over the repetitions of a dataset (divisor: their number
    less 1), median over datasets, by method; NaN for a method with one repetition.
    """
    finite = scores[metric].where(np.isfinite(scores[metric]))
    spread = finite.groupby([scores[name] for name in _PLACE], sort=False).std()
    return {str(name): float(value) for name, value in spread.groupby("estimator").median().items()}


def of_cells(scores: pd.DataFrame) -> pd.DataFrame:
    """Select one row for each cell, without the further rows of suites that hold out rows."""
    return scores[scores["rows"] == FITTED]


def columns() -> list[str]:
    """List the columns of a table of scores, in order."""
    return [*IDENTITY, *PARTS, UNSEEN_SHARE, *(metric.name for metric in metrics.registered())]
