"""Embeddings of texts: means of hidden states, once for each text, and their components."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.decomposition import PCA

import sdscm
from sdscm.embeddings import Embeddings, _handle
from sdscm.lm.registry import ModelHandle, register_lm
from sdscm.lm.score_cache import CachedLM, ScoreCache

TEXTS = ["He is at home.", "He is out.", "He is at sea. He is glad.", "It rains."]


class Letters:
    """A language model whose vectors count letters."""

    id, revision = "letters", "1"

    def __init__(self):
        self.asked = []

    def score(self, choices):
        raise AssertionError("not asked for")

    def embed(self, texts):
        self.asked += texts
        return np.array([[t.count(c) for c in "aehist"] for t in texts], dtype=np.float32)


@pytest.fixture
def letters(monkeypatch):
    model = Letters()
    _handle.cache_clear()
    register_lm("letters", lambda name, options: ModelHandle(name, "1", lambda: model))
    return model


def test_principal_components_of_the_vectors():
    texts, model = TEXTS * 3, Letters()
    found = Embeddings(model, components=2).fit(texts).transform(texts)
    expected = PCA(2).fit_transform(Letters().embed(texts).astype(float))
    np.testing.assert_allclose(np.abs(found), np.abs(expected), atol=1e-8)
    assert Embeddings(model).fit(texts).transform(texts[:2]).shape == (2, 3)  # four texts
    assert Embeddings(model).fit(["a", "a"]).transform(["b"]).shape == (1, 1)


def test_each_text_is_embedded_once_also_by_other_objects(letters):
    first = clone(Embeddings("letters:a", components=2)).fit(TEXTS * 2).transform(TEXTS)
    assert sorted(letters.asked) == sorted(TEXTS)
    Embeddings("letters:a").prepare([*TEXTS, "It snows."])
    assert letters.asked[len(TEXTS) :] == ["It snows."]
    again = Embeddings("letters:a", components=2).fit(TEXTS * 2).transform(TEXTS)
    assert np.array_equal(first, again)
    Embeddings("letters:b").prepare(TEXTS)  # another model
    assert len(letters.asked) == 2 * len(TEXTS) + 1


def test_vectors_in_the_cache_are_those_of_the_text_and_the_model(tmp_path):
    cache, model = ScoreCache(tmp_path / "scores.sqlite"), Letters()
    texts = [*TEXTS, TEXTS[1], "A hat.", TEXTS[0]]
    expected = Letters().embed(texts)
    known = {"id": "letters", "revision": "1", "scorer": ""}
    for number, change in enumerate([{}, {"revision": "2"}, {"scorer": "bfloat16"}, {"id": "x"}]):
        cached = CachedLM(lambda: model, cache=cache, **(known | change))
        for _ in range(2):  # computed, and then read
            np.testing.assert_array_equal(cached.embed(texts), expected)
        assert len(model.asked) == (number + 1) * (len(TEXTS) + 1)


def test_a_stopped_run_goes_on_where_it_was(letters, monkeypatch):
    monkeypatch.setattr("sdscm.lm.score_cache._TEXTS", 2)
    embed = letters.embed

    def stopped(texts):
        if len(letters.asked) == 2:
            raise KeyboardInterrupt
        return embed(texts)

    monkeypatch.setattr(letters, "embed", stopped)
    with pytest.raises(KeyboardInterrupt):
        Embeddings("letters:a").prepare(TEXTS)
    monkeypatch.setattr(letters, "embed", embed)
    Embeddings("letters:a").prepare(TEXTS)
    assert sorted(letters.asked) == sorted(TEXTS)


def test_a_model_without_vectors_is_refused(one_line):
    for lm in ("tabular:0", sdscm.load_lm("tabular:0", store=False)):
        with pytest.raises(sdscm.InputError, match="gives no vectors of texts") as error:
            Embeddings(lm).fit(TEXTS)
        one_line(error.value)


def brute_force(lm, text):
    """The mean of the last hidden states over the tokens after the start token, as torch has it."""
    tokens = lm._tokenize.tokenizer(text, add_special_tokens=False)["input_ids"]
    ids = torch.tensor([[lm._tokenize.start_token, *tokens]])
    with torch.inference_mode():
        states = lm._model(input_ids=ids, output_hidden_states=True, use_cache=False).hidden_states
    return states[-1][0, 1:].mean(0).numpy()


def test_means_of_the_embedded_model(embedded_lm):
    found = embedded_lm.embed(TEXTS)
    assert found.dtype == np.float32
    for text, vector in zip(TEXTS, found, strict=True):
        np.testing.assert_allclose(vector, brute_force(embedded_lm, text), atol=1e-4)
    # The same bits, whatever other texts there are.
    assert np.array_equal(embedded_lm.embed(TEXTS[::-1])[::-1], found)
    assert np.array_equal(embedded_lm.embed(TEXTS[2:3]), found[2:3])


def test_a_model_that_cannot_be_packed_has_the_same_means(embedded_lm, monkeypatch):
    found = embedded_lm.embed(TEXTS)
    monkeypatch.setattr(embedded_lm._states, "_packs", lambda length: False)
    np.testing.assert_allclose(embedded_lm.embed(TEXTS), found, atol=1e-4)


def test_texts_that_cannot_be_embedded_are_named(embedded_lm, one_line):
    for text in ("", "so " * 9_000):
        with pytest.raises(sdscm.InputError, match="embeds texts of 1 to") as error:
            embedded_lm.embed(["fine", text])
        one_line(error.value)
