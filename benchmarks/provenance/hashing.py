"""Hashes and seeds that depend on content only."""

from __future__ import annotations

import json
from collections.abc import Collection
from hashlib import blake2b
from pathlib import Path
from typing import Any


def canonical(value: Any) -> bytes:
    """One byte string for equal JSON values, whatever the order of their keys."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
    ).encode()


def digest(value: Any) -> str:
    """Hash of a JSON value: 32 hexadecimal digits."""
    return digest_bytes(canonical(value))


def digest_bytes(data: bytes) -> str:
    """Hash of bytes: 32 hexadecimal digits."""
    return blake2b(data, digest_size=16).hexdigest()


def derive_seed(*parts: Any) -> int:
    """A seed in [0, 2**31) that depends on the parts only, never on the order of the work.

    31 bits, because some libraries take signed 32-bit seeds only.
    """
    return int.from_bytes(blake2b(canonical(parts), digest_size=4).digest()) & 0x7FFFFFFF


def digest_sources(folder: Path, *, leave_out: Collection[str] = ()) -> str:
    """Hash of the Python files below a folder, the named subfolders and modules left out."""
    hasher = blake2b(digest_size=16)
    for path in sorted(folder.rglob("*.py")):
        name = path.relative_to(folder)
        if name.parts[0].removesuffix(".py") in leave_out:
            continue
        hasher.update(name.as_posix().encode())
        hasher.update(path.read_bytes())
    return hasher.hexdigest()
