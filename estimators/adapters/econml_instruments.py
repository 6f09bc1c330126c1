"""EconML's estimators with an instrument.

Their effects are those of the compliers with the covariates of the row, if these are alike in all
that is not shown; the average effect is the mean over the rows of X. ``random_state`` is passed to
the nuisance models, which are EconML's defaults.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from econml.iv.dml import DMLIV as EconmlDMLIV
from econml.iv.dml import OrthoIV as EconmlOrthoIV
from econml.iv.dr import IntentToTreatDRIV as EconmlIntentToTreatDRIV
from econml.iv.dr import LinearDRIV as EconmlLinearDRIV
from econml.iv.dr import LinearIntentToTreatDRIV as EconmlLinearIntentToTreatDRIV
from sklearn.ensemble import RandomForestRegressor

from estimators.adapters.econml_estimators import EconML
from estimators.base import ATEIntervals, EffectIntervals, Ends
from estimators.errors import EstimatorError
from estimators.interface import Need

_DISCRETE = {"discrete_treatment": True, "discrete_instrument": True}


class _Instrumented(EconML):
    """An estimator of EconML that needs an instrument."""

    needs: ClassVar[tuple[Need, ...]] = ("instrument",)
    #: EconML's names of the parameters ``model_y`` and ``model_t``.
    models_of_y: ClassVar[tuple[str, ...]] = ("model_y_xw",)
    models_of_t: ClassVar[tuple[str, ...]] = ("model_t_xwz",)
    #: The columns of X that varied in ``fit``: a final least squares has an intercept.
    _varies: np.ndarray

    def _fit(
        self, X: np.ndarray, t: np.ndarray, y: np.ndarray, instrument: np.ndarray | None = None
    ) -> None:
        assert instrument is not None  # the base has checked the needs
        counts = np.bincount(2 * instrument + t, minlength=4)
        if counts.min() < 2:
            raise EstimatorError(
                "instrument: a pair of instrument and treatment has fewer than two rows "
                f"({counts.min()}); the cross-fitting needs two of each"
            )
        self._varies = np.ptp(X, axis=0) > 0
        if not self._varies.any():
            raise EstimatorError(f"{type(self).__name__}: no column of X varies; give a covariate")
        given = self._arguments()
        y_model, t_model = given.pop("model_y"), given.pop("model_t")
        models = dict.fromkeys(self.models_of_y, y_model) | dict.fromkeys(self.models_of_t, t_model)
        library = self.library(**given, **models)
        self.model_ = library.fit(y, t, Z=instrument, X=X[:, self._varies])

    def _effect(self, X: np.ndarray) -> np.ndarray:
        return super()._effect(X[:, self._varies])


class _WithIntervals(_Instrumented, EffectIntervals, ATEIntervals):
    """With EconML's own intervals."""

    def _effect_interval(self, X: np.ndarray, alpha: float) -> Ends:
        return self.model_.effect_interval(X[:, self._varies], alpha=alpha)

    def _ate(self, X: np.ndarray) -> float:
        return float(self.model_.ate(X[:, self._varies]))

    def _ate_interval(self, X: np.ndarray, alpha: float) -> tuple[float, float]:
        return self.model_.ate_interval(X[:, self._varies], alpha=alpha)


@dataclass(eq=False, repr=False)
class OrthoIV(_WithIntervals):
    """Orthogonal instruments: cross-fitted residuals, the effect linear in X.

    Chernozhukov et al., Econometrics Journal 2018, section 4.2; EconML's ``OrthoIV``. ``model_y``
    and ``model_t`` are the models of the outcome, and of treatment and instrument.
    """

    model_y: Any = "auto"
    model_t: Any = "auto"
    cv: int = 2
    random_state: int | None = 0

    library = EconmlOrthoIV
    options: ClassVar = _DISCRETE
    models_of_t = ("model_t_xw", "model_z_xw")


@dataclass(eq=False, repr=False)
class DMLIV(_Instrumented):
    """Regression on the projected treatment, the effect linear in X; without intervals.

    Syrgkanis et al., "Machine learning estimation of heterogeneous treatment effects with
    instruments", NeurIPS 2019; EconML's ``DMLIV``. For the models see `OrthoIV`.
    """

    model_y: Any = "auto"
    model_t: Any = "auto"
    cv: int = 2
    random_state: int | None = 0

    library = EconmlDMLIV
    options: ClassVar = _DISCRETE
    models_of_t = ("model_t_xw", "model_t_xwz")


@dataclass(eq=False, repr=False)
class LinearDRIV(_WithIntervals):
    """Doubly robust instruments, the effect linear in X (Syrgkanis et al. 2019).

    EconML's ``LinearDRIV``. ``cov_clip`` is the smallest covariance of instrument and treatment
    given X that the score divides by. For the models see `OrthoIV`; ``flexible_model_effect`` is
    EconML's model of the preliminary effects.
    """

    model_y: Any = "auto"
    model_t: Any = "auto"
    flexible_model_effect: Any = "auto"
    cv: int = 2
    cov_clip: float = 0.001
    random_state: int | None = 0

    library = EconmlLinearDRIV
    options: ClassVar = _DISCRETE
    # The product of the residuals of treatment and instrument is a number.
    models_of_y = ("model_y_xw", "model_tz_xw")
    models_of_t = ("model_t_xw", "model_z_xw")


@dataclass(eq=False, repr=False)
class LinearIntentToTreatDRIV(_WithIntervals):
    """Doubly robust instruments for a randomised instrument, the effect linear in X.

    Syrgkanis et al. 2019, for trials with non-compliance; EconML's ``LinearIntentToTreatDRIV``.
    For the models see `LinearDRIV`.
    """

    model_y: Any = "auto"
    model_t: Any = "auto"
    flexible_model_effect: Any = "auto"
    cv: int = 3
    cov_clip: float = 0.001
    random_state: int | None = 0

    library = EconmlLinearIntentToTreatDRIV


@dataclass(eq=False, repr=False)
class IntentToTreatDRIV(_Instrumented):
    """Doubly robust instruments for a randomised instrument, with a forest; without intervals.

    As `LinearIntentToTreatDRIV`; the final model is a random forest with at least ``min_leaf`` rows
    in a leaf.
    """

    model_y: Any = "auto"
    model_t: Any = "auto"
    flexible_model_effect: Any = "auto"
    cv: int = 3
    cov_clip: float = 0.001
    min_leaf: int = 20
    random_state: int | None = 0

    library = EconmlIntentToTreatDRIV

    def _arguments(self) -> dict[str, Any]:
        arguments = super()._arguments()
        forest = RandomForestRegressor(
            min_samples_leaf=arguments.pop("min_leaf"), random_state=self.seed_, n_jobs=1
        )
        return {**arguments, "model_final": forest}
