"""Estimators that read texts."""

from estimators.catalogue.family import Family
from estimators.catalogue.texts import DML, ORTHOGONAL, TEXTS
from estimators.interface import ATE_OF_FIT, Intervals

SALTON = "Salton and Buckley 1988, Information Processing and Management 24(5)"
FAMILY = Family("Text", package="text")
FAMILY.add(
    "Text-AIPW",
    "wrapped:TextAverage",
    "AIPW with TF-IDF features of the texts as covariates",
    SALTON,
    assumes=f"{TEXTS}; logistic propensities or linear outcomes",
    estimand="ATE",
    ate=ATE_OF_FIT,
    intervals=Intervals(ate="normal, from the spread of the cross-fitted scores"),
    needs=("text",),
)
FAMILY.add(
    "Text-RF",
    "wrapped:Text",
    "random forest of outcomes with TF-IDF features of the texts as covariates",
    SALTON,
    assumes=TEXTS,
    needs=("text",),
)
FAMILY.add(
    "Text-DML",
    "wrapped:TextIntervals",
    "residuals on residuals, with TF-IDF features of the texts as covariates: one effect",
    f"{SALTON}; {DML}",
    assumes=f"{TEXTS}; the same effect for all units",
    intervals=Intervals(effect=ORTHOGONAL, ate=ORTHOGONAL),
    needs=("text",),
)
