"""Make the pages of boards for the site of the documentation: Markdown with HTML inside.

A release has a page of its boards, and a page for each of its methods and datasets. A published
board, of which only the tables are there, has the page of its boards.
"""

from benchmarks.site.pages import all_pages, pages, published_pages

__all__ = ["all_pages", "pages", "published_pages"]
