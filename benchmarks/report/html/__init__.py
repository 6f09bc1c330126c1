"""One self-contained page for a finished run, and its figures as files.

Only `write_page` is for use from outside. A run becomes a `Study` (tidy data for figures), a study
becomes `Drawing` objects, and boards, facts and drawings become a `Page`, which a template renders.
"""

from benchmarks.report.html.page import write_page

__all__ = ["write_page"]
