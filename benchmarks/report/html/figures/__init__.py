"""Draw the figures of a report, one file each."""

from __future__ import annotations

from collections.abc import Iterable

from benchmarks.report.html.figures import boxes, confounding, cost, coverage, dials, unit_intervals
from benchmarks.report.html.study import Study
from sdscm.report_page import Drawing


def drawings(study: Study) -> Iterable[Drawing]:
    """List the figures for which a study has data, in the order of the page."""
    makers = (boxes.draw, coverage.draw, unit_intervals.draw, confounding.draw)
    found = [maker(study) for maker in makers]
    found += [dials.draw(study, dial) for dial in study.dials]
    found += [cost.draw(study)]
    return [each for each in found if each is not None]
