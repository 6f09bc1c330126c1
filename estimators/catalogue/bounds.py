"""Bounds of the average effect under hidden confounding."""

from estimators.catalogue.family import Family
from estimators.interface import Intervals

_NEYMAN = Intervals(ate="normal, with Neyman's variance of two means")

FAMILY = Family("Bounds", package="baselines")
FAMILY.add(
    "Marginal sensitivity",
    "marginal_sensitivity:MarginalSensitivity",
    "extremes of inverse propensity weights whose odds are off by a factor",
    "Zhao, Small and Bhattacharya 2019, JRSS B 81(4)",
    assumes="overlap, logistic propensities; hidden confounding of at most an odds ratio",
    estimand="ATE",
    stochastic=False,
    bounds="gamma",
)
FAMILY.add(
    "Sharp sensitivity",
    "sharp_sensitivity:SharpSensitivity",
    "extremes of the mean outcomes given the covariates, if odds are off by a factor",
    "Dorn, Guo and Kallus 2021, arXiv 2112.11449",
    assumes="overlap, right propensities or forests; hidden confounding of at most an odds ratio",
    estimand="ATE",
    bounds="gamma",
)
FAMILY.add(
    "Manski",
    "worst_case:Manski",
    "worst-case bounds: unobserved outcomes are the smallest or the largest one",
    "Manski 1990, American Economic Review 80(2)",
    assumes="outcomes between limits that are known; any hidden confounding",
    estimand="ATE",
    intervals=_NEYMAN,
    stochastic=False,
    bounds="none",
)
FAMILY.add(
    "Monotone selection",
    "worst_case:MonotoneSelection",
    "worst-case bounds, the difference in means as one of them",
    "Manski and Pepper 2000, Econometrica 68(4)",
    assumes="the treated have the larger outcomes on average, whatever they take; known limits",
    estimand="ATE",
    intervals=_NEYMAN,
    stochastic=False,
    bounds="none",
)
FAMILY.add(
    "Monotone response",
    "worst_case:MonotoneResponse",
    "worst-case bounds, with 0 as one of them",
    "Manski 1997, Econometrica 65(6)",
    assumes="the treatment lowers no unit's outcome; known limits",
    estimand="ATE",
    intervals=_NEYMAN,
    stochastic=False,
    bounds="none",
)
