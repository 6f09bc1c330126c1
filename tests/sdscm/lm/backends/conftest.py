"""Compare a language model with another one on what scenarios ask."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from sdscm import SDSCM, load_spec
from sdscm.lm import Choice


@pytest.fixture(scope="session")
def drawn_choices() -> Callable[..., list[Choice]]:
    """Distinct choices that a model answers while units of a scenario are drawn."""

    def draw(scenario: str, lm: Any, units: int = 60) -> list[Choice]:
        seen: dict[Choice, None] = {}

        class Recorder:
            id, revision = lm.id, lm.revision

            def score(self, choices: Any) -> Any:
                seen.update(dict.fromkeys(choices))
                return lm.score(choices)

        SDSCM(load_spec(scenario), Recorder()).sample(units, seed=1)
        return list(seen)

    return draw


@pytest.fixture(scope="session")
def compare_datasets() -> Callable[..., tuple[float, float]]:
    """Share of equal labels, and largest difference of the potential outcomes where all agree."""

    def compare(scenario: str, one: Any, other: Any, units: int) -> tuple[float, float]:
        models = [SDSCM(load_spec(scenario), lm) for lm in (one, other)]
        labels = [model.sample(units, seed=1).labels for model in models]
        equal = (labels[0] == labels[1]).to_numpy()
        data = [model.dataset(units, seed=1, cate_contexts=0) for model in models]
        outcomes = [np.column_stack([each.y0, each.y1]) for each in data]
        rows = equal.all(axis=1)
        differences = np.abs(outcomes[0] - outcomes[1])[rows]
        print(
            f"{scenario}: {equal.mean():.4f} of {equal.size} labels equal, in {rows.sum()} of "
            f"{units} units all; outcomes differ by up to {differences.max():.1e}"
        )
        return float(equal.mean()), float(differences.max())

    return compare
