"""The pages of a published board have the numbers of its table."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from benchmarks.site import published_pages

QUICK = Path(__file__).parents[3] / "results" / "published" / "quick"


@pytest.fixture(scope="module")
def made() -> dict[str, bytes]:
    return published_pages(QUICK, {"BART": "../core-v1/methods/bart.html"})


def test_every_board_is_there(made: dict[str, bytes]) -> None:
    rows = pd.read_csv(QUICK / "leaderboard.csv")
    page = made["index.md"].decode()
    tables = re.findall(r'<article class="board".*?</article>', page, re.DOTALL)
    ranked = rows.groupby(["dataset", "setting", "rows"])["rank_pehe_sd"].apply(
        lambda ranks: pd.to_numeric(ranks, errors="coerce").notna().any()
    )
    assert sum("CATE by PEHE" in table for table in tables) == ranked.sum() > 5


def test_numbers_letters_and_links(made: dict[str, bytes]) -> None:
    rows = pd.read_csv(QUICK / "leaderboard.csv")
    of = (rows["dataset"] == "tea_or_coffee") & (rows["setting"] == "hidden")
    row = rows[of & (rows["rows"] == "fitted") & (rows["estimator"] == "BART")].iloc[0]
    page = made["index.md"].decode()
    name = 'id="board-cate-pehe-sd-smollm2-135m-float64-tea-or-coffee-hidden-fitted"'
    table = page[page.index(name) :]
    table = table[: table.index("</table>")]
    shown = table[table.index('href="../core-v1/methods/bart.html">BART<') - 400 :]
    shown = shown[: shown.index("</tr>", 400)]
    assert f'data-value="{row["rank_pehe_sd"]}">{row["rank_pehe_sd"]}<' in shown
    for column in ("pehe_sd", "average_rank_pehe_sd"):
        assert f'data-value="{row[column]:.9g}"' in shown
    assert f">{row['group_pehe_sd']}<" in shown
    assert f"[{row['pehe_sd_low']:.3f}, {row['pehe_sd_high']:.3f}]" in shown


def test_the_figures_are_beside_the_pages(made: dict[str, bytes]) -> None:
    page = made["index.md"].decode()
    sources = set(re.findall(r'<img src="([^"]+)"', page))
    assert len(sources) == 2
    assert sources <= set(made)


def test_a_board_of_several_models_compares_them() -> None:
    """Findings, table and figure from ``models.csv``; a figure of errors for each model."""
    folder = QUICK.with_name("models")
    made = published_pages(folder, {})
    page = made["index.md"].decode()
    rows = pd.read_csv(folder / "models.csv")
    row = rows[rows["dataset"].eq("all scenarios") & rows["setting"].eq("hidden")]
    row = row[row["rows"].eq("fitted") & row["metric"].eq("pehe_sd")].iloc[0]
    assert f"between the boards of smollm2-135m and scenario-5m is {row['tau']:.2f}, and" in page
    assert page.count("Rankings by language model") >= 1
    assert made["models.csv"] == (folder / "models.csv").read_bytes()
    for name, text in made.items():
        if name.endswith(".md"):
            sources = set(re.findall(r'<img src="([^"]+)"', text.decode()))
            assert sources <= set(made), name
    assert "rank-by-model.png" in page
    soil = set(re.findall(r'<img src="([^"]+)"', made["soil.md"].decode()))
    assert soil == {f"leaderboard-{lm}-soil.png" for lm in ("smollm2-135m", "scenario-5m")}


def test_a_board_of_one_model_compares_none(made: dict[str, bytes]) -> None:
    assert "Rankings by language model" not in made["index.md"].decode()
