"""Define the parts of a page, and render them as HTML."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from sdscm.errors import MissingExtraError
from sdscm.report_page.figure import Picture
from sdscm.report_page.table import ReportTable

if TYPE_CHECKING:
    import jinja2


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


@dataclass(frozen=True)
class Boards:
    """Hold the boards of a page, and what a reader can choose and filter them by.

    Attributes
    ----------
    tables, figures, more_figures
        Tables, figures above them, and figures below them. Each has its place: a mapping from the
        name of a choice to the value under which it is shown. One without a value is always shown.
    choices
        The values of each choice; the first one is chosen when a page opens. There is no choice
        where all tables have the same value.
    families
        Families of the methods.
    """

    tables: tuple[tuple[dict[str, str], ReportTable], ...]
    figures: tuple[tuple[dict[str, str], Picture], ...] = ()
    more_figures: tuple[tuple[dict[str, str], Picture], ...] = ()

    @property
    def choices(self) -> dict[str, list[str]]:
        found: dict[str, dict[str, None]] = {}
        for place, _ in self.tables:
            for name, value in place.items():
                found.setdefault(name, {})[value] = None
        return {name: list(values) for name, values in found.items() if len(values) > 1}

    @property
    def families(self) -> list[str]:
        rows = (row for _, table in self.tables for row in table.rows)
        return sorted({row.family for row in rows}, key=str.casefold)


def assets() -> dict[str, str]:
    """Read the style and the script of tables, figures and boards, for pages of other kinds."""
    folder = resources.files(__package__) / "templates"
    return {name: (folder / name).read_text("utf-8") for name in ("board.css", "board.js")}


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
    return template_of(template, package).render(page=page, **content)


def template_of(template: str, package: str) -> jinja2.Template:
    """Find a template as `render` does."""
    return _environment(package).get_template(template)


@cache
def _environment(package: str) -> jinja2.Environment:
    import jinja2

    return jinja2.Environment(
        loader=jinja2.ChoiceLoader([*map(jinja2.PackageLoader, (package, __package__))]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
