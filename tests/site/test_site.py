"""The built site: links, assets, the reference of the Python interface and of the commands."""

from __future__ import annotations

import re
import tomllib
from inspect import ismodule
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import pytest
import yaml

import benchmarks
import estimators
import sdscm
from benchmarks.cli.app import command

ROOT = Path(__file__).parents[2]
_MEGABYTE = 1_000_000


def broken(page: Path, target: str, pages: dict) -> str:
    """Return what is wrong with a link or an asset of a page; empty if it is right."""
    address, anchor = urldefrag(target)
    if urlsplit(address).scheme or address.startswith("//"):
        return ""
    path = (page.parent / unquote(address)).resolve() if address else page
    if not path.is_file():
        return f"{page.name}: {target} is not there"
    if anchor and path in pages and unquote(anchor) not in pages[path].anchors:
        return f"{page.name}: {target} has no such anchor"
    return ""


def test_no_link_is_broken(pages) -> None:
    assert len(pages) > 40
    wrong = [
        broken(page, target, pages)
        for page, parsed in pages.items()
        for target in parsed.links + parsed.loads
    ]
    assert {each for each in wrong if each} == set()


def test_the_checker_of_links_sees_broken_ones(pages) -> None:
    page = next(path for path in pages if path.name == "cli.html")
    assert broken(page, "missing.html", pages)
    assert broken(page, "#missing", pages)
    assert broken(page, "api/sdscm.html#missing", pages)
    assert not broken(page, "api/sdscm.html#sdscm.SDSCM", pages)


def test_nothing_is_loaded_from_elsewhere(site: Path, pages) -> None:
    loaded = {each for parsed in pages.values() for each in parsed.loads}
    assert {each for each in loaded if re.match(r"(https?:)?//", each)} == set()
    for style in site.rglob("*.css"):
        assert not re.search(r"url\(\W?(https?:)?//|@import", style.read_text("utf-8")), style


def test_no_mark_is_left(site: Path) -> None:
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert not re.search("<!-- (generated|test|not run):", text), page


def test_the_folder_is_small(site: Path) -> None:
    sizes = {path: path.stat().st_size for path in site.rglob("*") if path.is_file()}
    assert sum(sizes.values()) < 60 * _MEGABYTE
    assert {path for path, size in sizes.items() if size > 4 * _MEGABYTE} == set()


@pytest.mark.parametrize("package", [sdscm, estimators, benchmarks], ids=lambda p: p.__name__)
def test_every_public_name_is_in_the_reference(site: Path, pages, package) -> None:
    page = pages[site / "reference" / "api" / f"{package.__name__}.html"]
    headings = {word for each in page.headings for word in each.replace("¶", "").split()}
    # Packages of plugins have a page of their own.
    public = [name for name in package.__all__ if not ismodule(getattr(package, name))]
    assert {f"{package.__name__}.{name}" for name in public} - headings == set()


def test_every_command_is_in_the_reference(site: Path, pages) -> None:
    headings = {
        each.replace("¶", "").strip() for each in pages[site / "reference/cli.html"].headings
    }

    def commands(group, path: str) -> list[str]:
        below = getattr(group, "commands", {})
        return [path, *(name for key in below for name in commands(below[key], f"{path} {key}"))]

    expected = commands(command(), "sdscm")[1:]
    assert len(expected) > 20
    assert set(expected) - headings == set()


def test_the_citation_names_this_version() -> None:
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {"cff-version", "message", "title", "authors"} <= set(cited)
    assert cited["version"] == project["version"] == sdscm.__version__
    assert cited["license"] == project["license"]
    assert cited["version"] in (ROOT / "docs" / "cite.md").read_text(encoding="utf-8")
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## {cited['version']}" in changes
