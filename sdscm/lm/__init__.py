"""Language models: scorers of choices, behind one protocol."""

from typing import TYPE_CHECKING

from sdscm.lazy import lazy_names

if TYPE_CHECKING:
    from sdscm.lm.backends.tabular import TabularLM as TabularLM
    from sdscm.lm.backends.tabular import random_table as random_table
    from sdscm.lm.interface import Choice as Choice
    from sdscm.lm.interface import ChoiceScores as ChoiceScores
    from sdscm.lm.interface import LanguageModel as LanguageModel
    from sdscm.lm.load import DEFAULT_LM as DEFAULT_LM
    from sdscm.lm.load import load_lm as load_lm
    from sdscm.lm.score_cache import CachedLM as CachedLM
    from sdscm.lm.score_cache import ScoreCache as ScoreCache
else:
    __getattr__, __dir__, __all__ = lazy_names(
        __name__,
        {
            "sdscm.lm.load": ["load_lm", "DEFAULT_LM"],
            "sdscm.lm.interface": ["LanguageModel", "Choice", "ChoiceScores"],
            "sdscm.lm.score_cache": ["CachedLM", "ScoreCache"],
            "sdscm.lm.backends.tabular": ["TabularLM", "random_table"],
        },
    )
