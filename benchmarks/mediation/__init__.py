"""Mediation on data of SD-SCMs: natural direct and indirect effects, with exact truth.

>>> from benchmarks import mediation
>>> found = mediation.run(["loan"], "tabular:0", n=100, phrasings=1, settings=["all"],
...                       methods=["Regression with interaction"], workers=0, runs_dir=None)
>>> found.cells["status"].tolist()
['ok']
"""

from benchmarks.mediation.check import check_method
from benchmarks.mediation.experiment import MediationResult, run
from benchmarks.mediation.job import MediationAnswer
from benchmarks.mediation.registry import MediationInfo, MediationMethod, get, names, register
from benchmarks.mediation.scores import score
from benchmarks.mediation.truth import NaturalEffects

__all__ = [
    "run",
    "MediationResult",
    "NaturalEffects",
    "MediationAnswer",
    "score",
    "register",
    "names",
    "get",
    "check_method",
    "MediationMethod",
    "MediationInfo",
]
