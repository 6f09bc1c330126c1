"""The picture of the architecture shows the imports of the code."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

pytest.importorskip("grimp")

ROOT = Path(__file__).parents[1]
DRAWING = runpy.run_path(str(ROOT / "docs" / "site" / "architecture.py"))


def test_the_picture_names_each_box() -> None:
    picture = DRAWING["draw"]()
    assert picture.startswith("<svg")
    boxes = DRAWING["parts"](DRAWING["imports"](), "benchmarks")
    assert [name for name in boxes if f">{name}</text>" not in picture] == []


def test_every_folder_is_a_box() -> None:
    graph = DRAWING["imports"]()
    for package in DRAWING["PACKAGES"]:
        folders = {path.parent.name for path in (ROOT / package).glob("*/__init__.py")}
        assert folders <= set(DRAWING["parts"](graph, package))


def test_no_two_folders_import_each_other() -> None:
    graph = DRAWING["imports"]()
    for package in DRAWING["PACKAGES"]:
        boxes = DRAWING["parts"](graph, package)
        floors = DRAWING["floors"](boxes)
        floor = {name: number for number, names in enumerate(floors) for name in names}
        assert all(floor[low] < floor[high] for high, low in boxes.edges)


def test_folders_that_import_each_other_are_named() -> None:
    circle = DRAWING["nx"].DiGraph([("a", "b"), ("b", "a")])
    with pytest.raises(ValueError, match="these import each other: a > b"):
        DRAWING["floors"](circle)


def test_the_page_names_files_that_exist() -> None:
    """Every path in the tables of the page is there."""
    page = (ROOT / "docs" / "explanation" / "design.md").read_text(encoding="utf-8")
    paths = re.findall(r"`((?:benchmarks|sdscm|estimators|tests|docs)/[\w/.]+)`", page)
    assert len(paths) > 20
    assert [path for path in paths if not (ROOT / path).exists()] == []
