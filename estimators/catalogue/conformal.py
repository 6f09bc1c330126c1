"""Conformal intervals, with quantile-forest."""

from estimators.catalogue.family import Family
from estimators.catalogue.texts import UNCONFOUNDED
from estimators.interface import Intervals

LEI = "Lei and Candes 2021, JRSS-B 83(5)"
FAMILY = Family("quantile-forest", extra="conformal")
FAMILY.add(
    "CQR",
    "conformal:CQR",
    "conformal quantile forests: intervals for the effects of observed units",
    LEI,
    assumes=f"{UNCONFOUNDED}; propensities estimated well",
    estimand="ITE",
    intervals=Intervals(ite="weighted split conformal, for the unit's missing outcome"),
)
FAMILY.add(
    "CQR-nested",
    "conformal:NestedCQR",
    "nested conformal quantile forests: intervals from covariates alone, wide",
    LEI,
    assumes=f"{UNCONFOUNDED}; propensities estimated well",
    estimand="ITE",
    intervals=Intervals(ite="split conformal, without a look at the unit's outcome"),
)
