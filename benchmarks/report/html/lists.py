"""The smaller tables: datasets, metrics, and cells without a score."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from benchmarks.boards.scores import of_cells
from benchmarks.metrics import Metric, PooledMetric
from benchmarks.report.columns import direction
from benchmarks.report.html.view import Cell, Column, Row, Table
from benchmarks.report.html.words import numeric, words


def dataset_table(facts: pd.DataFrame) -> Table:
    """What makes each dataset hard or easy; see `benchmarks.datasets.facts.fact_table`."""
    columns = (
        Column("Dataset", numeric=False),
        Column("Problems", numeric=False),
        Column("Rows", first="descending"),
        Column("Treated"),
        Column("SATE", note="in SD(y)"),
        Column("Naive contrast", note="in SD(y)"),
        Column("Bias", note="naive − SATE, in SD(y)", first="descending"),
        Column("SD(ITE)", note="in SD(y)", first="descending"),
        Column("SD(CATE), hidden", note="in SD(y)", first="descending"),
        Column("Out of reach, hidden", note="share of Var(ITE)"),
        Column("Propensity", note="true, lowest to highest"),
        Column("Effective rows", note="Kish", first="descending"),
        Column("Seed"),
    )
    rows = []
    for _, fact in facts.iterrows():
        low, high = float(fact["propensity_min"]), float(fact["propensity_max"])
        rows.append(
            Row(
                (
                    words(str(fact["dataset"])),
                    words(str(fact["problems"]) or "none"),
                    numeric(float(fact["n"]), f"{fact['n']:,}"),
                    numeric(float(fact["treated"]), f"{fact['treated']:.0%}"),
                    numeric(float(fact["sate_sd"])),
                    numeric(
                        float(fact["naive_sd"]), detail="sign flips" if fact["sign_flip"] else ""
                    ),
                    numeric(float(fact["bias_sd"])),
                    numeric(float(fact["heterogeneity"])),
                    numeric(float(fact["cate_spread"])),
                    numeric(float(fact["hidden_share"])),
                    numeric(low, f"{low:.2f} to {high:.2f}"),
                    numeric(float(fact["effective_n"])),
                    numeric(float(fact["seed"]), str(fact["seed"])),
                )
            )
        )
    return Table("datasets-table", "The datasets of the run", columns, tuple(rows))


def metric_table(columns: Sequence[Metric | PooledMetric], alpha: float) -> Table:
    """What each metric is, which direction is better, and where its formula is from."""
    rows = tuple(
        Row(
            (
                words(metric.title),
                words(metric.group),
                Cell((metric.function.__doc__ or "").strip().splitlines()[0]),
                words(direction(metric, f"{1 - alpha:.0%}")),
                Cell("" if metric.target == "none" else metric.target),
                Cell(metric.source),
            )
        )
        for metric in columns
    )
    titles = ("Metric", "Board", "What it is", "Direction", "Compared with", "Source")
    return Table(
        "metrics-table",
        "The metrics of the boards",
        tuple(Column(title, numeric=False) for title in titles),
        rows,
    )


def trouble_table(scores: pd.DataFrame) -> Table | None:
    """Cells without a score by method, setting and reason; None if there are none."""
    cells = of_cells(scores)
    lost = cells[cells["status"] != "ok"]
    if lost.empty:
        return None
    groups = lost.groupby(["estimator", "setting", "status", "reason"], sort=False)
    rows = tuple(
        Row((*(words(str(part)) for part in parts), numeric(float(len(cells)), str(len(cells)))))
        for parts, cells in groups
    )
    columns = (
        Column("Method", numeric=False),
        Column("Setting", numeric=False),
        Column("Status", numeric=False),
        Column("Reason", numeric=False),
        Column("Cells", first="descending"),
    )
    return Table("trouble-table", "Cells without a score, and why", columns, rows)
