"""Seeds of estimators, and a guard around libraries that use global generators."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from estimators.errors import EstimatorError


def resolve_seed(random_state: Any) -> int:
    """Turn ``random_state`` into a seed below 2**31.

    An integer is used as it is. None draws fresh entropy from the operating system, never from
    a global generator.

    Raises
    ------
    EstimatorError
        If it is neither None nor an integer in [0, 2**31).
    """
    if random_state is None:
        return int(np.random.SeedSequence().generate_state(1)[0] >> 1)
    is_integer = isinstance(random_state, int | np.integer) and not isinstance(random_state, bool)
    if not is_integer or not 0 <= random_state < 2**31:
        raise EstimatorError(
            f"random_state: is {random_state!r}, must be None or an integer in [0, 2**31)"
        )
    return int(random_state)


@contextmanager
def guarded_global_generators(seed: int) -> Iterator[None]:
    """Seed the global generators of ``random`` and NumPy inside the block, and restore them after.

    Some libraries draw from the global generators whatever one passes to them (EconML's bootstrap,
    CausalML's cross-fitting without a seed, DoWhy's resampling). Inside this block they give the
    same numbers for the same seed, and nothing outside sees that they drew.
    """
    numpy_state = np.random.get_state()  # noqa: NPY002 - saved here so that it can be restored
    python_state = random.getstate()
    np.random.seed(seed)  # noqa: NPY002 - the only way to reach libraries that draw from it
    random.seed(seed)
    try:
        yield
    finally:
        np.random.set_state(numpy_state)  # noqa: NPY002
        random.setstate(python_state)
