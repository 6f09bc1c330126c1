"""Write the boards of selectors as Markdown, CSV and JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.selection.board import RULES, SelectionBoard, board_table, widest
from benchmarks.selection.definition import Selector
from benchmarks.selection.figure import draw
from benchmarks.selection.picks import failures
from benchmarks.suite.model import Suite
from sdscm.figure_style import has_matplotlib
from sdscm.files import put_atomically
from sdscm.number_format import counted
from sdscm.report_page import make_table, text_column
from sdscm.report_page.markdown import markdown

_FORMAT = 1


def write_files(
    folder: Path,
    suite: Suite,
    command: str,
    boards: Sequence[SelectionBoard],
    picks: pd.DataFrame,
    selectors: Sequence[Selector],
) -> tuple[Path, ...]:
    """Write ``selectors.md``, ``.csv``, ``.json``, ``picks.csv`` and ``selectors.png``.

    There is no figure if matplotlib is not installed, or if the suite has several language models.

    Returns
    -------
    The paths of the files.
    """
    table = pd.concat([board.table.assign(**board.group) for board in boards])
    group = list(dict.fromkeys(key for board in boards for key in board.group))
    table = table[[*group, *(name for name in table if name not in group)]]
    shown = widest(boards)
    figures: dict[str, bytes] = {}
    if has_matplotlib() and "lm" not in shown[0].group:
        figures["selectors.png"] = draw(suite.name, shown)
    contents: dict[str, str | bytes] = {
        "selectors.md": _markdown(
            suite.title or suite.name, command, boards, picks, selectors, figures
        ),
        "selectors.csv": _csv(table, "%.6g"),
        "selectors.json": _json(suite.name, command, boards),
        "picks.csv": _csv(picks, "%.9g"),
        **figures,
    }
    for name, content in contents.items():
        put_atomically(folder / name, content)
    return tuple(folder / name for name in contents)


def _markdown(
    title: str,
    command: str,
    boards: Sequence[SelectionBoard],
    picks: pd.DataFrame,
    selectors: Sequence[Selector],
    figures: Iterable[str],
) -> str:
    parts = [f"# Choosing a method without the truth: {title}", f"Remake it with `{command}`."]
    parts += [
        f"![Regret of each selector; the tables hold the numbers]({name})" for name in figures
    ]
    for board in boards:
        datasets = counted(board.datasets, "dataset")
        clusters = counted(board.clusters, "phrasing or file", "phrasings or files")
        parts += [f"## {board.title[0].upper()}{board.title[1:]}", f"{datasets}, {clusters}."]
        parts.append(markdown(board_table(board)))
    parts += ["## How to read this", *RULES, _definitions(selectors)]
    lost = [f"- {name}: {reason} ({number})" for name, reason, number in failures(picks)]
    if lost:
        parts += ["## Failures, with the number of datasets", "\n".join(lost)]
    return "\n\n".join(parts) + "\n"


def _definitions(selectors: Sequence[Selector]) -> str:
    columns = [
        text_column("title", "Selector", value=lambda each: each.title),
        text_column("definition", "Picks by", value=lambda each: each.definition),
        text_column("better", value=lambda each: f"{each.better} is better"),
        text_column("source", value=lambda each: each.source),
    ]
    return markdown(make_table("definitions", "The selectors", columns, selectors))


def _csv(table: pd.DataFrame, form: str) -> str:
    return table.to_csv(index=False, float_format=form, lineterminator="\n")


def _json(name: str, command: str, boards: Sequence[SelectionBoard]) -> str:
    content = {
        "format": _FORMAT,
        "suite": name,
        "command": command,
        "boards": [
            {
                "group": dict(board.group),
                "clusters": board.clusters,
                "datasets": board.datasets,
                "selectors": [
                    {str(name): _plain(value) for name, value in row.items()}
                    for row in board.table.to_dict("records")
                ],
            }
            for board in boards
        ],
    }
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _plain(value: Any) -> Any:
    """Convert a value to a type of JSON; a missing number is null."""
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, float):
        return float(f"{value:.9g}") if math.isfinite(value) else None
    return value
