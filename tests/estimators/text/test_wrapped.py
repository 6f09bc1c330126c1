"""Estimators that read texts, on texts that tell a confounder."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import estimators
from estimators.text.wrapped import Text, TfidfFeatures


def _told(n: int = 1_500) -> tuple[pd.DataFrame, np.ndarray, np.ndarray, pd.Series]:
    """A confounder that only the texts tell, with an effect of 1."""
    draw = np.random.default_rng(0)
    sad, x = draw.integers(0, 2, n), draw.normal(size=n)
    t = (draw.random(n) < np.where(sad, 0.8, 0.2)).astype(int)
    y = t + 4 * sad + x + draw.normal(scale=0.1, size=n)
    towns = draw.choice(["Rome", "Oslo", "Bonn"], n)
    moods = np.where(sad, "sad", "glad")
    texts = [
        f"Ann lives in {town}. Today she is {mood}."
        for town, mood in zip(towns, moods, strict=True)
    ]
    return pd.DataFrame({"x": x}), t, y, pd.Series(texts)


@pytest.mark.parametrize("name", ["Text-AIPW", "Text-RF", "Text-DML"])
def test_the_text_removes_the_bias(name):
    X, t, y, texts = _told()
    fitted = estimators.get(name).fit(X, t, y, text=texts)
    assert y[t == 1].mean() - y[t == 0].mean() > 2.5
    assert fitted.ate(X, text=texts) == pytest.approx(1, abs=0.15)


def test_the_wrapper_is_the_estimator_on_both():
    X, t, y, texts = _told(400)
    counts = make_pipeline(CountVectorizer(), FunctionTransformer(lambda m: m.toarray()))
    fitted = Text("LinReg", counts).fit(X, t, y, text=texts)
    design = np.column_stack([t, X, CountVectorizer().fit_transform(texts).toarray()])
    expected = LinearRegression().fit(design, y).coef_[0]
    assert fitted.effect(X, text=texts) == pytest.approx(np.full(400, expected), rel=1e-6)
    some = fitted.effect(X[:7], text=texts[:7])
    assert some.shape == (7,)


def test_features_of_few_texts():
    features = TfidfFeatures(20).fit(["a b", "a c", "a d"])
    assert features.transform(["a b", "something else"]).shape == (2, 2)


def test_wrong_texts_are_refused():
    X, t, y, texts = _told(60)
    with pytest.raises(estimators.EstimatorError, match="needs text"):
        estimators.get("Text-RF").fit(X, t, y)
    with pytest.raises(estimators.EstimatorError, match="59 rows"):
        estimators.get("Text-RF").fit(X, t, y, text=texts[1:])
    with pytest.raises(estimators.EstimatorError, match="row 3 is a float"):
        estimators.get("Text-RF").fit(X, t, y, text=[*texts[:3], 1.5, *texts[4:]])


def test_texts_without_a_word_are_refused():
    with pytest.raises(estimators.EstimatorError, match="no row has a word"):
        TfidfFeatures().fit(["", " . "])
