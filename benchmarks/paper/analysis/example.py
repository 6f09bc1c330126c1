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
from scipy.special import softmax

from benchmarks.datasets.paper.loading import read_columns
from benchmarks.datasets.paper.release import COVARIATES, TREATMENT
from sdscm import load_spec

#: The dataset that the paper shows, and the therapies of its figures.
LM, NUMBER, THERAPY = "llama-3-8b", 131, 1
HISTOGRAM_THERAPY = 2
_CATEGORY = "X13"


@dataclass(frozen=True, eq=False)
class Example:
    """One released dataset as its figure shows it.

    Attributes
    ----------
    labels : DataFrame of shape (n, 14)
        Values as text under the names of the shipped scenario ``breast_cancer``, whose variables
        and values are those of the release (as categories, in the order of the domain); the
        treatment and the sampled therapy are the last.
    propensity : array of shape (n,)
        P(t = 1), from the scores of the two treatments.
    y0, y1 : arrays of shape (n,)
        Score of one therapy under each treatment, in SD of the observed one.
    categories : array of shape (n, 2)
        The therapy that was drawn under each treatment.
    """

    labels: pd.DataFrame
    propensity: np.ndarray
    y0: np.ndarray
    y1: np.ndarray
    categories: np.ndarray

    @property
    def treatment(self) -> str:
        return str(self.labels.columns[-2])

    @property
    def arms(self) -> list[str]:
        """The treatment's values, the control first."""
        return list(self.labels.iloc[:, -2].cat.categories)

    @property
    def t(self) -> np.ndarray:
        """The treatment received, 0 or 1, of shape (n,)."""
        return self.labels.iloc[:, -2].cat.codes.to_numpy()

    @property
    def therapies(self) -> list[str]:
        return list(self.labels.iloc[:, -1].cat.categories)

    @property
    def ite(self) -> np.ndarray:
        return self.y1 - self.y0

    @property
    def mean_difference(self) -> float:
        """Of the observed scores: the estimate of an analyst without covariates."""
        y = np.where(self.t == 1, self.y1, self.y0)
        return float(y[self.t == 1].mean() - y[self.t == 0].mean())


def read_example(folder: Path) -> Example:
    """Read the data of the figure, from the folder that `find` gave.

    Raises
    ------
    InputError
        If there is no such dataset.
    """
    worlds = [f"{_CATEGORY}|do({TREATMENT}={arm})" for arm in (0, 1)]
    scores = [_score(THERAPY, arm) for arm in (0, 1)]
    treatments = [f"logP({TREATMENT}={arm})" for arm in (0, 1)]
    names = [*COVARIATES, TREATMENT, _CATEGORY]
    table = read_columns(LM, folder, [*names, *worlds, *scores, *treatments], NUMBER)
    spec = load_spec("breast_cancer")
    labels = {
        name: pd.Categorical.from_codes(
            table[column].to_numpy().astype(int), categories=pd.Index(spec.variable(name).values)
        )
        for name, column in zip(spec.order, names, strict=True)
    }
    y0, y1 = (table[score].to_numpy(float) for score in scores)
    sd = np.where(table[TREATMENT] == 1, y1, y0).std(ddof=1)
    return Example(
        labels=pd.DataFrame(labels),
        propensity=softmax(table[treatments].to_numpy(float), axis=1)[:, 1],
        y0=y0 / sd,
        y1=y1 / sd,
        categories=table[worlds].to_numpy().astype(int),
    )


def normalised_sates(folder: Path, lm: str) -> pd.Series:
    """Compute the SATE of each dataset on the probability of a therapy, in SD of the observed one.

    Returns
    -------
    By dataset. The scores of the therapies are normalised over them first (a softmax).
    """
    names = [[_score(therapy, arm) for therapy in range(4)] for arm in (0, 1)]
    table = read_columns(lm, folder, [TREATMENT, *names[0], *names[1]])
    p0, p1 = (softmax(table[each].to_numpy(float), axis=1)[:, HISTOGRAM_THERAPY] for each in names)
    y = np.where(table[TREATMENT] == 1, p1, p0)
    found = table[["dataset"]].assign(ite=p1 - p0, y=y).groupby("dataset")
    return found["ite"].mean() / found["y"].std()


def _score(therapy: int, arm: int) -> str:
    return f"logP({_CATEGORY}={therapy})|do({TREATMENT}={arm})"
