"""The pages of suites and of specs say what is so."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
from pydantic import Field

from benchmarks import metrics
from benchmarks.report.docs.suite_page import MODELS, PAGES, fact_table, key_table, meanings
from benchmarks.suite.entries import Model
from sdscm.spec import Spec, Variable

DOCS = Path(__file__).parents[3] / "docs"
PAGE = DOCS / "suites.md"
SPEC_PAGE = DOCS / "spec.md"


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_up_to_date(name) -> None:
    text = (DOCS / name).read_text(encoding="utf-8")
    assert PAGES[name](text) == text, "run: make docs"


def test_the_table_of_facts_by_hand() -> None:
    columns = {"confounding": 0.049, "sate": 1, "heterogeneity": 0.3, "hidden_spread": float("nan")}
    columns |= {"treated": 0.5, "overlap": 0.1, "effective_n": 0.7, "distinct": 1, "mass": 0.012}
    index = pd.MultiIndex.from_tuples([("toy", "tuning"), ("toy", "scored")])
    facts = pd.DataFrame(columns, index=index)
    facts.loc[("toy", "scored"), "confounding"] = 0.05
    tuning, scored = fact_table(facts).splitlines()[2:]
    assert tuning.startswith("| `toy` | tuning | no | 0.05 | 0.10 | 0.70 | 0.30 | – | 50% | 100% |")
    assert scored.startswith("| `toy` | scored | yes | 0.05 |")


@pytest.mark.parametrize(
    "model", [*MODELS.values(), Spec, Variable], ids=lambda model: model.__name__
)
def test_every_key_has_a_meaning_and_no_other(model) -> None:
    told = [name for names in meanings(model) for name in names]
    assert sorted(told) == sorted(model.model_fields)


def test_the_page_names_every_metric() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for name in metrics.names():
        assert text.count(f"\n| `{name}` | ") == 1


def test_keys_by_hand() -> None:
    class Toy(Model):
        """A toy.

        Attributes
        ----------
        first
            What it
            is | was.
        second, third
            See `LMEntry`.
        """

        first: float = Field(gt=0, lt=1)
        second: list[int] = Field(default=[1, 2])
        third: str | None = None

    assert key_table(Toy).splitlines()[2:] == [
        "| `first` | a number (above 0 and below 1) | needed | What it is \\| was. |",
        "| `second`, `third` | a list of whole numbers; text | `[1, 2]`; – "
        "| See [Language models](#language-models). |",
    ]


def test_its_snippets_run(run_snippets, tmp_path: Path) -> None:
    kinds = run_snippets(PAGE)
    assert kinds == ["python", "mine.py", "trials.yaml", "shell", "shell"]
    board = (tmp_path / "results" / "trials" / "leaderboard.md").read_text()
    assert "Worst error / SD(y)" in board
    scores = pd.read_csv(tmp_path / "results" / "changed" / "scores.csv")
    assert (scores["status"] == "ok").all()


def test_links_lead_to_headings() -> None:
    text = PAGE.read_text(encoding="utf-8")
    anchors = {
        re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-")
        for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    }
    links = re.findall(r"\]\(#([^)]*)\)", text)
    assert links
    assert set(links) <= anchors


def test_the_snippets_of_the_page_of_specs_run(run_snippets, tmp_path: Path) -> None:
    assert run_snippets(SPEC_PAGE) == ["shell"]
    assert (tmp_path / "sleep-20.yaml").is_file()
