"""Reports of audits: Markdown and JSON, and one HTML page with figures."""

from sdscm.audit.report.record import record
from sdscm.audit.report.write import write_report

__all__ = ["record", "write_report"]
