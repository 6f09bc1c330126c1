"""How often tests and intervals are wrong over simulated audits, and the table of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import calibration
import numpy as np
import pytest
from calibration import (
    DESIGNS,
    SHAPES,
    SMALLEST,
    Calibration,
    Design,
    band,
    calibrate,
    exact_size,
    simulate,
    table,
)


def check(found: Calibration) -> None:
    """Shares within what chance allows, and what is known beyond it.

    Skewed effects break the tests' assumption by a little, and an effect of one phrasing in five
    by more, if there are ten; ten effects in two lumps make the interval too wide.
    """
    skewed = found.design.shape in ("skewed", "in few")
    slack = 0.02 if skewed else 0.0
    if found.design == Design(10, "in few"):
        slack = 0.06
    wide = 0.03 if found.design.shape == "two lumps" else 0.0
    runs, possible = found.runs, exact_size(found.design.phrasings)
    assert found.size <= possible + band(0.05, runs) + 2 * slack
    assert found.size >= possible - band(0.05, runs)
    assert found.minimum <= 0.025 + band(0.025, runs) + 2 * slack
    assert found.equivalence <= 0.05 + band(0.05, runs) + slack
    assert 0.94 - band(0.05, runs) - 2 * slack <= found.coverage <= 0.96 + wide + band(0.05, runs)


@pytest.mark.parametrize("design", [Design(8, "normal"), Design(8, "normal", "sample", 10)])
def test_tests_and_intervals_over_a_few_audits(design: Design) -> None:
    check(calibrate(design, 150 if design.method == "exact" else 40))


@pytest.mark.slow
@pytest.mark.parametrize("design", DESIGNS, ids=str)
def test_tests_and_intervals_over_2000_audits(design: Design) -> None:
    check(calibrate(design, 2_000))


def test_shapes_are_standardised() -> None:
    generator = np.random.default_rng(1)
    for name, shape in SHAPES.items():
        draws = np.array([shape(generator) for _ in range(40_000)])
        assert abs(draws.mean()) < 0.02, name
        assert abs(draws.var() - 1) < 0.05, name
        assert draws.max() <= 10


def test_a_simulated_audit_measures_the_effect_that_was_drawn() -> None:
    one, other = (simulate(Design(6, "normal"), mean, 4) for mean in (0.0, SMALLEST))
    assert one.exact
    for low, high in zip(one.effects, other.effects, strict=True):
        assert high.value - low.value == pytest.approx(SMALLEST)
    assert np.std([each.value for each in one.effects]) > 0.01
    sampled = simulate(Design(6, "normal", "sample", 25), 0.0, 4)
    for exact, drawn in zip(one.effects, sampled.effects, strict=True):
        # Of 25 units so many are old: the effect differs by 0.2 between the ages.
        assert drawn.standard_error == pytest.approx(0.1 / 5, rel=0.3)
        assert abs(drawn.value - exact.value) < 5 * drawn.standard_error


@pytest.mark.parametrize(
    ("phrasings", "size"), [(5, 0.0), (6, 2 / 64), (7, 6 / 128), (10, 50 / 1024)]
)
def test_the_size_that_few_phrasings_allow(phrasings: int, size: float) -> None:
    assert exact_size(phrasings) == pytest.approx(size)


def test_the_page_of_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    design = Design(6, "skewed", "sample")
    page = table([Calibration(design, 2000, 0.03, 0.02, 0.01, 0.94)])
    assert "| 6 | skewed | 25 units | 3.0% | 3.1% | 2.0% | 1.0% | 94.0% |" in page
    assert "2,000 simulated audits" in page
    monkeypatch.setattr(calibration, "DESIGNS", (replace(design, method="exact"),))
    path = tmp_path / "docs" / "page.md"
    calibration.main(["--runs", "2", "--out", str(path)])
    assert "| 6 | skewed | enumerated |" in path.read_text(encoding="utf-8")
