"""Language models: scorers of choices, behind one protocol."""

from sdscm.lm.interface import Choice, ChoiceScores, LanguageModel
from sdscm.lm.load import DEFAULT_LM, load_lm
from sdscm.lm.store import ScoreStore, StoredLM
from sdscm.lm.tabular import TabularLM, random_table

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
