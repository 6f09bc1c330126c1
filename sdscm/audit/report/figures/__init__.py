"""The figures of an audit's report."""

from __future__ import annotations

import io
from dataclasses import replace

from sdscm.audit.report.figures.forest import forest
from sdscm.audit.report.figures.paths import paths
from sdscm.audit.report.figures.wording import wording
from sdscm.audit.result import AuditResult
from sdscm.graph_plot import draw_graph
from sdscm.report_page import Drawing, Picture, exported
from sdscm.spec import Spec

_DPI = 110


def pictures(result: AuditResult) -> tuple[Picture, ...]:
    """Draw forest plots, phrasing plots, path diagrams and the DAG, in the order of the report."""
    measures = list(dict.fromkeys(each.measure for each in result.findings))
    drawings = (
        *(forest(result, each, f"forest-{k}") for k, each in enumerate(measures, 1)),
        *(wording(result, each, f"phrasings-{k}") for k, each in enumerate(measures, 1)),
        paths(result, measures[0]),
        _graph(result.spec),
    )
    # The graph has its own size, and scrolls where that is wider than the screen.
    made = (
        exported(each, narrow=each.name != "graph", kinds=("png",), dpi=_DPI, titled=False)
        for each in drawings
    )
    return tuple(
        replace(each, files={name: _small(png) for name, png in each.files.items()})
        for each in made
    )


def _graph(spec: Spec) -> Drawing:
    return Drawing(
        "graph",
        "The DAG that the audit assumes",
        "Each variable is sampled given the sentences of its parents only.",
        f"The DAG of {spec.name}: "
        + "; ".join(
            f"{name} reads {', '.join(spec.parents(name)) or 'nothing'}" for name in spec.order
        )
        + ".",
        lambda _: draw_graph(spec),
    )


def _small(raster: bytes) -> bytes:
    """Reduce a PNG to 64 colours, which is a third of its size."""
    from PIL import Image

    with io.BytesIO() as small:
        Image.open(io.BytesIO(raster)).convert("RGB").quantize(64).save(
            small, format="png", optimize=True
        )
        return small.getvalue()
