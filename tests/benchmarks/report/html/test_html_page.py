"""The page as text: whole, self-contained, honest, and fit for a screen reader."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import pairwise
from types import SimpleNamespace

import pandas as pd
import pytest

from benchmarks.report.html import write_page
from benchmarks.report.lists import trouble_table
from benchmarks.report.origins import commands

VOID = {"meta", "link", "img", "input", "source", "br"}


class Outline(HTMLParser):
    """Every element with its attributes, in order; fails on tags that do not match."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str], tuple[str, ...]]] = []
        self.text: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, {k: v or "" for k, v in attributes}, tuple(self.open)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not {"script", "style"} & set(self.open):
            self.text.append(data)

    def all(self, *tags: str) -> list[dict[str, str]]:
        return [attributes for tag, attributes, _ in self.elements if tag in tags]


@pytest.fixture(scope="module")
def outline(page: str) -> Outline:
    return Outline(page)


def test_files(page_files) -> None:
    folder = page_files[0].parent
    names = [path.relative_to(folder).as_posix() for path in page_files]
    assert names[0] == "report.html"
    stems = (
        "error-by-method",
        "coverage-against-width",
        "unit-intervals",
        "error-against-confounding",
        "error-against-n",
        "cost-against-error",
    )
    assert names[1:] == [f"figures/{stem}.{kind}" for stem in stems for kind in ("png", "pdf")]
    for path in page_files[1:]:
        mark = {".png": b"\x89PNG", ".pdf": b"%PDF"}[path.suffix]
        assert path.read_bytes().startswith(mark)


def test_it_needs_nothing_else(outline: Outline, page: str) -> None:
    for tag, attributes, _ in outline.elements:
        for name in ("src", "srcset", "href"):
            value = attributes.get(name, "data:")
            assert value.startswith(("data:", "#")), f"{tag} {name}={value[:60]}"
        assert not [name for name in attributes if name.startswith("on")]
    assert "url(" not in page.replace("url(#", "")
    assert "@import" not in page
    assert "default-src 'none'" in page


def test_anchors_and_labels_lead_somewhere(outline: Outline) -> None:
    ids = [attributes["id"] for _, attributes, _ in outline.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = [a["href"][1:] for a in outline.all("a")]
    targets += [a["for"] for a in outline.all("label")]
    targets += [
        target
        for _, attributes, _ in outline.elements
        for target in attributes.get("aria-labelledby", "").split()
    ]
    assert set(targets) <= set(ids)


def test_tables_are_read_aloud_as_tables(outline: Outline, page: str) -> None:
    assert len(outline.all("table")) == len(outline.all("caption")) > 10
    for tag, attributes, parents in outline.elements:
        if tag == "th":
            assert attributes["scope"] == ("col" if "thead" in parents else "row")
    for table in re.findall(r"<table.*?</table>", page, re.DOTALL):
        head, *rows = re.findall(r"<tr.*?</tr>", table, re.DOTALL)
        width = head.count("<th ")
        assert {row.count("<th ") + row.count("<td ") for row in rows} == {width}
        assert {row.count("<th ") for row in rows} == {1}


def test_headings_skip_no_level(outline: Outline) -> None:
    levels = [int(tag[1]) for tag, _, _ in outline.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_each_picture_is_told_in_words_and_numbers(outline: Outline) -> None:
    pictures = outline.all("img")
    assert len(pictures) == len(outline.all("figure")) == 6
    for picture in pictures:
        assert len(picture["alt"]) > 60
        assert "nan" not in picture["alt"]
    narrow = outline.all("source")
    assert len(narrow) == 6
    assert all("screen and (max-width" in source["media"] for source in narrow)


def test_names_are_text_and_not_markup(outline: Outline, page: str) -> None:
    assert "<games>" not in page
    assert not outline.all("b", "i")
    text = "".join(outline.text)
    assert "Toys & <games>" in text
    assert "<b>Broken</b> & co" in text
    assert "no <i>good</i>" in text


def test_provenance(outline: Outline) -> None:
    text = " ".join("".join(outline.text).split())
    assert "sdscm benchmark" in text
    assert "sdscm report toy --plugin " in text
    assert "40 of 48 cells scored" in text
    for library in ("numpy", "scikit-learn", "python"):
        assert library in text
    assert "resamples: 50" in text


def test_the_numbers_are_those_of_the_boards(finished, page: str) -> None:
    board = next(b for b in finished.boards if b.group["setting"] == "all")
    value = board.table.set_index("estimator").loc["LinReg", "pehe_sd"]
    table = page[page.index('id="board-cate-pehe-sd-toy-all') :]
    row = table[table.index(">LinReg<") : table.index("</tr>", table.index(">LinReg<"))]
    assert f'data-value="{value:.9g}"' in row


@pytest.mark.slow  # half a minute
def test_equal_records_give_equal_bytes(finished, page_files, tmp_path) -> None:
    again = write_page(finished, tmp_path)
    for first, second in zip(page_files, again, strict=True):
        assert first.read_bytes() == second.read_bytes(), first.name


def contrast(one: str, other: str) -> float:
    """WCAG 2.2's contrast ratio of two colours ``#rrggbb``."""

    def light(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        parts = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast(page: str) -> None:
    from sdscm import figure_style as style

    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", page))
    for ink in ("ink", "muted", "accent"):
        for ground in ("paper", "panel", "hover"):
            assert contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)
    for ink in (style.INK, style.MUTED):
        assert contrast(ink, colours["paper"]) >= 4.5
    # Names beside points are in the colour of their family, so these are text.
    for colour in style.PALETTE:
        assert contrast(colour, colours["paper"]) >= 4.5, colour


def test_a_lost_cell_counts_once_where_rows_are_held_out() -> None:
    cell = {"estimator": "A", "setting": "all", "status": "failed", "reason": "no"}
    scores = pd.DataFrame([cell | {"rows": rows} for rows in ("fitted", "held-out")])
    table = trouble_table(scores)
    assert table is not None
    assert [each.text for each in table.rows[0].cells] == ["A", "all", "failed", "no", "1"]


def test_the_command_of_a_page_of_mixed_records_says_so() -> None:
    manifest = SimpleNamespace(
        command="sdscm benchmark 'my suite.yaml' --plugin 'my metric.py' --plugin b.py",
        suite=SimpleNamespace(name="mine"),
    )
    _, (_, command) = commands(manifest, mixed=True)  # type: ignore[arg-type]
    assert command == "sdscm report mine --plugin 'my metric.py' --plugin b.py --mixed"
