"""BART and BART-ITE: Bayesian additive regression trees by stochtree.

The settings are those that R's bartCause passes to dbarts, as far as stochtree has them: 75 trees,
chains that start from single leaves, a leaf variance and a noise prior by the rules of Chipman,
George and McCulloch (2010, Annals of Applied Statistics 4(1), section 2.2), leaves of one row or
more, and the propensity score among the covariates (Hahn, Murray and Carvalho 2020). The score
comes from boosted trees; a second BART would double the time.

By default four chains keep 100 draws each, for speed; bartCause has ten chains of 500. With the
default the average effect has a root mean squared error of 0.0004 on the paper's GPT-2 datasets,
and 0.0003 in the published table. ``n_chains=10`` improves the effects of rows, and takes 2.3 times
as long: a chain stays near the end of its burn-in, and only the mean of many chains is smooth. The
paper's tables use ten chains.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats
from stochtree import BARTModel

from estimators.adapters.stochtree_models import (
    PicklableModel,
    PosteriorIntervals,
    PosteriorMean,
    boosted_propensity,
    normal_ends,
    posterior_of,
    propensity_scores,
)
from estimators.base import Ends, ITEIntervals
from estimators.errors import EstimatorError
from estimators.support.validation import require_variation

#: Degrees of freedom of the prior of the noise variance, and the probability that it is below the
#: variance of least squares (Chipman et al. 2010, section 2.2.4).
NOISE_DEGREES, NOISE_QUANTILE = 3, 0.9
#: The least initial noise variance of a chain, as a share of the variance of y.
LEAST_NOISE = 1e-6


@dataclass(eq=False, repr=False)
class _BART(PosteriorMean):
    """The sampler of BART and BART-ITE.

    Parameters
    ----------
    n_trees
        Trees in the sum.
    n_burn_in, n_draws
        Iterations of each chain that are dropped and kept.
    n_chains
        Number of chains; they run one after the other.
    k
        In the prior, half of the range of y is ``k`` standard deviations of the sum of trees.
    min_samples_leaf
        Fewest rows in a leaf.
    random_state
        Seed of the sampler and of the propensity model.
    """

    n_trees: int = 75
    n_burn_in: int = 500
    n_draws: int = 100
    n_chains: int = 4
    k: float = 2.0
    min_samples_leaf: int = 1
    random_state: int | None = 0

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> None:
        require_variation(y)
        if len(y) <= 2 * self.min_samples_leaf:
            raise EstimatorError(
                f"X: has {len(y)} rows; two leaves of min_samples_leaf = {self.min_samples_leaf} "
                "need more"
            )
        self.propensity_model_ = boosted_propensity(X, t, self.seed_)
        covariates = self._covariates_of_trees(X, t)
        noise = _least_squares_noise(covariates, y)
        scale = noise * stats.chi2.ppf(1 - NOISE_QUANTILE, NOISE_DEGREES) / 2
        half_range = np.ptp(y) / np.std(y) / 2
        model = BARTModel()
        model.sample(
            X_train=covariates,
            y_train=y,
            num_gfr=0,
            num_burnin=self.n_burn_in,
            num_mcmc=self.n_draws,
            general_params={
                "num_chains": self.n_chains,
                "random_seed": self.seed_,
                "num_threads": 1,
                "sigma2_init": noise,
                "sigma2_global_shape": NOISE_DEGREES / 2,
                "sigma2_global_scale": scale,
            },
            mean_forest_params={
                "num_trees": self.n_trees,
                "min_samples_leaf": self.min_samples_leaf,
                "sample_sigma2_leaf": False,
                "sigma2_leaf_init": (half_range / self.k) ** 2 / self.n_trees,
            },
        )
        self.model_ = PicklableModel(model)
        self.noise_variance_ = float(np.mean(model.global_var_samples))
        self._last = None
        self._after_sampling(X, t, y)

    @classmethod
    def fit_many(
        cls, estimators: Sequence[_BART], datasets: Sequence[tuple[Any, Any, Any]]
    ) -> None:
        """Fit estimators of equal parameters and seeds on one dataset: the sampler runs once."""
        first, data = estimators[0], datasets[0]
        first.fit(*data)
        sampled = {name: value for name, value in vars(first).items() if name.endswith("_")}
        for other in estimators[1:]:
            arrays = other._checked(*data)
            other.__dict__.update(sampled | {"warnings_": list(first.warnings_), "_last": None})
            with other._library_code():
                other._after_sampling(*arrays)

    def _after_sampling(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> None:
        """Compute further answers for the rows of ``fit``."""

    def _covariates_of_trees(self, X: np.ndarray, t: np.ndarray | float) -> np.ndarray:
        """Treatment, covariates, propensity score."""
        treatment = np.broadcast_to(np.asarray(t, float), len(X))
        return np.column_stack([treatment, X, propensity_scores(self.propensity_model_, X)])

    def _outcomes(self, X: np.ndarray, t: np.ndarray | float) -> np.ndarray:
        """Draws of the expected outcomes of rows with the treatments t, shape (n, draws)."""
        return self.model_.model.predict(self._covariates_of_trees(X, t), terms="y_hat")

    def _draws_of_effects(self, X: np.ndarray) -> np.ndarray:
        return self._outcomes(X, 1.0) - self._outcomes(X, 0.0)


class BART(_BART, PosteriorIntervals):
    """Posterior mean of the effect of each row (Hill 2011; Chipman, George and McCulloch 2010).

    The average effect is the mean over the rows of X. Intervals are the posterior mean plus and
    minus normal quantiles times the posterior standard deviation, of the expected outcomes, without
    the outcome noise. stochtree standardises y, so that a shift of y does not matter. The default
    of four chains of 100 draws is for speed; R's bartCause has ten of 500. With ``n_chains=10`` the
    effects of rows are nearer to the published ones.
    """


class BARTITE(_BART, ITEIntervals):
    """Posterior of the individual effect, given the observed outcome of the individual.

    The missing outcome has a posterior predictive distribution: the expected outcome under the
    other treatment, plus outcome noise, which is assumed independent of that of the observed
    outcome (Hill 2011). Mean and standard deviation are those of draws from it, computed without
    drawing the noise. ``effect`` of the X of ``fit`` uses the outcomes of those rows; for any other
    X no outcome was observed, and it is the effect of `BART`. The average effect is the mean over
    the rows of X.
    """

    def _after_sampling(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> None:
        self._rows_of_fit = X
        self._effect_of_fit = self._individual(X, t, y)[0]

    def _effect(self, X: np.ndarray) -> np.ndarray:
        if np.array_equal(X, self._rows_of_fit):
            return self._effect_of_fit.copy()
        return super()._effect(X)

    def _ite_interval(self, X: np.ndarray, t: np.ndarray, y: np.ndarray, alpha: float) -> Ends:
        return normal_ends(*self._individual(X, t, y), alpha)

    def _individual(
        self, X: np.ndarray, t: np.ndarray, y: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Posterior mean and standard deviation of the effect of each unit, shape (n,) each."""
        draws = self.n_chains * self.n_draws
        missing = posterior_of(
            lambda rows: self._outcomes(rows[:, 1:], rows[:, 0]), np.column_stack([1 - t, X]), draws
        )
        effect = np.where(t == 1, y - missing.mean, missing.mean - y)
        return effect, np.sqrt(missing.sd**2 + self.noise_variance_)


def _least_squares_noise(covariates: np.ndarray, y: np.ndarray) -> float:
    """Residual variance of least squares as a share of that of y, in (0, 1].

    It is 1 if there are no more rows than columns.
    """
    design = np.column_stack([np.ones(len(y)), covariates])
    coefficients, _, rank, _ = np.linalg.lstsq(design, y)
    freedom = len(y) - rank
    total = float(np.sum((y - y.mean()) ** 2))
    if freedom < 1:
        return 1.0
    residual = float(np.sum((y - design @ coefficients) ** 2)) / freedom
    return float(np.clip(residual / (total / len(y)), LEAST_NOISE, 1.0))
