"""Each board says by the graph if the effect is identified, in every format."""

import json
from dataclasses import replace

import pytest

import benchmarks
from benchmarks.datasets.identified import identified, of_board
from benchmarks.report.html.page import write_page
from benchmarks.storage.manifest import Manifest
from sdscm import Provenance, load_spec

LINES = {
    "all": "identified; adjust for friend",
    "hidden": "not identified by adjustment",
    "instrument": "LATE identified by the instrument lottery, if no unit is a defier",
}


def _suite(**changes):
    content = {
        "name": "named",
        "datasets": [{"scenario": "training", "lm": "tabular:0", "n": 100}],
        "settings": list(LINES),
        "estimators": ["DiffInMeans"],
        "holdout": 0,
        "board": {"rank_by": ["ate_abs_error_sd"]},
    }
    return benchmarks.Suite.model_validate(content | changes)


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    folder = tmp_path_factory.mktemp("named")
    where = {"results_dir": folder / "results", "runs_dir": folder / "runs"}
    return benchmarks.run(_suite(), workers=0, **where), where


def test_each_format_has_the_line_of_each_board(ran, tmp_path):
    result, where = ran
    assert {board.group["setting"]: board.identified for board in result.boards} == LINES
    folder = where["results_dir"] / "named"
    markdown = (folder / "leaderboard.md").read_text()
    boards = json.loads((folder / "leaderboard.json").read_text())["boards"]
    page = write_page(result, tmp_path)[0].read_text()
    assert [board["identified"] for board in boards] == list(LINES.values())
    for line in LINES.values():
        assert markdown.count(f"Identification by the graph: {line}.") == 1
        assert f"Identification by the graph: {line}." in page
    strength = f"{result.facts['first_stage_f'][0]:.3f}"
    assert f" {strength} |" in markdown, "the strength of the instrument"
    assert strength in page


def test_boards_are_made_again_with_the_line_and_older_runs_without(ran):
    _, where = ran
    again = benchmarks.leaderboard("named", runs_dir=where["runs_dir"], results_dir=None)
    assert [board.identified for board in again.boards] == list(LINES.values())
    manifest = Manifest.read(where["runs_dir"] / "named")
    assert manifest.identified == {"training": LINES}
    assert of_board(replace(manifest, identified={}).identified, {"setting": "all"}) == ""


def test_a_board_of_several_settings_names_each():
    found = {"training": LINES}
    assert of_board(found, {"dataset": "training"}).startswith("training, all: identified; adjust")
    assert of_board(found, {"setting": "hidden"}) == LINES["hidden"]


def test_dials_change_what_is_identified():
    suite = _suite(
        datasets=[
            {"scenario": "training", "lm": "tabular:0", "dials": {"confounding": 0.0}},
            {"scenario": "training", "name": "both", "dials": {"defiers": [0.0, 0.2]}},
            {"scenario": "training", "name": "direct", "dataset": {"exclusion": 0.5}},
            {"scenario": "headache", "name": "other"},
        ],
    )
    spec = load_spec("training")
    origin = Provenance(scenario="training", spec_hash=spec.content_hash)
    found = identified(suite, [origin])
    assert list(found) == ["training", "both", "direct"], "no dataset has the graph of headache"
    assert set(found["training"].values()) == {"identified; the treatment is randomised"}
    assert found["both"]["instrument"] == "not identified: some units are defiers"
    assert found["direct"]["instrument"] == (
        "not identified: lottery changes the outcome by itself"
    )
