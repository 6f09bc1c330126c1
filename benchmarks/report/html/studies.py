"""From a run to studies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from benchmarks.datasets.holdout import held_out
from benchmarks.datasets.truth import truth_of
from benchmarks.report.html.axes import varied
from benchmarks.report.html.fans import Fan, fan_of
from benchmarks.report.html.study import Study, errors_of
from benchmarks.storage.manifest import Manifest
from benchmarks.storage.store import Record
from sdscm.data.dataset import CausalDataset

#: Fans of a setting: as many as fit a page in two lines of three.
_FANS = 6


def studies(
    manifest: Manifest,
    scores: pd.DataFrame,
    facts: pd.DataFrame,
    datasets: Mapping[str, CausalDataset],
    records: Mapping[str, Record],
) -> list[Study]:
    """One study for each language model and kind of rows, in the order of the suite.

    None of those without any error to draw.
    """
    oracles = [method.label for method in manifest.methods if method.oracle]
    contest = scores[~scores["estimator"].isin(oracles)]
    bias = dict(zip(facts["dataset"], facts["bias_sd"].astype(float), strict=True))
    axes = varied(manifest.sources, datasets)
    parts = contest.groupby(["lm", "rows"], sort=False, dropna=False)
    found = []
    for (lm, rows), part in parts:
        errors = errors_of(manifest.suite.board.rank_by, part)
        if not errors:
            continue
        study = Study(
            lm=str(lm),
            rows=str(rows) if manifest.suite.holdout else "",
            scores=part,
            settings=tuple(manifest.suite.settings),
            errors=errors,
            alpha=manifest.suite.alpha,
            bias=bias,
            axes=axes,
            fans=(),
            fan_dataset="",
        )
        name = _typical(part, bias, datasets)
        shown = _fans(manifest, study, name, datasets[name], records)
        found.append(replace(study, fans=shown, fan_dataset=name))
    return found


def _fans(
    manifest: Manifest,
    study: Study,
    name: str,
    dataset: CausalDataset,
    records: Mapping[str, Record],
) -> tuple[Fan, ...]:
    """The fans of a dataset: those for the ITE before those for the CATE, the best methods of each.

    In all settings the same methods.
    """
    cells = {(c.setting, c.estimator): c.key for c in manifest.cells if c.dataset == name}
    mask = held_out(dataset.t, manifest.suite.holdout, dataset.fingerprint)
    shown = mask if study.rows == "held-out" else ~mask
    found: dict[str, dict[str, Fan]] = {}
    for setting in manifest.suite.settings:
        truth = truth_of(dataset, setting).of_rows(shown)
        for method in study.methods:
            record = records.get(cells.get((setting, method), ""))
            outcome = record.outcome if record else None
            if outcome is None:
                continue
            answer = outcome.held_out if study.rows == "held-out" else outcome.prediction
            fan = fan_of(method, setting, answer, truth) if answer else None
            if fan is not None:
                found.setdefault(method, {})[setting] = fan
    for_units = [method for method, fans in found.items() if _for_units(fans)]
    chosen = [*for_units, *(method for method in found if method not in for_units)][:_FANS]
    return tuple(
        found[method][setting]
        for setting in manifest.suite.settings
        for method in chosen
        if setting in found[method]
    )


def _for_units(fans: Mapping[str, Fan]) -> bool:
    return any(fan.made_for == "ITE" for fan in fans.values())


def _typical(
    scores: pd.DataFrame, bias: Mapping[str, float], datasets: Mapping[str, CausalDataset]
) -> str:
    """The dataset of (lower) median bias by confounding, of those whose effects are known."""
    names = list(dict.fromkeys(map(str, scores["dataset"])))
    names = [name for name in names if datasets[name].effects_known] or names
    size = [abs(bias[name]) if np.isfinite(bias[name]) else 0.0 for name in names]
    return names[int(np.argsort(size, kind="stable")[(len(names) - 1) // 2])]
