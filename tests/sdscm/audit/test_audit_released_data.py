"""The paper's own example, P(therapy = 2) of GPT-2 against Llama 3, as the audit would sign it.

Facts about the released data (read in place; it has no licence to copy it): 50 phrasings, 20
datasets of each, effects in standard deviations of a dataset's outcome.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sdscm.audit import Estimand, Finding, Measure
from sdscm.audit.effects.arms import Estimate
from sdscm.audit.finding import Inference, make_finding
from sdscm.audit.plan import Question

PAPER = Path(__file__).resolve().parents[4] / "shared" / "paper"
QUESTION = Question("0", "1", Measure("probability", "2", (0, 0, 1, 0)), Estimand("total"))


def effects(name: str) -> pd.Series:
    """Average effect on P(X13 = 2), normalised over the domain, of each (phrasing, dataset)."""
    path = PAPER / f"{name}.parquet"
    if not path.exists():
        pytest.skip(f"the released data is not at {path}")
    data = pd.read_parquet(path)
    chances = []
    for treatment in (0, 1):
        columns = [f"logP(X13={value})|do(X12={treatment})" for value in range(4)]
        logs = data[columns].to_numpy(dtype=float)
        chances.append(np.exp(logs[:, 2]) / np.exp(logs).sum(axis=1))
    seen = np.where(data["X12"] == 1, chances[1], chances[0])
    frame = pd.DataFrame({"ite": chances[1] - chances[0], "y": seen})
    groups = frame.groupby([data["variant"], data["dataset"]])
    return groups["ite"].mean() / groups["y"].std()


def audited(name: str, less: str = "") -> Finding:
    each = effects(name).groupby("variant").mean()
    if less:
        each = each - effects(less).groupby("variant").mean()
    estimates = [Estimate(float(value)) for value in each]
    return make_finding(
        QUESTION, list(each.index), estimates, Inference(), model=name, against=less
    )


def test_gpt2_has_no_effect_that_can_be_told() -> None:
    of_datasets = effects("gpt2")
    assert len(of_datasets) == 1000
    assert of_datasets.mean() == pytest.approx(0.03, abs=0.005)
    assert (of_datasets > 0).mean() == pytest.approx(0.5, abs=0.01)
    found = audited("gpt2")
    assert len(found.effects) == 50
    assert found.mean == pytest.approx(of_datasets.mean())
    assert found.agreement == pytest.approx(0.5, abs=0.01)
    assert found.interval is not None
    assert found.interval.covers(0.0)
    assert found.tests is not None
    assert found.tests.no_effect.raw > 0.3
    assert found.tests.detectable > 0.1


def test_llama_has_one_in_every_phrasing() -> None:
    of_datasets = effects("llama-3-8b")
    assert of_datasets.mean() == pytest.approx(0.39, abs=0.005)
    assert (of_datasets > 0).all()
    found = audited("llama-3-8b")
    assert found.agreement == 1
    assert found.interval is not None
    assert found.interval.low > 0.3
    assert found.tests is not None
    assert found.tests.no_effect.raw < 1e-4


def test_the_difference_is_not_the_wording() -> None:
    found = audited("llama-3-8b", less="gpt2")
    assert found.mean == pytest.approx(0.36, abs=0.005)
    assert found.interval is not None
    assert found.interval.low > 0.2
    assert found.tests is not None
    assert found.tests.no_effect.raw < 1e-3
