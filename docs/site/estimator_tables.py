"""Make the tables of docs/reference/estimators.md."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from pathlib import Path

import pandas as pd

import estimators
from benchmarks.simulations.exemptions import BANDS, exempt_from_coverage
from estimators.check import RULES, RULES_OF_REGISTERED, title
from sdscm.report_page.markdown import markdown_table

ROOT = Path(__file__).parents[2]

#: Libraries of the core that decide numbers.
_CORE = ("numpy", "scipy", "scikit-learn", "pandas", "torch", "lightgbm", "xgboost")
_LIBRARIES = ("econml", "causalml", "dowhy", "stochtree", "quantile-forest", "doubleml", "optuna")


def built_in() -> list[estimators.EstimatorInfo]:
    """Return the estimators of the project, without installed plugins."""
    return [info for info in estimators.infos() if info.origin == "built-in"]


def catalogue() -> str:
    """Make a table of the estimators of each family."""
    heads = ("Name", "What it does", "Estimand", "Intervals", "Seed", "Assumes", "Source")
    sections = []
    for (family, extra), infos in groupby(built_in(), lambda info: (info.family, info.extra)):
        rows = (
            (
                *(i.name, i.summary, i.estimand, ", ".join(i.intervals.kinds)),
                *("matters" * i.stochastic, i.assumes, i.source),
            )
            for i in infos
        )
        install = f"Extra `{extra}`.\n\n" if extra else ""
        sections.append(f"### {family}\n\n{install}{_table(heads, rows, left=7)}")
    return "\n\n".join(sections)


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


def rules() -> str:
    """Make the list of the rules that ``sdscm estimators check`` tests."""
    return "\n".join(f"- {title(rule)}." for rule in RULES + RULES_OF_REGISTERED)


def versions(constraints: str | None = None) -> str:
    """Make the table of the pinned versions, by default of the content of ``constraints.txt``."""
    if constraints is None:
        constraints = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    pinned = dict(re.findall(r"^([\w.-]+)==([\w.+-]+)$", constraints.lower(), re.MULTILINE))
    rows = [(name, pinned[name]) for name in (*_CORE, *_LIBRARIES)]
    return _table(("Library", "Version"), rows, left=2)


def _measured(name: str) -> pd.DataFrame:
    """Read what ``python -m benchmarks.simulations`` measured: coverage, seconds or units."""
    return pd.read_csv(ROOT / "results" / "estimators" / f"{name}.csv")


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


#: The function behind the name of each table.
TABLES: dict[str, Callable[[], str]] = {
    "estimators": catalogue,
    "estimators-answers": answers,
    "estimators-rules": rules,
    "estimators-versions": versions,
    "estimators-units": lambda: units_table(_measured("units")),
    "estimators-coverage": lambda: coverage_table(_measured("coverage")),
    "estimators-seconds": lambda: seconds_table(_measured("seconds")),
}
