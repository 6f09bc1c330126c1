"""Tables of keys, metrics and scenarios are complete, and right where they are checked by hand."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
from pydantic import Field
from reference_tables import (
    MODELS,
    SECTIONS,
    discovery_table,
    fact_table,
    key_table,
    meanings,
    metric_table,
)

from benchmarks import discovery, metrics
from benchmarks.suite.entries import Model

DOCS = Path(__file__).parents[2] / "docs"


def test_the_table_of_facts_by_hand() -> None:
    columns = {"confounding": 0.049, "sate": 1, "heterogeneity": 0.3, "hidden_spread": float("nan")}
    columns |= {"treated": 0.5, "overlap": 0.1, "effective_n": 0.7, "distinct": 1, "mass": 0.012}
    index = pd.MultiIndex.from_tuples([("toy", "tuning"), ("toy", "scored")])
    facts = pd.DataFrame(columns, index=index)
    facts.loc[("toy", "scored"), "confounding"] = 0.05
    tuning, scored = fact_table(facts).splitlines()[2:]
    assert tuning.startswith("| `toy` | tuning | no | 0.05 | 0.10 | 0.70 | 0.30 | – | 50% | 100% |")
    assert scored.startswith("| `toy` | scored | yes | 0.05 |")


def test_each_discovery_method_has_a_row() -> None:
    rows = discovery_table().splitlines()[2:]
    assert [row.split(" | ")[0].removeprefix("| ") for row in rows] == discovery.names()
    assert "| Empty | no effects | – |" in rows


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.__name__)
def test_every_key_has_a_meaning_and_no_other(model) -> None:
    described = [name for names in meanings(model) for name in names]
    assert sorted(described) == sorted(model.model_fields)


def test_each_table_of_keys_is_on_a_page() -> None:
    pages = "".join(path.read_text(encoding="utf-8") for path in (DOCS / "reference").glob("*.md"))
    shown = re.findall(r"<!-- generated: ((?:suite|spec)-keys\S*) -->", pages)
    assert sorted(shown) == sorted(MODELS)


def test_links_lead_to_headings() -> None:
    page = (DOCS / "reference" / "suite.md").read_text(encoding="utf-8")
    assert set(SECTIONS.values()) <= set(re.findall(r"^## (.*)$", page, re.MULTILINE))
    for table in map(key_table, MODELS.values()):
        assert "docs/" not in table
        for name in re.findall(r"\]\(\.\./(\S+\.md)", table):
            assert (DOCS / name).exists()


def test_the_table_names_every_metric() -> None:
    for name in metrics.names():
        assert metric_table().count(f"\n| `{name}` | ") == 1


def test_keys_by_hand() -> None:
    class Toy(Model):
        """A toy.

        Attributes
        ----------
        first
            What it
            is | was.
        second, third
            See `LMEntry` and docs/how-to/graph.md.
        """

        first: float = Field(gt=0, lt=1)
        second: list[int] = Field(default=[1, 2])
        third: str | None = None

    assert key_table(Toy).splitlines()[2:] == [
        "| `first` | a number (above 0 and below 1) | needed | What it is \\| was. |",
        "| `second`, `third` | a list of whole numbers; text | `[1, 2]`; – "
        "| See [Language models](#language-models) and [graph](../how-to/graph.md). |",
    ]
