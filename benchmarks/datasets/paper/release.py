"""Released datasets of one language model, as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sdscm.data.dataset import CausalDataset, Provenance
from sdscm.errors import InputError

#: Language models of the release, in the paper's order.
LMS = ("gpt2", "llama-3-8b")
#: Datasets and phrasings of each language model, rows of each dataset (paper, section 4.1).
DATASETS, PHRASINGS, ROWS = 1000, 50, 1000
#: Number of datasets of one phrasing that Table 2 pools into one of 10,000 rows.
POOLED = 10
POOLED_ROWS = POOLED * ROWS

COVARIATES = tuple(f"X{i}" for i in range(12))
#: Position of the first covariate that the setting ``hidden`` shows.
FIRST_SHOWN = 4
#: Age, condition, medication and menopausal status: removed in the setting ``hidden``.
EXOGENOUS = COVARIATES[:FIRST_SHOWN]
TREATMENT = "X12"
#: y0 and y1: the score of the first value of the outcome under each treatment.
OUTCOMES = ("logP(X13=0)|do(X12=0)", "logP(X13=0)|do(X12=1)")


@dataclass(frozen=True, eq=False)
class Release:
    """Datasets of one language model, all with the same number of rows.

    Attributes
    ----------
    lm
    ids : array of shape (datasets,)
        Numbers in the file names, ascending.
    variant : array of shape (datasets,)
        Phrasing of each dataset, numbered in the order of first appearance.
    X : array of shape (datasets, rows, 12)
        Integer codes of the covariates, which estimators take as numbers.
    t, y0, y1 : arrays of shape (datasets, rows)
    """

    lm: str
    ids: np.ndarray
    variant: np.ndarray
    X: np.ndarray
    t: np.ndarray
    y0: np.ndarray
    y1: np.ndarray

    def __post_init__(self) -> None:
        if not np.isin(self.t, (0, 1)).all():
            raise InputError(f"{self.lm}: {TREATMENT} must be 0 or 1 in every row; get it again")
        if not (np.isfinite(self.y0).all() and np.isfinite(self.y1).all()):
            raise InputError(f"{self.lm}: an outcome is not a finite number; get the data again")

    def require_all(self) -> Release:
        """Return the release if it is complete: 1,000 datasets of 1,000 rows, 20 per phrasing.

        Raises
        ------
        InputError
            If it is not complete.
        """
        _, sizes = np.unique(self.variant, return_counts=True)
        if self.X.shape[:2] != (DATASETS, ROWS):
            raise InputError(
                f"{self.lm}: {len(self.ids)} datasets of {self.X.shape[1]} rows, but the paper has "
                f"{DATASETS} of {ROWS}; get the whole of data/cancer_example"
            )
        if len(sizes) != PHRASINGS or set(sizes) != {DATASETS // PHRASINGS}:
            raise InputError(
                f"{self.lm}: {len(sizes)} phrasings of {sizes.min()} to {sizes.max()} datasets, "
                f"but the paper has {PHRASINGS} of {DATASETS // PHRASINGS}; get the data again"
            )
        return self

    def dataset(self, number: int) -> CausalDataset:
        """Return one dataset, of 1,000 rows, by the number in its file name."""
        return self._join(np.flatnonzero(self.ids == number), number)

    def pooled(self, number: int) -> CausalDataset:
        """Return ten datasets of one phrasing as one of 10,000 rows (paper, Table 2)."""
        return self._join(self.pool(number), number)

    def pool(self, number: int) -> np.ndarray:
        """Return the positions of the datasets of a pool.

        Parameters
        ----------
        number
            From 0: pools 2v and 2v + 1 hold the first and the last ten ids of phrasing v. The
            paper does not say which ten it uses.
        """
        per_phrasing = DATASETS // PHRASINGS // POOLED
        phrasing, part = divmod(number, per_phrasing)
        return np.flatnonzero(self.variant == phrasing)[part * POOLED : (part + 1) * POOLED]

    def _join(self, members: np.ndarray, number: int) -> CausalDataset:
        if len(members) == 0:
            raise InputError(f"{self.lm}: there is no dataset {number}")
        X = self.X[members].reshape(-1, len(COVARIATES)).astype(float)
        y0, y1 = (y[members].reshape(-1).astype(float) for y in (self.y0, self.y1))
        return CausalDataset(
            X=pd.DataFrame(X, columns=list(COVARIATES)),
            t=self.t[members].reshape(-1).astype(int),
            y0=y0,
            y1=y1,
            exogenous=EXOGENOUS,
            # The outcome is a function of all covariates and the treatment (paper, section 4.1).
            cates={"all": y1 - y0},
            meta=Provenance(
                scenario="breast_cancer, as released",
                lm=self.lm,
                phrasing=int(self.variant[members[0]]),
                seed=number,
            ),
        )
