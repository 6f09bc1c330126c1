"""Make the tables of ``docs/estimators.md``.

``python -m benchmarks.simulations.page docs/estimators.md constraints.txt results/estimators``
writes them between the marks ``<!-- NAME:begin -->`` and ``<!-- NAME:end -->``: ``catalogue``,
``answers``, ``rules``, ``units``, ``versions``, ``coverage`` and ``seconds``.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pandas as pd

import estimators
from benchmarks.report.docs.extract import replaced
from benchmarks.simulations.exemptions import BANDS, exempt_from_coverage
from estimators.check import RULES, RULES_OF_REGISTERED, title
from sdscm.report_page.markdown import markdown_table

#: Libraries of the core that decide numbers.
_CORE = ("numpy", "scipy", "scikit-learn", "pandas", "torch", "lightgbm", "xgboost")
_LIBRARIES = ("econml", "causalml", "dowhy", "stochtree", "quantile-forest", "doubleml", "optuna")


def page(text: str, constraints: str, measured: Mapping[str, pd.DataFrame]) -> str:
    """Return a page with new tables.

    ``constraints`` is the content of ``constraints.txt``; ``measured`` has the tables ``coverage``,
    ``seconds`` and ``units`` that ``python -m benchmarks.simulations`` makes.
    """
    tables = {
        "catalogue": catalogue(),
        "answers": answers(),
        "rules": "\n".join(f"- {title(rule)}." for rule in RULES + RULES_OF_REGISTERED),
        "versions": versions(constraints),
        "units": units_table(measured["units"]),
        "coverage": coverage_table(measured["coverage"]),
        "seconds": seconds_table(measured["seconds"]),
    }
    for mark, table in tables.items():
        text = replaced(text, table, mark)
    return text


def built_in() -> list[estimators.EstimatorInfo]:
    """Return the estimators of the project, without installed plugins."""
    return [info for info in estimators.infos() if info.origin == "built-in"]


def catalogue() -> str:
    """Make the table of the estimators."""
    heads = ("Name", "Family", "Estimand", "Intervals", "Extra", "Seed", "What it does", "Source")
    rows = (
        (
            *(i.name, i.family, i.estimand, ", ".join(i.intervals.kinds), i.extra),
            *("matters" * i.stochastic, i.summary, i.source),
        )
        for i in built_in()
    )
    return _table(heads, rows, left=8)


def answers() -> str:
    """Make the table of the definitions of average effects and intervals."""
    rows = []
    for info in built_in():
        by_text: dict[str, list[str]] = {}
        for kind in info.intervals.kinds:
            by_text.setdefault(getattr(info.intervals, kind), []).append(kind)
        described = "; ".join(f"{', '.join(kinds)}: {text}" for text, kinds in by_text.items())
        rows.append((info.name, info.ate, described))
    return _table(("Name", "Average effect", "Intervals"), rows, left=3)


def versions(constraints: str) -> str:
    """Make the table of the pinned versions of the libraries."""
    pinned = dict(re.findall(r"^([\w.-]+)==([\w.+-]+)$", constraints.lower(), re.MULTILINE))
    rows = [(name, pinned[name]) for name in (*_CORE, *_LIBRARIES)]
    return _table(("Library", "Version"), rows, left=2)


def coverage_table(measured: pd.DataFrame) -> str:
    """Make the table of the coverage of intervals of level 0.95, with the band of each."""
    heads = ("Name", "Truth", "Interval", "Held to", "Coverage", "Width / SD(y)", "Seeds", "Failed")
    rows = []
    for row in measured.to_dict("records"):
        name, truth, kind = row["estimator"], row["truth"], row["interval"]
        reason = exempt_from_coverage(name, truth, kind)
        held_to = f"nothing: {reason}" if reason else f"at least {BANDS[kind][0]:.2f}"
        numbers = (_number(row["coverage"], ".3f"), _number(row["width_sd"], ".2f"))
        rows.append((name, truth, kind, held_to, *numbers, row["seeds"], row["failed"]))
    return _table(heads, rows, left=4)


def seconds_table(measured: pd.DataFrame) -> str:
    """Make the table of the seconds of a fit; ``failed`` where no fit succeeded."""
    sizes = sorted(measured["rows"].unique())
    known = measured.set_index(["estimator", "rows"])["seconds"].to_dict()
    rows = [
        (name, *(_seconds(known[name, n]) if (name, n) in known else "" for n in sizes))
        for name in measured["estimator"].drop_duplicates()
    ]
    return _table(("Name", *(f"{n:,} rows" for n in sizes)), rows, left=1)


def units_table(measured: pd.DataFrame) -> str:
    """Make the table of the changes of answers by other units, in standard deviations of y."""
    changes = measured.columns[1:]
    rows = [
        (row["estimator"], *(_number(row[change], ".0e") for change in changes))
        for row in measured.to_dict("records")
    ]
    return _table(("Name", *changes), rows, left=1)


def _seconds(value: float) -> str:
    return "failed" if pd.isna(value) else _number(value, ".3g" if value < 100 else ".0f")


def _number(value: float, form: str) -> str:
    return "" if pd.isna(value) else format(value, form)


def _table(heads: Sequence[str], rows: Iterable[Sequence[object]], left: int) -> str:
    return markdown_table(heads, [[str(cell) or "–" for cell in row] for row in rows], left)


def main(path: Path, constraints: Path, folder: Path) -> None:
    """Write the tables into the page."""
    fresh = page(
        path.read_text(encoding="utf-8"),
        constraints.read_text(encoding="utf-8"),
        {name: pd.read_csv(folder / f"{name}.csv") for name in ("coverage", "seconds", "units")},
    )
    path.write_text(fresh, encoding="utf-8")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
