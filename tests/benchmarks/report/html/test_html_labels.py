"""Names beside points: apart, inside the panel, off the lines, and nearest to their own point."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from benchmarks.report.html.figures.labels import Point, label
from benchmarks.report.html.figures.style import canvas
from sdscm.report_page.figure import WIDE


@pytest.fixture
def panel():
    _, (axis,) = canvas(WIDE, 1, 1, panel=3.0)
    axis.set_xlim(0, 1)
    axis.set_ylim(0, 1)
    return axis


def names(axis) -> dict[str, Text]:
    for text in axis.texts:
        text.get_window_extent()  # an annotation has its place only then
    return {text.get_text(): text for text in axis.texts}


def test_a_lonely_point_is_named_to_its_right(panel) -> None:
    assert label(panel, [Point(0.5, 0.5, "RF", "black")]) == ["RF"]
    box = Text.get_window_extent(names(panel)["RF"])
    spot = panel.transData.transform((0.5, 0.5))
    assert box.x0 > spot[0]
    assert box.y0 < spot[1] < box.y1


def test_at_the_edge_it_is_named_to_its_left(panel) -> None:
    label(panel, [Point(0.99, 0.5, "CausalForest", "black")])
    assert Text.get_window_extent(names(panel)["CausalForest"]).x1 < panel.get_window_extent().x1


def test_no_name_crosses_a_line(panel) -> None:
    height = 0.51
    label(panel, [Point(0.5, 0.5, "CausalForest", "black")], [(0, height), (1, height)])
    box = Text.get_window_extent(names(panel)["CausalForest"])
    level = panel.transData.transform((0, height))[1]
    assert box.y1 < level or box.y0 > level


@pytest.mark.parametrize("seed", range(4))
def test_crowds(panel, seed: int) -> None:
    draw = np.random.Generator(np.random.Philox(seed))
    points = [
        Point(*draw.uniform(0.05, 0.95, 2), name=f"Method {i}", colour="black") for i in range(25)
    ]
    written = label(panel, points)
    assert 10 < len(written) == len(names(panel))
    boxes = {name: Text.get_window_extent(text) for name, text in names(panel).items()}
    for one, other in combinations(boxes.values(), 2):
        assert not one.overlaps(other)
    spots = panel.transData.transform([(point.x, point.y) for point in points])
    for point, spot in zip(points, spots, strict=True):
        text = names(panel).get(point.name)
        if text is None:
            continue
        box = boxes[point.name]
        assert not any(box.contains(*other) for other in spots)
        if text.arrowprops is None:
            gaps = np.maximum(np.maximum(box.p0 - spots, spots - box.p1), 0)
            assert points[int(np.hypot(*gaps.T).argmin())] is point
            continue
        along = np.linspace(spot, (box.p0 + box.p1) / 2, 200)
        for name, other in boxes.items():
            crossed = any(Bbox([a, b]).overlaps(other) for a, b in pairwise(along))
            assert name == point.name or not crossed
