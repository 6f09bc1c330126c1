"""Find covariates that give away the truth or the treatment: copies, up to rounding and units."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import lgamma, log

import numpy as np
import pandas as pd

from sdscm.data.table_checks import IHDP_OUTCOMES
from sdscm.errors import InputError

#: A match with a larger probability, if the rows of the column were shuffled, may be chance.
_CHANCE = log(1e-4)
#: Largest difference between a column and its copy, in SD: a rounding to two or three digits.
_ROUNDING = 0.02
#: Most values of a column of categories.
_FEW = 10
#: Smallest correlation that is reported, and the one of a column that is the truth plus noise.
_CLOSE, _NOISY = 0.999, 0.9
#: Fewest rows for the rules that compare the sizes of deviations.
_ROWS = 20


@dataclass(frozen=True)
class Leak:
    """A covariate that gives away the truth or the treatment.

    Attributes
    ----------
    column
        The covariate.
    what
        What it is, for messages.
    certain
        True if a covariate measured before the treatment cannot be like this. A linear function of
        the effect, as an example, may also be a modifier of the effect.
    """

    column: str
    what: str
    certain: bool

    def __str__(self) -> str:
        return f"'{self.column}' is {self.what}"


def check_leaks(
    X: pd.DataFrame,
    t: np.ndarray,
    truth: Mapping[str, np.ndarray],
    where: str,
    source: str,
    chosen: bool,
) -> list[Leak]:
    """Find covariates that give away the truth; see `leaks`.

    Parameters
    ----------
    X, t, truth
        As in `leaks`.
    where, source
        Names of the table and of the place of its roles, for messages.
    chosen
        True if the user has named the covariates. Leaks are then returned, and never refused.

    Raises
    ------
    InputError
        If a leak is certain, and the covariates were not chosen.
    """
    found = list(leaks(X, t, truth))
    certain = [leak for leak in found if leak.certain]
    if certain and not chosen:
        first, *rest = certain
        more = f" (as {', '.join(map(str, rest))})" if rest else ""
        raise InputError(
            f"{where}: the column '{first.column}' is {first.what} in all rows{more}; remove it, "
            f"or name the covariates in 'covariates' in {source}"
        )
    return found


def leaks(X: pd.DataFrame, t: np.ndarray, truth: Mapping[str, np.ndarray]) -> Iterator[Leak]:
    """Find the covariates that give away the truth or the treatment, at most one leak for each.

    Parameters
    ----------
    X : DataFrame of shape (n, p)
        The covariates as numbers.
    t : array of shape (n,)
        The treatment, 0 or 1.
    truth
        Arrays of shape (n,) by their description, the observed outcome first, named ``the
        outcome``. Rows in which a part of the truth is unknown are NaN, and are left out.

    Notes
    -----
    Copies may be rounded, in single precision, or of the other sign. Of the treatment and the
    outcome, linear functions and other codes of the same values are certain, too. Not certain, but
    reported, are linear functions of other parts of the truth, monotone functions of outcomes, a
    correlation above 0.999, and the truth plus noise (a slope of 1 on the truth, no intercept).
    Nothing is said of a part of the truth that is constant, of matches that shuffled rows would
    have with a probability above 1e-4, and of functions of an effect with few values.
    """
    scale = float(np.abs(next(iter(truth.values()))).max()) or 1.0
    secrets = [_Secret.of(*each, scale) for each in truth.items() if _varies(each[1], scale)]
    for name, values in X.items():
        column = values.to_numpy(dtype=float)
        levels, codes = np.unique(column, return_inverse=True)
        if len(levels) == 1:
            continue
        found = [_of_treatment(column, len(levels), codes, t.astype(int))]
        found += [_of_truth(column, codes, secret) for secret in secrets]
        if name in IHDP_OUTCOMES:
            found.append(("by its name an outcome of the format of IHDP", False))
        matches = [each for each in found if each is not None]
        if matches:
            what, certain = max(matches, key=lambda each: each[1])  # the first of those
            yield Leak(str(name), what, certain)


@dataclass(frozen=True, eq=False)
class _Secret:
    """A part of the truth, in the rows where it is known.

    Attributes
    ----------
    what
        Its description.
    known : boolean array of shape (n,)
    values : array of shape (known,)
    levels
        Number of different values.
    codes : array of shape (known,)
        Ranks of the values.
    """

    what: str
    known: np.ndarray
    values: np.ndarray
    levels: int
    codes: np.ndarray

    @classmethod
    def of(cls, what: str, values: np.ndarray, scale: float) -> _Secret:
        """Describe a part of the truth; ``scale`` is that of the outcome, and of its rounding."""
        known = np.isfinite(values)
        values = values[known]
        equal = np.round(values / (1e-12 * scale)) if "effect" in what else values
        levels, codes = np.unique(equal, return_inverse=True)
        return cls(what, known, values, len(levels), codes)

    @property
    def outcome(self) -> bool:
        return self.what == "the outcome"

    @property
    def effect(self) -> bool:
        return "effect" in self.what

    @property
    def certain(self) -> bool:
        """False if a covariate may be equal to it in all rows that are known.

        With an outcome alone the potential outcomes are known in one arm each. An answer there, out
        of a few, may be the one before the treatment.
        """
        return self.outcome or bool(self.known.all()) or self.levels > _FEW


def _varies(values: np.ndarray, scale: float) -> bool:
    """Return False for a constant, up to rounding: a function of it tells nothing."""
    known = values[np.isfinite(values)]
    return len(known) > 2 and float(np.ptp(known)) > 1e-9 * scale


_Found = tuple[str, bool] | None


def _of_treatment(column: np.ndarray, levels: int, codes: np.ndarray, arms: np.ndarray) -> _Found:
    if levels == 2:
        # A match is reported even in the smallest table, where it may be chance.
        same = _one_to_one(codes, arms)
        return ("a copy of the treatment", _unlikely(codes)) if same else None
    if _relation(column, arms.astype(float)) in ("copy", "linear"):
        return "a copy of the treatment", _log_orders(arms) < _CHANCE
    if len(column) >= 2 * _ROWS and levels <= len(column) / 10:
        counts = np.bincount(2 * codes + arms, minlength=2 * levels).reshape(-1, 2)
        if not counts.min(axis=1).any():
            return "a column that determines the treatment, so that no arms can be compared", False
    return None


def _of_truth(column: np.ndarray, codes: np.ndarray, secret: _Secret) -> _Found:
    column, codes = column[secret.known], codes[secret.known]
    if secret.levels == 2:
        if not _one_to_one(codes, secret.codes):
            return None
        equal = np.allclose(column, secret.values)
        if (secret.effect and not equal) or not (secret.known.all() or _unlikely(codes)):
            return None
        relation = "copy" if equal else "recoded"
        return _worded(relation, secret.what), (
            secret.certain and not secret.effect and _unlikely(codes)
        )
    relation = _relation(column, secret.values)
    few, ranks = secret.levels <= _FEW, (secret.codes, secret.levels - 1 - secret.codes)
    if secret.outcome and few and relation not in ("copy", "linear"):
        if _one_to_one(codes, secret.codes) and _unlikely(codes):
            relation = "recoded"
    elif not secret.effect and secret.known.all() and relation not in ("copy", "linear"):
        relation = "monotone" if any(np.array_equal(codes, each) for each in ranks) else relation
    if not relation or (secret.effect and few and relation != "copy"):
        return None
    if relation == "copy" and secret.known.all():
        return _worded(relation, secret.what), True
    if _log_orders(secret.codes) > _CHANCE:
        return None
    certain = secret.certain if relation == "copy" else secret.outcome
    return _worded(relation, secret.what), certain and relation in ("copy", "linear", "recoded")


def _worded(relation: str, what: str) -> str:
    words = {
        "copy": what,
        "linear": f"a linear function of {what}",
        "recoded": f"{what} with other codes",
        "monotone": f"an increasing or decreasing function of {what}",
        "close": f"nearly {what} (correlation above {_CLOSE})",
        "noisy": f"like {what} plus noise",
    }
    return words[relation]


def _relation(column: np.ndarray, secret: np.ndarray) -> str:
    """Name the relation of a column to a secret: copy, linear, close, noisy; or empty."""
    n, sds = len(column), (float(column.std()), float(secret.std()))
    if min(sds) == 0 or n < 3:
        return ""
    deviations = (column - column.mean()) / sds[0], (secret - secret.mean()) / sds[1]
    r = float(deviations[0] @ deviations[1]) / n
    if abs(r) < _NOISY:
        return ""
    units = _unit(column), _unit(secret)
    if _rounded(column - np.sign(r) * secret, max(units), sds[0], n):
        return "copy"
    slope = r * sds[0] / sds[1]
    residual = deviations[0] * sds[0] - slope * deviations[1] * sds[1]
    if _rounded(residual, 1.25 * max(units[0], abs(slope) * units[1]), sds[0], n):
        return "linear"
    if n < _ROWS:
        return ""
    if abs(r) >= _CLOSE:
        return "close"
    return "noisy" if r > 0 and _is_noisy(column, secret, r, sds) else ""


def _rounded(error: np.ndarray, unit: float, sd: float, n: int) -> bool:
    """Return whether errors are those of a rounding, or of a truncation, to ``unit``.

    Noise of another origin is seldom as large as the rounding in its middle and never larger.
    """
    if np.abs(error).max() <= _ROUNDING * sd:
        return True
    inside = np.abs(error).max() <= unit / 2 * (1 + 1e-6)
    inside |= np.abs(error).max() < unit and (error.min() >= 0 or error.max() <= 0)
    return bool(n >= _ROWS and inside and np.sqrt(np.mean(error**2)) >= 0.2 * unit)


def _unit(values: np.ndarray) -> float:
    """Return the largest power of ten of which all values are multiples; 0 if there is none."""
    for digits in range(6, -7, -1):
        scaled = values / 10.0**digits
        if np.abs(scaled - np.round(scaled)).max() < 1e-6:
            return float(10.0**digits)
    return 0.0


def _is_noisy(column: np.ndarray, secret: np.ndarray, r: float, sds: tuple[float, float]) -> bool:
    """Return whether a column is the secret plus noise.

    The slope on the secret is then 1 and the intercept 0, and the reverse slope is below 1. A
    covariate of which the outcome is made, with noise, has it the other way round.
    """
    n = len(column)
    error = np.sqrt((1 - r**2) / (n - 2))
    slope, reverse = r * sds[0] / sds[1], r * sds[1] / sds[0]
    difference = column - secret
    centred = abs(difference.mean()) <= 3 * difference.std() / np.sqrt(n)
    return bool(
        centred
        and abs(slope - 1) <= 2 * error * sds[0] / sds[1]
        and 1 - reverse > 2 * error * sds[1] / sds[0]
    )


def _one_to_one(codes: np.ndarray, others: np.ndarray) -> bool:
    """Return whether each of the codes stands beside one of the others, and the reverse."""
    size = int(others.max()) + 1
    pairs = np.unique(codes.astype(np.int64) * size + others)
    return len(pairs) == len(np.unique(codes)) == len(np.unique(others))


def _log_orders(codes: np.ndarray) -> float:
    """Return the log-probability that shuffled codes come out the same."""
    counts = np.unique(codes, return_counts=True)[1]
    return sum(lgamma(count + 1) for count in counts) - lgamma(len(codes) + 1)


def _unlikely(codes: np.ndarray) -> bool:
    """Return whether shuffled codes would seldom match, under any exchange of equally many."""
    counts = np.unique(codes, return_counts=True)[1]
    exchanges = np.unique(counts, return_counts=True)[1]
    return _log_orders(codes) + sum(lgamma(count + 1) for count in exchanges) < _CHANCE
