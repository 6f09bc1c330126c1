"""Render templates of pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sdscm.report_page import template_of

#: Contents of files by path.
Contents = dict[str, bytes]


@dataclass(frozen=True)
class Entry:
    """Hold what the list of all boards shows of one: its place, title, description and picture."""

    path: str
    title: str
    lead: str
    picture: str
    alt: str


def rendered(template: str, **content: Any) -> bytes:
    """Render a page. A line of a page cannot begin a block of code in Markdown."""
    text = template_of(template, __package__).render(**content)
    return text.replace("\n```\n`", "\n```\n&#96;").encode()
