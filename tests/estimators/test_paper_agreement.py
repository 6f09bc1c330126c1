"""On the paper's released data the adapters give the results of direct calls of the libraries.

The data are read in place, because their licence allows no copy.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression

import estimators

pytest.importorskip("econml")

from econml.dml import CausalForestDML, LinearDML
from econml.dr import ForestDRLearner, LinearDRLearner
from econml.metalearners import SLearner, TLearner

PAPER = Path(__file__).resolve().parents[3] / "shared" / "paper"

pytestmark = pytest.mark.skipif(
    not PAPER.is_dir(), reason="the paper's data are not at ../shared/paper"
)

SEED = 7
ROWS = 1000
LMS = ("gpt2", "llama-3-8b")
COVARIATES = {"all": list(range(12)), "hidden": list(range(4, 12))}
IDS = range(50, 1000, 100)


@pytest.fixture(scope="module")
def paper():
    """Reads (X, t, y) of a dataset in a setting; a dataset is a run of 1,000 rows."""
    columns = [f"X{i}" for i in range(13)]
    outcomes = [f"logP(X13=0)|do(X12={arm})" for arm in (0, 1)]
    tables = {lm: pq.read_table(PAPER / f"{lm}.parquet", columns=columns + outcomes) for lm in LMS}

    def read(lm, index, setting, rows=ROWS):
        part = tables[lm].slice(index * ROWS, rows).to_pandas()
        t = part["X12"].to_numpy(int)
        y0, y1 = (part[outcome].to_numpy(float) for outcome in outcomes)
        X = part[[columns[i] for i in COVARIATES[setting]]].to_numpy(float, copy=True)
        return np.ascontiguousarray(X), t, np.where(t == 1, y1, y0)

    return read


def least_squares(X, t, y):
    fitted = LinearRegression().fit(np.column_stack([t, X]), y)
    return np.full(len(y), fitted.coef_[0])


def one_forest(X, t, y):
    fitted = RandomForestRegressor(random_state=SEED).fit(np.column_stack([t, X]), y)
    arms = [fitted.predict(np.column_stack([np.full(len(t), arm), X])) for arm in (0, 1)]
    return arms[1] - arms[0]


def through_econml(make):
    return lambda X, t, y: np.ravel(make().fit(y, t, X=X).effect(X))


def forest():
    return RandomForestRegressor(random_state=SEED)


DIRECT = {
    "LinReg": least_squares,
    "RF": one_forest,
    "LinearS": through_econml(lambda: SLearner(overall_model=LinearRegression())),
    "LinearT": through_econml(lambda: TLearner(models=LinearRegression())),
    "ForestS": through_econml(lambda: SLearner(overall_model=forest())),
    "ForestT": through_econml(lambda: TLearner(models=forest())),
    "LinearDML": through_econml(lambda: LinearDML(discrete_treatment=True, random_state=SEED)),
    "ForestDML": through_econml(
        lambda: CausalForestDML(discrete_treatment=True, random_state=SEED, n_jobs=1)
    ),
    "LinearDR": through_econml(lambda: LinearDRLearner(random_state=SEED)),
    "ForestDR": through_econml(lambda: ForestDRLearner(random_state=SEED, n_jobs=1)),
}


def agrees(name, X, t, y):
    seed = {"random_state": SEED} if "random_state" in estimators.parameters(name) else {}
    found = estimators.get(name, **seed, standardise=False).fit(X, t, y).effect(X)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        direct = DIRECT[name](X, t, y)
    assert np.std(y) > 0.01
    # y is about -11 and the effects a fraction of 1: sums lose some digits.
    np.testing.assert_allclose(found, direct, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", [name for name in DIRECT if name != "ForestDR"])
def test_adapters_agree_on_some_rows(name, paper):
    """Two small pieces; `ForestDR`, the slowest, has its turn below."""
    agrees(name, *paper("gpt2", IDS[0], "all", 200))
    agrees(name, *paper("llama-3-8b", IDS[0], "hidden", 200))


@pytest.mark.slow
@pytest.mark.parametrize("setting", COVARIATES)
@pytest.mark.parametrize("lm", LMS)
@pytest.mark.parametrize("name", DIRECT)
def test_adapters_agree_on_ten_datasets_of_each_model(name, lm, setting, paper):
    assert len(IDS) == 10
    for index in IDS:
        agrees(name, *paper(lm, index, setting))
