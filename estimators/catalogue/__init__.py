"""The built-in estimators, by name. Nothing here imports a library."""

from __future__ import annotations

from estimators.interface import EstimatorInfo, Intervals

_PAPER = "Bynum and Cho 2024, section 4.2"
_KUENZEL = "Kuenzel, Sekhon, Bickel and Yu 2019, PNAS 116(10)"
_DML = "Chernozhukov et al. 2018, Econometrics Journal 21(1)"
_GRF = "Athey, Tibshirani and Wager 2019, Annals of Statistics 47(2)"
_CATENETS = "Curth and van der Schaar 2021, AISTATS"
_DR = "Kennedy 2023, Electronic Journal of Statistics 17(2)"
_ATHEY_IMBENS = "Athey and Imbens 2016, PNAS 113(27)"
_ROBUST = "normal, from the robust (HC1) variance of least squares"
_RLEARNER = "Nie and Wager 2021, Biometrika 108(2)"
_LEI = "Lei and Candes 2021, JRSS-B 83(5)"

_LEAST_SQUARES = "Student, from the classical variance of least squares"
_DEBIASED = "normal, with the variance of the debiased lasso"
_POSTERIOR = "normal, with the posterior variance of the expected outcomes"
_ORTHOGONAL = "normal, from the variance of the orthogonal score"
_LITTLE_BAGS = "normal, with the variance of a bootstrap of little bags"
_LINEAR_FINAL = "normal, with the robust (HC1) variance of the final least squares"
_ROWS_TOGETHER = ", the rows' variances averaged (an upper bound)"

#: What is known of each built-in, and where its class is: ``module:class``.
BUILT_INS: tuple[tuple[EstimatorInfo, str], ...] = (
    (
        EstimatorInfo(
            "Oracle",
            "Baseline",
            "ITE",
            "shown the true effects: checks the scorer",
            oracle=True,
            ate="the mean of the true effects of the units",
            intervals=Intervals(*["the truth, of no width"] * 3),
        ),
        "estimators.baselines.oracle:Oracle",
    ),
    (
        EstimatorInfo("Zero", "Baseline", "CATE", "says that nothing has an effect"),
        "estimators.baselines.baselines:Zero",
    ),
    (
        EstimatorInfo(
            "DiffInMeans",
            "Baseline",
            "ATE",
            "mean of the treated minus mean of the controls",
            "Imbens and Rubin 2015, chapter 6",
            intervals=Intervals(ate="normal, with Neyman's variance of two means"),
        ),
        "estimators.baselines.baselines:DiffInMeans",
    ),
    (
        EstimatorInfo(
            "ConstantEffect",
            "Baseline",
            "CATE",
            "one effect for every row: residuals on residuals, boosted trees",
            "Robinson 1988, Econometrica 56(4)",
            intervals=Intervals(effect=_ORTHOGONAL, ate=_ORTHOGONAL),
        ),
        "estimators.baselines.constant_effect:ConstantEffect",
    ),
    (
        EstimatorInfo(
            "IPW",
            "Baseline",
            "ATE",
            "normalised inverse propensity weights, logistic propensities clipped at 0.01",
            "Lunceford and Davidian 2004, Statistics in Medicine 23(19)",
            intervals=Intervals(
                ate="normal, from the influence function with propensities as if known"
            ),
        ),
        "estimators.baselines.weighting:IPW",
    ),
    (
        EstimatorInfo(
            "AIPW",
            "Baseline",
            "ATE",
            "cross-fitted augmented weights, linear outcomes, propensities clipped at 0.01",
            "Robins, Rotnitzky and Zhao 1994, JASA 89(427)",
            intervals=Intervals(ate="normal, from the spread of the cross-fitted scores"),
        ),
        "estimators.baselines.weighting:AIPW",
    ),
    (
        EstimatorInfo(
            "T-Only OLS",
            "scikit-learn",
            "CATE",
            "least squares on the treatment alone: one effect for every row",
            _PAPER,
            intervals=Intervals(effect=_LEAST_SQUARES, ate=_LEAST_SQUARES),
        ),
        "estimators.adapters.sklearn_estimators:TreatmentOnlyOLS",
    ),
    (
        EstimatorInfo(
            "LinReg",
            "scikit-learn",
            "CATE",
            "least squares on treatment and covariates: one effect for every row",
            _PAPER,
            intervals=Intervals(effect=_LEAST_SQUARES, ate=_LEAST_SQUARES),
        ),
        "estimators.adapters.sklearn_estimators:LinReg",
    ),
    (
        EstimatorInfo(
            "RF",
            "scikit-learn",
            "CATE",
            "one random forest on treatment and covariates, treatment toggled",
            "Breiman 2001, Machine Learning 45",
        ),
        "estimators.adapters.sklearn_estimators:RF",
    ),
    (
        EstimatorInfo("LinearS", "scikit-learn", "CATE", "S-learner, least squares", _KUENZEL),
        "estimators.adapters.sklearn_estimators:LinearS",
    ),
    (
        EstimatorInfo("LinearT", "scikit-learn", "CATE", "T-learner, least squares", _KUENZEL),
        "estimators.adapters.sklearn_estimators:LinearT",
    ),
    (
        EstimatorInfo("ForestS", "scikit-learn", "CATE", "S-learner, random forest", _KUENZEL),
        "estimators.adapters.sklearn_estimators:ForestS",
    ),
    (
        EstimatorInfo("ForestT", "scikit-learn", "CATE", "T-learner, random forests", _KUENZEL),
        "estimators.adapters.sklearn_estimators:ForestT",
    ),
    (
        EstimatorInfo(
            "LinearDML",
            "EconML",
            "CATE",
            "double machine learning, effect linear in the covariates",
            _DML,
            extra="econml",
            intervals=Intervals(effect=_LINEAR_FINAL, ate=_LINEAR_FINAL),
        ),
        "estimators.adapters.econml_estimators:LinearDML",
    ),
    (
        EstimatorInfo(
            "ForestDML",
            "EconML",
            "CATE",
            "double machine learning with a causal forest",
            _GRF,
            extra="econml",
            intervals=Intervals(effect=_LITTLE_BAGS, ate=_LITTLE_BAGS + _ROWS_TOGETHER),
        ),
        "estimators.adapters.econml_estimators:ForestDML",
    ),
    (
        EstimatorInfo(
            "LinearDR",
            "EconML",
            "CATE",
            "doubly robust learner, effect linear in the covariates",
            _DR,
            extra="econml",
            intervals=Intervals(effect=_LINEAR_FINAL, ate=_LINEAR_FINAL),
        ),
        "estimators.adapters.econml_estimators:LinearDR",
    ),
    (
        EstimatorInfo(
            "ForestDR",
            "EconML",
            "CATE",
            "doubly robust learner with an honest forest",
            _DR,
            extra="econml",
            intervals=Intervals(effect=_LITTLE_BAGS, ate=_LITTLE_BAGS + _ROWS_TOGETHER),
        ),
        "estimators.adapters.econml_estimators:ForestDR",
    ),
    (
        EstimatorInfo(
            "CausalForest",
            "EconML",
            "CATE",
            "generalized random forest of effects",
            _GRF,
            extra="econml",
            intervals=Intervals(effect=_LITTLE_BAGS),
        ),
        "estimators.adapters.econml_estimators:CausalForest",
    ),
    (
        EstimatorInfo(
            "CausalML S-LGBM",
            "CausalML",
            "CATE",
            "S-learner, LightGBM",
            _KUENZEL,
            extra="causalml",
        ),
        "estimators.adapters.causalml_estimators:SLearnerLGBM",
    ),
    (
        EstimatorInfo(
            "CausalML T-LGBM",
            "CausalML",
            "CATE",
            "T-learner, LightGBM",
            _KUENZEL,
            extra="causalml",
        ),
        "estimators.adapters.causalml_estimators:TLearnerLGBM",
    ),
    (
        EstimatorInfo(
            "CausalML X-LGBM",
            "CausalML",
            "CATE",
            "X-learner, LightGBM",
            _KUENZEL,
            extra="causalml",
        ),
        "estimators.adapters.causalml_estimators:XLearnerLGBM",
    ),
    (
        EstimatorInfo(
            "CausalML R-LGBM",
            "CausalML",
            "CATE",
            "R-learner, LightGBM",
            "Nie and Wager 2021, Biometrika 108(2)",
            extra="causalml",
        ),
        "estimators.adapters.causalml_estimators:RLearnerLGBM",
    ),
    (
        EstimatorInfo(
            "CausalML DR-LGBM",
            "CausalML",
            "CATE",
            "doubly robust learner, LightGBM",
            _DR,
            extra="causalml",
        ),
        "estimators.adapters.causalml_estimators:DRLearnerLGBM",
    ),
    (
        EstimatorInfo(
            "DoWhy linear",
            "DoWhy",
            "ATE",
            "linear regression after back-door identification",
            "Sharma and Kiciman 2020, arXiv 2011.04216",
            extra="dowhy",
            intervals=Intervals(ate=_LEAST_SQUARES),
        ),
        "estimators.adapters.dowhy_estimators:DoWhyLinear",
    ),
    (
        EstimatorInfo(
            "DoWhy weighting",
            "DoWhy",
            "ATE",
            "propensity-score weighting after back-door identification",
            "Sharma and Kiciman 2020, arXiv 2011.04216",
            extra="dowhy",
        ),
        "estimators.adapters.dowhy_estimators:DoWhyWeighting",
    ),
    (
        EstimatorInfo(
            "CQR",
            "quantile-forest",
            "ITE",
            "conformal quantile forests: intervals for the effects of observed units",
            _LEI,
            extra="conformal",
            intervals=Intervals(ite="weighted split conformal, for the unit's missing outcome"),
        ),
        "estimators.adapters.conformal:CQR",
    ),
    (
        EstimatorInfo(
            "CQR-nested",
            "quantile-forest",
            "ITE",
            "nested conformal quantile forests: intervals from covariates alone, wide",
            _LEI,
            extra="conformal",
            intervals=Intervals(ite="split conformal, without a look at the unit's outcome"),
        ),
        "estimators.adapters.conformal:NestedCQR",
    ),
    (
        EstimatorInfo(
            "SparseLinearDML",
            "EconML",
            "CATE",
            "double machine learning, debiased lasso for the effect",
            _DML,
            extra="econml",
            intervals=Intervals(effect=_DEBIASED, ate=_DEBIASED),
        ),
        "estimators.adapters.econml_estimators:SparseLinearDML",
    ),
    (
        EstimatorInfo(
            "SparseLinearDR",
            "EconML",
            "CATE",
            "doubly robust learner, debiased lasso for the effect, propensities clipped at 0.01",
            _DR,
            extra="econml",
            intervals=Intervals(effect=_DEBIASED, ate=_DEBIASED),
        ),
        "estimators.adapters.econml_estimators:SparseLinearDR",
    ),
    (
        EstimatorInfo(
            "KernelDML",
            "EconML",
            "CATE",
            "double machine learning on random Fourier features of X",
            _RLEARNER,
            extra="econml",
        ),
        "estimators.adapters.econml_learners:KernelDML",
    ),
    (
        EstimatorInfo(
            "NonParamDML",
            "EconML",
            "CATE",
            "double machine learning, LightGBM for the effect",
            _RLEARNER,
            extra="econml",
        ),
        "estimators.adapters.econml_learners:NonParamDML",
    ),
    (
        EstimatorInfo(
            "DRLearner",
            "EconML",
            "CATE",
            "doubly robust learner, LightGBM for the effect, propensities clipped at 0.01",
            _DR,
            extra="econml",
        ),
        "estimators.adapters.econml_learners:DRLearner",
    ),
    (
        EstimatorInfo(
            "EconML S-LGBM", "EconML", "CATE", "S-learner, LightGBM", _KUENZEL, extra="econml"
        ),
        "estimators.adapters.econml_learners:EconmlSLearner",
    ),
    (
        EstimatorInfo(
            "EconML T-LGBM", "EconML", "CATE", "T-learner, LightGBM", _KUENZEL, extra="econml"
        ),
        "estimators.adapters.econml_learners:EconmlTLearner",
    ),
    (
        EstimatorInfo(
            "EconML X-LGBM", "EconML", "CATE", "X-learner, LightGBM", _KUENZEL, extra="econml"
        ),
        "estimators.adapters.econml_learners:EconmlXLearner",
    ),
    (
        EstimatorInfo(
            "DomainAdaptation",
            "EconML",
            "CATE",
            "X-learner with outcome models weighted towards the other arm, LightGBM",
            "EconML user guide, meta-learners",
            extra="econml",
        ),
        "estimators.adapters.econml_learners:DomainAdaptation",
    ),
    (
        EstimatorInfo(
            "CausalML S-Linear",
            "CausalML",
            "CATE",
            "S-learner, least squares: one effect for every row",
            _KUENZEL,
            extra="causalml",
        ),
        "estimators.adapters.causalml_estimators:SLearnerLinear",
    ),
    (
        EstimatorInfo(
            "CausalML T-Linear",
            "CausalML",
            "CATE",
            "T-learner, least squares",
            _KUENZEL,
            extra="causalml",
        ),
        "estimators.adapters.causalml_estimators:TLearnerLinear",
    ),
    (
        EstimatorInfo(
            "CausalML X-Linear",
            "CausalML",
            "CATE",
            "X-learner, least squares",
            _KUENZEL,
            extra="causalml",
        ),
        "estimators.adapters.causalml_estimators:XLearnerLinear",
    ),
    (
        EstimatorInfo(
            "CausalML R-Linear",
            "CausalML",
            "CATE",
            "R-learner, least squares",
            _RLEARNER,
            extra="causalml",
        ),
        "estimators.adapters.causalml_estimators:RLearnerLinear",
    ),
    (
        EstimatorInfo(
            "CausalML DR-Linear",
            "CausalML",
            "CATE",
            "doubly robust learner, least squares, propensities clipped at 0.01",
            _DR,
            extra="causalml",
        ),
        "estimators.adapters.causalml_estimators:DRLearnerLinear",
    ),
    (
        EstimatorInfo(
            "CausalML S-XGB",
            "CausalML",
            "CATE",
            "S-learner, XGBoost",
            _KUENZEL,
            extra="causalml",
        ),
        "estimators.adapters.causalml_estimators:SLearnerXGB",
    ),
    (
        EstimatorInfo(
            "CausalML T-XGB",
            "CausalML",
            "CATE",
            "T-learner, XGBoost",
            _KUENZEL,
            extra="causalml",
        ),
        "estimators.adapters.causalml_estimators:TLearnerXGB",
    ),
    (
        EstimatorInfo(
            "CausalML X-XGB",
            "CausalML",
            "CATE",
            "X-learner, XGBoost",
            _KUENZEL,
            extra="causalml",
        ),
        "estimators.adapters.causalml_estimators:XLearnerXGB",
    ),
    (
        EstimatorInfo(
            "CausalML R-XGB",
            "CausalML",
            "CATE",
            "R-learner, XGBoost at its default depth: noisy effects",
            _RLEARNER,
            extra="causalml",
        ),
        "estimators.adapters.causalml_estimators:RLearnerXGB",
    ),
    (
        EstimatorInfo(
            "CausalML DR-XGB",
            "CausalML",
            "CATE",
            "doubly robust learner, XGBoost at its default depth: noisy effects",
            _DR,
            extra="causalml",
        ),
        "estimators.adapters.causalml_estimators:DRLearnerXGB",
    ),
    (
        EstimatorInfo(
            "CausalML LRS",
            "CausalML",
            "CATE",
            "least squares with a robust interval: one effect for every row",
            "White 1980, Econometrica 48(4)",
            extra="causalml",
            intervals=Intervals(effect=_ROBUST, ate=_ROBUST),
        ),
        "estimators.adapters.causalml_averages:LRS",
    ),
    (
        EstimatorInfo(
            "CausalML TMLE",
            "CausalML",
            "ATE",
            "targeted maximum likelihood, LightGBM outcomes, propensities clipped at 0.01",
            "van der Laan and Rubin 2006, International Journal of Biostatistics 2(1)",
            extra="causalml",
            intervals=Intervals(ate="normal, from the variance of the influence function"),
        ),
        "estimators.adapters.causalml_averages:TMLE",
    ),
    (
        EstimatorInfo(
            "CausalML tree",
            "CausalML",
            "CATE",
            "causal tree, for randomised treatment: adjusts by its splits alone",
            _ATHEY_IMBENS,
            extra="causalml",
        ),
        "estimators.adapters.causalml_trees:CausalTree",
    ),
    (
        EstimatorInfo(
            "CausalML forest",
            "CausalML",
            "CATE",
            "forest of causal trees, for randomised treatment: adjusts by its splits alone",
            _ATHEY_IMBENS,
            extra="causalml",
        ),
        "estimators.adapters.causalml_trees:CausalMLForest",
    ),
    (
        EstimatorInfo(
            "DoWhy stratification",
            "DoWhy",
            "ATE",
            "differences in means within strata of the propensity score",
            "Rosenbaum and Rubin 1984, JASA 79(387)",
            extra="dowhy",
        ),
        "estimators.adapters.dowhy_estimators:DoWhyStratification",
    ),
    (
        EstimatorInfo(
            "DoWhy matching",
            "DoWhy",
            "ATE",
            "one nearest neighbour in the other arm by propensity score",
            "Rosenbaum and Rubin 1983, Biometrika 70(1)",
            extra="dowhy",
        ),
        "estimators.adapters.dowhy_estimators:DoWhyMatching",
    ),
    (
        EstimatorInfo(
            "BART",
            "stochtree",
            "CATE",
            "Bayesian additive regression trees, with the propensity score as a covariate",
            "Hill 2011, JCGS 20(1)",
            extra="bart",
            intervals=Intervals(effect=_POSTERIOR, ate=_POSTERIOR),
            fit_many="methods",
            fit_group="BART",
        ),
        "estimators.adapters.bart:BART",
    ),
    (
        EstimatorInfo(
            "BART-ITE",
            "stochtree",
            "ITE",
            "BART's posterior of an individual's missing outcome, noise included",
            "Hill 2011, JCGS 20(1)",
            extra="bart",
            ate="the mean of effect(X) over the rows of X; those of the rows of fit use their "
            "observed outcomes",
            intervals=Intervals(ite="normal, with the posterior predictive variance"),
            fit_many="methods",
            fit_group="BART",
        ),
        "estimators.adapters.bart:BARTITE",
    ),
    (
        EstimatorInfo(
            "stochtree BCF",
            "stochtree",
            "CATE",
            "Bayesian causal forest: trees for the outcome, and other trees for the effect",
            "Hahn, Murray and Carvalho 2020, Bayesian Analysis 15(3)",
            extra="bart",
            intervals=Intervals(effect=_POSTERIOR, ate=_POSTERIOR),
        ),
        "estimators.adapters.bcf:BCF",
    ),
    (
        EstimatorInfo(
            "TARNet",
            "PyTorch",
            "CATE",
            "network with a shared representation and a head for each arm",
            "Shalit, Johansson and Sontag 2017, ICML",
            extra="networks",
            fit_many="datasets",
        ),
        "estimators.networks.networks:TARNet",
    ),
    (
        EstimatorInfo(
            "TNet",
            "PyTorch",
            "CATE",
            "T-learner, a network for each arm",
            _CATENETS,
            extra="networks",
            fit_many="datasets",
        ),
        "estimators.networks.networks:TNet",
    ),
    (
        EstimatorInfo(
            "TARNet-std",
            "PyTorch",
            "CATE",
            "TARNet on standardised outcomes",
            "Shalit, Johansson and Sontag 2017, ICML",
            extra="networks",
            fit_many="datasets",
        ),
        "estimators.networks.networks:StandardisedTARNet",
    ),
    (
        EstimatorInfo(
            "TNet-std",
            "PyTorch",
            "CATE",
            "TNet on standardised outcomes",
            _CATENETS,
            extra="networks",
            fit_many="datasets",
        ),
        "estimators.networks.networks:StandardisedTNet",
    ),
    (
        EstimatorInfo(
            "DoubleML PLR",
            "DoubleML",
            "ATE",
            "cross-fitted partially linear regression, random forests",
            _DML,
            extra="doubleml",
            intervals=Intervals(ate=_ORTHOGONAL),
        ),
        "estimators.adapters.doubleml_estimators:DoubleMLPartiallyLinear",
    ),
    (
        EstimatorInfo(
            "DoubleML IRM",
            "DoubleML",
            "ATE",
            "cross-fitted doubly robust average, random forests, propensities clipped at 0.01",
            _DML,
            extra="doubleml",
            intervals=Intervals(ate=_ORTHOGONAL),
        ),
        "estimators.adapters.doubleml_estimators:DoubleMLInteractive",
    ),
)
