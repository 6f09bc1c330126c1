"""Find the dials that give a wanted difficulty, as the mean over phrasings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import differential_evolution, least_squares

from sdscm.calibration.measure import Population, enumerable
from sdscm.errors import InputError
from sdscm.hints import did_you_mean
from sdscm.inference.outcome import OutcomeFunction
from sdscm.lm.interface import LanguageModel
from sdscm.lm.memoized import MemoizedLM
from sdscm.sampling.sampler import Sampler
from sdscm.spec import Spec

#: Largest distance of a target that counts as reached.
TOLERANCE = 0.01
#: Significant digits of the dials.
DIGITS = 3
# Weight of a dial's distance from its default: of several solutions, the one with little change.
_RIDGE = 1e-3
_MOST_STEPS = 40


@dataclass(frozen=True)
class Dial:
    """A number to solve for: its default, and its range unless another is given."""

    default: float
    low: float
    high: float


@dataclass(frozen=True)
class Target:
    """A measure of difficulty.

    Attributes
    ----------
    meaning
        Definition in one line.
    low, high
        Smallest and largest possible value.
    dials
        The dials that move it. Later ones are used if the earlier ones do not suffice.
    """

    meaning: str
    low: float
    high: float
    dials: tuple[str, ...]


DIALS = {
    "temperature": Dial(1, 0.5, 20),
    "confounding": Dial(1, 0, 10),
    "overlap": Dial(0, 0, 1),
    "effect": Dial(1, 0, 10),
    "noise": Dial(0, 0, 3),
}

TARGETS = {
    "bias": Target(
        "size of the expected bias of the difference in means, in SD(y)",
        0,
        np.inf,
        ("confounding", "temperature", "effect", "overlap", "noise"),
    ),
    "effective_n": Target(
        "effective sample size under weighting by the propensity, as a share of the rows (Kish)",
        0,
        1,
        ("overlap", "confounding", "temperature"),
    ),
    "propensity_q05": Target(
        "5 % quantile of min(e, 1 - e) over the units, e the true propensity",
        0,
        0.5,
        ("overlap", "confounding", "temperature"),
    ),
    "cate_spread": Target(
        "SD of the true CATE given the shown covariates, in SD(y)",
        0,
        np.inf,
        ("effect", "temperature", "noise"),
    ),
    "treated": Target("share of treated units", 0, 1, ("confounding", "temperature", "overlap")),
    "noise_share": Target(
        "share of the variance of y that covariates and treatment do not explain",
        0,
        1,
        ("noise", "temperature", "effect"),
    ),
}


@dataclass(frozen=True, eq=False)
class Measured:
    """Difficulty under given dials, over phrasings; by name of the target.

    Attributes
    ----------
    mean, error
        Mean, and its standard error over the phrasings (NaN for one phrasing).
    """

    mean: dict[str, float]
    error: dict[str, float]


@dataclass(frozen=True, eq=False)
class Solution:
    """Result of `solve`.

    Attributes
    ----------
    dials
        All dials, rounded to `DIGITS` significant digits.
    free
        Names of those that were solved for.
    at_bound
        Those of them that are at an end of their range, which is not their default.
    measured
        Difficulty under the rounded dials.
    missed
        The targets that are not reached, and for each the solution for this target alone.
    """

    dials: dict[str, float]
    free: tuple[str, ...]
    at_bound: tuple[str, ...]
    measured: Measured
    missed: dict[str, Solution]


class Difficulty:
    """Difficulty of the data of a spec as a function of the dials.

    The mechanisms are enumerated if that asks the model no more contexts than the units may:
    their number times that of the variables. Else the units are sampled, with the same noise under
    all dials.

    Parameters
    ----------
    spec, lm, scoring
        As in `sdscm.SDSCM`.
    phrasings
        Numbers of the phrasings.
    units
        Number of units of each phrasing.
    outcome
        Scale of the outcome.
    """

    def __init__(
        self,
        spec: Spec,
        lm: LanguageModel,
        phrasings: Sequence[int],
        units: int,
        outcome: OutcomeFunction,
        scoring: str = "definition",
    ) -> None:
        self.spec = spec
        self.exact = enumerable(spec, units * len(spec.variables))
        self._lm = MemoizedLM(lm)
        self._phrasings = list(phrasings)
        self._units, self._outcome, self._scoring = units, outcome, scoring

    def __call__(self, dials: Mapping[str, float]) -> Measured:
        """Measure the difficulty under these dials; those left out have their defaults."""
        dials = {name: each.default for name, each in DIALS.items()} | dict(dials)
        found = []
        for place, number in enumerate(self._phrasings):
            sampler = Sampler(
                self.spec,
                self._lm,
                phrasing=number,
                scoring=self._scoring,
                temperature=dials["temperature"],
                overlap=dials["overlap"],
                confounding=dials["confounding"],
                effect=dials["effect"],
            )
            if self.exact:
                population = Population.enumerated(sampler, self._outcome)
            else:
                population = Population.sampled(sampler, self._outcome, self._units, place)
            found.append(list(population.difficulty(dials["noise"]).values()))
        values = np.array(found)
        count = len(values)
        error = (
            values.std(axis=0, ddof=1) / np.sqrt(count) if count > 1 else [np.nan] * len(TARGETS)
        )
        return Measured(
            dict(zip(TARGETS, values.mean(axis=0).tolist(), strict=True)),
            dict(zip(TARGETS, map(float, error), strict=True)),
        )


def check_targets(targets: Mapping[str, float], spec: Spec) -> None:
    """Raise an InputError if a target is unknown, or no data of a spec can have it."""
    if not targets:
        raise InputError(f"--target: give NAME=VALUE; the targets are {', '.join(TARGETS)}")
    for name, value in targets.items():
        shown = f"--target {name}={value:g}"
        if name not in TARGETS:
            raise InputError(f"{shown}: unknown; {did_you_mean(name, TARGETS)}")
        known = TARGETS[name]
        if not known.low <= value <= known.high:
            ends = (
                f"{known.low:g} or more"
                if np.isinf(known.high)
                else f"{known.low:g} to {known.high:g}"
            )
            raise InputError(f"{shown}: it is the {known.meaning}; give {ends}")
        if name == "cate_spread" and value and not spec.descendants(spec.treatment.name):
            raise InputError(f"{shown}: '{spec.treatment.name}' has no effect in {spec.name}")


def check_ranges(ranges: Mapping[str, tuple[float, float]], targets: Mapping[str, float]) -> None:
    """Raise an InputError if a dial or its range is impossible, or the dial moves no target."""
    moving = _moving(targets)
    for name, (low, high) in ranges.items():
        shown = f"--dial {name}={low:g}" + f":{high:g}" * (low != high)
        if name not in DIALS:
            raise InputError(f"{shown}: unknown; {did_you_mean(name, DIALS)}")
        least, most = (0, 1) if name == "overlap" else (0, np.inf)
        if not least <= low <= high < np.inf or high > most or (name == "temperature" and not low):
            kind = (
                "0 to 1"
                if name == "overlap"
                else "above 0"
                if name == "temperature"
                else "0 or more"
            )
            raise InputError(f"{shown}: give VALUE or LOW:HIGH with numbers {kind}, LOW first")
        if low < high and name not in moving:
            raise InputError(
                f"{shown}: it moves none of the targets ({', '.join(targets)}); give one value"
            )


def solve(
    measure: Callable[[Mapping[str, float]], Measured],
    targets: Mapping[str, float],
    ranges: Mapping[str, tuple[float, float]] | None = None,
    *,
    smooth: bool = True,
) -> Solution:
    """Find dials under which the mean of each target over phrasings is as asked.

    At first, each target has one free dial, the first of its list in `TARGETS`; the others keep
    their defaults. As long as a target is missed, each target frees its next dial. The sum of
    squared distances to the targets is made small by `scipy.optimize.least_squares`, with a small
    weight on the distance of the dials from their defaults. If this fails, it starts again from the
    best dials of `scipy.optimize.differential_evolution`, unless the units are sampled.

    Parameters
    ----------
    measure
        The difficulty as a function of the dials, such as `Difficulty`.
    targets
        Values asked, by name; see `TARGETS`.
    ranges
        Ranges of dials, instead of those in `DIALS`; a dial with equal ends is held there.
    smooth
        False if a small change of a dial may change nothing, as with sampled units.

    Raises
    ------
    InputError
        If a target or a range is impossible.
    """
    ranges = dict(ranges or {})
    check_ranges(ranges, targets)
    best = _solved(measure, targets, ranges, smooth)
    missed = [name for name in targets if not _reached(best.measured, {name: targets[name]})]
    alone = {
        name: best
        if len(targets) == 1
        else _solved(measure, {name: targets[name]}, _for_one(ranges, name), smooth)
        for name in missed
    }
    return replace(best, missed=alone)


def _for_one(
    ranges: Mapping[str, tuple[float, float]], target: str
) -> dict[str, tuple[float, float]]:
    """The ranges of the dials that move a target, and those that are held."""
    return {
        name: ends
        for name, ends in ranges.items()
        if name in TARGETS[target].dials or ends[0] == ends[1]
    }


def _moving(targets: Mapping[str, float]) -> list[str]:
    return list(dict.fromkeys(dial for name in targets for dial in TARGETS[name].dials))


def _solved(
    measure: Callable[[Mapping[str, float]], Measured],
    targets: Mapping[str, float],
    ranges: Mapping[str, tuple[float, float]],
    smooth: bool,
) -> Solution:
    all_ranges = {name: (each.low, each.high) for name, each in DIALS.items()} | dict(ranges)
    defaults = {
        name: float(np.clip(DIALS[name].default, *ends)) for name, ends in all_ranges.items()
    }
    candidates = {
        name: [dial for dial in TARGETS[name].dials if all_ranges[dial][0] < all_ranges[dial][1]]
        for name in targets
    }
    free: tuple[str, ...] = ()
    best, least = _solution(measure, defaults, free, all_ranges), np.inf
    deepest = max(map(len, candidates.values()))
    for depth in range(1, 1 + deepest):
        chosen = {dial for each in candidates.values() for dial in each[:depth]}
        now = tuple(name for name in DIALS if name in chosen)
        if now == free and depth < deepest:
            continue
        free = now
        starts: list[Mapping[str, float] | None] = [best.dials]
        if best.dials != defaults:
            starts.append(defaults)
        if smooth and depth == deepest:
            starts.append(None)
        for start in starts:
            found = _least_squares(measure, targets, free, start, defaults, all_ranges, smooth)
            solution = _solution(measure, defaults | found, free, all_ranges)
            loss = sum((solution.measured.mean[k] - v) ** 2 for k, v in targets.items())
            if loss < least:
                best, least = solution, loss
            if _reached(best.measured, targets):
                return best
    return best


def _least_squares(
    measure: Callable[[Mapping[str, float]], Measured],
    targets: Mapping[str, float],
    free: tuple[str, ...],
    start: Mapping[str, float] | None,
    defaults: Mapping[str, float],
    ranges: Mapping[str, tuple[float, float]],
    smooth: bool,
) -> dict[str, float]:
    """The free dials, from one start; in the logarithm of 1 + dial, which also takes 0.

    None is the start that `scipy.optimize.differential_evolution` finds in the whole range.
    """
    low, high = np.log1p(np.array([ranges[name] for name in free])).T
    home = np.log1p([defaults[name] for name in free])
    held = {name: value for name, value in defaults.items() if name not in free}

    def residuals(place: np.ndarray) -> np.ndarray:
        mean = measure(held | _named(free, place)).mean
        distance = [mean[name] - value for name, value in targets.items()]
        return np.concatenate([distance, _RIDGE * (place - home)])

    if start is None:
        wide = differential_evolution(
            lambda place: float((residuals(place) ** 2).sum()),
            list(zip(low, high, strict=True)),
            popsize=max(6, 30 // len(free)),  # a multiple of the number of dials
            maxiter=12,
            seed=0,
            polish=False,
        )
        begin = wide.x
    else:
        # A dial at its end may not matter there to first order (noise: its square counts).
        margin = 0.05 * (high - low)
        begin = np.clip(np.log1p([start[name] for name in free]), low + margin, high - margin)
    found = least_squares(
        residuals,
        begin,
        bounds=(low, high),
        method="dogbox",
        diff_step=None if smooth else 0.03,
        max_nfev=_MOST_STEPS,
        xtol=1e-6,
        ftol=1e-10,
    )
    return _named(free, found.x)


def _named(free: tuple[str, ...], place: np.ndarray) -> dict[str, float]:
    return dict(zip(free, np.expm1(place).tolist(), strict=True))


def _solution(
    measure: Callable[[Mapping[str, float]], Measured],
    dials: Mapping[str, float],
    free: tuple[str, ...],
    ranges: Mapping[str, tuple[float, float]],
) -> Solution:
    """Round the free dials, and measure them."""
    rounded = dict(dials)
    for name in free:
        rounded[name] = float(np.clip(float(f"{dials[name]:.{DIGITS}g}"), *ranges[name]))
        if rounded[name] < 10**-DIGITS:
            rounded[name] = max(0.0, ranges[name][0])
    ends = tuple(
        name
        for name in free
        if rounded[name] in ranges[name] and rounded[name] != DIALS[name].default
    )
    return Solution(rounded, free, ends, measure(rounded), {})


def _reached(measured: Measured, targets: Mapping[str, float]) -> bool:
    return all(abs(measured.mean[name] - value) <= TOLERANCE for name, value in targets.items())
