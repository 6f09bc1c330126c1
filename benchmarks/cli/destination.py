"""Places that a command will write to, looked at before anything costly is done."""

from __future__ import annotations

import tempfile
from pathlib import Path

from sdscm.errors import InputError


def new_file(path: Path, suffixes: tuple[str, ...], force: bool, option: str = "--out") -> Path:
    """A file that may be written.

    Raises
    ------
    InputError
        If its suffix is not one of ``suffixes``, it is there and ``force`` is not given, or its
        folder cannot be written to.
    """
    if path.suffix not in suffixes:
        raise InputError(f"{option} {path}: give a file name that ends in {' or '.join(suffixes)}")
    if path.is_dir():
        raise InputError(f"{option} {path}: is a folder; give the name of a file")
    if path.exists() and not force:
        raise InputError(f"{option} {path}: is there already; give another name, or --force")
    writable_folder(path.parent, option)
    return path


def writable_folder(folder: Path, option: str) -> Path:
    """A folder that is there, or can be made, and that takes files; nothing is left in it.

    Raises
    ------
    InputError
        If it is not such a folder.
    """
    there = folder.absolute()
    while not there.exists():
        there = there.parent
    try:
        # Tried, not asked: permissions say nothing of a read-only disk.
        with tempfile.TemporaryFile(dir=there):
            return folder
    except OSError as error:
        raise InputError(
            f"{option} {folder}: cannot be written to ({there}: {error.strerror}); "
            "give another folder"
        ) from None
