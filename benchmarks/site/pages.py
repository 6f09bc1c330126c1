"""Collect the pages and files of boards."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import resources
from pathlib import Path

from benchmarks.site.release import ReleaseBoards
from benchmarks.site.render import Contents, rendered
from sdscm.report_page import assets, require_libraries

__all__ = ["all_pages", "pages"]


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
    listed = []
    for release in releases:
        with ReleaseBoards.opened(release) as found:
            listed.append(found.entry)
            contents |= {f"{found.id}/{name}": each for name, each in found.pages().items()}
    contents["index.md"] = rendered("list.md.j2", entries=listed)
    style, script = assets().values()
    own = resources.files(__package__) / "templates" / "site.css"
    contents["board.css"] = f"{style}\n{own.read_text('utf-8')}".encode()
    contents["board.js"] = script.encode()
    return contents
