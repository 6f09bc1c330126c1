"""The methods of a board of several arms, by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import estimators
from benchmarks.execution.methods import methods_of
from benchmarks.provenance.hashing import digest
from benchmarks.provenance.source_code import code_of
from sdscm.errors import InputError

#: Ends the name of an estimator of two arms that is fitted on each pair of arms.
PAIRWISE = " (pairwise)"
ORACLE, ZERO = "Oracle", "Zero"

#: The methods of a run that names none. Some are there in both ways, to compare these.
DEFAULT_METHODS: tuple[str, ...] = (
    ORACLE,
    ZERO,
    "DiffInMeans (pairwise)",
    "AIPW (pairwise)",
    "LinReg (pairwise)",
    "RF (pairwise)",
    "LinearT",
    "ForestT",
    "LinearDML",
    "LinearDML (pairwise)",
    "ForestDML",
    "ForestDML (pairwise)",
    "LinearDR",
    "LinearDR (pairwise)",
    "DRLearner",
    "EconML X-LGBM",
    "CausalML S-LGBM",
    "CausalML X-LGBM",
    "CausalML R-LGBM",
    "CausalML R-LGBM (pairwise)",
    "CausalML DR-LGBM",
)


@dataclass(frozen=True)
class ArmMethod:
    """A method of a board.

    Attributes
    ----------
    name
        Name on the board.
    estimator
        Name of the registered estimator.
    pairwise
        True if it is fitted on each pair of an arm and the reference.
    identity
        Hash of its code and of the versions of its libraries.
    """

    name: str
    estimator: str
    pairwise: bool
    identity: str

    @property
    def oracle(self) -> bool:
        """True if it gets the true effects."""
        return self.name == ORACLE

    @property
    def how(self) -> str:
        """How it takes several arms, in some words."""
        if self.name in (ORACLE, ZERO):
            return "–"
        return "a fit for each pair" if self.pairwise else "all arms in one fit"

    @property
    def average_only(self) -> bool:
        """True if it has no effect of each unit."""
        return estimators.info(self.estimator).estimand == "ATE"

    def make(self, seed: int) -> Any:
        """Make the unfitted estimator."""
        if self.pairwise:
            return estimators.Pairwise(self.estimator, random_state=seed)
        has_seed = "random_state" in estimators.parameters(self.estimator)
        return estimators.get(self.estimator, **({"random_state": seed} if has_seed else {}))


def arm_methods(names: Sequence[str], plugins: Sequence[Path] = ()) -> list[ArmMethod]:
    """Find methods by name: an estimator of several arms, or ``NAME (pairwise)`` of any estimator.

    Raises
    ------
    InputError
        If there is none, one is named twice, is unknown, takes two arms only, or needs more than X,
        t and y.
    """
    if not names:
        raise InputError("methods: none; give one or more")
    for name in names:
        if list(names).count(name) > 1:
            raise InputError(f"methods: '{name}' is named twice; name it once")
    return [_method(name, plugins) for name in names]


def _method(name: str, plugins: Sequence[Path]) -> ArmMethod:
    base = name.removesuffix(PAIRWISE)
    pairwise = base != name or name == ZERO
    found = methods_of([base], plugins)[0]
    if found.needs:
        raise InputError(f"methods: '{name}' needs {', '.join(found.needs)}; leave it out")
    if found.oracle and name != ORACLE:
        raise InputError(f"methods: '{name}' gets the truth; leave it out, or write '{ORACLE}'")
    if not (pairwise or found.oracle or estimators.info(base).many_arms):
        raise InputError(f"methods: '{name}' takes two arms; write '{name}{PAIRWISE}'")
    parts = [found.identity]
    if pairwise:
        parts.append(code_of("estimators.pairwise:Pairwise"))
    return ArmMethod(name, base, pairwise, digest(parts))
