"""``sdscm mediate`` prints and writes a board."""

from __future__ import annotations

import json

import pytest

FEW = ("--lm", "tabular:0", "--units", 60, "--phrasings", 2, "--workers", 0)


def test_it_prints_boards_and_writes_files(cli, workspace):
    methods = "No mediation,Multiply robust, Oracle"
    ran = cli("mediate", "checkout", "loan", *FEW, "--methods", methods, "--out", "found")
    assert (ran.code, ran.err) == (0, "")
    for text in ("All boards", "checkout: the true effects", "loan, hidden", "Oracle"):
        assert text in ran.out
    names = {path.name for path in (workspace / "found").iterdir()}
    assert names == {"mediation.md", "mediation.html", "cells.csv", "truths.csv", "board.json"}
    content = json.loads((workspace / "found" / "board.json").read_text())
    assert content["facts"]["identified"]["loan"] == {"all": True, "hidden": False}
    assert [each["method"] for each in content["boards"]["loan"]["all"]][-1] == "Oracle"
    assert len(list((workspace / "runs" / "mediation" / "loan").rglob("*.json"))) == 12


@pytest.mark.parametrize(
    ("arguments", "pieces"),
    [
        (("headache",), ["headache", "role: mediator"]),
        (("loan", "--settings", "text"), ["settings", "'text'"]),
        (("loan", "--methods", "Multiply robusd"), ["did you mean 'Multiply robust'"]),
        (("loan", "--max-contexts", 2), ["mediation needs the exact truth"]),
    ],
)
def test_bad_input(cli, arguments, pieces):
    ran = cli("mediate", *arguments, *FEW)
    assert ran.code == 2
    assert ran.err.count("\n") == 1
    assert all(piece in ran.err for piece in pieces), ran.err
