"""From a run to studies, one a language model."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from benchmarks.manifest import Manifest
from benchmarks.report.html.axes import varied
from benchmarks.report.html.fans import Fan, fan_of
from benchmarks.report.html.study import Study, errors_of
from benchmarks.store import Record
from benchmarks.truth import truth_of
from sdscm.dataset import CausalDataset

#: Fans of a setting: as many as fit a page in two lines of three.
_FANS = 6


def studies(
    manifest: Manifest,
    scores: pd.DataFrame,
    facts: pd.DataFrame,
    datasets: Mapping[str, CausalDataset],
    records: Mapping[str, Record],
) -> list[Study]:
    """One study a language model, in the order of the suite."""
    oracles = [entrant.label for entrant in manifest.entrants if entrant.oracle]
    contest = scores[~scores["estimator"].isin(oracles)]
    bias = dict(zip(facts["dataset"], facts["bias_sd"].astype(float), strict=True))
    axes = varied(manifest.sources, datasets)
    errors = errors_of(manifest.suite.board.rank_by)
    found = []
    for lm, part in contest.groupby("lm", sort=False, dropna=False):
        order = part.groupby("estimator")[[m.name for m in errors]].mean().mean(axis=1)
        name, fans = _fans(manifest, part, order, datasets, records)
        found.append(
            Study(
                lm=str(lm),
                scores=part,
                settings=tuple(manifest.suite.settings),
                errors=errors,
                alpha=manifest.suite.alpha,
                bias=bias,
                axes=axes,
                fans=fans,
                fan_dataset=name,
            )
        )
    return found


def _fans(
    manifest: Manifest,
    scores: pd.DataFrame,
    order: pd.Series,
    datasets: Mapping[str, CausalDataset],
    records: Mapping[str, Record],
) -> tuple[str, tuple[Fan, ...]]:
    """The fans of the dataset of median bias, whose name comes first; the best methods of each.

    Methods with intervals for the ITE come before those with intervals for the CATE.
    """
    cells = {(c.dataset, c.setting, c.estimator): c.key for c in manifest.cells}
    names = list(dict.fromkeys(map(str, scores["dataset"])))
    name = names[_median_place([abs(_naive_bias(datasets[name])) for name in names])]
    found: list[Fan] = []
    for setting in manifest.suite.settings:
        truth, here = truth_of(datasets[name], setting), []
        for method in map(str, order.sort_values(kind="stable").index):
            record = records.get(cells.get((name, setting, method), ""))
            prediction = record.outcome.prediction if record else None
            fan = fan_of(method, setting, prediction, truth) if prediction else None
            if fan is not None:
                here.append((fan, prediction is not None and prediction.ite_interval is None))
        found += [fan for fan, _ in sorted(here, key=lambda pair: pair[1])[:_FANS]]
    return name, tuple(found)


def _naive_bias(dataset: CausalDataset) -> float:
    treated = dataset.t == 1
    if treated.all() or not treated.any():
        return 0.0
    return float(dataset.y[treated].mean() - dataset.y[~treated].mean() - dataset.sate)


def _median_place(values: list[float]) -> int:
    """Position of the lower median."""
    return int(np.argsort(values, kind="stable")[(len(values) - 1) // 2])
