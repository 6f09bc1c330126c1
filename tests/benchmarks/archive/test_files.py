"""Zips and folders of others: what is not safe is refused, in one line."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path

import pytest

from benchmarks.archive import files
from benchmarks.archive.files import DamagedArchiveError, open_files, write_files, zip_of

CONTENTS = {"b/two.txt": b"two", "a.txt": b"one"}


def entry(
    name: str, kind: int = stat.S_IFREG, content: bytes = b"x"
) -> tuple[zipfile.ZipInfo, bytes]:
    info = zipfile.ZipInfo(name)
    info.external_attr = (kind | 0o644) << 16
    return info, content


@pytest.mark.parametrize("place", ["made", "made.zip"])
def test_what_is_written_is_read(tmp_path: Path, place: str) -> None:
    found = open_files(write_files(CONTENTS, tmp_path / place))
    assert found.sizes == {"a.txt": 3, "b/two.txt": 3}
    assert list(found.sizes) == ["a.txt", "b/two.txt"]
    assert {name: found.read(name) for name in found.sizes} == CONTENTS
    with pytest.raises(DamagedArchiveError, match=r"c\.txt is missing"):
        found.read("c.txt")


def test_equal_files_give_an_equal_zip_of_any_day(monkeypatch: pytest.MonkeyPatch) -> None:
    first = zip_of(CONTENTS)
    monkeypatch.setattr("time.time", lambda: 2e9)
    assert zip_of(dict(reversed(CONTENTS.items()))) == first
    assert zip_of(CONTENTS | {"a.txt": b"eno"}) != first


@pytest.mark.parametrize(
    ("entries", "problem"),
    [
        ([entry("../out.txt")], "leaves the folder"),
        ([entry("a/../../out.txt")], "leaves the folder"),
        ([entry("/etc/out.txt")], "leaves the folder"),
        ([entry("C:/out.txt")], "leaves the folder"),
        ([entry("a\\..\\out.txt")], "leaves the folder"),
        ([entry("../out/", stat.S_IFDIR, b"")], "leaves the folder"),
        ([entry("link", stat.S_IFLNK, b"/etc/passwd")], "is a link"),
        ([entry("a.txt"), entry("A.txt")], "is there twice"),
        ([entry("bell\x07")], "control character"),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0][0].filename,
)
def test_an_unsafe_zip_is_not_read(tmp_path: Path, entries, problem) -> None:
    path = tmp_path / "forged.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for info, content in entries:
            archive.writestr(info, content)
    with pytest.raises(DamagedArchiveError, match=problem) as raised:
        open_files(path)
    assert "\n" not in str(raised.value)


def test_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(2_000_000))
    assert path.stat().st_size < 10_000
    assert open_files(path).sizes == {"zeros": 2_000_000}
    with pytest.raises(DamagedArchiveError, match="1999999 bytes"):
        open_files(path, most_bytes=1_999_999)
    monkeypatch.setattr(files, "MOST_FILES", 0)
    with pytest.raises(DamagedArchiveError, match="more than 0 files"):
        open_files(path)


def test_a_size_that_lies_gives_no_more_bytes(tmp_path: Path) -> None:
    """A forged directory says 10 bytes, but 2 MB are packed."""
    path = tmp_path / "liar.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(2_000_000))
    honest = (2_000_000).to_bytes(4, "little")
    path.write_bytes(path.read_bytes().replace(honest, (10).to_bytes(4, "little")))
    found = open_files(path)
    assert found.sizes == {"zeros": 10}
    with pytest.raises(DamagedArchiveError, match="zeros is damaged"):
        found.read("zeros")


def test_a_folder_with_a_link_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "out").symlink_to("/etc", target_is_directory=True)
    with pytest.raises(DamagedArchiveError, match="'out' is a link"):
        open_files(tmp_path / "made")


def test_a_file_that_is_no_zip(tmp_path: Path) -> None:
    (tmp_path / "text.zip").write_text("no zip")
    with pytest.raises(DamagedArchiveError, match="not a readable zip"):
        open_files(tmp_path / "text.zip")


def test_a_folder_that_cannot_be_written_whole_leaves_the_earlier_one(
    tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = write_files(CONTENTS, tmp_path / "kept")
    put = files.put_atomically
    written: list[str] = []

    def full_disk(path, content, **options) -> None:
        if written:
            raise OSError("no space left")
        written.append(path.name)
        put(path, content, **options)

    monkeypatch.setattr(files, "put_atomically", full_disk)
    with pytest.raises(OSError, match="no space left"):
        write_files({"new.txt": b"new", "other.txt": b"other"}, place)
    assert dict(open_files(place).sizes) == {name: len(CONTENTS[name]) for name in CONTENTS}
    assert [each.name for each in tmp_path.iterdir()] == ["kept"]
