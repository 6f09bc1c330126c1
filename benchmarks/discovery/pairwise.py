"""Ask a language model which variables cause which, by their names only."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

import numpy as np
import pandas as pd

from sdscm.lm.interface import Choice, LanguageModel


def question(cause: str, effect: str) -> Choice:
    """The question whether one variable causes another.

    Examples
    --------
    >>> from benchmarks.discovery.pairwise import question
    >>> question("bus_ride", "mood").context
    ('Question: Does a change of bus ride cause a change of mood?',)
    """
    cause, effect = (name.replace("_", " ") for name in (cause, effect))
    return Choice(
        context=(f"Question: Does a change of {cause} cause a change of {effect}?",),
        prefix="Answer: ",
        values=("yes", "no"),
        suffix=".",
    )


def pairwise_scores(lm: LanguageModel, names: Sequence[str]) -> pd.DataFrame:
    """Log-odds of a yes for each ordered pair of names.

    Returns
    -------
    DataFrame with a row for each cause and a column for each effect; 0 on the diagonal.
    """
    pairs = list(permutations(range(len(names)), 2))
    found = np.zeros((len(names), len(names)))
    for (i, j), answer in zip(
        pairs, lm.score([question(names[i], names[j]) for i, j in pairs]), strict=True
    ):
        yes, no = answer.value
        found[i, j] = yes - no
    return pd.DataFrame(found, list(names), list(names))
