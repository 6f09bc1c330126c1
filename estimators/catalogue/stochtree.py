"""Bayesian trees, with stochtree."""

from estimators.catalogue.family import Family
from estimators.catalogue.texts import UNCONFOUNDED
from estimators.interface import Intervals

POSTERIOR = "normal, with the posterior variance of the expected outcomes"
FAMILY = Family("stochtree", extra="bart")
FAMILY.add(
    "BART",
    "bart:BART",
    "Bayesian additive regression trees, with the propensity score as a covariate",
    "Hill 2011, JCGS 20(1)",
    assumes=UNCONFOUNDED,
    intervals=Intervals(effect=POSTERIOR, ate=POSTERIOR),
    fit_many="methods",
    fit_group="BART",
)
FAMILY.add(
    "BART-ITE",
    "bart:BARTITE",
    "BART's posterior of an individual's missing outcome, noise included",
    "Hill 2011, JCGS 20(1)",
    assumes=UNCONFOUNDED,
    estimand="ITE",
    ate="the mean of effect(X) over the rows of X; those of the rows of fit use their observed "
    "outcomes",
    intervals=Intervals(ite="normal, with the posterior predictive variance"),
    fit_many="methods",
    fit_group="BART",
)
FAMILY.add(
    "stochtree BCF",
    "bcf:BCF",
    "Bayesian causal forest: trees for the outcome, and other trees for the effect",
    "Hahn, Murray and Carvalho 2020, Bayesian Analysis 15(3)",
    assumes=UNCONFOUNDED,
    intervals=Intervals(effect=POSTERIOR, ate=POSTERIOR),
    costly=True,
)
