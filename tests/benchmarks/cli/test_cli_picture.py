"""``sdscm inspect --picture``: the graph as a file."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from sdscm import load_spec
from sdscm.graph_plot import _bend, _inside, _places
from sdscm.spec import scenario_names

SVG = "{http://www.w3.org/2000/svg}"


def words(path: Path) -> list[str]:
    """The text of an SVG, piece by piece."""
    tree = ElementTree.fromstring(path.read_text(encoding="utf-8"))
    return ["".join(each.itertext()) for each in tree.iter(f"{SVG}text")]


def test_the_svg_holds_each_variable_with_its_role(cli, workspace):
    study = (workspace / "study.yaml").read_text()
    (workspace / "study.yaml").write_text(study.replace("smoker", "cost $x_1$"))
    ran = cli("inspect", "study.yaml", "--no-lm", "--picture", "graph.svg")
    assert (ran.code, ran.err) == (0, "")
    found = words(workspace / "graph.svg")
    assert "Does the statin help?" in found
    assert "Treatment drug, outcome state: the thick edge" in found
    spec = load_spec("study.yaml")
    named = [(found[i], found[i + 1]) for i in range(len(found) - 1)]
    for name in spec.order:
        assert (name, spec.variable(name).role) in named
    # Each edge is a line and a head; only the one from treatment to outcome is thick.
    strokes = re.findall(r"stroke-width: ([\d.]+)", (workspace / "graph.svg").read_text())
    assert strokes.count("0.8") == 2 * (spec.graph.number_of_edges() - 1)
    assert strokes.count("3") == 2


def test_a_graph_without_the_edge_says_so(cli, workspace):
    ran = cli("inspect", "marathon_confounder", "--no-lm", "--picture", "graph.svg")
    assert ran.code == 0
    assert any("no edge from one to the other" in each for each in words(workspace / "graph.svg"))
    assert "stroke-width: 3" not in (workspace / "graph.svg").read_text()


@pytest.mark.parametrize(("kind", "head"), [("png", b"\x89PNG"), ("pdf", b"%PDF"), ("svg", b"<?")])
def test_the_same_spec_gives_the_same_file(cli, workspace, kind, head):
    path = workspace / f"graph.{kind}"
    found = []
    for _ in range(2):
        assert cli("inspect", "study.yaml", "--no-lm", "--picture", path).code == 0
        found.append(path.read_bytes())
    assert found[0].startswith(head)
    assert found[0] == found[1]


@pytest.mark.parametrize("scenario", scenario_names())
def test_no_edge_crosses_a_variable_that_it_does_not_join(scenario):
    from matplotlib.path import Path as Curve

    spec = load_spec(scenario)
    places = _places(spec)
    assert len(set(places.values())) == len(spec.order)
    for child in spec.order:
        for parent in spec.parents(child):
            begin, end = np.array(places[parent]), np.array(places[child])
            assert end[1] < begin[1], "an edge points up"
            across = np.array([end[1] - begin[1], begin[0] - end[0]])
            middle = (begin + end) / 2 + _bend(places, parent, child) * across
            curve = Curve([begin, middle, end], [Curve.MOVETO, Curve.CURVE3, Curve.CURVE3])
            points = curve.interpolated(1).to_polygons(closed_only=False)[0]
            for name, place in places.items():
                if name not in (parent, child):
                    assert not _inside(points, name, place, end=False), (parent, child, name)


def test_a_picture_needs_its_extra(cli, workspace, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "matplotlib" else find(name)
    )
    ran = cli("inspect", "study.yaml", "--picture", "graph.svg")
    assert ran.code == 2
    assert "sdscm[plot]" in ran.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["study.yaml", "--picture", "graph.jpg"], "--picture graph.jpg: give a file name"),
        (["study.yaml", "--picture", "mine.py/graph.svg"], "cannot be written to"),
        (["data.parquet", "--picture", "graph.svg"], "holds data, no graph"),
    ],
)
def test_a_picture_that_cannot_be(cli, arguments, words):
    ran = cli("inspect", *arguments)
    assert ran.code == 2
    assert ran.err.count("\n") == 1
    assert words in ran.err
