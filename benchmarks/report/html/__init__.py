"""Make one self-contained page of a run, and its figures as files.

A run gives studies (the data of figures), and each study gives `Drawing` objects. Tables and
drawings make a `Page`, which a template renders.
"""

from benchmarks.report.html.page import require_libraries, write_page

__all__ = ["require_libraries", "write_page"]
