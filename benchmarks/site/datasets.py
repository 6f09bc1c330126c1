"""The page of a dataset of a release."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.boards.explain import setting_words
from benchmarks.report.html.study import Study
from benchmarks.report.lists import dataset_table
from benchmarks.site.dots import Histogram, histogram
from sdscm.data.dataset import CausalDataset
from sdscm.errors import InputError
from sdscm.graph_plot import draw_graph
from sdscm.number_format import joined, number
from sdscm.report_page import (
    Drawing,
    Picture,
    ReportTable,
    TableColumn,
    exported,
    make_table,
    number_column,
    text_column,
)
from sdscm.spec import PhrasedSpec, Spec, load_spec

#: Number of methods that are named as the best and as the worst.
_NAMED = 3


@dataclass(frozen=True)
class Sentence:
    """Hold a sentence of a unit; ``treatment`` marks the one of the treatment."""

    text: str
    treatment: bool


@dataclass(frozen=True, eq=False)
class DatasetPage:
    """Collect what the page of a dataset shows.

    Attributes
    ----------
    name, dataset
        Name in the release, and the dataset.
    fact
        Its row of the table of facts.
    studies
        Data of the figures, with the scores of all methods.
    settings
        The settings of the suite.
    links
        Pages of methods, seen from this page.
    graph
        Picture of the DAG; None if the spec is not a scenario of this version.
    snippet
        Python code that loads the dataset.
    download
        Path of the file beside this page; empty if it is not there.
    """

    name: str
    dataset: CausalDataset
    fact: pd.DataFrame
    studies: Sequence[Study]
    settings: Sequence[str]
    links: Mapping[str, str]
    graph: Picture | None
    snippet: str
    download: str

    @property
    def lead(self) -> str:
        """Origin of the dataset, in one sentence."""
        meta = self.dataset.meta
        if not meta.spec_hash:
            return f"{len(self.dataset):,} units of {meta.scenario}."
        spec = scenario_of(self.dataset)
        title = f"{spec.title}. " if spec is not None else ""
        return (
            f"{title}{len(self.dataset):,} units of the scenario {meta.scenario}, sampled by "
            f"{meta.lm} in phrasing {meta.phrasing}."
        )

    @property
    def facts(self) -> list[tuple[str, str]]:
        """Facts that make the dataset hard or easy, by name."""
        table = dataset_table(self.fact)
        pairs = zip(table.columns[1:], table.rows[0].cells[1:], strict=True)
        found = [(column.heading, cell.full_text) for column, cell in pairs]
        noise = float(self.dataset.meta.options.get("noise", 0) or 0)
        return [*found, ("Noise of the outcome / SD(y)", number(noise) if noise else "none")]

    @cached_property
    def _phrased(self) -> PhrasedSpec | None:
        spec = scenario_of(self.dataset)
        return None if spec is None else spec.phrased(self.dataset.meta.phrasing)

    @property
    def unit(self) -> list[Sentence]:
        """The sentences of the first unit; the covariates of data without text."""
        dataset, phrased = self.dataset, self._phrased
        if dataset.text is None:
            row = dataset.X.iloc[0]
            return [Sentence(", ".join(f"{n} = {number(v)}" for n, v in row.items()), False)]
        text = str(dataset.text.iloc[0])
        if phrased is None or not dataset.contrast:
            return [Sentence(text, False)]
        marked = self._treatment(int(dataset.t[0]))
        before, found, after = text.partition(marked)
        parts = [Sentence(before, False), Sentence(found, True), Sentence(after, False)]
        return [part for part in parts if part.text.strip()]

    def _treatment(self, t: int) -> str:
        """Return the sentence of the treatment of a phrased dataset."""
        assert self._phrased is not None
        variable = self._phrased.spec.treatment
        code = variable.values.index(self.dataset.contrast[t])
        return self._phrased.sentence(variable.name, code)

    @property
    def outcomes(self) -> list[tuple[str, str]]:
        """Treatment, both potential outcomes and the effect of the first unit, by name."""
        dataset = self.dataset
        values = dataset.contrast or ("0", "1")
        received = int(dataset.t[0])
        found = [("Treatment received", f"{values[received]} (t = {received})")]
        for k, outcome in enumerate((dataset.y0[0], dataset.y1[0])):
            name = f"Outcome under {values[k]}"
            if self._phrased is not None and dataset.contrast:
                name += f": “{self._treatment(k).strip()}”"
            observed = " (observed)" if k == received else " (counterfactual)"
            found.append((name, number(outcome) + observed))
        return [*found, ("Effect of this unit", number(dataset.ite[0]))]

    @cached_property
    def effects(self) -> Histogram | None:
        """The distribution of the individual effects, in SD(y)."""
        sd = float(self.dataset.y.std()) or 1.0
        return histogram(self.dataset.ite / sd, {"mean": self.dataset.sate / sd, "": 0.0})

    @cached_property
    def _scores(self) -> pd.DataFrame:
        parts = [each.scores for each in self.studies if each.rows in ("", "fitted")]
        found = [part[part["dataset"] == self.name] for part in parts]
        return pd.concat(found) if found else pd.DataFrame()

    @cached_property
    def methods(self) -> ReportTable:
        """The errors of all methods, in each setting."""
        scores, columns = self._scores, [text_column("method", value=str)]
        errors = {each.name: each for study in self.studies for each in study.errors}
        for metric in errors.values():
            for setting in self.settings:
                columns.append(self._error(metric.name, metric.title, setting))
        names = list(dict.fromkeys(scores["estimator"])) if len(scores) else []
        made = make_table("methods-of-dataset", "Errors of all methods", columns, names)
        first = {n: self._value(n, self.settings[0], m) for n in names for m in list(errors)[:1]}
        order = sorted(
            range(len(names)), key=lambda k: (np.isnan(first[names[k]]), first[names[k]])
        )
        rows = tuple(made.rows[k] for k in order)
        return ReportTable(made.name, made.caption, made.columns, rows)

    def _error(self, metric: str, title: str, setting: str) -> TableColumn[str]:
        return number_column(
            f"{metric}-{setting}",
            title,
            value=lambda method: self._value(method, setting, metric),
            note=setting_words(setting),
        )

    @cached_property
    def _by_place(self) -> dict[tuple[str, str], dict[Hashable, Any]]:
        rows = self._scores.to_dict("records")
        return {(str(row["estimator"]), str(row["setting"])): row for row in rows}

    def _value(self, method: str, setting: str, metric: str) -> float:
        return float(self._by_place.get((method, setting), {}).get(metric, float("nan")))

    @property
    def best_and_worst(self) -> str:
        """Name the best and the worst methods by the first error, in the first setting."""
        errors = [each for study in self.studies for each in study.errors]
        names = [row.cells[0].text for row in self.methods.rows]
        if not errors:
            return ""
        known = {n: self._value(n, self.settings[0], errors[0].name) for n in names}
        known = {name: value for name, value in known.items() if np.isfinite(value)}
        if len(known) < 2 * _NAMED:
            return ""
        shown = [f"{name} ({number(value)})" for name, value in known.items()]
        return (
            f"By {errors[0].title}, with {setting_words(self.settings[0])}, the best are "
            f"{joined(shown[:_NAMED])}; the worst are {joined(shown[-_NAMED:])}."
        )


def scenario_of(dataset: CausalDataset) -> Spec | None:
    """Return the scenario of a dataset, if it comes with this version."""
    meta = dataset.meta
    if not meta.spec_hash:
        return None
    try:
        spec = load_spec(meta.scenario)
    except InputError:
        return None
    return spec if spec.content_hash == meta.spec_hash else None


def graph_of(spec: Spec) -> Picture:
    """Draw the DAG of a scenario."""
    reads = "; ".join(
        f"{name} reads {', '.join(spec.parents(name)) or 'nothing'}" for name in spec.order
    )
    drawing = Drawing(
        f"graph-{spec.name}",
        "Graph",
        "An arrow leads from a variable to one whose sentence is sampled given its text.",
        f"The DAG of {spec.name}: {reads}.",
        lambda _: draw_graph(spec),
    )
    return exported(drawing, narrow=False, kinds=())
