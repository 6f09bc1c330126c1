"""linearmodels."""

from estimators.catalogue.family import Family
from estimators.catalogue.texts import ROBUST, VALID_INSTRUMENT
from estimators.interface import ATE_OF_COMPLIERS, Intervals

FAMILY = Family("linearmodels", extra="linearmodels")
FAMILY.add(
    "2SLS",
    "linearmodels_estimators:TwoStageLeastSquares",
    "two-stage least squares, covariates as controls",
    "Angrist and Imbens 1995, JASA 90(430)",
    assumes=f"{VALID_INSTRUMENT}; the instrument linear in the covariates",
    estimand="ATE",
    ate=ATE_OF_COMPLIERS,
    intervals=Intervals(ate=ROBUST),
    stochastic=False,
    needs=("instrument",),
)
