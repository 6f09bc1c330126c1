"""The figures of an audit's report."""

from __future__ import annotations

from sdscm.audit.report.figures.forest import forest
from sdscm.audit.report.figures.graph import graph
from sdscm.audit.report.figures.paths import paths
from sdscm.audit.report.figures.wording import wording
from sdscm.audit.report.view import Picture
from sdscm.audit.result import AuditResult


def pictures(result: AuditResult) -> tuple[Picture, ...]:
    """Forest plots, phrasing plots, path diagrams and the DAG, in the order of the report."""
    measures = dict.fromkeys(each.measure for each in result.findings)
    return (
        *(forest(result, measure) for measure in measures),
        *(wording(result, measure) for measure in measures),
        paths(result, next(iter(measures))),
        graph(result.spec),
    )
