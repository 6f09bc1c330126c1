"""Sequence-driven structural causal models: causal data from any language model and any DAG.

>>> import sdscm
>>> model = sdscm.SDSCM("headache", "tabular:0")
>>> model.dataset(100)
<CausalDataset: 100 units of headache, 7 covariates (all), t = 1 is a nap>

``tabular:0`` is a random table, for examples; ``SDSCM("headache")`` takes the embedded language
model. Source: Bynum and Cho, "Language Models as Causal Effect Generators", arXiv 2411.08019 v2.
"""

from typing import TYPE_CHECKING

from sdscm.lazy import lazy_names, warn_of_hidden

if TYPE_CHECKING:
    from sdscm.data.dataset import CausalDataset as CausalDataset
    from sdscm.data.diagnostics import DatasetFacts as DatasetFacts
    from sdscm.data.diagnostics import MechanismFacts as MechanismFacts
    from sdscm.data.diagnostics import facts as facts
    from sdscm.data.diagnostics import mechanism_facts as mechanism_facts
    from sdscm.data.identified import IdentifiedEffect as IdentifiedEffect
    from sdscm.data.identified import identified_in as identified_in
    from sdscm.data.multi_arm import MultiArmDataset as MultiArmDataset
    from sdscm.data.provenance import Provenance as Provenance
    from sdscm.data.settings import SETTING_INFOS as SETTING_INFOS
    from sdscm.data.settings import SettingInfo as SettingInfo
    from sdscm.errors import InputError as InputError
    from sdscm.errors import MissingExtraError as MissingExtraError
    from sdscm.inference.confounding import HiddenConfounding as HiddenConfounding
    from sdscm.inference.labelled import Enumeration as Enumeration
    from sdscm.literals import DEFAULT_LM as DEFAULT_LM
    from sdscm.literals import SETTINGS as SETTINGS
    from sdscm.literals import Setting as Setting
    from sdscm.lm.backends.tabular import TabularLM as TabularLM
    from sdscm.lm.interface import LanguageModel as LanguageModel
    from sdscm.lm.load import load_lm as load_lm
    from sdscm.lm.registry import register_lm as register_lm
    from sdscm.sampling.interventions import UNIFORM as UNIFORM
    from sdscm.sampling.units import Units as Units
    from sdscm.scm import SDSCM as SDSCM
    from sdscm.spec.files import load_spec as load_spec
    from sdscm.spec.files import scenario_names as scenario_names
    from sdscm.spec.model import PhrasedSpec as PhrasedSpec
    from sdscm.spec.model import Spec as Spec
    from sdscm.version import __version__ as __version__
else:
    __getattr__, __dir__, __all__ = lazy_names(
        __name__,
        {
            "sdscm.spec.files": ["load_spec", "scenario_names"],
            "sdscm.spec.model": ["Spec", "PhrasedSpec"],
            "sdscm.lm.load": ["load_lm"],
            "sdscm.lm.registry": ["register_lm"],
            "sdscm.lm.interface": ["LanguageModel"],
            "sdscm.lm.backends.tabular": ["TabularLM"],
            "sdscm.scm": ["SDSCM"],
            "sdscm.sampling.units": ["Units"],
            "sdscm.sampling.interventions": ["UNIFORM"],
            "sdscm.inference.labelled": ["Enumeration"],
            "sdscm.inference.confounding": ["HiddenConfounding"],
            "sdscm.data.dataset": ["CausalDataset"],
            "sdscm.data.identified": ["IdentifiedEffect", "identified_in"],
            "sdscm.data.multi_arm": ["MultiArmDataset"],
            "sdscm.data.provenance": ["Provenance"],
            "sdscm.literals": ["DEFAULT_LM", "SETTINGS", "Setting"],
            "sdscm.data.settings": ["SETTING_INFOS", "SettingInfo"],
            "sdscm.data.diagnostics": [
                "facts",
                "mechanism_facts",
                "DatasetFacts",
                "MechanismFacts",
            ],
            "sdscm.errors": ["InputError", "MissingExtraError"],
            "sdscm.version": ["__version__"],
        },
    )
    warn_of_hidden(__file__, ["estimators", "benchmarks"])
