"""One self-contained page for a finished run, and its figures as files.

A run becomes studies (tidy data for figures), a study becomes `Drawing` objects; boards, facts and
drawings become a `Page`, which a template renders.
"""

from benchmarks.report.html.page import require_libraries, write_page

__all__ = ["require_libraries", "write_page"]
