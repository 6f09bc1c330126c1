"""Check output files and folders before a command does anything costly."""

from __future__ import annotations

import tempfile
from pathlib import Path

from sdscm.errors import InputError


def new_file(path: Path, suffixes: tuple[str, ...], force: bool, option: str = "--out") -> Path:
    """Return ``path`` if a file can be written there.

    Raises
    ------
    InputError
        If its suffix is not one of ``suffixes``, it exists and ``force`` is not given, or its
        folder is not writable.
    """
    if path.suffix not in suffixes:
        raise InputError(f"{option} {path}: give a file name that ends in {' or '.join(suffixes)}")
    if path.is_dir():
        raise InputError(f"{option} {path}: is a folder; give the name of a file")
    if path.exists() and not force:
        raise InputError(f"{option} {path}: exists already; give another name, or --force")
    writable_folder(path.parent, option)
    return path


def writable_folder(folder: Path, option: str) -> Path:
    """Return ``folder`` if files can be written in it; it may have to be made first.

    Raises
    ------
    InputError
        If they cannot.
    """
    existing = folder.absolute()
    while not existing.exists():
        existing = existing.parent
    try:
        # A real file, since permissions do not show that a disk is read-only.
        with tempfile.TemporaryFile(dir=existing):
            return folder
    except OSError as error:
        raise InputError(
            f"{option} {folder}: cannot be written to ({existing}: {error.strerror}); "
            "give another folder"
        ) from None
