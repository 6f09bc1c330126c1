"""Language models: scorers of choices, behind one protocol."""

from sdscm.lm.backends.tabular import TabularLM, random_table
from sdscm.lm.interface import Choice, ChoiceScores, LanguageModel
from sdscm.lm.load import DEFAULT_LM, load_lm
from sdscm.lm.score_cache import ScoreStore, StoredLM

__all__ = [
    "load_lm",
    "DEFAULT_LM",
    "LanguageModel",
    "Choice",
    "ChoiceScores",
    "StoredLM",
    "ScoreStore",
    "TabularLM",
    "random_table",
]
