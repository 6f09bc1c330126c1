"""Seeds of estimators, and protection from libraries that use global random generators."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from estimators.errors import EstimatorError


def resolve_seed(random_state: Any) -> int:
    """Turn ``random_state`` into a seed below 2**31.

    An integer is the seed itself. For None the seed comes from the operating system, never from a
    global generator.

    Raises
    ------
    EstimatorError
        If it is not None or an integer in [0, 2**31).
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
    """Seed the global generators of ``random`` and NumPy inside the block; restore them after it.

    Some libraries always draw from the global generators (EconML's bootstrap, CausalML's
    cross-fitting without a seed, DoWhy's resampling). Inside this block they give the same numbers
    for the same seed, and the state outside does not change.
    """
    numpy_state = np.random.get_state()  # noqa: NPY002 - restored below
    python_state = random.getstate()
    np.random.seed(seed)  # noqa: NPY002 - for libraries that draw from it
    random.seed(seed)
    try:
        yield
    finally:
        np.random.set_state(numpy_state)  # noqa: NPY002
        random.setstate(python_state)
