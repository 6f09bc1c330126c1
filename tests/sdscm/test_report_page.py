"""A page of any kind: its parts are escaped, have anchors, and captions do not repeat headings."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("jinja2")

from sdscm.report_page import Page, Section, make_table, number_column, render, text_column


def page(*warnings: str) -> Page:
    columns = [text_column("name"), number_column("value", "Value")]
    rows = [{"name": "<a>", "value": 0.5}, {"name": "b", "value": float("nan")}]
    tables = tuple(make_table(f"table-{k}", k, columns, rows) for k in ("Numbers", "Others"))
    folded = Section("notes", "Notes", lines=("a & b",), folded=True)
    return Page(
        "T", "k", "lead", (Section("numbers", "Numbers", ("text",), tables), folded), warnings
    )


def test_sections_are_linked_and_escaped() -> None:
    html = render(page("x < y"))
    anchors = re.findall(r'href="#(\w+)"', html)
    assert anchors == ["main", "numbers", "notes"]
    assert all(f'id="{anchor}"' in html for anchor in anchors)
    for text in ("x &lt; y", "a &amp; b", "&lt;a&gt;"):
        assert text in html
    assert '<section class="warnings"' in html
    assert '<section class="warnings"' not in render(page())


def test_a_caption_that_repeats_its_heading_is_not_seen() -> None:
    html = render(page())
    assert '<caption id="table-Numbers-caption" class="unseen">' in html
    assert '<caption id="table-Others-caption">' in html


def test_missing_values_sort_last() -> None:
    assert re.findall(r'class="number" data-value="([^"]*)"', render(page())) == ["0.5", ""] * 2
