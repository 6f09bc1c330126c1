"""LiNGAM, which reads the codes of categories as numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks.discovery.graph import Graph
from benchmarks.discovery.methods.conversion import as_matrix, causal_learn, names_of
from benchmarks.discovery.registry import register


@register(
    "DirectLiNGAM",
    assumes="linear effects between numbers, non-Gaussian noise; does not hold for categories, "
    "whose codes are read as numbers",
    source="Shimizu et al., Journal of Machine Learning Research 2011",
)
class DirectLiNGAM:
    """DirectLiNGAM of causal-learn. Constant variables have no edges."""

    def discover(self, codes: pd.DataFrame) -> Graph:
        """Estimate the DAG."""
        names = names_of(codes)
        varying = [name for name in names if codes[name].nunique() > 1]
        edges = []
        if len(varying) > 1:
            model = causal_learn("search.FCMBased.lingam").DirectLiNGAM()
            model.fit(as_matrix(codes[varying]).astype(float))
            effects, causes = np.nonzero(model.adjacency_matrix_)
            edges = [(varying[i], varying[j]) for i, j in zip(causes, effects, strict=True)]
        return Graph.from_edges(names, edges)
