"""The paper's example of a dataset, and the true effects in the units of the paper's histogram.

The outcomes are other ones than those of the tables, which take the score of the first therapy: the
example shows the score of the second and the category itself, and the histogram the probability of
the third, normalised over the therapies. Only the authors' notebook of plots says so, and which
dataset the example is; the paper's text was not at hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.datasets.paper.loading import read_columns
from benchmarks.datasets.paper.release import COVARIATES, TREATMENT
from sdscm import load_spec

#: Which dataset the paper shows, and the therapies of its figures.
LM, NUMBER, THERAPY = "llama-3-8b", 131, 1
HISTOGRAM_THERAPY = 2
_CATEGORY = "X13"
_THERAPIES = range(4)


@dataclass(frozen=True, eq=False)
class Example:
    """One released dataset as its figure shows it.

    Attributes
    ----------
    lm, number
    labels : DataFrame of shape (n, 14)
        Values as text under the names of the shipped scenario ``breast_cancer``, whose variables
        and values are those of the release (as categories, in the order of the domain); the
        treatment and the sampled therapy are the last.
    t : array of shape (n,)
        The treatment received, 0 or 1.
    propensity : array of shape (n,)
        P(t = 1), from the scores of the two treatments.
    y0, y1 : arrays of shape (n,)
        Score of one therapy under each treatment, in SD of the observed one.
    categories : array of shape (n, 2)
        The therapy that was drawn under each treatment.
    observed : array of shape (n,)
        The therapy that was drawn in the observed world.
    therapies : tuple of str
    """

    lm: str
    number: int
    labels: pd.DataFrame
    t: np.ndarray
    propensity: np.ndarray
    y0: np.ndarray
    y1: np.ndarray
    categories: np.ndarray
    observed: np.ndarray
    therapies: tuple[str, ...]

    @property
    def ite(self) -> np.ndarray:
        return self.y1 - self.y0

    @property
    def mean_difference(self) -> float:
        """Of the observed scores: what an analyst without covariates sees."""
        y = np.where(self.t == 1, self.y1, self.y0)
        return float(y[self.t == 1].mean() - y[self.t == 0].mean())


def read_example(
    folder: Path, lm: str = LM, number: int = NUMBER, therapy: int = THERAPY
) -> Example:
    """The data of the figure, from the folder that `benchmarks.datasets.paper.loading.find` gave.

    Raises
    ------
    InputError
        If there is no such dataset.
    """
    worlds = [f"{_CATEGORY}|do({TREATMENT}={arm})" for arm in (0, 1)]
    scores = [_score(therapy, arm) for arm in (0, 1)]
    treatments = [f"logP({TREATMENT}={arm})" for arm in (0, 1)]
    names = [*COVARIATES, TREATMENT, _CATEGORY]
    table = read_columns(lm, folder, [*names, *worlds, *scores, *treatments], number)
    spec = load_spec("breast_cancer")
    labels = {
        name: pd.Categorical.from_codes(
            table[column].to_numpy().astype(int), categories=pd.Index(spec.variable(name).values)
        )
        for name, column in zip(spec.order, names, strict=True)
    }
    t = table[TREATMENT].to_numpy().astype(int)
    y0, y1 = (table[score].to_numpy(float) for score in scores)
    sd = np.where(t == 1, y1, y0).std(ddof=1)
    return Example(
        lm=lm,
        number=number,
        labels=pd.DataFrame(labels),
        t=t,
        propensity=_softmax(table[treatments].to_numpy(float))[:, 1],
        y0=y0 / sd,
        y1=y1 / sd,
        categories=table[worlds].to_numpy().astype(int),
        observed=table[_CATEGORY].to_numpy().astype(int),
        therapies=spec.outcome.values,
    )


def normalised_sates(folder: Path, lm: str, therapy: int = HISTOGRAM_THERAPY) -> pd.Series:
    """The SATE of each dataset on the probability of a therapy, in SD of the observed one.

    Returns
    -------
    By dataset. The scores of the therapies are normalised over them first (a softmax).
    """
    names = [_score(each, arm) for arm in (0, 1) for each in _THERAPIES]
    table = read_columns(lm, folder, [TREATMENT, *names])
    p = [
        _softmax(table[[_score(each, arm) for each in _THERAPIES]].to_numpy(float))[:, therapy]
        for arm in (0, 1)
    ]
    found = pd.DataFrame(
        {
            "dataset": table["dataset"].to_numpy(),
            "ite": p[1] - p[0],
            "y": np.where(table[TREATMENT] == 1, p[1], p[0]),
        }
    ).groupby("dataset")
    return found["ite"].mean() / found["y"].std()


def _score(therapy: int, arm: int) -> str:
    return f"logP({_CATEGORY}={therapy})|do({TREATMENT}={arm})"


def _softmax(scores: np.ndarray) -> np.ndarray:
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))
