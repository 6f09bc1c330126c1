"""Make a self-contained HTML page of a run, and its figures as files.

A `Study` holds the data of the figures of one language model. Each figure is a `Drawing`. A `Page`
holds the drawings and tables, and a template renders it.
"""

from benchmarks.report.html.page import require_libraries, write_page

__all__ = ["require_libraries", "write_page"]
