"""ivmodels."""

from estimators.catalogue.family import Family
from estimators.catalogue.texts import VALID_INSTRUMENT
from estimators.interface import ATE_OF_COMPLIERS, Intervals

FAMILY = Family("ivmodels", extra="ivmodels")
FAMILY.add(
    "2SLS-AR",
    "ivmodels_estimators:AndersonRubin",
    "two-stage least squares, with an interval that holds for weak instruments",
    "Anderson and Rubin 1949, Annals of Mathematical Statistics 20(1)",
    assumes=f"{VALID_INSTRUMENT}; the instrument linear in the covariates; errors of one variance",
    estimand="ATE",
    ate=ATE_OF_COMPLIERS,
    intervals=Intervals(ate="Anderson and Rubin's test inverted; infinite if unbounded"),
    stochastic=False,
    needs=("instrument",),
)
