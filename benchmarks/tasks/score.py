"""Describe a score of a task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Score:
    """A score of an answer.

    Attributes
    ----------
    name, title
        Name of its column for programs, and title for people.
    better
        ``lower`` or ``higher``; None for a score without a direction.
    limits
        Smallest and largest possible score.
    definition
        The definition in words.
    """

    name: str
    title: str
    better: Literal["lower", "higher"] | None
    limits: tuple[float, float]
    definition: str
