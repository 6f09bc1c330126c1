"""Hashes and seeds that depend on content only."""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import Any


def canonical(value: Any) -> bytes:
    """Encode a JSON value as bytes that do not depend on the order of keys."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
    ).encode()


def digest(value: Any) -> str:
    """Hash a JSON value to 32 hexadecimal digits."""
    return digest_bytes(canonical(value))


def digest_bytes(data: bytes) -> str:
    """Hash bytes to 32 hexadecimal digits."""
    return blake2b(data, digest_size=16).hexdigest()


def derive_seed(*parts: Any) -> int:
    """Derive a seed in [0, 2**31) from the parts only, independent of the order of the work.

    The seed has 31 bits, because some libraries accept signed 32-bit seeds only.
    """
    return int.from_bytes(blake2b(canonical(parts), digest_size=4).digest()) & 0x7FFFFFFF
