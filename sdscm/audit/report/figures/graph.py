"""The DAG of the audit."""

from __future__ import annotations

from sdscm.audit.report.figures import style
from sdscm.audit.report.view import Picture
from sdscm.graph_plot import draw_graph
from sdscm.spec import Spec


def graph(spec: Spec) -> Picture:
    """Draw the DAG with the treatment and the outcome of the audit."""
    with style.audit_style():
        return style.picture(
            draw_graph(spec),
            "graph",
            "The DAG that the audit assumes",
            "Each variable is sampled given the sentences of its parents only.",
            f"The DAG of {spec.name}: "
            + "; ".join(
                f"{name} reads {', '.join(spec.parents(name)) or 'nothing'}" for name in spec.order
            )
            + ".",
        )
