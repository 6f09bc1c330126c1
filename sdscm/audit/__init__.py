"""Auditing language models for the causal effects that they encode.

`audit` measures, in each of many phrasings, what a language model makes of a treatment under a DAG,
and says how sure that is. The effects are facts about the model under this DAG and these phrasings;
they claim nothing about the world.
"""

from sdscm.audit.effects.estimand import Estimand
from sdscm.audit.effects.measure import Measure
from sdscm.audit.finding import Finding, PhrasingEffect, PValue, Tests, Verdict
from sdscm.audit.inference.interval import ConfidenceInterval
from sdscm.audit.inference.variance import VarianceSplit
from sdscm.audit.result import AuditedModel, AuditResult, Control, ValueMean
from sdscm.audit.run import audit

__all__ = [
    "audit",
    "AuditResult",
    "AuditedModel",
    "Control",
    "ValueMean",
    "Finding",
    "PhrasingEffect",
    "Tests",
    "PValue",
    "Verdict",
    "ConfidenceInterval",
    "VarianceSplit",
    "Estimand",
    "Measure",
]
