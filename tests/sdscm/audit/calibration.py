"""How often an audit's tests and intervals are wrong, over simulated audits.

The table of the documentation comes from
``python tests/sdscm/audit/calibration.py --runs 2000 --out docs/explanation/audit-statistics.md``.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from pathlib import Path

from numpy.random import Generator, Philox

from sdscm.audit.answers import ask
from sdscm.audit.effects.estimand import Estimand
from sdscm.audit.effects.measure import Measure
from sdscm.audit.finding import Finding, Inference, make_finding
from sdscm.audit.plan import AuditPlan, choose_phrasings, questions
from sdscm.files import put_atomically
from sdscm.literals import AuditMethod
from sdscm.lm.backends.tabular import TabularLM
from sdscm.lm.interface import Choice
from sdscm.spec import Spec

LEVEL = 0.95
_ALPHA = 0.05
SMALLEST = 0.03
_SPREAD = 0.08  # standard deviation of the effect between phrasings
_BY_AGE = 0.1  # how much the effect differs between the two ages, and their mean
_TRIALS = 2_000

# Standardised: mean 0, variance 1.
SHAPES: dict[str, Callable[[Generator], float]] = {
    "normal": lambda g: float(g.standard_normal()),
    "two lumps": lambda g: float(g.choice([-1.0, 1.0]) * 0.9 + math.sqrt(0.19) * g.normal()),
    # One phrasing in five has an effect, as with a model that is sure in the others.
    "in few": lambda g: 2.0 if g.random() < 0.2 else -0.5,
    # Cut off at 10, where one in a million lies, for probabilities below 1.
    "skewed": lambda g: min(float(g.gamma(2.0) - 2.0) / math.sqrt(2.0), 10.0),
}


@dataclass(frozen=True)
class Design:
    """A kind of simulated audit: phrasings, the shape of their effects, and how each is measured.

    ``units`` are drawn in each phrasing where the method is ``sample``.
    """

    phrasings: int
    shape: str
    method: AuditMethod = "exact"
    units: int = 25


@dataclass(frozen=True)
class Calibration:
    """Shares of the simulated audits.

    Attributes
    ----------
    design, runs
    size
        Sign-flip test: an effect was claimed where the mean effect is 0.
    minimum, equivalence
        The effect is `SMALLEST`: claimed to be larger, and to be smaller.
    coverage
        The interval holds the mean effect.
    """

    design: Design
    runs: int
    size: float
    minimum: float
    equivalence: float
    coverage: float


DESIGNS = (
    *(Design(count, "normal") for count in (6, 10, 30)),
    Design(10, "two lumps"),
    *(Design(count, shape) for shape in ("skewed", "in few") for count in (10, 30)),
    Design(10, "normal", "sample"),
)


@cache
def simulated_spec() -> Spec:
    """Age and a drug act on the state, which is told in 2,000 ways."""
    return Spec.model_validate(
        {
            "name": "simulated",
            "variables": [
                {
                    "name": "age",
                    "role": "exogenous",
                    "values": ["young", "old"],
                    "distribution": "uniform",
                    "phrasings": ["She is {value}."],
                },
                {
                    "name": "drug",
                    "role": "treatment",
                    "values": ["placebo", "statin"],
                    "distribution": "uniform",
                    "phrasings": ["She takes {value}."],
                },
                {
                    "name": "state",
                    "role": "outcome",
                    "values": ["well", "ill"],
                    "parents": ["age", "drug"],
                    "phrasings": [f"In report {k} she is {{value}}." for k in range(_TRIALS)],
                },
            ],
        }
    )


def simulated_lm(shape: str, mean: float, seed: int) -> TabularLM:
    """A model whose effect on P(well) in each phrasing is drawn from a shape around a mean."""

    def table(choice: Choice) -> list[float]:
        old, statin = "old." in choice.context[0], "statin." in choice.context[1]
        raw = blake2b(f"{seed}\x1f{choice.prefix}".encode(), digest_size=8).digest()
        draw = SHAPES[shape](Generator(Philox(key=int.from_bytes(raw, "little"))))
        effect = mean + _SPREAD * draw + _BY_AGE * (1 if old else -1)
        well = 0.5 + (effect if statin else -effect) / 2
        return [well, 1 - well]

    return TabularLM(table, id=f"{shape} {seed}")


def simulate(design: Design, mean: float, seed: int) -> Finding:
    """One audit of the total effect, of a new model and new phrasings."""
    spec = simulated_spec()
    plan = AuditPlan(
        spec=spec,
        questions=questions([("placebo", "statin")], [Measure.of(spec)], [Estimand("total")]),
        phrasings=choose_phrasings(spec, design.phrasings, seed),
        method=design.method,
        units=design.units,
        panel=0,
        seed=seed,
    )
    answers = ask(plan, simulated_lm(design.shape, mean, seed))
    inference = Inference(LEVEL, (("probability", SMALLEST),), resamples=2_000, seed=seed)
    ((question, estimates),) = answers.estimates.items()
    return make_finding(question, plan.phrasings, estimates, inference, model="simulated")


def calibrate(design: Design, runs: int, seed: int = 0) -> Calibration:
    """Shares over ``runs`` audits without an effect, and as many with the smallest of interest."""
    size = covered = minimum = same = 0
    for run in range(seed, seed + runs):
        none, small = simulate(design, 0.0, run), simulate(design, SMALLEST, run)
        # Never None: with five phrasings or more nothing is refused.
        assert none.tests is not None
        assert none.interval is not None
        assert small.tests is not None
        assert small.tests.minimum_effect is not None
        assert small.tests.equivalence is not None
        size += none.tests.no_effect.raw <= _ALPHA
        covered += none.interval.covers(0.0)
        minimum += small.tests.minimum_effect.raw <= _ALPHA
        same += small.tests.equivalence.raw <= _ALPHA
    shares = (each / runs for each in (size, minimum, same, covered))
    return Calibration(design, runs, *shares)


def exact_size(phrasings: int, alpha: float = _ALPHA) -> float:
    """Size of the two-sided sign-flip test where no two patterns have equal means.

    A number of patterns can be less than alpha of all only in steps.
    """
    patterns = 2.0**phrasings
    return 2 * math.floor(alpha * patterns / 2 + 1e-9) / patterns


def band(share: float, runs: int, deviations: float = 3.0) -> float:
    """Half-width of what chance allows a share over so many runs."""
    return deviations * math.sqrt(share * (1 - share) / runs)


def table(found: Sequence[Calibration]) -> str:
    """The Markdown page of some calibrations."""
    runs = found[0].runs
    lines = [
        "# How often an audit is wrong",
        "",
        "This page is for readers who want to check the tests and intervals of an",
        "[audit](../how-to/audit.md). It shows how often each of them is wrong.",
        "",
        f"Each row comes from {runs:,} simulated audits without an effect and {runs:,} with an",
        f"effect of {SMALLEST}, the smallest effect of interest. Effects differ between phrasings",
        f"(standard deviation {_SPREAD}). `python tests/sdscm/audit/calibration.py` makes",
        "this page.",
        "",
        "| column | share of audits in which | wanted |",
        "|---|---|---|",
        f"| sign flip | the test claims an effect, and there is none | {_ALPHA:.0%}; with few "
        "phrasings at most *possible*, since p values come in steps |",
        f"| minimum effect | the test claims that an effect of {SMALLEST} is larger | 2.5%, since "
        "its two sides share the 5% |",
        f"| equivalence | the test (TOST) claims that an effect of {SMALLEST} is smaller "
        f"| {_ALPHA:.0%} at most; less with few phrasings |",
        "| coverage | the interval (studentised bootstrap over phrasings) holds the true mean "
        f"| {LEVEL:.0%} |",
        "",
        f"Chance alone moves a share of 5% or 95% by {band(_ALPHA, runs):.1%} (three standard",
        "deviations). The tests assume that effects are symmetric between phrasings. The rows",
        "*skewed* and *in few* show what happens if they are not. *In few*: one phrasing in five",
        "has a large effect, and all others have equal small ones, as with a model that is sure",
        "of its answer in most phrasings. Ten phrasings miss the large effect in 11% of audits.",
        "",
        "| phrasings | shape | each phrasing | sign flip | possible | minimum effect | equivalence "
        "| coverage |",
        "|--:|---|---|--:|--:|--:|--:|--:|",
    ]
    for each in found:
        design = each.design
        how = "enumerated" if design.method == "exact" else f"{design.units} units"
        lines.append(
            f"| {design.phrasings} | {design.shape} | {how} | {each.size:.1%} "
            f"| {exact_size(design.phrasings):.1%} | {each.minimum:.1%} | {each.equivalence:.1%} "
            f"| {each.coverage:.1%} |"
        )
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run all designs and write their table."""
    parser = argparse.ArgumentParser(description="Calibrate the tests and intervals of an audit.")
    parser.add_argument("--runs", type=int, default=2_000, help="audits of each kind")
    parser.add_argument("--out", type=Path, required=True, help="Markdown file to write")
    options = parser.parse_args(arguments)
    found = []
    for design in DESIGNS:
        found.append(calibrate(design, options.runs))
        print(found[-1], flush=True)
    put_atomically(options.out, table(found))


if __name__ == "__main__":
    main()
