"""The figures of an audit's report."""

from __future__ import annotations

from sdscm.audit.report.figures.forest import forest
from sdscm.audit.report.figures.graph import graph
from sdscm.audit.report.figures.paths import paths
from sdscm.audit.report.figures.wording import wording
from sdscm.audit.report.view import Picture
from sdscm.audit.result import AuditResult


def pictures(result: AuditResult) -> tuple[Picture, ...]:
    """Draw forest plots, phrasing plots, path diagrams and the DAG, in the order of the report."""
    measures = list(dict.fromkeys(each.measure for each in result.findings))
    return (
        *(forest(result, each, f"forest-{k}") for k, each in enumerate(measures, 1)),
        *(wording(result, each, f"phrasings-{k}") for k, each in enumerate(measures, 1)),
        paths(result, measures[0]),
        graph(result.spec),
    )
