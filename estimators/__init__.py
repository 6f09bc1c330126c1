"""Effect estimators behind one interface, found by name.

>>> import estimators
>>> estimators.get("LinReg").fit(X, t, y).ate(X)  # doctest: +SKIP
"""

from estimators.base import (
    ATEEstimator,
    ATEIntervals,
    CATEEstimator,
    EffectEstimator,
    EffectIntervals,
    ITEIntervals,
)
from estimators.check import CheckReport, ConformanceError, check_estimator
from estimators.errors import (
    EstimatorError,
    MissingExtraError,
    PluginError,
    UnknownEstimatorError,
)
from estimators.interface import (
    ATE_OF_FIT,
    ATE_OF_ROWS,
    Estimand,
    Estimator,
    EstimatorInfo,
    FitMany,
    HasATE,
    HasATEInterval,
    HasEffect,
    HasEffectInterval,
    HasFitMany,
    HasITEInterval,
    Intervals,
)
from estimators.plugins import load_plugin
from estimators.registry import REGISTRY, Problem

get = REGISTRY.get
info = REGISTRY.info
infos = REGISTRY.infos
names = REGISTRY.names
parameters = REGISTRY.parameters
problems = REGISTRY.problems
register = REGISTRY.register

__all__ = [
    "get",
    "names",
    "info",
    "infos",
    "parameters",
    "register",
    "load_plugin",
    "problems",
    "check_estimator",
    "CheckReport",
    "ConformanceError",
    "Estimand",
    "Estimator",
    "EstimatorInfo",
    "Intervals",
    "ATE_OF_ROWS",
    "ATE_OF_FIT",
    "HasEffect",
    "HasATE",
    "HasEffectInterval",
    "HasATEInterval",
    "HasITEInterval",
    "HasFitMany",
    "FitMany",
    "EffectEstimator",
    "ATEEstimator",
    "CATEEstimator",
    "EffectIntervals",
    "ATEIntervals",
    "ITEIntervals",
    "EstimatorError",
    "UnknownEstimatorError",
    "MissingExtraError",
    "PluginError",
    "Problem",
]
