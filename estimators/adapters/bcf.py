"""Bayesian causal forests by stochtree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from stochtree import BCFModel

from estimators.adapters.stochtree_models import (
    PicklableModel,
    PosteriorIntervals,
    boosted_propensity,
    propensity_scores,
)
from estimators.support.validation import require_variation


@dataclass(eq=False, repr=False)
class BCF(PosteriorIntervals):
    """Sums of trees, one for the outcome and one for the effect (Hahn, Murray and Carvalho 2020).

    The propensity score, from boosted trees, is among the covariates of the first sum. Priors are
    stochtree's; chains start from single leaves. The average effect is the mean over the rows
    of X. Intervals are the posterior mean plus and minus normal quantiles times the posterior
    standard deviation.

    Parameters
    ----------
    n_trees, n_effect_trees
        Trees in the two sums.
    n_burn_in, n_draws
        Iterations of each chain that are dropped and kept.
    n_chains
        Number of chains; they run one after the other.
    random_state
        Seed of the sampler and of the propensity model.
    """

    # stochtree finds no split otherwise: its leaves have five rows or more.
    rows_per_arm = 6

    n_trees: int = 250
    n_effect_trees: int = 100
    n_burn_in: int = 500
    n_draws: int = 400
    n_chains: int = 1
    random_state: int | None = 0

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> None:
        require_variation(y)
        self.propensity_model_ = boosted_propensity(X, t, self.seed_)
        model = BCFModel()
        model.sample(
            X_train=X,
            Z_train=t.astype(float),
            y_train=y,
            propensity_train=propensity_scores(self.propensity_model_, X),
            num_gfr=0,
            num_burnin=self.n_burn_in,
            num_mcmc=self.n_draws,
            general_params={
                "num_chains": self.n_chains,
                "random_seed": self.seed_,
                "num_threads": 1,
            },
            prognostic_forest_params={"num_trees": self.n_trees},
            treatment_effect_forest_params={"num_trees": self.n_effect_trees},
        )
        self.model_ = PicklableModel(model)
        self._last = None

    def _draws_of_effects(self, X: np.ndarray) -> np.ndarray:
        """Shape (n, draws)."""
        return self.model_.model.predict(
            X,
            np.ones(len(X)),
            propensity=propensity_scores(self.propensity_model_, X),
            terms="tau",
        )
