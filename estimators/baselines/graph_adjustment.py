"""Adjustment for a back-door set of the true graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import networkx as nx
import numpy as np

from estimators.base import Standardised
from estimators.baselines.baselines import DiffInMeans, NormalATE
from estimators.baselines.weighting import AIPW
from estimators.errors import EstimatorError
from estimators.interface import Need
from estimators.support.graphs import back_door_columns


@dataclass(eq=False, repr=False)
class GraphAIPW(Standardised, NormalATE):
    """`AIPW` with a minimal back-door set of the graph as its only covariates.

    The search for the set is that of networkx (van der Zander, Liskiewicz and Textor, Artificial
    Intelligence 270, 2019). If the empty set suffices, the estimate is the difference in means. If
    no set of the columns of X does, ``fit`` raises an `EstimatorError`.
    """

    needs: ClassVar[tuple[Need, ...]] = ("graph",)
    rows_per_arm = 2

    clip: float = 0.01
    folds: int = 5
    random_state: int | None = 0

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray, graph: nx.DiGraph) -> None:
        self.adjusted_ = back_door_columns(graph)
        if self.adjusted_ is None:
            raise EstimatorError("graph: it has no back-door set among the observed covariates")
        model: NormalATE = DiffInMeans()
        if self.adjusted_:
            X = X[:, self.adjusted_]
            model = AIPW(self.clip, self.folds, self.seed_)
        model.fit(X, t, y)
        self.ate_, self.standard_error_ = model.ate_, model.standard_error_
        self.warnings_ += model.warnings_
