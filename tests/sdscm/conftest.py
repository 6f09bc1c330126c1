"""What the tests of the engine share: a private cache folder, small specs, the embedded model."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from sdscm.lm import LanguageModel, load_lm
from sdscm.lm.embedded import EMBEDDED
from sdscm.spec import Spec, spec_from_yaml

_CACHE_OF_THE_USER = os.environ.get("SDSCM_CACHE")

# The same examples at each run: a test that fails in CI fails on every machine.
settings.register_profile("sdscm", derandomize=True, deadline=None, database=None)
settings.load_profile("sdscm")

# The DAG of a study in which nothing is simple: two roots, a mediator, a variable behind the
# outcome, and one that neither causes nor is caused by the treatment.
CLINIC = """\
name: clinic
variables:
  - {name: age, role: exogenous, values: [young, old], phrasings: ["The patient is {value}."]}
  - {name: town, role: exogenous, values: [Rome, Oslo, Bonn], distribution: [0.5, 0.3, 0.2],
     phrasings: ["She lives in {value}."]}
  - {name: smoker, role: covariate, values: ["no", "yes"], parents: [age, town],
     phrasings: ["Asked whether she smokes, she says {value}.", "Smoker: {value}."]}
  - {name: hobby, role: covariate, values: [chess, golf, tennis], parents: [town],
     phrasings: ["In her free time she plays {value}."]}
  - {name: drug, role: treatment, values: [placebo, statin], parents: [age, smoker],
     phrasings: ["She takes the {value}.", "Her doctor gives her the {value}."]}
  - {name: pressure, role: covariate, values: [low, normal, high], parents: [drug, smoker],
     phrasings: ["Her blood pressure is {value}."]}
  - {name: state, role: outcome, values: [recovers, worsens, dies], parents: [drug, pressure, age],
     phrasings: ["In the end she {value}.", "A month later she {value} at home."]}
  - {name: ward, role: covariate, values: [A, B], parents: [state],
     phrasings: ["She is moved to ward {value}."]}
outcome_value: worsens
"""


@pytest.fixture(autouse=True)
def _private_cache(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No test reads or writes the scores of the user."""
    monkeypatch.setenv("SDSCM_CACHE", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def clinic() -> Spec:
    return spec_from_yaml(CLINIC, "clinic.yaml")


@pytest.fixture
def one_line() -> Callable[[BaseException], str]:
    """The message of an error, once it is seen to be one line that says something."""

    def check(error: BaseException) -> str:
        message = str(error)
        assert message, "the error has no message"
        assert "\n" not in message, message
        return message

    return check


@pytest.fixture(scope="session")
def embedded_folder() -> Path:
    """The embedded model, converted once to the user's own cache (15 s the first time)."""
    with pytest.MonkeyPatch.context() as patch:
        if _CACHE_OF_THE_USER is None:
            patch.delenv("SDSCM_CACHE", raising=False)
        else:
            patch.setenv("SDSCM_CACHE", _CACHE_OF_THE_USER)
        return EMBEDDED["smollm2-135m"].folder()


@pytest.fixture(scope="session")
def embedded_lm(embedded_folder: Path) -> Iterator[LanguageModel]:
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield load_lm(str(embedded_folder), store=False)
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def bits() -> Callable[[Any], list[bytes]]:
    """Scores as bytes: equal only if every bit is."""

    def of(scores: Any) -> list[bytes]:
        arrays = [(s.sentence, s.value, s.sentence_tokens, s.value_tokens) for s in scores]
        return [b"".join(array.tobytes() for array in four) for four in arrays]

    return of
