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


#: Seeds below this can be found by trying all of them.
SECRET_SEEDS = 2**64


def derive_seed(*parts: Any) -> int:
    """Derive a seed in [0, 2**31) from the parts only, independent of the order of the work.

    The seed has 31 bits, because some libraries accept signed 32-bit seeds only.
    """
    return int.from_bytes(blake2b(canonical(parts), digest_size=4).digest()) & 0x7FFFFFFF


def derive_data_seed(seed: int, shared: tuple[Any, ...], own: tuple[Any, ...]) -> int:
    """Derive the seed of a dataset from the seed of its suite.

    A suite's seed of `SECRET_SEEDS` or more is a secret: the result then has 128 bits, so that
    nobody can try all seeds until the data come out again, and it depends on ``own``, too.

    Parameters
    ----------
    seed
        The suite's seed.
    shared
        Place of the dataset, up to what datasets with the same units differ in.
    own
        The rest of its place.
    """
    if seed < SECRET_SEEDS:
        return derive_seed(seed, *shared)
    return int(digest([str(seed), "data", *shared, *own]), 16)
