"""Read and write a set of files as a folder or a zip; nothing of a zip is trusted."""

from __future__ import annotations

import io
import os
import stat
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sdscm.errors import InputError
from sdscm.files import put_atomically

#: Bounds of an archive: the number of its files, and their bytes in all.
MOST_FILES = 20_000
MOST_BYTES = 4 * 2**30
#: Date of each file in a zip, since a zip must not depend on the day; the earliest that zips have.
_DATE = (1980, 1, 1, 0, 0, 0)


class DamagedArchiveError(InputError):
    """A folder or a zip is unsafe or damaged."""


@dataclass(frozen=True)
class Files:
    """The files of a folder or a zip; see `open_files`.

    Attributes
    ----------
    place
        The folder, or the zip.
    sizes
        Bytes of each file by its name (a relative path with ``/``), sorted.
    """

    place: Path
    sizes: Mapping[str, int]

    def read(self, name: str) -> bytes:
        """Read a file.

        Raises
        ------
        DamagedArchiveError
            If it is missing or damaged. The message names it.
        """
        if name not in self.sizes:
            raise DamagedArchiveError(f"{self.place}: {name} is missing")
        try:
            if self.place.is_dir():
                return (self.place / name).read_bytes()
            with zipfile.ZipFile(self.place) as archive, archive.open(name) as file:
                # Without a number, a gibibyte is decompressed before the size is looked at.
                return file.read(self.sizes[name] + 1)
        except (OSError, *_DAMAGE) as error:
            raise DamagedArchiveError(f"{self.place}: {name} is damaged ({error})") from None


#: Errors of `zipfile` for a damaged file, or one that this Python cannot read.
_DAMAGE = (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError, EOFError)


def open_files(place: Path, most_bytes: int = MOST_BYTES, packed: bool = True) -> Files:
    """List the files of a folder or a zip, without reading them.

    Parameters
    ----------
    place
    most_bytes
        Bound of the bytes of all files together.
    packed
        Accept compressed files in a zip. Without them, the files have no more bytes than the zip.

    Raises
    ------
    InputError
        If there is no such folder or file.
    DamagedArchiveError
        If it is no readable zip, or one of its names or sizes is not safe: a path that leaves the
        folder, a link, two files of one name, an encrypted file, a compression that cannot be read
        in bounded memory, or more files or bytes than the bounds allow.
    """
    if not place.exists():
        raise InputError(f"{place}: no such folder or file")
    sizes: dict[str, int] = {}
    seen: set[str] = set()
    if place.is_file() and place.stat().st_size > most_bytes:
        raise DamagedArchiveError(f"{place}: more than {most_bytes} bytes; it is not read")
    for name, size, problem in _of_folder(place) if place.is_dir() else _of_zip(place, packed):
        problem = problem or _unsafe(name)
        if not problem and name.casefold() in seen:
            problem = "is there twice"
        if problem:
            raise DamagedArchiveError(f"{place}: {name!r} {problem}; it is not read")
        seen.add(name.casefold())
        sizes[name] = size
        if len(sizes) > MOST_FILES or sum(sizes.values()) > most_bytes:
            raise DamagedArchiveError(
                f"{place}: more than {MOST_FILES} files or {most_bytes} bytes; it is not read"
            )
    return Files(place, dict(sorted(sizes.items())))


def _unsafe(name: str) -> str:
    """Describe why a name could leave its folder; empty if it cannot."""
    parts = name.split("/")
    if "\\" in name or ":" in name or any(part in ("", ".", "..") for part in parts):
        return "is a path that leaves the folder"
    return "" if name.isprintable() else "has a control character in its name"


def _of_folder(place: Path) -> Iterator[tuple[str, int, str]]:
    for folder, inner, files in os.walk(place):
        for each in [*inner, *files]:
            path = Path(folder) / each
            name = path.relative_to(place).as_posix()
            found = path.lstat()
            if stat.S_ISDIR(found.st_mode):
                continue
            yield name, found.st_size, "" if stat.S_ISREG(found.st_mode) else "is a link"


def _of_zip(place: Path, packed: bool) -> Iterator[tuple[str, int, str]]:
    known = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) if packed else (zipfile.ZIP_STORED,)
    left = place.stat().st_size
    try:
        with zipfile.ZipFile(place) as archive:
            found = archive.infolist()
    except (OSError, ValueError, *_DAMAGE) as error:
        raise DamagedArchiveError(f"{place}: not a readable zip ({error})") from None
    for each in found:
        kind = stat.S_IFMT(each.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            yield each.filename, 0, "is a link"
        elif each.flag_bits & 1:
            yield each.filename, 0, "is encrypted"
        elif each.compress_type not in known:
            yield each.filename, 0, "is compressed in a way that is not read"
        elif each.compress_type == zipfile.ZIP_STORED and (left := left - each.file_size) < 0:
            yield each.filename, 0, f"has {each.file_size} bytes, more than its zip"
        elif not each.is_dir():
            yield each.filename, each.file_size, ""
        elif _unsafe(each.filename.rstrip("/")):
            yield each.filename, 0, "is a path that leaves the folder"


def zip_of(contents: Mapping[str, bytes]) -> bytes:
    """Pack files into a zip; equal files give equal bytes on every machine.

    They are stored as they are: the compressed size of a file depends on the version of zlib.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(contents):
            entry = zipfile.ZipInfo(name, _DATE)
            entry.create_system = 3
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(entry, contents[name])
    return buffer.getvalue()


def write_files(contents: Mapping[str, bytes], out: Path) -> Path:
    """Write files to a zip, if the name of ``out`` ends in ``.zip``, or else to a folder.

    It replaces what is there. A folder gets its name when it is whole: if the process is killed
    before, what was there stays.
    """
    if out.suffix == ".zip":
        put_atomically(out, zip_of(contents))
        return out
    place = out.resolve()
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=f".{place.name}-") as hidden:
        new, old = Path(hidden) / "new", Path(hidden) / "old"
        for name, content in sorted(contents.items()):
            put_atomically(new / name, content, durable=False)
        if place.exists():
            place.rename(old)
        new.rename(place)
    return out
