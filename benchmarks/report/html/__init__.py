"""Make a self-contained HTML page of a run, and its figures as files.

A `Study` holds the data of the figures of one language model. Each module of ``figures`` draws one.
"""

from benchmarks.report.html.page import write_page

__all__ = ["write_page"]
