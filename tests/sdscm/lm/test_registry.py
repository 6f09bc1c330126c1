"""A backend from outside: one file, or one registered function."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from sdscm.errors import InputError
from sdscm.lm import Choice, ScoreCache, TabularLM, backends, load_lm, registry
from sdscm.lm.backends.tabular import random_table
from sdscm.lm.registry import LMOptions, ModelHandle, find_backend, register_lm

CHOICE = Choice((), "It shows ", ("one", "two", "three"), ".")

FILE = """
from sdscm.lm.backends.tabular import TabularLM
from sdscm.lm.registry import LMOptions, ModelHandle, register_lm


@register_lm("loaded_die")
def open_model(name: str, options: LMOptions) -> ModelHandle:
    weights = [float(weight) for weight in name.split(",")]
    return ModelHandle(f"die {name}", "1", lambda: TabularLM(lambda choice: weights))
"""


@pytest.fixture(autouse=True)
def as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_BACKENDS", dict(registry._BACKENDS))


def test_a_backend_is_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "loaded_die.py").write_text(FILE)
    monkeypatch.setattr(backends, "__path__", [*backends.__path__, str(tmp_path)])
    monkeypatch.delitem(sys.modules, "sdscm.lm.backends.loaded_die", raising=False)
    lm = load_lm("loaded_die:1,2,1", store=False)
    np.testing.assert_allclose(np.exp(lm.score([CHOICE])[0].sentence), [1, 2, 1])


def test_a_backend_of_a_user_is_cached_under_its_handle(tmp_path: Path) -> None:
    loaded = []

    @register_lm("dice")
    def open_model(name: str, options: LMOptions) -> ModelHandle:
        def load() -> TabularLM:
            loaded.append(options.batch_tokens)
            return TabularLM(lambda choice: [1.0] * int(name))

        return ModelHandle(id=f"dice-{name}", revision="1", load=load)

    cache = tmp_path / "scores.sqlite"
    for _ in range(2):
        lm = load_lm("dice:3", store=cache, batch_tokens=7)
        assert (lm.id, lm.revision) == ("dice-3", "1")
        np.testing.assert_allclose(lm.score([CHOICE])[0].sentence, np.zeros(3))
    assert loaded == [7]
    assert len(ScoreCache(cache)) == 1


def test_a_model_of_unknown_content_is_not_cached(tmp_path: Path) -> None:
    @register_lm("dice")
    def open_model(name: str, options: LMOptions) -> ModelHandle:
        return ModelHandle("d", "1", lambda: TabularLM(lambda c: [1, 1, 1]), cacheable=False)

    assert isinstance(load_lm("dice:3", store=tmp_path / "scores.sqlite"), TabularLM)


@pytest.mark.parametrize("scheme", ["no_such", "loadcheck", "", "a.b", "c/d"])
def test_no_backend(scheme: str) -> None:
    assert find_backend(scheme) is None


def test_an_unknown_scheme_is_no_model(monkeypatch: pytest.MonkeyPatch, one_line: object) -> None:
    monkeypatch.setattr("sdscm.lm.backends.pretrained.hub_answers", lambda name: False)
    with pytest.raises(InputError, match="language model 'no_such:model'"):
        load_lm("no_such:model")


def test_a_random_table_by_its_seed() -> None:
    (scores,) = load_lm("tabular:3").score([CHOICE])
    (same,) = TabularLM(random_table(3)).score([CHOICE])
    np.testing.assert_array_equal(scores.sentence, same.sentence)
    with pytest.raises(InputError, match="tabular:x: give the seed"):
        load_lm("tabular:x")
