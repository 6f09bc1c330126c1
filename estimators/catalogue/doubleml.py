"""DoubleML."""

from estimators.catalogue.family import Family
from estimators.catalogue.texts import DML, ONE_EFFECT, ORTHOGONAL, UNCONFOUNDED, VALID_INSTRUMENT
from estimators.interface import ATE_OF_COMPLIERS, Intervals

LONG_STORY_SHORT = "Chernozhukov, Cinelli, Newey, Sharma and Syrgkanis 2022, arXiv 2112.13398"

FAMILY = Family("DoubleML", extra="doubleml")
FAMILY.add(
    "DoubleML PLR",
    "doubleml_estimators:DoubleMLPartiallyLinear",
    "cross-fitted partially linear regression, random forests",
    DML,
    assumes=ONE_EFFECT,
    estimand="ATE",
    intervals=Intervals(ate=ORTHOGONAL),
)
FAMILY.add(
    "DoubleML IRM",
    "doubleml_estimators:DoubleMLInteractive",
    "cross-fitted doubly robust average, random forests, propensities clipped at 0.01",
    DML,
    assumes=UNCONFOUNDED,
    estimand="ATE",
    intervals=Intervals(ate=ORTHOGONAL),
)
FAMILY.add(
    "DoubleML PLR bounds",
    "doubleml_bounds:DoubleMLPartiallyLinearBounds",
    "DoubleML PLR, with the bias of hidden confounders of a partial R2",
    LONG_STORY_SHORT,
    assumes="overlap, the same effect for all units; hidden confounding of at most a partial R2",
    estimand="ATE",
    intervals=Intervals(ate=ORTHOGONAL),
    bounds="partial_r2",
)
FAMILY.add(
    "DoubleML IRM bounds",
    "doubleml_bounds:DoubleMLInteractiveBounds",
    "DoubleML IRM, with the bias of hidden confounders of a partial R2",
    LONG_STORY_SHORT,
    assumes="overlap; hidden confounding of at most a partial R2 of outcome and weights",
    estimand="ATE",
    intervals=Intervals(ate=ORTHOGONAL),
    bounds="riesz_r2",
)
FAMILY.add(
    "DoubleML PLIV",
    "doubleml_estimators:DoubleMLPartiallyLinearInstrument",
    "cross-fitted partially linear regression with an instrument, random forests",
    DML,
    assumes=f"{VALID_INSTRUMENT}; the same effect for all compliers",
    estimand="ATE",
    ate=ATE_OF_COMPLIERS,
    intervals=Intervals(ate=ORTHOGONAL),
    needs=("instrument",),
)
FAMILY.add(
    "DoubleML IIVM",
    "doubleml_estimators:DoubleMLInteractiveInstrument",
    "cross-fitted compliers' average, random forests, propensities clipped at 0.01",
    DML,
    assumes=VALID_INSTRUMENT,
    estimand="ATE",
    ate=ATE_OF_COMPLIERS,
    intervals=Intervals(ate=ORTHOGONAL),
    needs=("instrument",),
)
