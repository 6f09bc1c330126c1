"""Sequence-driven structural causal models: any language model and any DAG make causal data.

Source: Bynum and Cho, "Language Models as Causal Effect Generators", arXiv 2411.08019 v2.

Each name is imported when it is first used (PEP 562): ``sdscm --help`` needs none of them.
"""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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

#: The modules that define the names above.
_MODULES = {
    "data.dataset": ["SETTINGS", "CausalDataset", "Provenance", "Setting"],
    "data.diagnostics": ["DatasetFacts", "MechanismFacts", "facts", "mechanism_facts"],
    "errors": ["InputError", "MissingExtraError"],
    "inference.enumeration": ["Enumeration"],
    "lm": ["DEFAULT_LM", "LanguageModel", "TabularLM", "load_lm"],
    "sampling.interventions": ["UNIFORM"],
    "sampling.units": ["Units"],
    "scm": ["SDSCM"],
    "spec": ["PhrasedSpec", "Spec", "load_spec", "scenario_names"],
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return __all__
