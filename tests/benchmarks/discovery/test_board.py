from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from benchmarks.discovery import DiscoveryResult
from benchmarks.discovery.board import board, edge_summary, files, page
from benchmarks.discovery.scores import SCORES
from sdscm.audit.report.markdown import markdown

NAN = float("nan")


def result(shd: dict[str, list[float]], hidden: bool = False) -> DiscoveryResult:
    """A run whose scores are all equal to these; a NaN is a failed cell."""
    cells = [
        {
            "scenario": "four",
            "phrasing": phrasing,
            "method": method,
            "status": "failed" if np.isnan(value) else "ok",
            "reason": "why" if np.isnan(value) else "",
            "seconds": 1.0,
            **dict.fromkeys((each.name for each in SCORES), value),
        }
        for method, values in shd.items()
        for phrasing, value in enumerate(values)
    ]
    edges = [
        {"scenario": "four", "phrasing": phrasing, "parent": "a", "child": child}
        | {"largest_change": change, "information": change / 2, "seen": change > 0.1}
        for child, changes in {"b": [0.0, 0.2], "c": [0.5, 0.7], "d": [NAN, NAN]}.items()
        for phrasing, change in enumerate(changes)
    ]
    edges = [each | {"seen": None} if each["child"] == "d" else each for each in edges]
    facts = {"scenarios": {"four": "hash"}, "methods": list(shd), "hidden": hidden, "lm": "tabular"}
    facts |= {"n": 100, "phrasings": len(next(iter(shd.values()))), "temperature": 1.0}
    return DiscoveryResult(pd.DataFrame(cells), pd.DataFrame(edges), facts)


def test_ranks_by_hand() -> None:
    shd = {"PC": [3, 1], "GES": [1, 1], "BOSS": [1, NAN], "Empty": [1, 1], "PC (exact)": [0, 0]}
    found = board(result(shd), "four")
    ranks = {each["method"]: each["rank"] for each in found}
    assert [each["method"] for each in found] == ["GES", "Empty", "PC", "BOSS", "PC (exact)"]
    assert (ranks["GES"], ranks["Empty"], ranks["PC"]) == (1, 1, 3)
    assert np.isnan(ranks["BOSS"])
    assert np.isnan(ranks["PC (exact)"])
    boss = next(each for each in found if each["method"] == "BOSS")
    assert (boss["ok"], boss["cells"], boss["shd"]) == (1, 2, 1)


def test_intervals_need_five_phrasings() -> None:
    few = board(result({"PC": [1, 2, 3, 4]}), "four")[0]
    many = board(result({"PC": [1, 2, 3, 4, 5]}), "four")[0]
    assert np.isnan(few["shd_low"])
    assert many["shd_low"] < many["shd"] == 3 < many["shd_high"]


def test_hidden_variables_rank_by_the_skeleton() -> None:
    found = result({"PC": [3, 3], "FCI": [1, 1]}, hidden=True)
    found.cells["shd"] = NAN
    assert [each["method"] for each in board(found, "four")] == ["FCI", "PC"]
    text = markdown(page(found))
    assert "ranked by Skeleton errors" in text
    assert "| SHD |" not in text


def test_edges_by_hand() -> None:
    found = edge_summary(result({"PC": [1, 1]}), "four")
    assert [each["edge"] for each in found] == ["a → b", "a → c", "a → d"]
    assert found[0] == {
        "edge": "a → b",
        "largest_change": 0.1,
        "information": 0.05,
        "no_effect": 1,
        "seen": 1,
        "phrasings": 2,
    }
    assert found[2]["phrasings"] == 0
    text = markdown(page(result({"PC": [1, 1]})))
    assert "have 4 edges: 1 change nothing by 0.01 or more, and 1 are too weak" in text


def test_the_page_shows_lost_cells_and_sources() -> None:
    text = markdown(page(result({"PC": [1, NAN]})))
    assert "| four | PC | failed | why | 1 |" in text
    assert "Colombo and Maathuis" in text
    brief = markdown(page(result({"PC": [1, 1]}), brief=True))
    assert "Colombo" not in brief


def test_files_are_for_programs() -> None:
    found = files(result({"PC": [1, NAN], "Empty": [2, 2]}))
    stored = json.loads(found["board.json"], parse_constant=pytest.fail)
    assert [each["rank"] for each in stored["boards"]["four"]] == [1, None]
    assert found["cells.csv"].count("\n") == 5
    assert found["edges.csv"].startswith("scenario,phrasing,parent,child,")
