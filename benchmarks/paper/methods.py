"""Name the methods of the paper and other estimators, with the cost of a fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import estimators
from sdscm.errors import InputError


@dataclass(frozen=True)
class PaperMethod:
    """One line of a table, under the name that the registry of estimators has for it.

    Attributes
    ----------
    name
    seconds, pooled_seconds
        Seconds of a fit with effects and intervals, for 1,000 and 10,000 rows of 12 covariates on
        one core: for the estimate of a run, and for what is ``costly``.
    average
        Table 1 has it.
    effects
        Table 2 has it.
    exact
        Its numbers follow from the data alone, so that every digit must agree.
    """

    name: str
    seconds: float
    pooled_seconds: float
    average: bool = True
    effects: bool = True
    exact: bool = False

    @property
    def fit(self) -> str:
        """Name of the fit: methods that share it have the same seed."""
        return estimators.info(self.name).fit_group or self.name

    @property
    def costly(self) -> bool:
        """True if a small share of the job is enough for a first look."""
        return self.seconds > 1


METHODS: tuple[PaperMethod, ...] = (
    PaperMethod("T-Only OLS", 0.02, 0.04, exact=True),
    PaperMethod("BART", 6.9, 65),
    PaperMethod("BART-ITE", 7.1, 65, average=False),
    PaperMethod("CausalForest", 0.1, 1.7, average=False),
    PaperMethod("ForestDML", 0.8, 6),
    PaperMethod("ForestDR", 1.8, 18),
    PaperMethod("ForestS", 0.2, 1.5),
    PaperMethod("ForestT", 0.2, 1.5),
    PaperMethod("LinReg", 0.02, 0.04, exact=True),
    PaperMethod("LinearDML", 0.7, 5),
    PaperMethod("LinearDR", 0.7, 5),
    PaperMethod("LinearS", 0.02, 0.05, exact=True),
    PaperMethod("LinearT", 0.02, 0.05, exact=True),
    PaperMethod("RF", 0.2, 1.5),
    # At 10,000 rows by 40 fits of TARNet and the processor's time of 8 of TNet, beside other load.
    PaperMethod("TARNet", 4.7, 85, average=False),
    PaperMethod("TNet", 6.5, 105, average=False),
    PaperMethod("CQR", 0.4, 2, average=False, effects=False),
)


#: R's bartCause, which the paper calls as it comes, runs ten chains.
_PARAMETERS: dict[str, dict[str, Any]] = {
    "BART": {"n_chains": 10},
    "BART-ITE": {"n_chains": 10},
}
#: Estimators without the parameter ``standardise``: the units of X and y do not matter to them.
_WITHOUT_UNITS = frozenset({"T-Only OLS", "DiffInMeans", "ExactMatch", "Zero"})
#: The methods of the paper; the records have those of other estimators, too.
NAMES = frozenset(method.name for method in METHODS)

#: Seconds of estimators that the paper does not have, of 1,000 and 10,000 rows, by name or else by
#: family. Rough values: results/estimators/seconds.csv, scaled to the seconds of `METHODS`, whose
#: forests took three times as long on a machine with other load.
_ROUGHLY = {
    "ConstantEffect": (0.8, 10),
    "DomainAdaptation": (0.05, 0.15),
    "EconML S-LGBM": (0.03, 0.1),
    "EconML T-LGBM": (0.03, 0.1),
    "EconML X-LGBM": (0.05, 0.2),
    "CausalML forest": (0.2, 7),
    "Baseline": (0.01, 0.03),
    "CausalML": (0.1, 0.4),
    "DoWhy": (0.02, 0.03),
    "DoubleML": (0.8, 12),
    "EconML": (0.8, 11),
    "PyTorch": (0.5, 7),
    "quantile-forest": (0.4, 2.5),
    "stochtree": (6.5, 65),
}
_UNKNOWN = (1.0, 10.0)


def named(names: Sequence[str]) -> list[PaperMethod]:
    """Find methods by name: the paper's in its order, then others in that of the catalogue.

    Any built-in estimator is accepted except the oracle, which is shown the truth. The case of the
    letters does not matter.

    Raises
    ------
    InputError
        If there is no such method.
    """
    known = {method.name.lower(): method for method in METHODS}
    for info in estimators.infos():
        # Of a plugin's estimators the records cannot tell one code from another.
        usual = info.origin == "built-in" and not info.oracle and not info.needs
        if usual and info.name not in NAMES:
            seconds = _ROUGHLY.get(info.name) or _ROUGHLY.get(info.family) or _UNKNOWN
            effects = info.estimand != "ATE"
            known[info.name.lower()] = PaperMethod(info.name, *seconds, effects=effects)
    for name in names:
        if name.lower() not in known:
            raise InputError(
                f"'{name}' is not a method of the paper, nor another built-in estimator; choose "
                f"among {', '.join(method.name for method in METHODS)}, or see: "
                "sdscm estimators list"
            )
    wanted = {name.lower() for name in names}
    return [method for key, method in known.items() if key in wanted]


def parameters_of(name: str) -> dict[str, Any]:
    """Return the paper's parameters of a method where they are not the defaults, without the seed.

    The paper's methods got X and y as they are.
    """
    units = {} if name in _WITHOUT_UNITS else {"standardise": False}
    return units | _PARAMETERS.get(name, {})
