"""The site, built once without the network."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

pytest.importorskip("mkdocs")
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, embedded_folder: Path) -> Path:
    """Return the folder of the site.

    What the build runs (notebooks, the gallery) is kept in build/cache, as for ``make site``.
    """
    folder = tmp_path_factory.mktemp("site")
    cache = tmp_path_factory.mktemp("cache")
    (cache / "models").symlink_to(embedded_folder.parent)
    command = [sys.executable, "-m", "mkdocs", "--quiet", "build", "--strict", "-d", str(folder)]
    if shutil.which("unshare") and not subprocess.run(["unshare", "-rn", "true"]).returncode:
        command = ["unshare", "-rn", *command]
    search = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    variables = {"PYTHONPATH": search, "SDSCM_CACHE": str(cache), "NO_MKDOCS_2_WARNING": "1"}
    built = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **variables}, capture_output=True, text=True
    )
    assert built.returncode == 0, built.stderr
    return folder


class Parsed(HTMLParser):
    """The anchors of a page, its links, what it loads, and the text of its headings."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.headings: list[str] = []
        self._inside = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.anchors |= {found[name] for name in ("id", "name") if name in found}
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        if tag == "link" and found.get("rel") not in ("canonical", "next", "prev"):
            self.loads.append(found["href"])
        if tag in ("img", "script", "iframe", "source", "video", "embed") and "src" in found:
            self.loads.append(found["src"])
        self.loads += [each.split()[0] for each in found.get("srcset", "").split(",") if each]
        if tag in ("h1", "h2", "h3", "h4"):
            self.headings.append("")
            self._inside = True

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag not in ("h1", "h2", "h3", "h4")

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.headings[-1] += data


@pytest.fixture(scope="session")
def pages(site: Path) -> dict[Path, Parsed]:
    """Return all pages by path. The page for a missing address has absolute links, by design."""
    return {
        path: Parsed(path.read_text(encoding="utf-8"))
        for path in site.rglob("*.html")
        if path.name != "404.html"
    }
