"""The committed facts about the shipped scenarios, and warnings that follow from such facts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks.datasets import scenario_facts
from benchmarks.datasets.facts import entry_lines, profile_of
from sdscm import DEFAULT_LM, Spec, load_lm, load_spec
from sdscm.data.diagnostics import Profile
from sdscm.spec import scenario_names

MEASURED = list(scenario_facts.table().index)


def part_of(name: str, sentences: scenario_facts.Sentences) -> Spec:
    return scenario_facts.parts(load_spec(name))[sentences]


def test_scenarios_are_as_they_were_measured() -> None:
    """If this fails: python -m benchmarks.datasets.scenario_facts SCENARIO."""
    assert {name for name, _ in MEASURED} <= set(scenario_names())
    assert len(MEASURED) >= 5
    for name, sentences in MEASURED:
        assert scenario_facts.known(part_of(name, sentences)) is not None, (name, sentences)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "sentences"), MEASURED)
def test_the_facts_are_measured_again(
    name: str, sentences: scenario_facts.Sentences, converted_model: None
) -> None:
    lm = load_lm(DEFAULT_LM, precision="float64")
    found = scenario_facts.measure(part_of(name, sentences), lm)
    kept = scenario_facts.table().loc[(name, sentences)].drop("content_hash").to_dict()
    assert found == pytest.approx(kept, abs=1e-3, nan_ok=True)


def test_a_changed_scenario_is_unknown() -> None:
    spec = load_spec("hiring")
    assert scenario_facts.known(spec.model_copy(update={"outcome_value": "reject"})) is None


def facts_of(**changes: object) -> pd.DataFrame:
    """Two datasets whose confounding is 0.3 and -0.5 SD(y)."""
    columns: dict[str, object] = {"confounding": [0.3, -0.5], "sate_sd": [1.0, -2.0]}
    columns |= {
        "heterogeneity": [0.4, 0.2],
        "cate_spread": [0.1, np.nan],
        "temperature": 2.5,
        "noise": 0.0,
    }
    return pd.DataFrame({"entry": ["x", "x"], "post_treatment": ["", ""], **columns, **changes})


def test_a_line_holds_the_means() -> None:
    profile = profile_of(facts_of())
    assert (profile.confounding, profile.sate) == (pytest.approx(0.4), pytest.approx(1.5))
    assert (profile.heterogeneity, profile.hidden_spread) == (pytest.approx(0.3), 0.1)
    line = "x at temperature 2.5: confounded by 0.400 SD(y), effects vary by 0.300 SD(y)"
    assert entry_lines(facts_of(), lambda _: ["all"]) == (f"{line}.",)
    assert entry_lines(facts_of(), lambda _: ["all", "hidden"]) == (
        f"{line} (the CATE in 'hidden' by 0.100).",
    )


@pytest.mark.parametrize(
    ("profile", "hidden", "warned"),
    [
        (Profile(0.4, 1, 0.3, 0.1), True, ()),
        (Profile(0.01, 1, 0.3, 0.1), False, ()),
        (Profile(0.01, 1, 0.3, 0.1), True, ("hardly biased",)),
        (Profile(0.4, 1, 0.001, 0.0), True, ("does not vary",)),
        (Profile(0.4, 0, 0, 0), True, ("no effect",)),
        (Profile(0.4, 1, 0.3, 0.01), True, ("hardly varies in 'hidden'",)),
        (Profile(0.4, 1, 0.3, 0.01), False, ()),
        (Profile(np.nan, np.nan, np.nan, np.nan), True, ()),
    ],
)
def test_warnings(profile: Profile, hidden: bool, warned: tuple[str, ...]) -> None:
    found = profile.warnings(hidden)
    assert len(found) == len(warned)
    assert all(part in text for part, text in zip(warned, found, strict=True))
