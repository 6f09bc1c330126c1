"""DoWhy."""

from estimators.catalogue.family import Family
from estimators.catalogue.texts import (
    LEAST_SQUARES,
    LINEAR_OUTCOME,
    LOGISTIC,
    UNADJUSTED_INSTRUMENT,
    UNCONFOUNDED,
)
from estimators.interface import ATE_OF_COMPLIERS, Intervals

FAMILY = Family("DoWhy", extra="dowhy")
FAMILY.add(
    "DoWhy linear",
    "dowhy_estimators:DoWhyLinear",
    "linear regression after back-door identification",
    "Sharma and Kiciman 2020, arXiv 2011.04216",
    assumes=LINEAR_OUTCOME,
    estimand="ATE",
    intervals=Intervals(ate=LEAST_SQUARES),
    stochastic=False,
)
FAMILY.add(
    "DoWhy weighting",
    "dowhy_estimators:DoWhyWeighting",
    "propensity-score weighting after back-door identification",
    "Sharma and Kiciman 2020, arXiv 2011.04216",
    assumes=LOGISTIC,
    estimand="ATE",
    stochastic=False,
)
FAMILY.add(
    "DoWhy stratification",
    "dowhy_estimators:DoWhyStratification",
    "differences in means within strata of the propensity score",
    "Rosenbaum and Rubin 1984, JASA 79(387)",
    assumes=f"{UNCONFOUNDED}; logistic propensities, balance within strata",
    estimand="ATE",
    stochastic=False,
)
FAMILY.add(
    "DoWhy matching",
    "dowhy_estimators:DoWhyMatching",
    "one nearest neighbour in the other arm by propensity score",
    "Rosenbaum and Rubin 1983, Biometrika 70(1)",
    assumes=LOGISTIC,
    estimand="ATE",
    stochastic=False,
)
FAMILY.add(
    "DoWhy linear bounds",
    "dowhy_bounds:DoWhyLinearBounds",
    "linear regression, with the bias of hidden confounders of a partial R2",
    "Cinelli and Hazlett 2020, JRSS B 82(1)",
    assumes="outcome linear in treatment and covariates; confounding of at most a partial R2",
    estimand="ATE",
    stochastic=False,
    bounds="partial_r2",
)
FAMILY.add(
    "DoWhy IV",
    "dowhy_estimators:DoWhyInstrument",
    "instrumental variables after identification from a graph",
    "Sharma and Kiciman 2020, arXiv 2011.04216",
    assumes=UNADJUSTED_INSTRUMENT,
    estimand="ATE",
    ate=ATE_OF_COMPLIERS,
    stochastic=False,
    needs=("instrument",),
)
