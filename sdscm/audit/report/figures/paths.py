"""Path diagram: the routes from treatment to outcome with their effects."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import networkx as nx

from sdscm.audit.effects.estimand import Kind
from sdscm.audit.effects.measure import Measure
from sdscm.audit.finding import Finding
from sdscm.audit.report import words
from sdscm.audit.report.figures import style
from sdscm.audit.report.figures.forest import draw as draw_rows
from sdscm.audit.result import AuditResult
from sdscm.figure_style import BLUE, INK, MUTED, ORANGE
from sdscm.report_page import Drawing, Layout
from sdscm.spec import Spec

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# All in inches, from the treatment's middle.
_TITLE = 0.62
_BOX, _HIGH = 1.95, 0.8
_X = (1.15, 4.5, 7.85)
_UP, _DOWN = 1.35, -1.3
_LETTERS = 24

_Place = tuple[float, float]


def paths(result: AuditResult, measure: Measure) -> Drawing:
    """Draw a path diagram for each model and contrast on one scale."""
    found: dict[tuple[str, str], dict[Kind, Finding]] = {}
    for each in result.findings:
        if each.measure == measure and not (each.estimand.held or each.estimand.group):
            key = (each.model, words.contrast(each))
            found.setdefault(key, {})[each.estimand.kind] = each
    return Drawing(
        "paths",
        f"Effects on {words.outcome(measure)} by route",
        "Thickness: size of the effect on the route relative to the largest effect. Blue with a "
        "plus: raises; orange with a minus: lowers; grey: the interval contains 0. Direct and "
        "indirect effects and their interaction add up to the total. The dashed route is not an "
        "effect of the treatment: it is the association that common causes add. On a phone "
        "the same effects are rows with their intervals.",
        "Path diagram with the direct, indirect and spurious parts; the table 'All effects' has "
        "the numbers.",
        lambda layout: (
            _draw(result, measure, found, layout)
            if layout.across > 1
            else draw_rows(*_as_rows(found), layout)
        ),
    )


def _as_rows(
    found: Mapping[tuple[str, str], Mapping[Kind, Finding]],
) -> tuple[dict[str, dict[str, list[Finding]]], list[str], Finding]:
    """Return the same effects for a forest plot, since the diagram is too wide for a phone."""
    models = list(dict.fromkeys(model for model, _ in found))
    rows: dict[str, dict[str, list[Finding]]] = {}
    for (_, contrast), effects in found.items():
        for each in effects.values():
            rows.setdefault(contrast, {}).setdefault(each.estimand.label, []).append(each)
    return rows, models, next(iter(next(iter(found.values())).values()))


def _draw(
    result: AuditResult,
    measure: Measure,
    found: Mapping[tuple[str, str], Mapping[Kind, Finding]],
    layout: Layout,
) -> Figure:
    top = (_UP if result.mediators else 0.0) + _HIGH / 2 + 0.1
    bottom = (_DOWN if result.spec.common_causes else 0.0) - _HIGH / 2 - 0.25
    panel = top - bottom + _TITLE
    figure = style.blank(panel * len(found), layout)
    width, height = figure.get_size_inches()
    for row, ((model, contrast), effects) in enumerate(found.items()):
        axes = figure.add_axes((0, 1 - (row + 1) * panel / height, 1, panel / height))
        axes.set_axis_off()
        axes.set_xlim(0, width)
        axes.set_ylim(bottom, top + _TITLE)
        axes.text(0.15, top + 0.38, f"{model}: {contrast}", weight="bold", va="center")
        total = f"total {style.mean_with_interval(effects['total'])}"
        if "mediated interaction" in effects:
            part = style.mean_with_interval(effects["mediated interaction"])
            total += f", of which interaction {part}"
        axes.text(0.15, top + 0.15, total, va="center", color=MUTED)
        _panel(axes, result, measure, effects)
    return figure


def _panel(
    axes: Axes, result: AuditResult, measure: Measure, effects: Mapping[Kind, Finding]
) -> None:
    spec, total = result.spec, effects["total"]
    treatment, outcome = (_X[0], 0.0), (_X[2], 0.0)
    above, below = (_X[1], _UP), (_X[1], _DOWN)
    largest = max((abs(e.mean) for e in effects.values() if math.isfinite(e.mean)), default=0.0)
    causes = spec.common_causes
    if _has_direct(spec, result.mediators):
        direct = effects.get("natural direct", total)
        _arrow(axes, treatment, outcome, direct, largest)
        _label(axes, (_X[1], 0.0), "direct", direct)
    if result.mediators:
        indirect = effects["natural indirect"]
        for ends in ((treatment, above), (above, outcome)):
            _arrow(axes, *ends, indirect, largest)
        _label(axes, (_X[1], _UP - _HIGH / 2 - 0.2), "indirect", indirect)
        _box(
            axes, above, result.mediators, "mediators" if len(result.mediators) > 1 else "mediator"
        )
    if causes:
        spurious = effects["spurious"]
        for end in (treatment, outcome):
            _arrow(axes, below, end, spurious, largest, dashed=True)
        _label(axes, (_X[1], _DOWN + _HIGH / 2 + 0.2), "spurious", spurious)
        _box(axes, below, causes, f"common cause{'s' * (len(causes) > 1)}")
    _box(axes, treatment, [spec.treatment.name], f"{total.control} →\n{total.treated}")
    _box(axes, outcome, [spec.outcome.name], words.outcome(measure))


def _has_direct(spec: Spec, mediators: Sequence[str]) -> bool:
    """Return True if the treatment reaches the outcome on a path without the mediators."""
    beside = spec.graph.copy()
    beside.remove_nodes_from(mediators)
    return nx.has_path(beside, spec.treatment.name, spec.outcome.name)


def _color(found: Finding) -> str:
    sure = found.interval is not None and not found.interval.covers(0.0)
    if not sure:
        return "#9a9a94"
    return BLUE if found.mean > 0 else ORANGE


def _arrow(
    axes: Axes,
    begin: _Place,
    end: _Place,
    found: Finding,
    largest: float,
    *,
    dashed: bool = False,
) -> None:
    from matplotlib.patches import FancyArrowPatch

    share = abs(found.mean) / largest if largest and math.isfinite(found.mean) else 0.0
    start, stop = _edge(begin, end), _edge(end, begin)
    axes.add_patch(
        FancyArrowPatch(
            start,
            stop,
            arrowstyle="-|>",
            mutation_scale=13 + 5 * share,
            linewidth=1.0 + 4.0 * share,
            linestyle=(0, (4, 2)) if dashed else "solid",
            color=_color(found),
            shrinkA=0,
            shrinkB=0,
            zorder=1,
        )
    )


def _edge(box: _Place, other: _Place) -> _Place:
    """Return the point where the line to another box leaves a box."""
    if box[0] == _X[1]:
        return (box[0] + math.copysign(_BOX / 2, other[0] - box[0]), box[1])
    rise = other[1] - box[1]
    if rise == 0:
        return (box[0] + math.copysign(_BOX / 2, other[0] - box[0]), box[1])
    return (
        box[0] + math.copysign(_BOX / 5, other[0] - box[0]),
        box[1] + math.copysign(_HIGH / 2 + 0.02, rise),
    )


def _label(axes: Axes, place: _Place, name: str, found: Finding) -> None:
    axes.text(
        *place,
        f"{name} {style.mean_with_interval(found)}",
        ha="center",
        va="center",
        color=INK,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5},
        zorder=3,
    )


def _box(axes: Axes, place: _Place, names: Sequence[str], below: str) -> None:
    from matplotlib.patches import FancyBboxPatch

    x, y = place
    axes.add_patch(
        FancyBboxPatch(
            (x - _BOX / 2, y - _HIGH / 2),
            _BOX,
            _HIGH,
            boxstyle="round,pad=0,rounding_size=0.08",
            facecolor="#f7f4ec",
            edgecolor=INK,
            linewidth=1.1,
            zorder=2,
        )
    )
    title = ", ".join(names)
    if len(title) > _LETTERS and len(names) > 1:
        title = f"{len(names)} variables"
    note = "\n".join(_cut(line, 30) for line in below.splitlines())
    axes.text(x, y + 0.18, _cut(title, _LETTERS), ha="center", va="center", weight="bold", zorder=4)
    axes.text(x, y - 0.13, note, ha="center", va="center", size=8, color=MUTED, zorder=4)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
