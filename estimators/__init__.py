"""Effect estimators with one interface, found by name.

>>> import estimators, sdscm
>>> data = sdscm.SDSCM("headache", "tabular:0").dataset(200)
>>> fitted = estimators.get("LinReg").fit(data.X, data.t, data.y)
>>> bool(abs(fitted.ate(data.X) - data.sate) < 0.1)
True

Each name is imported when it is first used (PEP 562): listing the estimators imports neither pandas
nor scikit-learn.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from estimators.base import (
        ATEEstimator,
        ATEIntervals,
        CATEEstimator,
        EffectEstimator,
        EffectIntervals,
        ITEIntervals,
        Standardised,
    )
    from estimators.bounds import ATEBounds
    from estimators.check import CheckReport, ConformanceError, check_estimator
    from estimators.errors import (
        EstimatorError,
        MissingExtraError,
        PluginError,
        UnknownEstimatorError,
    )
    from estimators.interface import (
        ATE_OF_COMPLIERS,
        ATE_OF_FIT,
        ATE_OF_ROWS,
        OF_ROWS,
        Estimand,
        Estimator,
        EstimatorInfo,
        FitMany,
        HasArmEffects,
        HasATE,
        HasATEBounds,
        HasATEInterval,
        HasEffect,
        HasEffectInterval,
        HasFitMany,
        HasITEInterval,
        Intervals,
        Need,
        Strength,
    )
    from estimators.many_arms import ManyArms
    from estimators.pairwise import Pairwise
    from estimators.plugins import load_plugin
    from estimators.registry import REGISTRY, Problem

    get = REGISTRY.get
    info = REGISTRY.info
    infos = REGISTRY.infos
    names = REGISTRY.names
    parameters = REGISTRY.parameters
    problems = REGISTRY.problems
    register = REGISTRY.register
    where = REGISTRY.where

__all__ = [
    "get",
    "names",
    "info",
    "infos",
    "parameters",
    "register",
    "load_plugin",
    "problems",
    "where",
    "check_estimator",
    "CheckReport",
    "ConformanceError",
    "Estimand",
    "Estimator",
    "EstimatorInfo",
    "Intervals",
    "ATE_OF_ROWS",
    "ATE_OF_FIT",
    "ATE_OF_COMPLIERS",
    "Need",
    "Strength",
    "OF_ROWS",
    "HasEffect",
    "HasATE",
    "HasEffectInterval",
    "HasATEInterval",
    "HasATEBounds",
    "HasITEInterval",
    "HasArmEffects",
    "HasFitMany",
    "FitMany",
    "EffectEstimator",
    "ATEEstimator",
    "CATEEstimator",
    "EffectIntervals",
    "ATEIntervals",
    "ATEBounds",
    "ITEIntervals",
    "ManyArms",
    "Pairwise",
    "Standardised",
    "EstimatorError",
    "UnknownEstimatorError",
    "MissingExtraError",
    "PluginError",
    "Problem",
]

#: Names that are methods of the registry.
_OF_REGISTRY = ("get", "info", "infos", "names", "parameters", "problems", "register", "where")
#: The modules that define the other names; those that import no library come first.
_MODULES = (
    "interface",
    "errors",
    "registry",
    "plugins",
    "base",
    "bounds",
    "many_arms",
    "pairwise",
    "check",
)


def __getattr__(name: str) -> Any:
    if name in _OF_REGISTRY:
        return getattr(import_module("estimators.registry").REGISTRY, name)
    for module in _MODULES if name in __all__ else ():
        found = getattr(import_module(f"{__name__}.{module}"), name, None)
        if found is not None:
            globals()[name] = found
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
