"""Hooks of ``mkdocs build``: make pages from code, and copy files that pages link."""

from __future__ import annotations

import os
import posixpath
import re
from pathlib import Path
from typing import Any

import gallery
import notebooks
from cache import ROOT, kept
from generated import PICTURES, fill
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from benchmarks.site import all_pages

#: Comments for the tests of snippets.
_FOR_TESTS = re.compile(r"^<!-- (?:test: .*?|not run: .*?|output) -->\n", re.MULTILINE)
#: The target of a Markdown link or image, without its anchor.
_TARGET = re.compile(r"(\]\()([^)\s#:]+)(?=[)#])")
#: Larger files are not copied into the site.
_LARGEST = 2_000_000  # bytes


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Fill the generated parts of all pages, and add the files outside docs/ that they link."""
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    files.append(File.generated(config, "changelog.md", content=changelog))
    for name, content in _made().items():
        files.append(File.generated(config, name, content=content))
    waiting = [(file, _original(file)) for file in files.documentation_pages()]
    while waiting:
        file, original = waiting.pop()
        text = _FOR_TESTS.sub("", fill(file.content_string))
        found = _outside(text, original)
        for path, address in found.items():
            if files.get_file_from_path(address) is None:
                copy = _copy(path, address, config)
                files.append(copy)
                if copy.is_documentation_page():
                    waiting.append((copy, path / "index.md" if path.is_dir() else path))
        file.content_string = _TARGET.sub(
            lambda link, file=file, found=found, original=original: (
                link[1] + _moved(link[2], file.src_uri, original, found)
            ),
            text,
        )
    for name, content in PICTURES.items():
        files.append(File.generated(config, name, content=content))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Give the front page the whole width, and keep tables of boards out of the search."""
    if page.is_homepage:
        page.meta["hide"] = ["navigation", "toc"]
    if re.match(r"files/|boards/(?!.*/(methods|datasets)/)", page.file.src_uri):
        page.meta["search"] = {"exclude": True}
    return markdown


def on_post_page(output: str, **_: Any) -> str:
    """Name the dialog of the search, and let the keyboard scroll code."""
    named = output.replace('role="dialog"', 'role="dialog" aria-label="Search"')
    return named.replace("<pre><span></span><code>", '<pre><span></span><code tabindex="0">')


def _boards() -> dict[str, bytes]:
    """Make the pages of the boards: of core-v1, of `RELEASES`, and of the published tables."""
    given = os.environ.get("RELEASES", "").split()
    published = sorted(path.parent for path in ROOT.glob("results/published/*/leaderboard.csv"))
    source = "".join(given).encode() + b"".join(_content(Path(each)) for each in given)
    tables = (path / name for path in published for name in ("leaderboard.csv", "models.csv"))
    source += b"".join(table.read_bytes() for table in tables if table.is_file())
    return kept(source, lambda: all_pages(["core-v1", *given], published))


def _content(release: Path) -> bytes:
    return (release / "release.json" if release.is_dir() else release).read_bytes()


def _made() -> dict[str, str | bytes]:
    """Make the pages of notebooks, of the gallery and of the boards, with their files."""
    made: dict[str, str | bytes] = {}
    for path in sorted((ROOT / "docs" / "notebooks").glob("*.ipynb")):
        made[f"notebooks/{path.stem}.md"], pictures = notebooks.page(path)
        made |= {f"notebooks/{name}": content for name, content in pictures.items()}
    for script in gallery.scripts():
        made[f"gallery/{script.stem}.md"], made[f"gallery/{script.stem}.svg"] = gallery.page(script)
    return made | {f"boards/{name}": content for name, content in _boards().items()}


def _original(file: File) -> Path:
    """Return the file in the repository whose text a page shows."""
    return ROOT / "CHANGELOG.md" if file.src_uri == "changelog.md" else ROOT / "docs" / file.src_uri


def _outside(text: str, original: Path) -> dict[Path, str]:
    """Return the files outside docs/ that a text links, and the address of the copy of each."""
    found = {}
    for _, target in _TARGET.findall(text):
        path = (original.parent / target).resolve()
        within = path.is_relative_to(ROOT) and not path.is_relative_to(ROOT / "docs")
        if within and path.exists() and not target.startswith("/"):
            name = path.relative_to(ROOT).as_posix()
            board = re.fullmatch(r"results/published/(\w+)/leaderboard.md", name)
            address = f"boards/{board[1]}/index.md" if board else f"files/{name}"
            found[path] = f"{address}/index.md" if path.is_dir() else address
    return found


def _copy(path: Path, address: str, config: MkDocsConfig) -> File:
    """Return a file as a page (Markdown, folders) or as a download."""
    if path.is_dir():
        lines = [f"- [{each.name}]({each.name})" for each in sorted(path.iterdir())]
        shown = [line for line in lines if "[__" not in line and "[." not in line]
        title = f"# {path.relative_to(ROOT).as_posix()}\n\nFiles in this folder of the source:\n\n"
        return File.generated(config, address, content=title + "\n".join(shown) + "\n")
    if path.stat().st_size > _LARGEST:
        raise ValueError(f"{path.relative_to(ROOT)} is too large for a copy in the site")
    return File.generated(config, address, abs_src_path=str(path))


def _moved(target: str, page: str, original: Path, found: dict[Path, str]) -> str:
    """Return the target of a link for a page that shows a text of another place."""
    path = (original.parent / target).resolve()
    if path.suffix == ".ipynb" and not page.startswith("notebooks/"):
        path = path.with_suffix(".md")
    if path in found:
        return posixpath.relpath(found[path], posixpath.dirname(page) or ".")
    if not target.startswith("/") and path.is_relative_to(ROOT / "docs"):
        here = posixpath.dirname(page) or "."
        return posixpath.relpath(path.relative_to(ROOT / "docs").as_posix(), here)
    return target
