"""The page of the estimators agrees with the code and the tables."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import estimators
from benchmarks.report.docs.extract import replaced
from benchmarks.simulations.exemptions import BANDS, exempt_from_coverage
from benchmarks.simulations.page import coverage_table, page, seconds_table, versions
from estimators.check import RULES
from sdscm.errors import InputError

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "estimators.md").read_text(encoding="utf-8")
MEASURED = ROOT / "results" / "estimators"


def test_the_page_is_up_to_date():
    constraints = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    names = ("coverage", "seconds", "units")
    tables = {name: pd.read_csv(MEASURED / f"{name}.csv") for name in names}
    assert page(PAGE, constraints, tables) == PAGE, "run: make docs"


def test_the_page_names_each_estimator_and_each_rule():
    for info in estimators.infos():
        if info.origin == "built-in":
            assert PAGE.count(f"\n| {info.name} | {info.family} | {info.estimand} |") == 1
            assert PAGE.count(f"\n| {info.name} | {info.ate} |") == 1
    assert PAGE.count("\n- ") >= len(RULES)


@pytest.mark.parametrize(
    "text", re.findall(r"<!-- test: python -->\n```python\n(.*?)```", PAGE, re.S)
)
def test_its_snippets_run(text, tmp_path):
    ran = subprocess.run(
        [sys.executable, "-c", text], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")


def test_the_committed_coverage_keeps_to_the_bands():
    for row in pd.read_csv(MEASURED / "coverage.csv").itertuples():
        if not exempt_from_coverage(row.estimator, row.truth, row.interval):
            least, most = BANDS[row.interval]
            assert least <= row.coverage <= most, row
            assert row.seeds == 200, row
            assert row.failed == 0, row


def test_an_exemption_is_explained():
    measured = pd.DataFrame(
        {
            "estimator": ["AIPW", "AIPW", "AIPW"],
            "truth": ["linear", "nonlinear", "linear"],
            "interval": ["ate", "ate", "ate"],
            "coverage": [0.9512, 0.0, float("nan")],
            "width_sd": [0.149, 0.3, float("nan")],
            "seeds": [200, 200, 200],
            "failed": [0, 1, 200],
        }
    )
    first, second, third = coverage_table(measured).splitlines()[2:]
    assert first == "| AIPW | linear | ate | at least 0.90 | 0.951 | 0.15 | 200 | 0 |"
    assert (
        "nothing: its models of outcome or treatment are linear | 0.000 | 0.30 | 200 | 1 |"
        in second
    )
    assert third == "| AIPW | linear | ate | at least 0.90 | – | – | 200 | 200 |"


def test_seconds_stand_side_by_side():
    measured = pd.DataFrame(
        {
            "estimator": ["slow", "slow", "new", "broken"],
            "rows": [1000, 10000, 1000, 1000],
            "seconds": [2.3456, 234.56, 0.001, float("nan")],
        }
    )
    assert seconds_table(measured).splitlines() == [
        "| Name | 1,000 rows | 10,000 rows |",
        "| --- | ---: | ---: |",
        "| slow | 2.35 | 235 |",
        "| new | 0.001 | – |",
        "| broken | failed | – |",
    ]


def test_versions_come_from_the_pins():
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    assert f"| econml | {re.search(r'^econml==(.*)$', pins, re.M).group(1)} |" in versions(pins)


def test_a_page_without_a_place_is_told():
    with pytest.raises(InputError, match=r"write <!-- rules:begin --> and <!-- rules:end -->"):
        replaced("<!-- rules:begin -->", "table", "rules")
