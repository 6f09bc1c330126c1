"""Baselines."""

from estimators.catalogue.family import Family
from estimators.catalogue.texts import (
    LOGISTIC,
    ONE_EFFECT,
    ORTHOGONAL,
    RANDOMISED,
    UNADJUSTED_INSTRUMENT,
    UNCONFOUNDED,
)
from estimators.interface import ATE_OF_COMPLIERS, Intervals

FAMILY = Family("Baseline", package="baselines")
FAMILY.add(
    "Oracle",
    "oracle:Oracle",
    "shown the true effects: checks the scorer",
    assumes="nothing, because the true effects are shown",
    estimand="ITE",
    oracle=True,
    ate="the mean of the true effects of the units",
    intervals=Intervals(*["the truth, of no width"] * 3),
    stochastic=False,
)
FAMILY.add(
    "Zero",
    "baselines:Zero",
    "an effect of zero for every row",
    assumes="treatment has no effect on any unit",
    stochastic=False,
)
FAMILY.add(
    "ExactMatch",
    "exact_match:ExactMatch",
    "difference in means among rows with the same covariates",
    "Stuart 2010, Statistical Science 25(1)",
    assumes="no hidden confounding, both arms among rows with the same covariates",
    stochastic=False,
)
FAMILY.add(
    "DiffInMeans",
    "baselines:DiffInMeans",
    "mean of the treated minus mean of the controls",
    "Imbens and Rubin 2015, chapter 6",
    assumes=RANDOMISED,
    estimand="ATE",
    intervals=Intervals(ate="normal, with Neyman's variance of two means"),
    stochastic=False,
)
FAMILY.add(
    "ConstantEffect",
    "constant_effect:ConstantEffect",
    "one effect for every row: residuals on residuals, boosted trees",
    "Robinson 1988, Econometrica 56(4)",
    assumes=ONE_EFFECT,
    intervals=Intervals(effect=ORTHOGONAL, ate=ORTHOGONAL),
)
FAMILY.add(
    "IPW",
    "weighting:IPW",
    "normalised inverse propensity weights, logistic propensities clipped at 0.01",
    "Lunceford and Davidian 2004, Statistics in Medicine 23(19)",
    assumes=LOGISTIC,
    estimand="ATE",
    intervals=Intervals(ate="normal, from the influence function with propensities as if known"),
    stochastic=False,
)
FAMILY.add(
    "AIPW",
    "weighting:AIPW",
    "cross-fitted augmented weights, linear outcomes, propensities clipped at 0.01",
    "Robins, Rotnitzky and Zhao 1994, JASA 89(427)",
    assumes=f"{UNCONFOUNDED}; logistic propensities or linear outcomes",
    estimand="ATE",
    intervals=Intervals(ate="normal, from the spread of the cross-fitted scores"),
)
FAMILY.add(
    "Graph-AIPW",
    "graph_adjustment:GraphAIPW",
    "AIPW that adjusts for a minimal back-door set of the true graph only",
    "Pearl 2009, Causality, section 3.3.1; van der Zander, Liskiewicz and Textor 2019, AIJ 270",
    assumes="a back-door set among the covariates, overlap; logistic propensities or linear "
    "outcomes",
    estimand="ATE",
    intervals=Intervals(ate="normal, from the spread of the cross-fitted scores"),
    needs=("graph",),
)
FAMILY.add(
    "Wald",
    "wald:Wald",
    "difference in outcome over difference in treatment, between values of an instrument",
    "Imbens and Angrist 1994, Econometrica 62(2)",
    assumes=UNADJUSTED_INSTRUMENT,
    estimand="ATE",
    ate=ATE_OF_COMPLIERS,
    intervals=Intervals(ate="normal, by the delta method"),
    stochastic=False,
    needs=("instrument",),
)
