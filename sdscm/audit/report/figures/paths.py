"""The routes from the treatment to the outcome, with what each carries."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import networkx as nx

from sdscm.audit.estimand import Kind
from sdscm.audit.finding import Finding
from sdscm.audit.measure import Measure
from sdscm.audit.report import words
from sdscm.audit.report.figures import style
from sdscm.audit.report.view import Picture
from sdscm.audit.result import AuditResult
from sdscm.spec import Spec

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PANEL, _TITLE = 3.5, 0.4  # inches
_BOX = 1.95
_X = (1.15, 4.5, 7.85)
_Y = {"above": 2.95, "middle": 1.75, "below": 0.55}
_LETTERS = 26

_Place = tuple[float, float]


def paths(result: AuditResult, measure: Measure) -> Picture:
    """A path diagram for each model and contrast on one scale."""
    found: dict[tuple[str, str], dict[Kind, Finding]] = {}
    for each in result.findings:
        if each.measure == measure and not (each.estimand.held or each.estimand.group):
            key = (each.model, words.contrast(each))
            found.setdefault(key, {})[each.estimand.kind] = each
    with style.house_style():
        return style.picture(
            _draw(result, measure, found),
            "paths",
            f"What reaches {measure.label}, and on which route",
            "Thickness: the size of the effect on the route, as a share of the largest. Blue with "
            "a plus raises, orange with a minus lowers; grey: the interval holds 0. Direct and "
            "indirect effects add up to the total with their interaction. The dashed route is no "
            "effect of the treatment: it is what common causes add to the association.",
            "Path diagram with the direct, indirect and spurious parts; the table 'All effects' "
            "holds its numbers.",
        )


def common_causes(spec: Spec) -> tuple[str, ...]:
    """Causes of the treatment that reach the outcome beside it, in the order tau."""
    beside = spec.graph.copy()
    beside.remove_node(spec.treatment.name)
    reach = nx.ancestors(beside, spec.outcome.name)
    return tuple(name for name in spec.ancestors(spec.treatment.name) if name in reach)


def _draw(
    result: AuditResult,
    measure: Measure,
    found: Mapping[tuple[str, str], Mapping[Kind, Finding]],
) -> Figure:
    figure = style.blank((_PANEL + _TITLE) * len(found))
    width, height = figure.get_size_inches()
    for row, ((model, contrast), effects) in enumerate(found.items()):
        bottom = height - (row + 1) * (_PANEL + _TITLE)
        axes = figure.add_axes((0, bottom / height, 1, (_PANEL + _TITLE) / height))
        axes.set_axis_off()
        axes.set_xlim(0, width)
        axes.set_ylim(0, _PANEL + _TITLE)
        axes.text(0.15, _PANEL + _TITLE / 2, f"{model}: {contrast}", weight="bold", va="center")
        _panel(axes, result, measure, contrast, effects)
    return figure


def _panel(
    axes: Axes,
    result: AuditResult,
    measure: Measure,
    contrast: str,
    effects: Mapping[Kind, Finding],
) -> None:
    spec = result.spec
    treatment, outcome = (_X[0], _Y["middle"]), (_X[2], _Y["middle"])
    middle, below = (_X[1], _Y["above"]), (_X[1], _Y["below"])
    largest = max((abs(e.mean) for e in effects.values() if math.isfinite(e.mean)), default=0.0)
    total = effects["total"]
    direct = effects.get("natural direct", total)
    causes = common_causes(spec)
    if _has_direct(spec, result.mediators):
        _arrow(axes, treatment, outcome, direct, largest)
        _label(axes, (_X[1], _Y["middle"]), "direct", direct)
    if result.mediators:
        indirect = effects["natural indirect"]
        for ends in ((treatment, middle), (middle, outcome)):
            _arrow(axes, *ends, indirect, largest)
        _label(axes, (_X[1], _Y["above"] - 0.52), "indirect", indirect)
        _box(axes, middle, result.mediators, "through")
    if causes:
        spurious = effects["spurious"]
        for end in (treatment, outcome):
            _arrow(axes, below, end, spurious, largest, dashed=True)
        _label(axes, (_X[1], _Y["below"] + 0.52), "spurious", spurious)
        _box(axes, below, causes, "common causes")
    _box(axes, treatment, [spec.treatment.name], contrast)
    _box(axes, outcome, [spec.outcome.name], measure.label)
    told = f"total {_told(total)}"
    if "mediated interaction" in effects:
        told += f"\ninteraction {_told(effects['mediated interaction'])}"
    axes.text(_X[2] + _BOX / 2, _Y["middle"] + 0.95, told, ha="right", va="bottom", linespacing=1.5)


def _has_direct(spec: Spec, mediators: Sequence[str]) -> bool:
    """Whether the treatment reaches the outcome beside the mediators."""
    beside = spec.graph.copy()
    beside.remove_nodes_from(mediators)
    return nx.has_path(beside, spec.treatment.name, spec.outcome.name)


def _told(found: Finding) -> str:
    if found.interval is None:
        return words.effect(found.mean)
    low, high = words.effect(found.interval.low), words.effect(found.interval.high)
    return f"{words.effect(found.mean)} [{low}, {high}]"


def _color(found: Finding) -> str:
    sure = found.interval is not None and not found.interval.covers(0.0)
    if not sure:
        return "#9a9a94"
    return style.UP if found.mean > 0 else style.DOWN


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
    """Where the line to another box leaves a box: at its side, or at its top or bottom."""
    if box[0] == _X[1]:
        return (box[0] + math.copysign(_BOX / 2, other[0] - box[0]), box[1])
    rise = other[1] - box[1]
    if rise == 0:
        return (box[0] + math.copysign(_BOX / 2, other[0] - box[0]), box[1])
    return (box[0] + math.copysign(_BOX / 5, other[0] - box[0]), box[1] + math.copysign(0.34, rise))


def _label(axes: Axes, place: _Place, name: str, found: Finding) -> None:
    axes.text(
        *place,
        f"{name} {_told(found)}",
        ha="center",
        va="center",
        color=style.INK,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5},
        zorder=3,
    )


def _box(axes: Axes, place: _Place, names: Sequence[str], below: str) -> None:
    from matplotlib.patches import FancyBboxPatch

    x, y = place
    axes.add_patch(
        FancyBboxPatch(
            (x - _BOX / 2, y - 0.32),
            _BOX,
            0.64,
            boxstyle="round,pad=0,rounding_size=0.08",
            facecolor="#f7f4ec",
            edgecolor=style.INK,
            linewidth=1.1,
            zorder=2,
        )
    )
    title = ", ".join(names)
    if len(title) > _LETTERS:
        title = f"{len(names)} variables" if len(names) > 1 else f"{title[: _LETTERS - 1]}…"
    note = textwrap.shorten(below, width=34, placeholder=" …")
    axes.text(x, y + 0.11, title, ha="center", va="center", weight="bold", zorder=4)
    axes.text(x, y - 0.13, note, ha="center", va="center", size=8, color=style.MUTED, zorder=4)
