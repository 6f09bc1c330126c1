"""The page of a method of a release."""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

import estimators
from benchmarks import metrics
from benchmarks.boards.board_table import BoardTable
from benchmarks.boards.explain import setting_words
from benchmarks.boards.scores import average_repetitions
from benchmarks.datasets.truth import FITTED
from benchmarks.metrics import Metric
from benchmarks.report.html.figures import dials
from benchmarks.report.html.studies import Run
from benchmarks.report.html.study import Study, drawable
from benchmarks.report.lists import trouble_table
from benchmarks.site.dots import DotPlot, dot_plot
from benchmarks.storage.manifest import MethodInfo
from estimators import EstimatorInfo
from sdscm.number_format import NONE, percent, seconds, slug, two_decimals
from sdscm.report_page import Boards, ReportTable, make_table, number_column, text_column

_NO_RANGE = (float("nan"), float("nan"))
#: Metrics of a method's table by dataset, where the method has them.
_SCORES = ("pehe_sd", "ate_abs_error_sd", "cate_coverage", "ate_coverage", "ite_coverage")


@dataclass(frozen=True, eq=False)
class MethodPage:
    """Collect what the page of a method shows.

    Attributes
    ----------
    method, run, tables, studies
        The method; the run, its boards with their places, and its data of figures.
    links
        Pages of datasets, seen from this page.
    ranges
        Range of the errors of all methods, by metric and dataset; see `error_ranges`.
    cost
        Median seconds of a fit on the published boards, by board.
    """

    method: MethodInfo
    run: Run
    tables: Sequence[tuple[dict[str, str], BoardTable]]
    studies: Sequence[Study]
    links: Mapping[str, str]
    ranges: Mapping[str, Mapping[str, tuple[float, float]]]
    cost: Mapping[str, float]

    @property
    def label(self) -> str:
        """The label of the method on boards."""
        return self.method.label

    @cached_property
    def info(self) -> EstimatorInfo | None:
        """What the registry tells of the estimator; None if it is not installed here."""
        names = {entry.title: entry.name for entry in self.run.manifest.suite.estimators}
        try:
            return estimators.info(names.get(self.label, self.label))
        except estimators.EstimatorError:
            return None

    @property
    def facts(self) -> list[tuple[str, str]]:
        """Family, assumptions, capabilities and source, by name."""
        found = [("Family", self.method.family), ("Finest effect", self.method.estimand)]
        info = self.info
        if info is None:
            return [*found, ("Registered", "not in this installation")]
        kinds = {"effect": info.intervals.effect, "average effect": info.intervals.ate}
        kinds["unit"] = info.intervals.ite
        intervals = [f"{kind}: {how}" for kind, how in kinds.items() if how]
        extra = f"pip install 'sdscm[{info.extra}]'" if info.extra else "pip install sdscm"
        return [
            *found,
            ("Assumes", info.assumes or "not stated"),
            ("Needs", ", ".join(("X", "t", "y", *info.needs))),
            ("Arms", "two or more" if info.many_arms else "two"),
            ("Average effect", info.ate),
            ("Intervals", "; ".join(intervals) or "none"),
            ("Depends on a seed", "yes" if info.stochastic else "no"),
            ("Install", extra),
            ("Source", info.source or "not stated"),
        ]

    @cached_property
    def docstring(self) -> str:
        """The docstring of the class; empty if it cannot be read without an import."""
        if self.info is None or self.info.origin != "built-in":
            return ""
        return docstring_of(estimators.where(self.info.name))

    @property
    def ranks(self) -> ReportTable:
        """The rank of the method on each board."""
        shown = [each for each in self.tables if self.label in each[1].ranking.methods]
        names = Boards(tuple(self.tables)).choices
        columns = [
            *(
                text_column(slug(name), name, value=lambda each, n=name: each[0][n])
                for name in names
            ),
            number_column(
                "rank", "Rank", value=lambda each: self._ranked(each[1], "rank"), form=str
            ),
            number_column("of", "Of", value=lambda each: len(each[1].ranking.average), form=str),
            number_column(
                "average",
                "Average rank",
                value=lambda each: self._ranked(each[1], "average_rank"),
                form=two_decimals,
            ),
            number_column("score", "Score", value=lambda each: self._score(each[1])),
        ]
        return make_table("ranks-table", "Ranks on each board", columns, shown)

    def _ranked(self, table: BoardTable, name: str) -> float | None:
        return table.ranking.average[name].to_dict().get(self.label)

    def _score(self, table: BoardTable) -> float | None:
        rows = table.board.table
        found = rows.loc[rows["estimator"] == self.label, table.ranking.metric.name]
        return None if found.empty else float(found.iloc[0])

    @cached_property
    def _scores(self) -> dict[tuple[str, str], dict[str, float]]:
        """Scores on the fitted rows, by dataset and setting; means over seeds."""
        scores = self.run.result.scores
        mine = scores[(scores["estimator"] == self.label) & (scores["rows"] == FITTED)]
        names = [metric.name for metric in metrics.registered()]
        rows = average_repetitions(mine).to_dict("records") if len(mine) else []
        return {(row["dataset"], row["setting"]): {n: row[n] for n in names} for row in rows}

    @cached_property
    def errors(self) -> tuple[Metric, ...]:
        """The errors by which the suite ranks, where the method has scores."""
        found = {each.name: each for study in self.studies for each in study.errors}
        return tuple(
            each
            for each in found.values()
            if any(np.isfinite(row[each.name]) for row in self._scores.values())
        )

    @cached_property
    def plots(self) -> list[DotPlot]:
        """The errors on each dataset, in each setting, beside the range of all methods."""
        settings = self.run.manifest.suite.settings
        made = []
        for metric in self.errors:
            values, ranges = {}, {}
            for source in self.run.manifest.sources:
                row = [self._score_on(source.name, s, metric.name) for s in settings]
                if np.isfinite(row).any():
                    values[source.name] = row
                    ranges[source.name] = self.ranges[metric.name].get(source.name, _NO_RANGE)
            words = [setting_words(setting) for setting in settings]
            title = f"{metric.title}, lower is better"
            made.append(dot_plot(title, words, values, ranges, self.links))
        return [each for each in made if each is not None]

    def _score_on(self, dataset: str, setting: str, metric: str) -> float:
        return self._scores.get((dataset, setting), {}).get(metric, float("nan"))

    @cached_property
    def by_dataset(self) -> ReportTable:
        """The scores on each dataset and in each setting."""
        names = [
            name for name in _SCORES if any(np.isfinite(row[name]) for row in self._scores.values())
        ]
        columns = [
            text_column("dataset", value=lambda place: place[0]),
            text_column("setting", value=lambda place: place[1]),
            *(
                number_column(
                    name,
                    metrics.get(name).title,
                    value=lambda place, name=name: self._scores[place][name],
                    form=metrics.get(name).form,
                    nominal=1 - self.run.manifest.suite.alpha if "coverage" in name else None,
                )
                for name in names
            ),
        ]
        caption = "Scores on each dataset, on the fitted rows"
        return make_table("datasets-of-method", caption, columns, list(self._scores))

    @cached_property
    def by_dial(self) -> list[ReportTable]:
        """The error at each level of the dials that the suite varies."""
        drawn = [
            dials.draw(study, dial)
            for study in self.studies
            if study.rows in ("", FITTED)
            for dial in study.dials
        ]
        tables = [each.table for each in drawn if each is not None and each.table is not None]
        return [only(table, self.label, str(k)) for k, table in enumerate(tables)]

    @cached_property
    def failures(self) -> ReportTable | None:
        """Fits without a score, and why; None if all have one."""
        scores = self.run.result.scores
        return trouble_table(scores[scores["estimator"] == self.label])

    @property
    def fits(self) -> str:
        """The number of fits with a score."""
        scores = self.run.result.scores
        status = scores.loc[
            (scores["estimator"] == self.label) & (scores["rows"] == FITTED), "status"
        ]
        ok = int((status == "ok").sum())
        return f"{ok} of {len(status)} ({percent(ok / len(status)) if len(status) else NONE})"

    @property
    def costs(self) -> list[str]:
        """The median seconds of a fit on each published board that has the method."""
        return [f"{seconds(each)} s on {name}" for name, each in self.cost.items() if each == each]


def error_ranges(
    studies: Sequence[Study], setting: str
) -> dict[str, dict[str, tuple[float, float]]]:
    """Find the tenth and the ninetieth percentile of the errors of all methods.

    Returns
    -------
    The two ends by metric and dataset, on the fitted rows in a setting.
    """
    found: dict[str, dict[str, tuple[float, float]]] = {}
    for study in studies:
        if study.rows not in ("", FITTED):
            continue
        rows = study.scores[study.scores["setting"] == setting]
        for metric in study.errors:
            for name, errors in rows.groupby("dataset")[metric.name]:
                values = drawable(errors)
                if len(values):
                    low, high = np.quantile(values, (0.1, 0.9))
                    found.setdefault(metric.name, {})[str(name)] = float(low), float(high)
    return found


def only(table: ReportTable, method: str, mark: str) -> ReportTable:
    """Keep the rows of a method in a table whose first column has the methods."""
    rows = tuple(row for row in table.rows if row.cells[0].text == method)
    name = f"{table.name}-{mark}"
    rows = tuple(replace(row, cells=row.cells[1:]) for row in rows)
    return ReportTable(name, table.caption, table.columns[1:], rows)


def docstring_of(where: str) -> str:
    """Read the docstring of ``module:name`` from its file, without importing the module."""
    module, _, name = where.partition(":")
    found = importlib.util.find_spec(module)
    if found is None or found.origin is None:
        return ""
    tree = ast.parse(Path(found.origin).read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == name:
            return ast.get_docstring(node) or ""
    return ""
