"""Estimators that read texts with a language model."""

from estimators.catalogue.family import Family
from estimators.catalogue.texts import DML, ORTHOGONAL, TEXTS
from estimators.interface import ATE_OF_FIT, Intervals

REIMERS = "Reimers and Gurevych 2019, EMNLP"
FAMILY = Family("Embedding", extra="lm", package="text")
FAMILY.add(
    "Embedding-AIPW",
    "embedded:EmbeddingAverage",
    "AIPW with embeddings of the texts as covariates",
    REIMERS,
    assumes=f"{TEXTS}; logistic propensities or linear outcomes",
    estimand="ATE",
    ate=ATE_OF_FIT,
    intervals=Intervals(ate="normal, from the spread of the cross-fitted scores"),
    needs=("text",),
)
FAMILY.add(
    "Embedding-RF",
    "embedded:Embedding",
    "random forest of outcomes with embeddings of the texts as covariates",
    REIMERS,
    assumes=TEXTS,
    needs=("text",),
)
FAMILY.add(
    "Embedding-DML",
    "embedded:EmbeddingIntervals",
    "residuals on residuals, with embeddings of the texts as covariates: one effect",
    f"{REIMERS}; {DML}",
    assumes=f"{TEXTS}; the same effect for all units",
    intervals=Intervals(effect=ORTHOGONAL, ate=ORTHOGONAL),
    needs=("text",),
)
