"""A release: a frozen suite with its data and results; a submission: results of other methods."""

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

#: Increase this number when the files of releases or submissions change, so that others are
#: refused.
FORMAT = 1
#: Names of the manifests in a release and in a submission.
MANIFEST, SUBMISSION = "release.json", "submission.json"
_DIGEST = "sha256_of_the_rest"
_KEYS = {
    MANIFEST: (
        *("name", "version", "suite", "sources", "methods"),
        *("definitions", "versions", "held_out", "files"),
    ),
    SUBMISSION: ("release", "methods", "definitions", "versions", "plugin", "card", "files"),
}
#: Bound of the bytes of a submission; standard-v1 has 60 MB of predictions of 60 methods.
MOST_OF_SUBMISSION = 2**29
_HASHED_URL = re.compile(r"(?P<url>(https?|file)://[^#]+)#sha256=(?P<hash>[0-9a-f]{64})")


@dataclass(frozen=True)
class Package:
    """Files whose manifest is intact. The other files are checked when they are read.

    Attributes
    ----------
    files
        See `Files`.
    content
        Content of the manifest; docs/how-to/release.md describes it.
    digest
        SHA-256 of the manifest, which holds those of all other files.
    """

    files: Files
    content: Mapping[str, Any]
    digest: str

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
                f"{self.files.place}: {name} has changed since its manifest was made; get it again"
            )
        return content


@dataclass(frozen=True)
class Release(Package):
    """A frozen suite with its datasets and the results of its methods."""

    @property
    def id(self) -> str:
        """Name and version, such as ``core-v1``; also the name of the folder of its runs."""
        return id_of(self.content["name"], self.content["version"])

    @property
    def part(self) -> str:
        """``public`` or ``truth`` for a part of a sealed release; empty for other releases."""
        return str(self.content.get("sealed", {}).get("part", ""))

    @property
    def public(self) -> str:
        """SHA-256 of the manifest that participants see: of the public part, if it is sealed."""
        return str(self.content.get("sealed", {}).get("public", self.digest))


@dataclass(frozen=True)
class Submission(Package):
    """Results of other methods on the datasets of a release.

    Attributes
    ----------
    mark
        ``verified: ...`` if its code was run here and gave its predictions.
    """

    mark: str = "not verified"

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels of its methods."""
        return tuple(each["label"] for each in self.content["methods"])


def id_of(name: str, version: str) -> str:
    """Join the name and the version of a release."""
    return f"{name}-v{version}"


def listed(contents: Mapping[str, bytes]) -> dict[str, dict[str, Any]]:
    """List sizes and SHA-256 of files, for the key ``files`` of a manifest."""
    return {
        name: {"bytes": len(content), "sha256": sha256(content).hexdigest()}
        for name, content in sorted(contents.items())
    }


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
    return Release(files, *_manifest(files, MANIFEST, "release"))


def open_submission(place: Path) -> Submission:
    """Open a submission: a zip. It raises the errors of `open_release`."""
    if place.exists() and not place.is_file():
        raise InputError(f"{place}: not a file; a submission is a zip")
    files = open_files(place, MOST_OF_SUBMISSION, packed=False)
    return Submission(files, *_manifest(files, SUBMISSION, "submission"))


def _manifest(files: Files, name: str, what: str) -> tuple[dict[str, Any], str]:
    """Read the manifest of files, and its SHA-256."""
    if name not in files.sizes:
        raise InputError(f"{files.place}: not a {what} of sdscm, since it has no {name}")
    data = files.read(name)
    try:
        content = json.loads(data)
        intact = manifest_bytes(content) == data
    except (ValueError, AttributeError, RecursionError):
        intact = False
    if not intact:
        raise DamagedArchiveError(f"{files.place}: {name} is damaged; get the {what} again")
    if content.get("format") != FORMAT or not all(key in content for key in _KEYS[name]):
        raise InputError(
            f"{files.place}: its format is {content.get('format')}, but this sdscm reads {FORMAT}; "
            f"use the sdscm that the {what} names"
        )
    return content, sha256(data).hexdigest()


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
