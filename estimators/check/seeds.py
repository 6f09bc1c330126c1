"""The rule on randomness: the seed decides, and nothing else does."""

from __future__ import annotations

import pickle
import random

import numpy as np

from estimators.check.subject import Subject, all_answers
from estimators.check.verdict import difference, require


def _global_generators() -> dict[str, bytes]:
    return {
        "numpy.random": pickle.dumps(np.random.get_state()),  # noqa: NPY002
        "random": pickle.dumps(random.getstate()),
    }


def is_deterministic(subject: Subject) -> None:
    """The same random_state gives the same numbers, and global generators are left alone."""
    data = subject.data
    numpy_state, python_state = (
        np.random.get_state(),  # noqa: NPY002 - restored below
        random.getstate(),
    )
    try:
        # Another global state than that of the first fit.
        np.random.seed(20240607)  # noqa: NPY002
        random.seed(20240607)
        before = _global_generators()
        second = subject.fit(data)
        again, once_more = all_answers(second, data), all_answers(second, data)
        after = _global_generators()
    finally:
        np.random.set_state(numpy_state)  # noqa: NPY002
        random.setstate(python_state)
    for when, other in (
        ("when asked a second time", once_more),
        ("after a second fit", all_answers(subject.fitted, data)),
    ):
        for method, answer in again.items():
            require(
                np.array_equal(answer, other[method]),
                f"{method} {when}: {difference(answer, other[method])}",
            )
    for module, instead in (
        ("numpy.random", "numpy.random.default_rng"),
        ("random", "random.Random"),
    ):
        require(
            before[module] == after[module],
            f"it drew from or seeded the module {module}; use {instead}(seed)",
        )
