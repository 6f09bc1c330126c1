"""Hashes and seeds that depend on content only."""

from __future__ import annotations

import json
from hashlib import blake2b
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
