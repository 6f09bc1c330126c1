"""The conformance check: the rules that every estimator must keep to be benchmarked.

>>> from estimators.check import check_estimator
>>> check_estimator("LinReg").passed  # doctest: +SKIP
"""

from estimators.check.run import RULES, RULES_OF_REGISTERED, check_estimator, title
from estimators.check.subject import CheckData, check_data
from estimators.check.verdict import CheckReport, ConformanceError

__all__ = [
    "check_estimator",
    "CheckReport",
    "ConformanceError",
    "CheckData",
    "check_data",
    "RULES",
    "RULES_OF_REGISTERED",
    "title",
]
