"""``sdscm arms`` prints and writes a board, and goes on after a stop."""

from __future__ import annotations

import json

import pytest

FEW = ("--lm", "tabular:0", "--units", 60, "--phrasings", 2, "--workers", 0)


def test_it_prints_a_board_and_writes_files(cli, workspace):
    methods = "LinearT,RF (pairwise), Zero,Oracle"
    ran = cli("arms", "commute", *FEW, "--methods", methods, "--out", "found")
    assert (ran.code, ran.err) == (0, "")
    for text in ("All boards", "commute, hidden", "Reference: by bus", "Oracle", "Written:"):
        assert text in ran.out
    names = {path.name for path in (workspace / "found").iterdir()}
    assert names == {"arms.md", "arms.html", "arms.csv", "cells.csv", "pairs.csv", "board.json"}
    board = json.loads((workspace / "found" / "board.json").read_text())["boards"][0]["board"]
    assert board[-1]["method"] == "Oracle"
    # Oracle has no record.
    assert len(list((workspace / "runs" / "arms" / "commute").rglob("*.json"))) == 2 * 2 * 3


@pytest.mark.parametrize(
    ("arguments", "pieces"),
    [
        (("headache",), ["'relief' has 2 values", "three or more"]),
        (("commute", "--methods", "RF"), ["write 'RF (pairwise)'"]),
        (("commute", "--settings", "text"), ["settings", "text"]),
        (("commute", "--reference", "by boat"), ["by boat", "by bus"]),
    ],
)
def test_bad_input(cli, arguments, pieces):
    ran = cli("arms", *arguments, *FEW)
    assert ran.code == 2
    assert ran.err.count("\n") == 1
    assert all(piece in ran.err for piece in pieces), ran.err
