"""DoubleML."""

from estimators.catalogue.family import Family
from estimators.catalogue.texts import DML, ORTHOGONAL
from estimators.interface import ATE_OF_COMPLIERS, Intervals

FAMILY = Family("DoubleML", extra="doubleml")
FAMILY.add(
    "DoubleML PLR",
    "doubleml_estimators:DoubleMLPartiallyLinear",
    "cross-fitted partially linear regression, random forests",
    DML,
    estimand="ATE",
    intervals=Intervals(ate=ORTHOGONAL),
)
FAMILY.add(
    "DoubleML IRM",
    "doubleml_estimators:DoubleMLInteractive",
    "cross-fitted doubly robust average, random forests, propensities clipped at 0.01",
    DML,
    estimand="ATE",
    intervals=Intervals(ate=ORTHOGONAL),
)
FAMILY.add(
    "DoubleML PLIV",
    "doubleml_estimators:DoubleMLPartiallyLinearInstrument",
    "cross-fitted partially linear regression with an instrument, random forests",
    DML,
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
    estimand="ATE",
    ate=ATE_OF_COMPLIERS,
    intervals=Intervals(ate=ORTHOGONAL),
    needs=("instrument",),
)
