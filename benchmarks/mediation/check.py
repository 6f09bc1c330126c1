"""Check that a mediation method keeps its contract."""

from __future__ import annotations

from dataclasses import astuple, replace

import numpy as np
import pandas as pd

from benchmarks.mediation import registry
from benchmarks.mediation.job import MediationJob
from benchmarks.mediation.tables import MediationTable
from benchmarks.mediation.truth import NaturalEffects
from benchmarks.tasks.runner import execute
from sdscm.errors import InputError


def check_method(name: str) -> None:
    """Run a method on small tables, and raise an error if it breaks its contract.

    It must give two finite floats, leave its input as it is, order its intervals, give the same
    answer again for the same seed, and scale with y: on ordinary rows, on 30 rows, with a constant
    covariate, and with a mediator that is constant.

    Raises
    ------
    InputError
        If it does not.

    Examples
    --------
    >>> from benchmarks import mediation
    >>> mediation.check_method("No mediation")
    """
    info = registry.get(name)
    for what, table in _tables().items():
        found = []
        for each in (table, table, _times(table, 3.0)):
            outcome = execute(MediationJob.of(info, each, seed=0))
            if outcome.answer is None:
                raise InputError(f"mediation method '{name}': {what}: {outcome.reason}")
            found.append(outcome.answer)
        first, second, larger = found
        if astuple(first) != astuple(second):
            raise InputError(
                f"mediation method '{name}': {what}: two runs with one seed give different "
                "answers; take random_state as a parameter"
            )
        pairs = zip((first.nde, first.nie), (larger.nde, larger.nie), strict=True)
        if any(abs(3 * one - three) > 1e-3 * (1 + abs(three)) for one, three in pairs):
            raise InputError(
                f"mediation method '{name}': {what}: 3 y does not give 3 times the effects of y; "
                "make penalties depend on the scale of y"
            )


def _times(table: MediationTable, factor: float) -> MediationTable:
    truth = table.truth
    scaled = NaturalEffects(*(factor * each for each in (truth.nde, truth.nie, truth.total)))
    return replace(table, y=factor * table.y, truth=scaled)


def _tables() -> dict[str, MediationTable]:
    ordinary = _table(400)
    return {
        "ordinary rows": ordinary,
        "30 rows": _table(30),
        "a constant covariate": replace(ordinary, X=ordinary.X.assign(town=0)),
        "a constant mediator": replace(ordinary, m=ordinary.m * 0),
    }


def _table(n: int) -> MediationTable:
    """Rows with a direct effect of 1, and a mediator of three categories."""
    draw = np.random.default_rng(0)
    X = pd.DataFrame(draw.integers(0, 2, (n, 2)), columns=["age", "town"])
    age = X["age"].to_numpy()
    t = (draw.random(n) < 0.3 + 0.3 * age).astype(np.int8)
    m = (draw.random(n) < 0.3 + 0.4 * t).astype(int) + (draw.random(n) < 0.3)
    y = t + 0.5 * m + age + draw.normal(size=n)
    truth = NaturalEffects(nde=1.0, nie=0.2, total=1.2)
    return MediationTable("check", 0, "all", X, t, pd.DataFrame({"m": m}), y, truth)
