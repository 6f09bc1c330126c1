"""The methods that no other beats in both cost and error, against brute force."""

from __future__ import annotations

import numpy as np

from benchmarks.report.html.figures.cost import frontier


def test_by_hand() -> None:
    costs, errors = np.array([3.0, 1, 2, 2, 4]), np.array([1.0, 5, 3, 4, 2])
    assert frontier(costs, errors).tolist() == [1, 2, 0]


def test_against_brute_force() -> None:
    draw = np.random.Generator(np.random.Philox(1))
    for _ in range(50):
        costs, errors = draw.integers(0, 6, size=(2, 8)).astype(float)
        points = list(zip(costs, errors, strict=True))
        unbeaten = {
            (c, e)
            for c, e in points
            if not any(x <= c and y <= e and (x, y) != (c, e) for x, y in points)
        }
        assert {points[i] for i in frontier(costs, errors)} == unbeaten
