"""Write files atomically."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO


def write_atomically(
    path: Path, write: Callable[[IO[bytes]], object], *, durable: bool = True
) -> None:
    """Write to a temporary file in the folder of ``path``, and rename it to ``path``.

    A killed process leaves no partial file at ``path``. With ``durable`` a power cut leaves none
    either; this takes some milliseconds.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        os.chmod(temporary, 0o666 & ~_umask())  # mkstemp gives no rights to other users
        with os.fdopen(descriptor, "wb") as file:
            write(file)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def put_atomically(path: Path, content: str | bytes, *, durable: bool = True) -> None:
    """Write text (as UTF-8) or bytes as `write_atomically` does."""
    data = content.encode() if isinstance(content, str) else content
    write_atomically(path, lambda file: file.write(data), durable=durable)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
