"""Auditing language models for the causal effects that they encode.

`audit` measures the effect of a treatment that a language model encodes under a DAG, in each of
many phrasings, with intervals and tests over the phrasings. The effects are facts about the model
under this DAG and these phrasings. They say nothing about the world.
"""

from sdscm.audit.effects.estimand import Estimand
from sdscm.audit.effects.measure import Measure
from sdscm.audit.finding import Finding, PhrasingEffect, PValue, Tests, Verdict
from sdscm.audit.inference import ConfidenceInterval, VarianceSplit
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
