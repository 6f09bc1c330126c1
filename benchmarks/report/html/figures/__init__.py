"""The figures of a report, one file each. Each is a `Drawing`: in words, in numbers, and drawn."""

from __future__ import annotations

from collections.abc import Iterable

from benchmarks.report.html.figures import boxes, confounding, cost, coverage, dials, fan
from benchmarks.report.html.figures.drawing import Drawing
from benchmarks.report.html.study import Study

__all__ = ["Drawing", "drawings"]


def drawings(study: Study) -> Iterable[Drawing]:
    """The figures that a study has data for, in the order of the page."""
    makers = (boxes.draw, coverage.draw, fan.draw, confounding.draw)
    found = [maker(study) for maker in makers]
    found += [dials.draw(study, axis) for axis in study.axes]
    found += [cost.draw(study)]
    return [each for each in found if each is not None]
