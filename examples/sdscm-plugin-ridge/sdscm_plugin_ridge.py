"""Ridge regression of effects: one regression for each arm."""

from sklearn.linear_model import Ridge

import estimators


@estimators.register("RidgeT", family="tutorial", source="Kuenzel et al. 2019, section 2")
class RidgeT(estimators.Standardised, estimators.CATEEstimator):
    """T-learner with ridge regressions."""

    def __init__(self, penalty=1.0):
        self.penalty = penalty

    def _fit(self, X, t, y):
        self.arms_ = [Ridge(self.penalty).fit(X[t == arm], y[t == arm]) for arm in (0, 1)]

    def _effect(self, X):
        return self.arms_[1].predict(X) - self.arms_[0].predict(X)
