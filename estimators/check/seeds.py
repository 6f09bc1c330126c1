"""Rules on reproducibility: data, parameters and seed decide the numbers, and nothing else."""

from __future__ import annotations

import pickle
import random

import numpy as np

from estimators.check.data import check_data
from estimators.check.subject import Subject, all_answers
from estimators.check.verdict import require, require_same


def _global_generators() -> dict[str, bytes]:
    return {
        "numpy.random": pickle.dumps(np.random.get_state()),  # noqa: NPY002
        "random": pickle.dumps(random.getstate()),
    }


def is_deterministic(subject: Subject) -> None:
    """The same random_state gives the same numbers; global generators are not used."""
    data = subject.data
    numpy_state, python_state = (
        np.random.get_state(),  # noqa: NPY002 - restored below
        random.getstate(),
    )
    try:
        # A global state that differs from that of the first fit.
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
        ("in a second call", once_more),
        ("after a second fit", all_answers(subject.fitted, data)),
    ):
        for method, answer in again.items():
            require_same(answer, other[method], f"{method} {when}")
    for module, instead in (
        ("numpy.random", "numpy.random.default_rng"),
        ("random", "random.Random"),
    ):
        require(
            before[module] == after[module],
            f"it drew from or seeded the module {module}; use {instead}(seed)",
        )


def forgets_an_earlier_fit(subject: Subject) -> None:
    """A second fit of the same object gives the same numbers as a first one."""
    data, earlier = subject.data, check_data(160, seed=1)
    estimator = subject.fit(earlier)
    if hasattr(estimator, "reveal"):
        estimator.reveal(data.ite)
    again = all_answers(estimator.fit(data.X, data.t, data.y), data)
    for method, answer in all_answers(subject.fitted, data).items():
        require_same(answer, again[method], f"{method} after a fit on other data")
