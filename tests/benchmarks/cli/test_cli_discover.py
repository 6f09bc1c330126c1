"""``sdscm discover`` prints and writes a board, and goes on after a stop."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("causallearn")

FEW = ("--lm", "tabular:0", "--units", 40, "--phrasings", 2, "--workers", 0)


def test_it_prints_a_board_and_writes_files(cli, workspace):
    methods = "PC (exact, this n),Empty, PC (exact)"
    ran = cli("discover", "headache", "study.yaml", *FEW, "--methods", methods, "--out", "found")
    assert (ran.code, ran.err) == (0, "")
    for text in ("All scenarios", "headache: what each edge does", "(oracle)", "Written:"):
        assert text in ran.out
    assert "Assumes" not in ran.out
    names = {path.name for path in (workspace / "found").iterdir()}
    assert names == {"discovery.md", "discovery.html", "cells.csv", "edges.csv", "board.json"}
    board = json.loads((workspace / "found" / "board.json").read_text())["boards"]["headache"]
    assert [each["method"] for each in board] == ["Empty", "PC (exact, this n)", "PC (exact)"]
    assert board[0]["shd"] == 8
    assert len(list((workspace / "runs" / "discovery" / "headache").rglob("*.json"))) == 6


def test_a_plugin_is_on_the_board(cli, workspace):
    (workspace / "mine.py").write_text(
        "from benchmarks import discovery\n"
        "@discovery.register('Mine', assumes='a chain', source='')\n"
        "class Mine:\n"
        "    def discover(self, codes):\n"
        "        names = list(codes)\n"
        "        return discovery.Graph.from_edges(names, zip(names, names[1:]))\n"
    )
    ran = cli("discover", "study.yaml", *FEW, "--plugin", "mine.py", "--methods", "Mine,Empty")
    assert (ran.code, ran.err) == (0, "")
    assert "Mine" in ran.out


@pytest.mark.parametrize(
    ("arguments", "pieces"),
    [
        (("nope",), ["nope: no such file or scenario"]),
        (("headache", "headache"), ["'headache' is given twice"]),
        (("headache", "--methods", "GESS"), ["discovery method 'GESS'", "did you mean 'GES'"]),
        (("headache", "--methods", "PC,"), ["--methods", "empty"]),
        (("headache", "--time-limit", "0"), ["time_limit", "above 0"]),
        (("headache", "--out", "mine.py/x"), ["mine.py", "another folder"]),
    ],
)
def test_bad_input(cli, arguments, pieces):
    ran = cli("discover", *arguments, *FEW)
    assert ran.code == 2
    assert ran.err.count("\n") == 1
    assert all(piece in ran.err for piece in pieces), ran.err
