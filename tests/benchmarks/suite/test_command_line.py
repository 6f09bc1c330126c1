from __future__ import annotations

import shlex

from benchmarks.suite.command_line import command, how_to_go_on


def test_only_what_is_not_usual_is_named(make_suite) -> None:
    suite = make_suite(datasets=1)
    options = {
        "--runs": "runs",
        "--results": "my boards",
        "--workers": 0,
        "--cluster": None,
        "--mixed": True,
        "--retry": False,
    }
    words = shlex.split(command(suite, ["a b.py"], options))
    assert words[:3] == ["sdscm", "benchmark", suite.origin]
    assert words[3:5] == ["--plugin", "a b.py"]
    assert words[5:] == ["--results", "my boards", "--workers", "0", "--mixed"]
    assert shlex.split(command(suite)) == words[:3]


def test_a_stopped_run_says_how_many_cells_are_on_record(tmp_path) -> None:
    assert how_to_go_on("type this", tmp_path, 2) == (
        f"stopped; 2 cells are on record in {tmp_path}. To continue: type this"
    )
