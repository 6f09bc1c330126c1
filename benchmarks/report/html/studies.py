"""Read a run, and collect the data of its figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from benchmarks.boards.result import Result
from benchmarks.boards.scores import average_repetitions, read_records
from benchmarks.datasets.truth import HELD_OUT, UNSEEN, truth_of
from benchmarks.report.html.study import Study, errors_of
from benchmarks.report.html.unit_intervals import UnitIntervals, unit_intervals
from benchmarks.report.html.varied_dials import varied
from benchmarks.storage.manifest import Manifest
from benchmarks.storage.store import Record, Store
from sdscm.data.dataset import CausalDataset

#: Number of methods whose intervals for units are drawn: two rows of three panels.
_METHODS = 6


@dataclass(frozen=True, eq=False)
class Run:
    """Hold a result, and the data from which it was made."""

    result: Result
    manifest: Manifest
    datasets: Mapping[str, CausalDataset]
    records: Mapping[str, Record]
    store: Store

    @classmethod
    def read(cls, result: Result, mixed: bool) -> Run:
        """Read the manifest, the datasets and the records."""
        manifest = Manifest.read(result.run_dir)
        store = Store.of(result.run_dir)
        return cls(
            result=result,
            manifest=replace(manifest, suite=result.suite),
            datasets={source.name: source.load(result.run_dir) for source in manifest.sources},
            records=read_records(store, manifest, mixed).records,
            store=store,
        )


def studies(run: Run) -> list[Study]:
    """Make one study for each language model, entry and kind of rows, in the order of the suite.

    A study without any error to draw is left out. The unseen rows are some of the held-out rows,
    and have tables, but no figures of their own.
    """
    manifest, facts = run.manifest, run.result.facts
    oracles = [method.label for method in manifest.methods if method.oracle]
    scores = run.result.scores
    contest = average_repetitions(scores[~scores["estimator"].isin(oracles)])
    contest = contest[contest["dataset"].isin(run.datasets)]  # without data that could not be made
    bias = dict(zip(facts["dataset"], facts["bias_sd"].astype(float), strict=True))
    dials = varied(manifest.sources, run.datasets)
    parts = contest.groupby(["lm", "entry", "rows"], sort=False, dropna=False)
    found = []
    for (lm, entry, rows), part in parts:
        errors = errors_of(manifest.suite.board.rank_by, part)
        if rows == UNSEEN or not errors:
            continue
        study = Study(
            lm=str(lm),
            entry=str(entry),
            rows=str(rows) if manifest.suite.holdout else "",
            scores=part,
            settings=tuple(manifest.suite.settings_of(str(entry))),
            errors=errors,
            alpha=manifest.suite.alpha,
            bias=bias,
            dials=dials,
            unit_intervals=(),
            unit_dataset="",
        )
        name = _typical(part, bias, run.datasets)
        found.append(
            replace(study, unit_intervals=_unit_intervals(run, study, name), unit_dataset=name)
        )
    return found


def _unit_intervals(run: Run, study: Study, name: str) -> tuple[UnitIntervals, ...]:
    """Collect the intervals for the units of a dataset, of the same methods in all settings.

    Methods with intervals for the ITE are before methods with intervals for the CATE. Within both
    groups the best method is first.
    """
    manifest, dataset = run.manifest, run.datasets[name]
    cells = {
        (c.setting, c.estimator): c.key
        for c in manifest.cells
        if c.dataset == name and not c.repetition
    }
    source = next(source for source in manifest.sources if source.name == name)
    mask = source.held_out(dataset, manifest.suite.holdout)
    shown = mask if study.rows == HELD_OUT else ~mask
    found: dict[str, dict[str, UnitIntervals]] = {}
    settings = manifest.suite.settings_of(study.entry)
    for setting in settings:
        truth = truth_of(dataset.setting(setting), setting).of_rows(shown)
        for method in study.methods:
            known = run.records.get(cells.get((setting, method), ""))
            record = None if known is None else run.store.read(known.cell.key)
            outcome = record.outcome if record else None
            if outcome is None:
                continue
            answer = outcome.held_out if study.rows == HELD_OUT else outcome.prediction
            intervals = unit_intervals(method, setting, answer, truth) if answer else None
            if intervals is not None:
                found.setdefault(method, {})[setting] = intervals
    for_ite = [
        method
        for method, by_setting in found.items()
        if any(intervals.made_for == "ITE" for intervals in by_setting.values())
    ]
    chosen = [*for_ite, *(method for method in found if method not in for_ite)][:_METHODS]
    return tuple(
        found[method][setting]
        for setting in settings
        for method in chosen
        if setting in found[method]
    )


def _typical(
    scores: pd.DataFrame, bias: Mapping[str, float], datasets: Mapping[str, CausalDataset]
) -> str:
    """Find the dataset of (lower) median bias by confounding among those with known effects."""
    names = list(dict.fromkeys(map(str, scores["dataset"])))
    names = [name for name in names if datasets[name].effects_known] or names
    size = [abs(bias[name]) if np.isfinite(bias[name]) else 0.0 for name in names]
    return names[int(np.argsort(size, kind="stable")[(len(names) - 1) // 2])]
