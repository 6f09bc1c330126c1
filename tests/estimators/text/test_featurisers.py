"""Featurisers by name, and estimators with embeddings of the embedded language model."""

from __future__ import annotations

import tomllib
from importlib import metadata
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator

import estimators
from estimators.check import RULES, RULES_OF_REGISTERED
from estimators.text import featurisers
from estimators.text.wrapped import Text
from sdscm.embeddings import Embeddings

PROJECT = Path(__file__).parents[3] / "pyproject.toml"


class Lengths(BaseEstimator):
    """The number of letters of each text."""

    prepared: ClassVar[list[list[str]]] = []

    def __init__(self, random_state=None):
        self.random_state = random_state

    def prepare(self, texts):
        self.prepared.append(texts)

    def fit(self, texts):
        return self

    def transform(self, texts):
        return [[len(text)] for text in texts]


def broken():
    raise RuntimeError("no dictionary")


@pytest.fixture
def entry_points(monkeypatch):
    """The entry points that packages declare: two in this file."""

    def declared(group):
        assert group == "estimators.featurisers"
        return [
            metadata.EntryPoint(name, f"{__name__}:{target}", group)
            for name, target in (("lengths", "Lengths"), ("broken", "broken"))
        ]

    monkeypatch.setattr(featurisers.metadata, "entry_points", declared)
    monkeypatch.setattr(featurisers, "_points", featurisers._points_of_packages)


def by_length(n=600):
    """A confounder that only the length of the text shows, with an effect of 1."""
    draw = np.random.default_rng(0)
    long = draw.integers(0, 2, n)
    t = (draw.random(n) < np.where(long, 0.8, 0.2)).astype(int)
    y = t + 4 * long + draw.normal(scale=0.1, size=n)
    texts = pd.Series(np.where(long, "He is at home.", "He is in."))
    return pd.DataFrame({"x": draw.normal(size=n)}), t, y, texts


def test_a_featuriser_by_name(entry_points):
    X, t, y, texts = by_length()
    fitted = Text("LinReg", "lengths", random_state=7).fit(X, t, y, text=texts)
    assert fitted.ate(X, text=texts) == pytest.approx(1, abs=0.05)
    assert fitted.featuriser_.random_state == 7
    fitted.prepare(text=texts[:2])
    assert Lengths.prepared[-1] == list(texts[:2])


def test_a_featuriser_that_cannot_be_had_is_an_error_in_one_line(entry_points, one_line):
    with pytest.raises(estimators.EstimatorError, match="featurisers: broken, lengths") as error:
        featurisers.featuriser("lm2")
    one_line(error.value)
    with pytest.raises(estimators.EstimatorError, match="no dictionary"):
        featurisers.featuriser("broken")


def test_the_project_declares_the_featuriser_of_the_methods():
    declared = tomllib.loads(PROJECT.read_text())["project"]["entry-points"][featurisers.GROUP]
    (target,) = declared.values()
    point = metadata.EntryPoint("lm", target, featurisers.GROUP)
    for info in estimators.infos():
        if info.family == "Embedding":
            assert declared.keys() == {estimators.parameters(info.name)["featuriser"]}
    assert point.load() is Embeddings


@pytest.mark.slow
@pytest.mark.usefixtures("converted_model")
@pytest.mark.parametrize("name", ["Embedding-AIPW", "Embedding-RF", "Embedding-DML"])
def test_conformance_with_the_embedded_model(name, monkeypatch):
    monkeypatch.setattr(featurisers, "_points", lambda: {"lm": lambda: Embeddings})
    report = estimators.check_estimator(name)
    assert len(report.passed) == len(RULES) + len(RULES_OF_REGISTERED)
    X, t, y, texts = by_length()
    fitted = estimators.get(name).fit(X, t, y, text=texts)
    assert fitted.ate(X, text=texts) == pytest.approx(1, abs=0.1)
