"""Convert fields of a spec from the forms that a file may have to one form."""

from __future__ import annotations

import math
from typing import Any

from sdscm.hints import did_you_mean

# Weights such as 0.333333, 0.333333, 0.333334 count as a sum of 1.
WEIGHT_TOLERANCE = 1e-6


class Unquoted:
    """Hold a scalar without quotes that YAML reads as a truth value or as null."""

    def __init__(self, written: str) -> None:
        self.written = written

    def __repr__(self) -> str:
        return self.written


def text(value: Any) -> Any:
    """The text of a string or a number; a ValueError for a truth value or null."""
    if isinstance(value, Unquoted | bool) or value is None:
        written = "null" if value is None else str(value)
        raise ValueError(
            f"holds {written}, which is not text in YAML or JSON; put it in quotes: '{written}'"
        )
    if isinstance(value, str) and any("\ud800" <= each <= "\udfff" for each in value):
        raise ValueError(
            f"holds {value!a}, half of a character (a lone surrogate); write the character "
            "itself, or both halves"
        )
    return str(value) if isinstance(value, int | float) else value


def distribution(value: Any) -> Any:
    """The name of a distribution, or a tuple of weights."""
    if isinstance(value, str):
        if value not in ("lm", "uniform"):
            raise ValueError(f"is {value!r}; write lm, uniform, or a list of weights")
        return value
    if not isinstance(value, list | tuple):
        raise ValueError(f"is {value!r}; write lm, uniform, or a list of weights")
    try:
        weights = [float(weight) for weight in value]
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"has weights that are not numbers: {value!r}; write [0.3, 0.7]") from None
    total = math.fsum(weights)
    if not all(weight >= 0 for weight in weights):
        raise ValueError(f"has a weight that is not 0 or more: {weights}; write [0.3, 0.7]")
    if not abs(total - 1) <= WEIGHT_TOLERANCE:
        raise ValueError(f"has weights that sum to {total:.6g}; make them sum to 1")
    return tuple(weight / total for weight in weights)


def groups(value: Any) -> Any:
    """Pairs (name, values) from a mapping, or from the pairs of a dumped model."""
    if isinstance(value, list | tuple) and all(_is_pair(each) for each in value):
        return value
    if not isinstance(value, dict) or not all(isinstance(each, list) for each in value.values()):
        raise ValueError(
            f"is {value!r}; write lists of values with a name, {{women: [Ann, Eve], men: [Tom]}}"
        )
    return tuple((name, tuple(members)) for name, members in value.items())


def _is_pair(value: Any) -> bool:
    return isinstance(value, list | tuple) and len(value) == 2 and not isinstance(value[1], str)


def weights_in_order(weights: dict[Any, Any], values: Any) -> list[Any]:
    """The weights of a mapping from values to weights, in the order of the values."""
    names = [str(value) for value in values] if isinstance(values, list | tuple) else []
    given = {str(value): weight for value, weight in weights.items()}
    for value in given:
        if value not in names:
            raise ValueError(
                f"'distribution' gives a weight to {value!r}, which is not among its values; "
                f"{did_you_mean(value, names)}"
            )
    for value in names:
        if value not in given:
            raise ValueError(f"'distribution' gives no weight to {value!r}; add one (0 is allowed)")
    return [given[value] for value in names]


def split_phrasings(data: Any) -> Any:
    """The keys of a variable whose ``phrasings`` are two lists, ``tuning`` and ``scored``."""
    phrasings = data.get("phrasings") if isinstance(data, dict) else None
    if not isinstance(phrasings, dict):
        return data
    if set(phrasings) != {"tuning", "scored"}:
        raise ValueError(
            f"'phrasings' is a mapping with {', '.join(map(repr, phrasings)) or 'no key'}; write a "
            "list of sentences, or two lists, tuning and scored"
        )
    for key, sentences in phrasings.items():
        if not isinstance(sentences, list) or not sentences:
            raise ValueError(f"'phrasings' has no list of sentences in '{key}'; write one")
    return {**data, "phrasings": phrasings["scored"], "tuning": phrasings["tuning"]}
