"""Collect the pages and files of boards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path

from benchmarks.site.published import Published
from benchmarks.site.release import ReleaseBoards
from benchmarks.site.render import Contents, Entry, rendered
from sdscm.report_page import assets, require_libraries

__all__ = ["all_pages", "pages", "published_pages"]


def pages(release: Path | str) -> Contents:
    """Make the pages of a release.

    Parameters
    ----------
    release
        Name of a release that comes with the package, its folder, zip, or URL with its hash.

    Returns
    -------
    Contents by path below the folder of the release. Equal releases give equal bytes. A page ends
    in ``.md`` and links others as ``.html``; ``board.css`` and ``board.js`` of `all_pages` belong
    to it.

    Raises
    ------
    InputError
        If it is not a release, or damaged.
    MissingExtraError
        If matplotlib or Jinja2 is not installed.
    """
    require_libraries()
    with ReleaseBoards.opened(release) as found:
        return found.pages()


def published_pages(folder: Path, methods: Mapping[str, str] | None = None) -> Contents:
    """Make the pages of a published board, from ``leaderboard.csv`` and the figures beside it.

    Parameters
    ----------
    folder
        Folder of the results of a shipped suite, as ``sdscm benchmark`` writes it.
    methods
        Pages of methods by label, seen from these pages.

    Returns
    -------
    Contents by path below the folder of the suite. A board of many scenarios has a page for each.

    Raises
    ------
    InputError
        If no suite has the name of the folder.
    """
    return Published.read(folder).pages(methods or {})


def all_pages(
    releases: Iterable[Path | str] = ("core-v1",), published: Iterable[Path] = ()
) -> Contents:
    """Make the pages of releases and of published boards, a page that lists them, and their style.

    Parameters
    ----------
    releases, published
        As for `pages` and `published_pages`.

    Returns
    -------
    Contents by path below the folder ``boards`` of the site. Pages need ``boards/board.css`` and
    ``boards/board.js``.

    Raises
    ------
    InputError, MissingExtraError
        As for `pages`.
    """
    require_libraries()
    contents: Contents = {}
    entries: list[Entry] = []
    methods: dict[str, str] = {}
    tables = [Published.read(folder) for folder in published]
    cost = {table.suite.name: table.seconds for table in tables}
    for release in releases:
        with ReleaseBoards.opened(release) as found:
            made = found.pages(cost)
            entries.append(found.entry)
            methods |= {
                label: f"../{found.id}/methods/{name}.html"
                for label, name in found.method_slugs.items()
            }
        contents |= {f"{found.id}/{name}": each for name, each in made.items()}
    for table in tables:
        entries.append(table.entry)
        made = table.pages(methods)
        contents |= {f"{table.suite.name}/{name}": each for name, each in made.items()}
    contents["index.md"] = rendered("list.md.j2", entries=entries)
    style, script = assets().values()
    own = resources.files(__package__) / "templates" / "site.css"
    contents["board.css"] = f"{style}\n{own.read_text('utf-8')}".encode()
    contents["board.js"] = script.encode()
    return contents
