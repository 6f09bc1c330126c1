from __future__ import annotations

from pathlib import Path

import pytest
import yaml

import estimators
from benchmarks.suite.entries import FilesEntry, ScenarioEntry
from benchmarks.suite.loading import load_suite, shipped_suites
from sdscm.errors import InputError

GOOD = {
    "name": "mine",
    "datasets": [{"scenario": "breast_cancer", "phrasings": 3}],
    "estimators": ["LinReg"],
}
FILES = {"name": "f", "files": "x.csv", "columns": {"treatment": "t", "y0": "a", "y1": "b"}}


def write(folder: Path, content: object) -> Path:
    path = folder / "mine.yaml"
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return path


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        ({"colour": 1}, ["mine.yaml: unknown key 'colour'; did you mean"]),
        ({"name": None}, ["name: is not text; put it in quotes"]),
        ({"name": "a/b"}, ["name: is 'a/b'; use letters"]),
        ({"estimators": []}, ["estimators: list should have at least 1 item"]),
        (
            {"estimators": [{"nome": "RF"}]},
            ["[0]: unknown key 'nome'; did you mean 'name'"],
        ),
        (
            {"estimators": [{"name": "RF", "x": 1}]},
            ["[0]: unknown key 'x'", "name, params"],
        ),
        ({"estimators": ["RF", "RF"]}, ["'RF' occurs twice", "'label'"]),
        ({"settings": ["all", "all"]}, ["settings: 'all' occurs twice", "remove"]),
        ({"datasets": [{"scenario": "a", "phrasings": [2, 2]}]}, ["phrasings: '2' occurs twice"]),
        ({"datasets": [{"scenario": "a", "lm": ["x", "x"]}]}, ["lm: 'x' occurs twice"]),
        (
            {"datasets": [{"scenario": "a", "settings": ["text"]}]},
            ["datasets[0].settings: 'text' is not a setting of the suite; add it"],
        ),
        (
            {"datasets": [{"scenario": "a", "settings": ["all", "all"]}]},
            ["datasets[0].settings: 'all' occurs twice"],
        ),
        ({"settings": ["some"]}, ["settings[0]: ", "'all', 'hidden'", "'some'"]),
        ({"alpha": 2}, ["alpha: input should be less than 1, but it is 2"]),
        ({"time_limit": 0}, ["time_limit", "greater than 0"]),
        ({"datasets": [{"scenario": "s", "phrasings": 0}]}, ["datasets[0].phrasings: "]),
        ({"datasets": [{"scenario": "s", "phrasing": 2}]}, ["datasets[0]: unknown key 'phrasing'"]),
        ({"datasets": [{"scenario": "s", "temperature": -1}]}, ["datasets[0].temperature"]),
        ({"datasets": [{"files": "x.csv"}]}, ["datasets[0].name: is missing; add 'name: "]),
        ({"datasets": [FILES]}, ["'hidden' hides nothing", "'exogenous'", "settings: [all]"]),
        (
            {
                "datasets": [
                    FILES
                    | {"columns": FILES["columns"] | {"covariates": ["x"], "exogenous": ["x"]}}
                ]
            },
            ["datasets[0].columns: the setting 'hidden' leaves no covariate"],
        ),
        (
            {"datasets": [FILES | {"columns": {"treatment": "t"}}]},
            ["datasets[0].columns: name the column of the 'outcome', or those of 'y0'"],
        ),
        (
            {"datasets": [FILES | {"columns": {"treatment": "t", "y0": "a"}}]},
            ["datasets[0].columns: 'y0' needs the other potential outcome"],
        ),
        (
            {"datasets": [FILES | {"columns": FILES["columns"] | {"ate": 1.0}}]},
            ["datasets[0].columns: 'ate' follows from 'y0' and 'y1'"],
        ),
        (
            {"datasets": [FILES | {"columns": {"treatment": "t", "outcom": "y"}}]},
            ["datasets[0].columns: unknown key 'outcom'; did you mean 'outcome'?"],
        ),
        (
            {"datasets": [{"scenario": "s", "lm": {"name": "x", "precison": 1}}]},
            ["datasets[0].lm: unknown key 'precison'; did you mean 'precision'?"],
        ),
        (
            {"datasets": [{"scenario": "s", "lm": {"name": "x", "precision": "half"}}]},
            ["datasets[0].lm.precision: ", "'half'"],
        ),
        ({"datasets": [{"scenario": "s", "n": [9, 9]}]}, ["datasets[0].n: '9' occurs twice"]),
        ({"datasets": [{"scenario": "s", "dials": {"size": 1}}]}, ["datasets[0].dials.size"]),
        (
            {"datasets": [{"scenario": "s", "dials": {"overlap": [0, 0]}}]},
            ["datasets[0].dials.overlap: '0.0' occurs twice"],
        ),
        (
            {"datasets": [{"scenario": "s", "seeds": [1], "replicates": 2}]},
            ["datasets[0]: 'replicates' and 'seeds'"],
        ),
        (
            {"datasets": [{"scenario": "s", "dials": {"overlap": 1}, "options": {"overlap": 0}}]},
            ["datasets[0]: 'overlap' is in 'options', too"],
        ),
        ({"holdout": 1}, ["holdout: ", "less than or equal to 0.9"]),
        ({"memory_limit": 0}, ["memory_limit: ", "greater than 0"]),
        ({"encodings": ["dummies"]}, ["encodings[0]: ", "'one-hot'"]),
        ({"datasets": [{"lm": "x"}]}, ["datasets[0].scenario: is missing; add"]),
        ({"board": {"rank_by": ["pehee"]}}, ["board.rank_by: unknown metric 'pehee'", "pehe_sd"]),
        ({"board": {"rank_by": ["ate_error"]}}, ["board.rank_by: 'ate_error' is best at"]),
        ({"board": {"rank_by": ["pehe", "pehe"]}}, ["board.rank_by: 'pehe' occurs twice"]),
        ({"board": {"columns": ["r2", "r2"]}}, ["board.columns: 'r2' occurs twice"]),
        ({"board": {"by": ["lm", "lm"]}}, ["board.by: 'lm' occurs twice"]),
        (
            {"datasets": [{"scenario": "s", "dials": {"overlap": [0, 2]}}]},
            ["datasets[0]: dials: overlap = 2.0", "between 0 and 1"],
        ),
        (
            {"datasets": [{"scenario": "s", "phrasings": [0, -1]}]},
            ["datasets[0].phrasings[1]: ", "greater than or equal to 0, but it is -1"],
        ),
    ],
)
def test_bad_suites_give_one_line(
    tmp_path: Path, change: dict[str, object], parts: list[str]
) -> None:
    path = write(tmp_path, GOOD | change)
    with pytest.raises(InputError) as caught:
        load_suite(path)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(f"{path}: ")
    for part in parts:
        assert part in message


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("name: [", "line 1, column"),
        (
            "- a\n- b",
            "a list, not a mapping; begin with 'name:', 'datasets:' and 'est",
        ),
        ("", "is empty; begin with 'name:'"),
        ("name: a\nname: b", "line 2, column 1: the key 'name' occurs twice"),
    ],
)
def test_bad_yaml_gives_one_line(tmp_path: Path, text: str, part: str) -> None:
    with pytest.raises(InputError, match=r"mine\.yaml: ") as caught:
        load_suite(write(tmp_path, text))
    assert part in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_of_data_that_is_not_there_is_told(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    with pytest.raises(InputError, match="nowhere: no such folder; --data names"):
        load_suite(path, tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"\.yaml: no such folder"):
        load_suite(path, path)


def test_packed_records_are_found_wherever_the_data_are(tmp_path: Path) -> None:
    assert load_suite("paper-table1", data=tmp_path).records_path == Path(
        "results/paper/cells.parquet"
    )


def test_unknown_names_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"unknown suite 'quik': choose one of .*quick"):
        load_suite("quik")
    with pytest.raises(InputError, match="no such file"):
        load_suite(tmp_path / "none.yaml")


def test_defaults_and_counts(tmp_path: Path) -> None:
    suite = load_suite(write(tmp_path, GOOD))
    (entry,) = suite.datasets
    assert isinstance(entry, ScenarioEntry)
    assert entry.phrasing_numbers == [0, 1, 2]
    assert entry.title == "breast_cancer"
    assert suite.estimators[0].title == "LinReg"
    assert suite.settings == ["all", "hidden"]
    assert suite.folder == tmp_path


def test_kinds_of_entries(tmp_path: Path) -> None:
    both = [{"scenario": "s", "phrasings": [4, 7]}, {"files": "*.parquet", "name": "own"}]
    scenario, files = load_suite(write(tmp_path, GOOD | {"datasets": both})).datasets
    assert isinstance(scenario, ScenarioEntry)
    assert scenario.phrasing_numbers == [4, 7]
    assert isinstance(files, FilesEntry)
    assert files.patterns == ["*.parquet"]


@pytest.mark.parametrize("name", shipped_suites())
def test_shipped_suites_are_good_and_name_known_estimators(name: str) -> None:
    suite = load_suite(name)
    assert suite.name == name
    assert {entry.name for entry in suite.estimators} <= set(estimators.names())


def test_the_old_name_of_dials_works(tmp_path: Path) -> None:
    entry = {"scenario": "s", "knobs": {"overlap": [0, 0.5]}}
    (read,) = load_suite(write(tmp_path, GOOD | {"datasets": [entry]})).datasets
    assert isinstance(read, ScenarioEntry)
    assert read.dials == {"overlap": [0, 0.5]}
    assert ScenarioEntry.model_validate(read.model_dump()) == read
