"""Write a report as Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from sdscm.audit.report.view import Page, Section, Table


def markdown(page: Page) -> str:
    """Format the page as GitHub Markdown; its pictures are files in ``figures/``."""
    return "\n".join(_lines(page)).rstrip() + "\n"


def _lines(page: Page) -> Iterator[str]:
    yield from (f"# {_text(page.title)}", "", f"*{_text(page.kicker)}*", "", _text(page.lead), "")
    if page.warnings:
        yield from ("## Warnings", "", *(f"- {_text(each)}" for each in page.warnings), "")
    yield from ("## Verdicts", "", *(f"- {_text(each)}" for each in page.sentences), "")
    yield from (*_table(page.verdicts), "")
    for picture in page.pictures:
        yield from (f"## {_text(picture.title)}", "", _text(picture.reading), "")
        yield from (f"![{_text(picture.alt)}](figures/{picture.name}.png)", "")
    for section in page.sections:
        yield from _section(section)


def _section(section: Section) -> Iterator[str]:
    yield from (f"## {_text(section.title)}", "")
    for text in section.text:
        yield from (_text(text), "")
    if section.lines:
        yield from (*(f"- {_text(line)}" for line in section.lines), "")
    if section.folded:
        yield from ("<details><summary>Show</summary>", "")
    for table in section.tables:
        if table.caption:
            yield from (f"**{_text(table.caption)}**", "")
        yield from (*_table(table), "")
    if section.folded:
        yield from ("</details>", "")


def _table(table: Table) -> Iterator[str]:
    yield _row(table.header)
    marks = ["--:" if place in table.right else "---" for place in range(len(table.header))]
    yield f"|{'|'.join(marks)}|"
    for row in table.rows:
        yield _row(row)


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(_text(cell).replace('|', chr(92) + '|') for cell in cells)} |"


def _text(text: str) -> str:
    """Escape text as one line of Markdown: words of a scenario are not markup."""
    line = " ".join(text.split())
    for letter in "\\`*_<>[]":
        line = line.replace(letter, "\\" + letter)
    return line
