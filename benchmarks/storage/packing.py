"""Compress arrays of numbers to bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
import pyarrow as pa

#: Level 1: on predictions, higher levels save 1 % of the bytes and take several times as long.
_CODEC = pa.Codec("zstd", compression_level=1)


def pack(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Compress arrays of float64: one line of JSON with names and shapes, then their bytes."""
    shapes = {name: list(array.shape) for name, array in arrays.items()}
    content = b"".join(np.ascontiguousarray(array, float).tobytes() for array in arrays.values())
    header = json.dumps({"bytes": len(content), "shapes": shapes})
    return header.encode() + b"\n" + _CODEC.compress(content, asbytes=True)


def unpack(data: bytes) -> dict[str, np.ndarray]:
    """Restore the arrays from the bytes of `pack`; the arrays are writable."""
    line, _, compressed = data.partition(b"\n")
    header = json.loads(line)
    content = _CODEC.decompress(compressed, decompressed_size=header["bytes"], asbytes=True)
    numbers, arrays, start = np.frombuffer(content).copy(), {}, 0
    for name, shape in header["shapes"].items():
        size = int(np.prod(shape))
        arrays[name] = numbers[start : start + size].reshape(shape)
        start += size
    return arrays
