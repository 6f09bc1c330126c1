"""Show one defect of the reference, and what it does to the published numbers.

redrawn: categories that differ under the observed treatment. swapped-r2: both R2 of one method.
rounding: what gave LinearS its published numbers. solver: what LinearT owes to its solver, where
the covariates of an arm are collinear. The defects of its scoring are in scoring.py.

    python examples/paper_studies/defects.py redrawn
    python examples/paper_studies/defects.py rounding --orders 12
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import linalg
from shared import parser, positive, read_releases, say_table, script
from sklearn.linear_model import LinearRegression

from benchmarks.datasets.paper.loading import find, read_columns
from benchmarks.datasets.paper.release import FIRST_SHOWN, OUTCOMES, TREATMENT, Release
from benchmarks.metrics import ate
from benchmarks.metrics.formulas import r2

_CATEGORY = "X13"


def redrawn(lm: str, folder: Path) -> dict[str, float]:
    """Count how often the sampled category of a row differs under the row's own treatment.

    A counterfactual under the observed treatment is what was observed. The reference draws the
    category afresh in each world; the scores of the categories, which are the published outcome,
    do not depend on the draw.

    Returns
    -------
    Shares of the rows: ``category`` whose observed category is not that under do(X12 = its X12),
    ``effect`` whose category differs between the two worlds, and ``score`` whose scores do.
    """
    worlds = [f"{_CATEGORY}|do({TREATMENT}={arm})" for arm in (0, 1)]
    table = read_columns(lm, folder, [TREATMENT, _CATEGORY, *worlds, *OUTCOMES])
    own = np.where(table[TREATMENT] == 1, table[worlds[1]], table[worlds[0]])
    return {
        "category": float((own != table[_CATEGORY]).mean()),
        "effect": float((table[worlds[0]] != table[worlds[1]]).mean()),
        "score": float((table[OUTCOMES[0]] != table[OUTCOMES[1]]).mean()),
    }


def swapped(release: Release) -> dict[str, float]:
    """Compute both R2 of the effects of rows by LinearT with all covariates, as means.

    Returns
    -------
    ``swapped``, as published, takes the estimate for the truth and the truth for the estimate;
    ``right`` does not.
    """
    found = []
    for X, t, y, ite in _rows(release):
        arms = [LinearRegression().fit(X[t == arm], y[t == arm]).predict(X) for arm in (0, 1)]
        effect = arms[1] - arms[0]
        found.append((r2(effect, ite, y.std()), r2(ite, effect, y.std())))
    names = ("swapped", "right")
    return dict(zip(names, np.mean(found, axis=0).tolist(), strict=True))


def rounding(release: Release, orders: int) -> pd.DataFrame:
    """Fit LinearS with hidden covariates as scikit-learn before 1.6 rounded it.

    The S-learner gives the regression both 1 - t and t beside an intercept, so that one direction
    of its columns is empty. In some datasets `scipy.linalg.lstsq` with its default ``cond`` takes
    the rounding errors in this direction for information; coefficients of 1e12 and more then
    cancel, and their digits are lost. Which datasets these are depends on the rounding: another
    order of the rows gives another result. Later versions of scikit-learn pass a safe ``cond``
    (scikit-learn pull request 30040).

    Parameters
    ----------
    release
    orders
        Orders of the rows to try; the first one is theirs.

    Returns
    -------
    A row for each order with ``r2`` and ``rmse`` of the average effects over the datasets, and
    ``datasets``, in how many the empty direction was used.
    """
    found = []
    for number in range(orders):
        order = np.random.Generator(np.random.Philox(number)).permutation(release.X.shape[1])
        estimates, truths, used = [], [], 0
        for X, t, y, ite in _rows(release):
            place = slice(None) if number == 0 else order
            estimate, empty = _old_linear_s(X[place, FIRST_SHOWN:], t[place], y[place])
            estimates.append(estimate)
            truths.append(ite.mean())
            used += empty
        once, each = np.ones(len(truths)), (np.array(estimates), np.array(truths))
        found.append(
            {
                "r2": float(ate.r2(once, *each)),
                "rmse": float(ate.rmse(once, *each)),
                "datasets": used,
            }
        )
    return pd.DataFrame(found)


def _old_linear_s(X: np.ndarray, t: np.ndarray, y: np.ndarray) -> tuple[float, bool]:
    """Average effect, and whether the empty direction was used."""
    columns = np.column_stack([X, 1 - t, t])
    centre = columns.mean(axis=0)
    coefficients, _, rank, _ = linalg.lstsq(columns - centre, y - y.mean())
    intercept = y.mean() - centre @ coefficients
    one, zero = np.ones(len(X)), np.zeros(len(X))
    treated, control = (
        np.column_stack([X, *arms]) @ coefficients + intercept
        for arms in ((zero, one), (one, zero))
    )
    full = np.linalg.matrix_rank(np.column_stack([X - X.mean(axis=0), t - t.mean()]))
    return float((treated - control).mean()), bool(rank > full)


def solver(release: Release) -> pd.DataFrame:
    """Fit LinearT with all covariates by two solvers, which agree where an arm has full rank.

    If the covariates of an arm are collinear there, many coefficients fit it equally well, but they
    predict differently for the rows of the other arm. Each solver takes the smallest coefficients:
    scikit-learn centres the columns and leaves the intercept out of the size, the other one has a
    column of ones for the intercept, as a plain least-squares routine would be used.

    Returns
    -------
    A row for each ``design``, ``centred`` and ``uncentred``: ``r2`` and ``rmse`` of the average
    effects over the datasets, in units of y; ``deficient``, in how many datasets an arm lacks rank;
    ``apart``, in how many the average effects of the two differ by more than 1e-6.
    """
    estimates, truths, deficient = [], [], 0
    for X, t, y, ite in _rows(release):
        columns = np.column_stack([np.ones(len(X)), X])
        arms = [t == arm for arm in (0, 1)]
        fits = [LinearRegression().fit(X[arm], y[arm]).predict(X) for arm in arms]
        plain = [columns @ np.linalg.lstsq(columns[arm], y[arm])[0] for arm in arms]
        estimates.append([(each[1] - each[0]).mean() for each in (fits, plain)])
        truths.append(ite.mean())
        deficient += min(map(np.linalg.matrix_rank, (columns[arm] for arm in arms))) < len(
            columns.T
        )
    found, truth, once = np.array(estimates).T, np.array(truths), np.ones(len(truths))
    apart = int((np.abs(found[0] - found[1]) > 1e-6).sum())
    return pd.DataFrame(
        {
            "design": design,
            "r2": float(ate.r2(once, each, truth)),
            "rmse": float(ate.rmse(once, each, truth)),
            "deficient": deficient,
            "apart": apart,
        }
        for design, each in zip(("centred", "uncentred"), found, strict=True)
    )


def _rows(release: Release) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
    """Covariates, treatment, outcome and true effects of each dataset."""
    for X, t, y0, y1 in zip(release.X, release.t, release.y0, release.y1, strict=True):
        y0, y1 = y0.astype(float), y1.astype(float)
        yield X.astype(float), t.astype(float), np.where(t == 1, y1, y0), y1 - y0


def _table(which: str, data: Path | None, orders: int) -> pd.DataFrame:
    releases = read_releases(data)
    if which == "redrawn":
        return pd.DataFrame([{"lm": lm, **redrawn(lm, find(data))} for lm in releases])
    if which == "swapped-r2":
        return pd.DataFrame([{"lm": lm, **swapped(each)} for lm, each in releases.items()])
    if which == "solver":
        designs = {lm: solver(each) for lm, each in releases.items()}
        return pd.concat(designs, names=["lm"]).reset_index("lm")
    found = {lm: rounding(each, orders) for lm, each in releases.items()}
    return pd.concat(found, names=["lm", "order"]).reset_index()


@script
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the script, and return its exit code."""
    made = parser(__doc__)
    made.add_argument("which", choices=("redrawn", "swapped-r2", "rounding", "solver"))
    made.add_argument("--orders", type=positive, default=3, help="rounding: orders of the rows")
    options = made.parse_args(arguments)
    say_table(_table(options.which, options.data, options.orders), left=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
