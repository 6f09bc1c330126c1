"""Regressions of scikit-learn."""

from estimators.catalogue.family import Family
from estimators.catalogue.texts import (
    KUENZEL,
    LEAST_SQUARES,
    LINEAR_ARMS,
    LINEAR_OUTCOME,
    RANDOMISED,
    UNCONFOUNDED,
)
from estimators.interface import Intervals

PAPER = "Bynum and Cho 2024, section 4.2"
FAMILY = Family("scikit-learn")
FAMILY.add(
    "T-Only OLS",
    "sklearn_estimators:TreatmentOnlyOLS",
    "least squares on the treatment alone: one effect for every row",
    PAPER,
    assumes=RANDOMISED,
    intervals=Intervals(effect=LEAST_SQUARES, ate=LEAST_SQUARES),
    stochastic=False,
)
FAMILY.add(
    "LinReg",
    "sklearn_estimators:LinReg",
    "least squares on treatment and covariates: one effect for every row",
    PAPER,
    assumes=LINEAR_OUTCOME,
    intervals=Intervals(effect=LEAST_SQUARES, ate=LEAST_SQUARES),
    stochastic=False,
)
FAMILY.add(
    "RF",
    "sklearn_estimators:RF",
    "one random forest on treatment and covariates, treatment toggled",
    "Breiman 2001, Machine Learning 45",
    assumes=UNCONFOUNDED,
)
FAMILY.add(
    "LinearS",
    "sklearn_estimators:LinearS",
    "S-learner, least squares",
    KUENZEL,
    assumes=LINEAR_OUTCOME,
    stochastic=False,
)
FAMILY.add(
    "LinearT",
    "sklearn_estimators:LinearT",
    "T-learner, least squares",
    KUENZEL,
    assumes=LINEAR_ARMS,
    stochastic=False,
    many_arms=True,
)
FAMILY.add(
    "ForestS",
    "sklearn_estimators:ForestS",
    "S-learner, random forest",
    KUENZEL,
    assumes=UNCONFOUNDED,
)
FAMILY.add(
    "ForestT",
    "sklearn_estimators:ForestT",
    "T-learner, random forests",
    KUENZEL,
    assumes=UNCONFOUNDED,
    many_arms=True,
)
