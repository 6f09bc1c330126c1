"""CausalML."""

from estimators.catalogue.family import Family
from estimators.catalogue.texts import (
    DR,
    KUENZEL,
    LINEAR_ARMS,
    LINEAR_EFFECT,
    LINEAR_OUTCOME,
    RANDOMISED,
    RLEARNER,
    UNCONFOUNDED,
)
from estimators.interface import Intervals

ATHEY_IMBENS = "Athey and Imbens 2016, PNAS 113(27)"
ROBUST = "normal, from the robust (HC1) variance of least squares"
FAMILY = Family("CausalML", extra="causalml")
FAMILY.add(
    "CausalML S-LGBM",
    "causalml_estimators:SLearnerLGBM",
    "S-learner, LightGBM",
    KUENZEL,
    assumes=UNCONFOUNDED,
    stochastic=False,
    many_arms=True,
)
FAMILY.add(
    "CausalML T-LGBM",
    "causalml_estimators:TLearnerLGBM",
    "T-learner, LightGBM",
    KUENZEL,
    assumes=UNCONFOUNDED,
    stochastic=False,
    many_arms=True,
)
FAMILY.add(
    "CausalML X-LGBM",
    "causalml_estimators:XLearnerLGBM",
    "X-learner, LightGBM",
    KUENZEL,
    assumes=UNCONFOUNDED,
    stochastic=False,
    many_arms=True,
)
FAMILY.add(
    "CausalML R-LGBM",
    "causalml_estimators:RLearnerLGBM",
    "R-learner, LightGBM",
    RLEARNER,
    assumes=UNCONFOUNDED,
    many_arms=True,
)
FAMILY.add(
    "CausalML DR-LGBM",
    "causalml_estimators:DRLearnerLGBM",
    "doubly robust learner, LightGBM",
    DR,
    assumes=UNCONFOUNDED,
    many_arms=True,
)
FAMILY.add(
    "CausalML S-Linear",
    "causalml_estimators:SLearnerLinear",
    "S-learner, least squares: one effect for every row",
    KUENZEL,
    assumes=LINEAR_OUTCOME,
    stochastic=False,
    many_arms=True,
)
FAMILY.add(
    "CausalML T-Linear",
    "causalml_estimators:TLearnerLinear",
    "T-learner, least squares",
    KUENZEL,
    assumes=LINEAR_ARMS,
    stochastic=False,
    many_arms=True,
)
FAMILY.add(
    "CausalML X-Linear",
    "causalml_estimators:XLearnerLinear",
    "X-learner, least squares",
    KUENZEL,
    assumes=LINEAR_ARMS,
    stochastic=False,
    many_arms=True,
)
FAMILY.add(
    "CausalML R-Linear",
    "causalml_estimators:RLearnerLinear",
    "R-learner, least squares",
    RLEARNER,
    assumes=LINEAR_EFFECT,
    many_arms=True,
)
FAMILY.add(
    "CausalML DR-Linear",
    "causalml_estimators:DRLearnerLinear",
    "doubly robust learner, least squares, propensities clipped at 0.01",
    DR,
    assumes=LINEAR_EFFECT,
    many_arms=True,
)
FAMILY.add(
    "CausalML S-XGB",
    "causalml_estimators:SLearnerXGB",
    "S-learner, XGBoost",
    KUENZEL,
    assumes=UNCONFOUNDED,
    stochastic=False,
    many_arms=True,
)
FAMILY.add(
    "CausalML T-XGB",
    "causalml_estimators:TLearnerXGB",
    "T-learner, XGBoost",
    KUENZEL,
    assumes=UNCONFOUNDED,
    stochastic=False,
    many_arms=True,
)
FAMILY.add(
    "CausalML X-XGB",
    "causalml_estimators:XLearnerXGB",
    "X-learner, XGBoost",
    KUENZEL,
    assumes=UNCONFOUNDED,
    stochastic=False,
    many_arms=True,
)
FAMILY.add(
    "CausalML R-XGB",
    "causalml_estimators:RLearnerXGB",
    "R-learner, XGBoost at its default depth: noisy effects",
    RLEARNER,
    assumes=UNCONFOUNDED,
    many_arms=True,
)
FAMILY.add(
    "CausalML DR-XGB",
    "causalml_estimators:DRLearnerXGB",
    "doubly robust learner, XGBoost at its default depth: noisy effects",
    DR,
    assumes=UNCONFOUNDED,
    many_arms=True,
)
FAMILY.add(
    "CausalML LRS",
    "causalml_averages:LRS",
    "least squares with a robust interval: one effect for every row",
    "White 1980, Econometrica 48(4)",
    assumes=LINEAR_OUTCOME,
    intervals=Intervals(effect=ROBUST, ate=ROBUST),
    stochastic=False,
)
FAMILY.add(
    "CausalML TMLE",
    "causalml_averages:TMLE",
    "targeted maximum likelihood, LightGBM outcomes, propensities clipped at 0.01",
    "van der Laan and Rubin 2006, International Journal of Biostatistics 2(1)",
    assumes=UNCONFOUNDED,
    estimand="ATE",
    intervals=Intervals(ate="normal, from the variance of the influence function"),
)
FAMILY.add(
    "CausalML tree",
    "causalml_trees:CausalTree",
    "causal tree, for randomised treatment: adjusts by its splits alone",
    ATHEY_IMBENS,
    assumes=RANDOMISED,
)
FAMILY.add(
    "CausalML forest",
    "causalml_trees:CausalMLForest",
    "forest of causal trees, for randomised treatment: adjusts by its splits alone",
    ATHEY_IMBENS,
    assumes=RANDOMISED,
)
