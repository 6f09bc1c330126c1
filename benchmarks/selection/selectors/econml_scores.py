"""Select by the scores of EconML: its RScorer, and the tests of its DRTester.

Both ask a fitted estimator for effects; they get one that answers with stored effects.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor

from benchmarks.provenance.hashing import derive_seed
from benchmarks.selection.definition import Scores, Shown
from benchmarks.selection.registry import selector
from estimators.support.quiet import quiet
from estimators.support.seeds import guarded_global_generators
from sdscm.errors import InputError, MissingExtraError

_FOLDS = 5


class _Stored:
    """An estimator whose effects are stored."""

    def __init__(self, effect: np.ndarray) -> None:
        self._effect = effect

    def const_marginal_effect(self, X: np.ndarray) -> np.ndarray:
        """Return the effects of the rows of X, which are the compared rows."""
        return self._effect


@selector(
    "econml_rscorer", "EconML RScorer", better="higher", source="EconML, econml.score.RScorer"
)
def rscorer(shown: Shown) -> Scores:
    """Share of the R-loss of a constant effect that the effects save, on the compared rows alone.

    The models are boosted trees that are cross-fitted on the compared rows, as in EconML.
    """
    with _econml(shown):
        from econml.score import RScorer

        rows, trees = shown.compared, _trees(shown)
        scorer = RScorer(
            model_y=GradientBoostingRegressor(random_state=trees),
            model_t=GradientBoostingClassifier(random_state=trees),
            discrete_treatment=True,
            cv=_FOLDS,
            random_state=trees,
        )
        scorer.fit(shown.y[rows], shown.t[rows], X=shown.X.to_numpy(dtype=float)[rows])
        return shown.of_each(lambda effect: scorer.score(_Stored(effect)))


@selector(
    "econml_blp", "EconML BLP", better="higher", source="Chernozhukov et al. 2018, section 3.1"
)
def blp(shown: Shown) -> Scores:
    """The t statistic of the slope of doubly robust outcomes on the effects (DRTester).

    A method with one effect for all rows has no slope, and is not picked.
    """
    with _econml(shown):
        tester = _tester(shown)
        found = {}
        for name, effect in _varying(shown):
            tester.cate_preds_val_ = effect[shown.held_out][:, None]
            result = tester.evaluate_blp()
            found[name] = float(result.params[0] / result.errs[0])
        return found


@selector(
    "econml_calibration",
    "EconML calibration",
    better="higher",
    source="Dwivedi et al. 2020, arXiv 2008.10109",
)
def calibration(shown: Shown) -> Scores:
    """The R2 of calibration of the effects in four groups (DRTester).

    A method with one effect for all rows has no groups, and is not picked.
    """
    with _econml(shown):
        tester = _tester(shown)
        found = {}
        for name, effect in _varying(shown):
            tester.cate_preds_val_ = effect[shown.held_out][:, None]
            tester.cate_preds_train_ = effect[~shown.held_out][:, None]
            found[name] = float(tester.evaluate_cal().cal_r_squared[0])
        return found


def _tester(shown: Shown) -> Any:
    """Make a DRTester whose models are fitted on the fitted rows."""
    if not shown.held_out.any():
        raise InputError("DRTester compares held-out rows with fitted rows; hold rows out")
    from econml.validate import DRTester

    X, t, y, out = shown.X.to_numpy(dtype=float), shown.t, shown.y, shown.held_out
    tester = DRTester(
        model_regression=GradientBoostingRegressor(random_state=_trees(shown)),
        model_propensity=GradientBoostingClassifier(random_state=_trees(shown)),
        cate=None,
        cv=_FOLDS,
    )
    return tester.fit_nuisance(X[out], t[out], y[out], X[~out], t[~out], y[~out])


def _varying(shown: Shown) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the methods whose effects differ between the compared rows."""
    least = 1e-9 * float(shown.y.std())
    for name, effect in shown.effects.items():
        if np.ptp(effect[shown.compared]) > least:
            yield name, effect


def _trees(shown: Shown) -> int:
    return derive_seed(shown.seed, "trees")


@contextmanager
def _econml(shown: Shown) -> Iterator[None]:
    """Check that EconML is installed, silence it, and keep it from global generators."""
    if importlib.util.find_spec("econml") is None:
        raise MissingExtraError("this selector", "econml")
    with quiet([]), guarded_global_generators(shown.seed), np.errstate(all="ignore"):
        yield
