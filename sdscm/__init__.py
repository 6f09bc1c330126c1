"""Sequence-driven structural causal models: any language model and any DAG make causal data.

Source: Bynum and Cho, "Language Models as Causal Effect Generators", arXiv 2411.08019 v2.
"""

from importlib.metadata import version

from sdscm.data.dataset import SETTINGS, CausalDataset, Provenance, Setting
from sdscm.data.diagnostics import DatasetFacts, MechanismFacts, facts, mechanism_facts
from sdscm.errors import InputError, MissingExtraError
from sdscm.inference.enumeration import Enumeration
from sdscm.lm import DEFAULT_LM, LanguageModel, TabularLM, load_lm
from sdscm.sampling.interventions import UNIFORM
from sdscm.sampling.units import Units
from sdscm.scm import SDSCM
from sdscm.spec import PhrasedSpec, Spec, load_spec, scenario_names

__version__ = version("sdscm")

__all__ = [
    "load_spec",
    "scenario_names",
    "load_lm",
    "DEFAULT_LM",
    "SDSCM",
    "Units",
    "UNIFORM",
    "Enumeration",
    "CausalDataset",
    "Provenance",
    "SETTINGS",
    "Setting",
    "facts",
    "DatasetFacts",
    "mechanism_facts",
    "MechanismFacts",
    "Spec",
    "PhrasedSpec",
    "LanguageModel",
    "TabularLM",
    "InputError",
    "MissingExtraError",
]
