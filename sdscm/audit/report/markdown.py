"""Write a report as Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from sdscm.report_page import Page, Picture, Section
from sdscm.report_page.markdown import markdown as table_markdown


def markdown(page: Page) -> str:
    """Format the page as GitHub Markdown; its pictures are files in ``figures/``."""
    parts = [f"# {_text(page.title)}", f"*{_text(page.kicker)}*", _text(page.lead)]
    if page.summary is not None:
        parts += [f"## {_text(page.summary.title)}", *_part(page.summary)]
    if page.warnings:
        parts += ["## Warnings", _list(page.warnings)]
    for part in page.parts:
        parts += [f"## {_text(part.title)}", *_part(part)]
    return "\n\n".join(parts) + "\n"


def _part(part: Section | Picture) -> Iterator[str]:
    if isinstance(part, Picture):
        yield _text(part.drawing.reading)
        yield from (f"![{_text(part.drawing.alt)}]({name})" for name in part.files)
        return
    yield from map(_text, part.text)
    if part.lines:
        yield _list(part.lines)
    if part.folded:
        yield "<details><summary>Show</summary>"
    for table in part.tables:
        if table.caption != part.title:
            yield f"**{_text(table.caption)}**"
        yield table_markdown(table, lambda cell: _text(cell).replace("|", "\\|"))
    if part.folded:
        yield "</details>"


def _list(lines: tuple[str, ...]) -> str:
    return "\n".join(f"- {_text(line)}" for line in lines)


def _text(text: str) -> str:
    """Escape text as one line of Markdown: words of a scenario are not markup."""
    line = " ".join(text.split())
    for letter in "\\`*_<>[]":
        line = line.replace(letter, "\\" + letter)
    return line
