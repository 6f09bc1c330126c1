"""Tables of estimators are complete, and agree with the measurements."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
from estimator_tables import answers, built_in, catalogue, coverage_table, seconds_table, versions

from benchmarks.simulations.exemptions import BANDS, exempt_from_coverage

ROOT = Path(__file__).parents[2]
MEASURED = ROOT / "results" / "estimators"


def test_the_tables_name_each_estimator():
    for info in built_in():
        (row,) = re.findall(rf"^\| {re.escape(info.name)} \| .*$", catalogue(), re.MULTILINE)
        assert f" | {info.estimand} | " in row
        assert row.endswith(f" | {info.assumes} | {info.source or '–'} |")
        assert answers().count(f"\n| {info.name} | {info.ate} |") == 1


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
