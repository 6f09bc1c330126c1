"""HTML of objects for notebooks: small, styled inline, escaped, in the colours of the notebook."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

# No colours of its own, so that it can be read on light and on dark ground.
_CARD = "font-family: system-ui, sans-serif; font-size: 13px; line-height: 1.45; max-width: 62em"
_CELL = "padding: 1px 10px 1px 0; text-align: left; vertical-align: top; white-space: normal"
_TABLE = "border-collapse: collapse; margin: 0.4em 0; font-size: inherit"
_RULE = "border-bottom: 1px solid rgba(128, 128, 128, 0.5)"
_FAINT = "opacity: 0.75"


def html_card(title: str, about: str, *parts: str) -> str:
    """A title, a line about the object, and parts of HTML below each other."""
    head = f"<b>{escape(title)}</b> <span style='{_FAINT}'>{escape(about)}</span>"
    return f"<div style='{_CARD}'><div>{head}</div>{''.join(parts)}</div>"


def html_table(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table of texts; what is not text is formatted with ``str``."""
    head = "".join(f"<th style='{_CELL}; {_RULE}'>{escape(str(text))}</th>" for text in heads)
    body = "".join(
        "<tr>" + "".join(f"<td style='{_CELL}'>{escape(str(text))}</td>" for text in row) + "</tr>"
        for row in rows
    )
    return f"<table style='{_TABLE}'><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def html_facts(facts: Mapping[str, Any]) -> str:
    """Names and values, one line each."""
    lines = (
        f"<tr><td style='{_CELL}; {_FAINT}'>{escape(name)}</td>"
        f"<td style='{_CELL}'>{escape(str(value))}</td></tr>"
        for name, value in facts.items()
    )
    return f"<table style='{_TABLE}'>{''.join(lines)}</table>"


def html_note(*lines: str) -> str:
    """Lines of text in small letters; empty without lines."""
    return "".join(
        f"<div style='{_FAINT}; font-size: 12px'>{escape(line)}</div>" for line in lines if line
    )


def html_picture(svg: bytes, alt: str) -> str:
    """An SVG on white paper. As an image, its styles and scripts reach nothing else of the page."""
    uri = f"data:image/svg+xml;base64,{b64encode(svg).decode()}"
    style = (
        "max-width: 100%; max-height: 30em; background: white; border-radius: 4px; margin: 0.4em 0"
    )
    return f"<img src='{uri}' alt='{escape(alt)}' style='{style}'>"


def shortened(text: Any, most: int = 90) -> str:
    """A text in one line of at most ``most`` letters."""
    line = " ".join(str(text).split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def listed(items: Sequence[Any], most: int = 6) -> str:
    """The first items, with commas, and the number of the others."""
    shown = ", ".join(map(str, items[:most]))
    return f"{shown}, … ({len(items)})" if len(items) > most else shown
