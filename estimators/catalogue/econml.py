"""EconML."""

from estimators.catalogue.family import Family
from estimators.catalogue.texts import (
    DML,
    DR,
    KUENZEL,
    LINEAR_EFFECT,
    LINEAR_EFFECT_OF_COMPLIERS,
    RLEARNER,
    UNCONFOUNDED,
    VALID_INSTRUMENT,
)
from estimators.interface import Intervals

CRUMP = "Crump, Hotz, Imbens and Mitnik 2009, Biometrika 96(1)"
DEBIASED = "normal, with the variance of the debiased lasso"
GRF = "Athey, Tibshirani and Wager 2019, Annals of Statistics 47(2)"
LINEAR_FINAL = "normal, with the robust (HC1) variance of the final least squares"
LITTLE_BAGS = "normal, with the variance of a bootstrap of little bags"
ROWS_TOGETHER = ", the rows' variances averaged (an upper bound)"
FAMILY = Family("EconML", extra="econml")
FAMILY.add(
    "LinearDML",
    "econml_estimators:LinearDML",
    "double machine learning, effect linear in the covariates",
    DML,
    assumes=LINEAR_EFFECT,
    intervals=Intervals(effect=LINEAR_FINAL, ate=LINEAR_FINAL),
    many_arms=True,
)
FAMILY.add(
    "ForestDML",
    "econml_estimators:ForestDML",
    "double machine learning with a causal forest",
    GRF,
    assumes=UNCONFOUNDED,
    intervals=Intervals(effect=LITTLE_BAGS, ate=LITTLE_BAGS + ROWS_TOGETHER),
    many_arms=True,
)
FAMILY.add(
    "LinearDR",
    "econml_estimators:LinearDR",
    "doubly robust learner, effect linear in the covariates",
    DR,
    assumes=LINEAR_EFFECT,
    intervals=Intervals(effect=LINEAR_FINAL, ate=LINEAR_FINAL),
    many_arms=True,
)
FAMILY.add(
    "ForestDR",
    "econml_estimators:ForestDR",
    "doubly robust learner with an honest forest",
    DR,
    assumes=UNCONFOUNDED,
    intervals=Intervals(effect=LITTLE_BAGS, ate=LITTLE_BAGS + ROWS_TOGETHER),
    many_arms=True,
)
FAMILY.add(
    "LinearDR-trimmed",
    "econml_estimators:LinearDRTrimmed",
    "LinearDR without the rows of extreme propensity",
    CRUMP,
    assumes="no hidden confounding; effect linear in the covariates",
    intervals=Intervals(effect=LINEAR_FINAL, ate=LINEAR_FINAL),
    many_arms=True,
)
FAMILY.add(
    "ForestDR-trimmed",
    "econml_estimators:ForestDRTrimmed",
    "ForestDR without the rows of extreme propensity",
    CRUMP,
    assumes="no hidden confounding, overlap or similar rows that have it",
    intervals=Intervals(effect=LITTLE_BAGS, ate=LITTLE_BAGS + ROWS_TOGETHER),
    many_arms=True,
)
FAMILY.add(
    "CausalForest",
    "econml_estimators:CausalForest",
    "generalized random forest of effects",
    GRF,
    assumes=f"{UNCONFOUNDED}; splits adjust for all confounders",
    intervals=Intervals(effect=LITTLE_BAGS),
)
FAMILY.add(
    "SparseLinearDML",
    "econml_estimators:SparseLinearDML",
    "double machine learning, debiased lasso for the effect",
    DML,
    assumes=f"{UNCONFOUNDED}; effect linear in few of the covariates",
    intervals=Intervals(effect=DEBIASED, ate=DEBIASED),
    many_arms=True,
)
FAMILY.add(
    "SparseLinearDR",
    "econml_estimators:SparseLinearDR",
    "doubly robust learner, debiased lasso for the effect, propensities clipped at 0.01",
    DR,
    assumes=f"{UNCONFOUNDED}; effect linear in few of the covariates",
    intervals=Intervals(effect=DEBIASED, ate=DEBIASED),
    many_arms=True,
)
FAMILY.add(
    "KernelDML",
    "econml_learners:KernelDML",
    "double machine learning on random Fourier features of X",
    RLEARNER,
    assumes=UNCONFOUNDED,
    many_arms=True,
)
FAMILY.add(
    "NonParamDML",
    "econml_learners:NonParamDML",
    "double machine learning, LightGBM for the effect",
    RLEARNER,
    assumes=UNCONFOUNDED,
)
FAMILY.add(
    "DRLearner",
    "econml_learners:DRLearner",
    "doubly robust learner, LightGBM for the effect, propensities clipped at 0.01",
    DR,
    assumes=UNCONFOUNDED,
    many_arms=True,
)
FAMILY.add(
    "EconML S-LGBM",
    "econml_learners:EconmlSLearner",
    "S-learner, LightGBM",
    KUENZEL,
    assumes=UNCONFOUNDED,
    stochastic=False,
    many_arms=True,
)
FAMILY.add(
    "EconML T-LGBM",
    "econml_learners:EconmlTLearner",
    "T-learner, LightGBM",
    KUENZEL,
    assumes=UNCONFOUNDED,
    stochastic=False,
    many_arms=True,
)
FAMILY.add(
    "EconML X-LGBM",
    "econml_learners:EconmlXLearner",
    "X-learner, LightGBM",
    KUENZEL,
    assumes=UNCONFOUNDED,
    stochastic=False,
    many_arms=True,
)
FAMILY.add(
    "DomainAdaptation",
    "econml_learners:DomainAdaptation",
    "X-learner with outcome models weighted towards the other arm, LightGBM",
    "EconML user guide, meta-learners",
    assumes=UNCONFOUNDED,
    stochastic=False,
    many_arms=True,
)
DRIV = "Syrgkanis et al. 2019, NeurIPS 32"
WITH_INSTRUMENT = {
    "ate": "the mean of the compliers' effects over the rows of X",
    "needs": ("instrument",),
}
FAMILY.add(
    "OrthoIV",
    "econml_instruments:OrthoIV",
    "orthogonal instruments, effect linear in the covariates",
    DML,
    assumes=LINEAR_EFFECT_OF_COMPLIERS,
    intervals=Intervals(effect=LINEAR_FINAL, ate=LINEAR_FINAL),
    **WITH_INSTRUMENT,
)
FAMILY.add(
    "DMLIV",
    "econml_instruments:DMLIV",
    "regression on the projected treatment, effect linear in the covariates",
    DRIV,
    assumes=LINEAR_EFFECT_OF_COMPLIERS,
    **WITH_INSTRUMENT,
)
FAMILY.add(
    "LinearDRIV",
    "econml_instruments:LinearDRIV",
    "doubly robust instruments, effect linear in the covariates",
    DRIV,
    assumes=LINEAR_EFFECT_OF_COMPLIERS,
    intervals=Intervals(effect=LINEAR_FINAL, ate=LINEAR_FINAL),
    **WITH_INSTRUMENT,
)
FAMILY.add(
    "LinearIntentToTreatDRIV",
    "econml_instruments:LinearIntentToTreatDRIV",
    "doubly robust, for a randomised instrument, effect linear in the covariates",
    DRIV,
    assumes=f"{LINEAR_EFFECT_OF_COMPLIERS}; the instrument is randomised",
    intervals=Intervals(effect=LINEAR_FINAL, ate=LINEAR_FINAL),
    **WITH_INSTRUMENT,
)
FAMILY.add(
    "IntentToTreatDRIV",
    "econml_instruments:IntentToTreatDRIV",
    "doubly robust, for a randomised instrument, random forest of effects",
    DRIV,
    assumes=f"{VALID_INSTRUMENT}; the instrument is randomised",
    **WITH_INSTRUMENT,
)
