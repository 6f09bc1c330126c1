"""Texts are prepared once, before the cells run."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import BaseEstimator

import benchmarks
from benchmarks.suite.model import Suite
from estimators.text import featurisers


class Counting(BaseEstimator):
    """The number of words of each text; it records which texts are prepared and which are read."""

    prepared: list[str] = []  # noqa: RUF012
    read: list[str] = []  # noqa: RUF012

    def prepare(self, texts):
        assert not self.read, "a cell ran before"
        self.prepared += texts

    def fit(self, texts):
        return self

    def transform(self, texts):
        self.read += texts
        return np.array([[len(text.split())] for text in texts])


class Failing(Counting):
    def prepare(self, texts):
        raise OSError("no space left")

    fit = prepare


@pytest.fixture
def run(monkeypatch, tmp_path):
    Counting.prepared.clear()
    Counting.read.clear()

    def run(featuriser):
        monkeypatch.setattr(featurisers, "_points", lambda: {"words": lambda: featuriser})
        suite = Suite.model_validate(
            {
                "name": "prepared",
                "settings": ["hidden", "text"],
                "holdout": 0.25,
                "repetitions": 2,
                "datasets": [{"scenario": "training", "lm": "tabular:0", "n": 120, "phrasings": 2}],
                "estimators": [
                    "DiffInMeans",
                    {"name": "Text-AIPW", "params": {"featuriser": "words"}},
                ],
            }
        )
        return benchmarks.run(suite, workers=0, results_dir=None, runs_dir=tmp_path)

    return run


def test_each_text_is_prepared_once_before_the_cells(run):
    run(Counting)
    assert len(set(Counting.prepared)) == len(Counting.prepared) > 120
    assert set(Counting.read) == set(Counting.prepared)  # those of held-out rows, too
    before = len(Counting.prepared)
    Counting.read.clear()
    run(Counting)  # nothing is left to do
    assert len(Counting.prepared) == before


def test_a_problem_is_a_failed_cell(run):
    cells = run(Failing).cells
    texts = cells[cells["estimator"] == "Text-AIPW"]
    assert set(texts["status"]) == {"failed"}
    assert texts["reason"].str.contains("no space left").all()
    assert set(cells.loc[cells["estimator"] == "DiffInMeans", "status"]) == {"ok"}
