"""Define the parts of a page, and render them as HTML."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from typing import Any

from sdscm.errors import MissingExtraError
from sdscm.report_page.figure import Picture
from sdscm.report_page.table import ReportTable


@dataclass(frozen=True)
class Section:
    """Hold a heading with text, a list and tables; a ``folded`` section is closed in HTML."""

    name: str
    title: str
    text: tuple[str, ...] = ()
    tables: tuple[ReportTable, ...] = ()
    lines: tuple[str, ...] = ()
    folded: bool = False


@dataclass(frozen=True)
class Page:
    """Hold a page: its head, and its parts in order.

    On paper, the head and the ``summary`` are a page of their own.
    """

    title: str
    kicker: str
    lead: str
    parts: tuple[Section | Picture, ...]
    warnings: tuple[str, ...] = ()
    summary: Section | None = None


def require_libraries() -> None:
    """Raise MissingExtraError if a library for figures or for pages is not installed."""
    for library in ("matplotlib", "jinja2"):
        if importlib.util.find_spec(library) is None:
            raise MissingExtraError(f"the HTML report ({library})", "plot")


def render(
    page: Page, template: str = "page.html.j2", package: str = __package__, **content: Any
) -> str:
    """Render a page as HTML that needs no other file and no network.

    Parameters
    ----------
    page
        The page.
    template, package
        Template in the folder ``templates`` of a package. It may extend ``page.html.j2``, and use
        the macros of ``parts.html.j2``.
    content
        Further values for the template.

    Raises
    ------
    ImportError
        If Jinja2 is not installed; see `require_libraries`.
    """
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader([*map(jinja2.PackageLoader, (package, __package__))]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(page=page, **content)
