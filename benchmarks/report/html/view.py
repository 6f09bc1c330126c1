"""Define the frozen records that the template shows."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.boards.board_table import BoardTable
from benchmarks.boards.table import ReportTable
from benchmarks.report.origins import Fact


@dataclass(frozen=True)
class FigureView:
    """Hold a figure: two drawings as data URIs, its texts, and its numbers."""

    id: str
    title: str
    reading: str
    alt: str
    wide: str
    narrow: str
    width: int
    height: int
    table: ReportTable
    files: tuple[str, ...]


@dataclass(frozen=True)
class Page:
    """Hold the whole report."""

    title: str
    kicker: str
    summary: str
    findings: tuple[str, ...]
    families: tuple[str, ...]
    boards: tuple[BoardTable, ...]
    figures: tuple[FigureView, ...]
    rules: tuple[str, ...]
    metrics: ReportTable
    datasets: ReportTable
    dataset_note: str
    trouble: ReportTable | None
    commands: tuple[Fact, ...]
    provenance: tuple[Fact, ...]
    suite: str
    versions: ReportTable
