"""A release: a frozen suite with its datasets and the results of its methods."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from benchmarks.archive.files import DamagedArchiveError, Files, open_files
from sdscm.cache import cache_folder
from sdscm.errors import InputError, MissingExtraError

#: Increase this number when the files of a release change, so that others are refused.
FORMAT = 1
#: Name of the manifest in a release.
MANIFEST = "release.json"
_DIGEST = "sha256_of_the_rest"
_KEYS = (
    *("name", "version", "suite", "sources", "methods"),
    *("definitions", "versions", "held_out", "files"),
)
_HASHED_URL = re.compile(r"(?P<url>(https?|file)://[^#]+)#sha256=(?P<hash>[0-9a-f]{64})")


@dataclass(frozen=True)
class Release:
    """A release whose manifest is intact. Its other files are checked when they are read.

    Attributes
    ----------
    files
        See `Files`.
    content
        Content of the manifest; docs/releases.md describes it.
    digest
        SHA-256 of the manifest, which holds those of all other files.
    """

    files: Files
    content: Mapping[str, Any]
    digest: str

    @property
    def id(self) -> str:
        """Name and version, such as ``core-v1``; also the name of the folder of its runs."""
        return id_of(self.content["name"], self.content["version"])

    def read(self, name: str) -> bytes:
        """Read a file of the manifest.

        Raises
        ------
        DamagedArchiveError
            If its bytes are not those of the manifest.
        """
        content = self.files.read(name)
        if sha256(content).hexdigest() != self.content["files"].get(name, {}).get("sha256"):
            raise DamagedArchiveError(
                f"{self.files.place}: {name} has changed since the release was made; get it again"
            )
        return content


def id_of(name: str, version: str) -> str:
    """Join the name and the version of a release."""
    return f"{name}-v{version}"


def manifest_bytes(content: Mapping[str, Any]) -> bytes:
    """Write a manifest, with a hash of its own content, so that a change of any bit is found."""
    rest = {name: value for name, value in content.items() if name != _DIGEST}
    digest = sha256(_json(rest)).hexdigest()
    return _json({**rest, _DIGEST: digest})


def _json(content: Mapping[str, Any]) -> bytes:
    text = json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return text.encode() + b"\n"


def open_release(place: Path) -> Release:
    """Open a release: a folder or a zip.

    Raises
    ------
    DamagedArchiveError
        If it is not safe to read, or its manifest is damaged.
    InputError
        If it is not there, or of another format.
    """
    files = open_files(place)
    if MANIFEST not in files.sizes:
        raise InputError(f"{place}: not a release of sdscm, since it has no {MANIFEST}")
    data = files.read(MANIFEST)
    try:
        content = json.loads(data)
        intact = manifest_bytes(content) == data
    except (ValueError, AttributeError, RecursionError):
        intact = False
    if not intact:
        raise DamagedArchiveError(f"{place}: {MANIFEST} is damaged; get the release again")
    if content.get("format") != FORMAT or not all(name in content for name in _KEYS):
        raise InputError(
            f"{place}: its format is {content.get('format')}, but this sdscm reads {FORMAT}; "
            "use the sdscm that the release names"
        )
    return Release(files, content, sha256(data).hexdigest())


def shipped_folder() -> Path:
    """Return the folder of the releases that come with the package; it need not be there."""
    return Path(str(resources.files("benchmarks") / "releases"))


def shipped_releases() -> list[str]:
    """List the names of the releases that come with the package."""
    folder = shipped_folder()
    return sorted(each.name for each in folder.iterdir()) if folder.is_dir() else []


def find_release(name: str | Path) -> Release | None:
    """Find a release by its name in the package, folder, zip or URL.

    Parameters
    ----------
    name
        A URL ends in ``#sha256=`` and the hash of the zip. The file is kept in the user's cache.

    Returns
    -------
    The release; None if the text is none of these.

    Raises
    ------
    InputError
        If it is one, and cannot be read.
    """
    text = str(name)
    if "://" in text:
        return open_release(_fetched(text))
    if text in shipped_releases():
        return open_release(shipped_folder() / text)
    place = Path(name)
    try:
        found = place.suffix == ".zip" or (place / MANIFEST).is_file()
    except OSError:  # the name is longer than a path may be
        found = False
    return open_release(place) if found else None


def _fetched(text: str) -> Path:
    """Get a zip from a URL, or from the cache, and check its hash."""
    parts = _HASHED_URL.fullmatch(text)
    if parts is None:
        raise InputError(
            f"{text}: write the address as https://.../NAME.zip#sha256=HASH, with the 64 "
            "hexadecimal digits that the publisher states"
        )
    url, known = parts["url"], parts["hash"]
    if url.startswith("file:"):
        path = Path(url2pathname(unquote(urlsplit(url).path)))
        if not path.is_file():
            raise InputError(f"{path}: no such file")
        if sha256(path.read_bytes()).hexdigest() != known:
            raise InputError(f"{url}: its SHA-256 is not {known}; get it again")
        return path
    try:
        import pooch
    except ImportError:
        raise MissingExtraError("a release from a URL", "download") from None
    try:
        found = pooch.retrieve(
            url,
            known_hash=f"sha256:{known}",
            fname=f"{known}.zip",
            path=cache_folder() / "releases",
            downloader=pooch.HTTPDownloader(timeout=60),
        )
    except (OSError, ValueError) as error:  # ValueError: another hash
        raise InputError(f"{url}: cannot be had ({' '.join(str(error).split())})") from None
    return Path(found)
