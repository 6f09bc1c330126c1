"""Rules on answers: capabilities, shapes and types."""

from __future__ import annotations

import numpy as np

from estimators.check.subject import Subject
from estimators.check.verdict import require
from estimators.interface import HasATE, HasEffect


def can_be_fitted(subject: Subject) -> None:
    """It can be made and fitted on ordinary data."""
    subject.fit(subject.data)


def has_a_capability(subject: Subject) -> None:
    """It offers effect(X) or ate(X)."""
    require(isinstance(subject.fitted, HasEffect | HasATE), "it has neither")


def returns_itself(subject: Subject) -> None:
    """Fit returns the estimator itself."""
    estimator, data = subject.new(subject.data.ite), subject.data
    require(estimator.fit(data.X, data.t, data.y) is estimator, "end fit with: return self")


def answers_in_shape(subject: Subject) -> None:
    """Effects are floats of shape (n,), the average effect is one float, and all are finite."""
    estimator, X = subject.fitted, subject.data.X
    if isinstance(estimator, HasEffect):
        effect = estimator.effect(X)
        require(isinstance(effect, np.ndarray), f"effect returned {type(effect).__name__}")
        require(effect.shape == (len(X),), f"effect returned shape {effect.shape}, not ({len(X)},)")
        require(effect.dtype == np.float64, f"effect returned type {effect.dtype}")
        require(np.isfinite(effect).all(), "effect returned NaN or infinity")
    if isinstance(estimator, HasATE):
        ate = estimator.ate(X)
        require(isinstance(ate, float), f"ate returned {type(ate).__name__}")
        require(np.isfinite(ate), f"ate returned {ate}")
