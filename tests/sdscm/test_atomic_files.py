"""Atomic writing of files."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest

from sdscm.cache import cache_folder
from sdscm.files import put_atomically, write_atomically


def test_it_writes(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "file"
    write_atomically(path, lambda file: file.write(b"content"))
    assert path.read_bytes() == b"content"
    assert [each.name for each in path.parent.iterdir()] == ["file"]


@pytest.mark.parametrize("content", ["α\n", "α\n".encode()])
def test_it_puts_text_and_bytes(tmp_path: Path, content: str | bytes) -> None:
    put_atomically(tmp_path / "file", content)
    assert (tmp_path / "file").read_bytes() == b"\xce\xb1\n"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_writer_that_breaks_leaves_what_was_there(
    tmp_path: Path, error: type[BaseException]
) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_bytes(b"before")

    def half(file: IO[bytes]) -> None:
        file.write(b"half")
        file.flush()
        raise error

    for path in (old, new):
        with pytest.raises(error):
            write_atomically(path, half)
    assert old.read_bytes() == b"before"
    assert [each.name for each in tmp_path.iterdir()] == ["old"]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="the system has no SIGKILL")
def test_a_kill_leaves_no_half_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"before")
    script = f"""
import os, signal
from pathlib import Path
from sdscm.files import write_atomically

def killed(file):
    file.write(b"half")
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)

write_atomically(Path({str(path)!r}), killed)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert path.read_bytes() == b"before"


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
def test_others_may_read_it_as_any_new_file(tmp_path: Path) -> None:
    usual = tmp_path / "usual"
    usual.write_bytes(b"")
    path = tmp_path / "file"
    write_atomically(path, lambda file: file.write(b"content"))
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(usual.stat().st_mode)


def test_the_cache_can_be_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDSCM_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("SDSCM_CACHE")
    assert cache_folder().name == "sdscm"
