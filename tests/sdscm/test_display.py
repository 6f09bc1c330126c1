"""Objects show themselves: a short line, and HTML in which every text is escaped."""

from __future__ import annotations

from collections.abc import Iterable
from html.parser import HTMLParser
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdscm import SDSCM, CausalDataset, Spec, TabularLM, facts, mechanism_facts
from sdscm.display import html_card, html_facts, html_note, html_picture, html_table, shortened
from sdscm.lm.backends.tabular import random_table

HOSTILE = "<script>alert('x')</script>&amp;\"'"
#: Tags that the display writes.
TAGS = {"div", "b", "span", "table", "thead", "tbody", "tr", "th", "td", "img"}


class Reader(HTMLParser):
    """Reads the tags and the text of a page; each tag must be closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.add(tag)
        if tag == "img":
            assert {name for name, _ in attrs} == {"src", "alt", "style"}
            return
        assert {name for name, _ in attrs} <= {"style"}
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    assert reader.tags <= TAGS
    return reader


@pytest.fixture
def hostile(clinic: Spec) -> SDSCM:
    def changed(name: str) -> str:
        return f"{HOSTILE}{name}" if name in ("drug", "town") else name

    variables = [
        {
            **each.model_dump(exclude={"groups", "tuning"}),
            "name": changed(each.name),
            "parents": [changed(parent) for parent in each.parents],
            "values": [f"{value}{HOSTILE}" for value in each.values],
        }
        for each in clinic.variables
    ]
    spec = Spec.model_validate(
        {
            "name": "clinic",
            "title": HOSTILE,
            "variables": variables,
            "outcome_value": f"worsens{HOSTILE}",
        }
    )
    return SDSCM(spec, TabularLM(random_table(1), id=HOSTILE), temperature=2)


def shown(model: SDSCM) -> Iterable[Any]:
    """One object of each kind that shows itself."""
    units, data = model.sample(12), model.dataset(12)
    yield from (model, model.spec, model.phrased, units, model.exact())
    yield from (data, data.setting("hidden"), facts(data), *mechanism_facts(model, units))


def test_hostile_texts_are_texts(hostile: SDSCM) -> None:
    for thing in shown(hostile):
        page = thing._repr_html_()
        read(page)
        assert "<script>" not in page
    units = hostile.sample(2)
    assert {f"{HOSTILE}drug", units.text[0]} <= set(read(units._repr_html_()).text)


def test_a_repr_is_one_short_line(clinic: Spec) -> None:
    for thing in shown(SDSCM(clinic, TabularLM(random_table(1)))):
        line = repr(thing)
        assert line.startswith(f"<{type(thing).__name__}: ")
        assert "\n" not in line
        assert len(line) < 140


def test_what_a_model_says_of_itself(clinic: Spec) -> None:
    lm = TabularLM(random_table(1), id="toy")
    assert repr(SDSCM(clinic, lm)) == "<SDSCM: clinic with toy, phrasing 0>"
    dialled = SDSCM(clinic, lm, phrasing=3, temperature=2, effect=0.5, coupling="redraw")
    for text in ("phrasing 3", "temperature 2", "effect 0.5", "coupling redraw"):
        assert text in repr(dialled)
    assert str(clinic) == "<Spec: clinic, 8 variables, drug → state, 8 phrasings>"
    page = dialled._repr_html_()
    assert {"temperature", "redraw", "toy"} <= set(read(page).text)


def test_the_first_units_stand_in_the_table(clinic: Spec) -> None:
    units = SDSCM(clinic, TabularLM(random_table(1))).sample(50)
    text = read(units._repr_html_()).text
    assert units.text[0] in text
    assert units.text[3] not in text
    assert units.labels["town"][2] in text
    assert "the first 3 of 50 units" in text


def test_a_table_of_the_user_shows_its_numbers() -> None:
    frame = pd.DataFrame({HOSTILE: [1.0, 2.0], "t": [0, 1], "y0": [0.25, 1.0], "y1": [1.0, 3.5]})
    data = CausalDataset.from_frame(frame, treatment="t", y0="y0", y1="y1")
    text = read(data._repr_html_()).text
    assert {HOSTILE, "0.250", "1.625; SD(y) is 1.625"} <= set(text)


def test_problems_of_a_dataset_are_listed(clinic: Spec) -> None:
    data = SDSCM(clinic, TabularLM(random_table(1)), effect=0).dataset(30)
    found = facts(data)
    assert "the effect does not vary between units" in found.problems
    text = read(found._repr_html_()).text
    assert "Problem: the effect does not vary between units" in text


def test_without_matplotlib_there_is_no_picture(
    clinic: Spec, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "img" in read(clinic._repr_html_()).tags
    monkeypatch.setattr("sdscm.graph_plot.has_matplotlib", lambda: False)
    assert "img" not in read(clinic._repr_html_()).tags


@given(st.lists(st.text(), min_size=1, max_size=3))
def test_any_text_is_escaped(texts: list[str]) -> None:
    page = html_card(
        texts[0],
        texts[-1],
        html_table(texts, [texts]),
        html_facts(dict.fromkeys(texts, texts[0])),
        html_note(*texts),
        html_picture(b"<svg/>", texts[0]),
    )
    assert read(page).tags <= TAGS
    assert "\n" not in shortened(" ".join(texts))
