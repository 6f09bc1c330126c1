"""Sign patterns of tests by sign flips."""

from __future__ import annotations

from functools import lru_cache
from itertools import product

import numpy as np

# All patterns are enumerated for up to 14 signs.
_PATTERNS = 2**14


@lru_cache(maxsize=8)
def sign_patterns(count: int, seed: int) -> tuple[np.ndarray, bool]:
    """Return sign patterns, of shape (patterns, count), and whether these are all patterns.

    If there are too many, they are drawn at random.
    """
    if 2**count <= _PATTERNS:
        return np.array(list(product((1.0, -1.0), repeat=count))), True
    raw = np.random.Generator(np.random.Philox(seed)).integers(0, 2, (_PATTERNS, count))
    return 2.0 * raw - 1, False
