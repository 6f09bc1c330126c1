"""Build jobs: an estimator gets X, t and y of a dataset; only an Oracle gets the truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.datasets.source import Source
from benchmarks.datasets.truth import truth_of
from benchmarks.execution.cells import Cell
from benchmarks.execution.job import Job, Rows
from benchmarks.execution.methods import Method
from benchmarks.execution.strengths import Question, questions
from benchmarks.suite.entries import Encoding
from benchmarks.suite.model import Suite
from estimators import Need
from sdscm.data.dataset import CausalDataset


class JobBuilder:
    """Builder of the jobs for the cells of a suite.

    ``datasets`` holds the datasets by name, with their truth, and ``field`` the methods by label.
    """

    def __init__(
        self,
        suite: Suite,
        sources: Sequence[Source],
        datasets: Mapping[str, CausalDataset],
        field: Mapping[str, Method],
    ) -> None:
        self._suite, self._datasets, self._field = suite, datasets, field
        self._sources = {source.name: source for source in sources}
        self._masks: dict[str, np.ndarray] = {}
        self._seen: dict[tuple[Any, ...], Rows] = {}

    def unknown(self, cell: Cell) -> str:
        """Return the reason why a cell cannot run, since a truth that it needs is not known."""
        method = self._field[cell.estimator]
        if method.oracle and not self._datasets[cell.dataset].effects_known:
            return "the truth of this dataset is not known"
        if method.bounds and self._suite.release is None and not self.strengths(cell):
            return (
                "the strength of hidden confounding is not known: the dataset does not come from a "
                "spec, or its mechanisms have too many contexts to enumerate"
            )
        if "graph" in method.needs and self._datasets[cell.dataset].graph is None:
            return "the graph is not known: the dataset was not made from a spec, or without it"
        return ""

    def strengths(self, cell: Cell) -> tuple[Question, ...]:
        """Return the strengths at which bounds are asked for; none if they are not known.

        A release does not hold bounds.
        """
        bounds = self._field[cell.estimator].bounds
        if not bounds or self._suite.release is not None:
            return ()
        return questions(bounds, self._view(cell).hidden_confounding.get(cell.setting))

    def rows(self, cell: Cell) -> int:
        """Return the number of rows of the fit."""
        return int((~self._mask(cell.dataset)).sum())

    def forget(self) -> None:
        """Free the data of the jobs that were built so far."""
        self._seen.clear()

    def job(self, cell: Cell) -> Job:
        """Build the input of a worker for one cell."""
        method, mask = self._field[cell.estimator], self._mask(cell.dataset)
        return Job(
            **vars(self._rows(cell, method, ~mask)),
            maker=method.maker,
            seed=cell.seed,
            alpha=cell.alpha,
            threads=cell.threads,
            held_out=self._rows(cell, method, mask) if mask.any() else None,
            memory_limit=self._suite.memory_limit,
            isolation_group=method.isolation_group,
            fit_many=method.fit_many,
            fit_key=method.fit_key,
            strengths=self.strengths(cell),
        )

    def _mask(self, dataset: str) -> np.ndarray:
        if dataset not in self._masks:
            source = self._sources[dataset]
            self._masks[dataset] = source.held_out(self._datasets[dataset], self._suite.holdout)
        return self._masks[dataset]

    def _rows(self, cell: Cell, method: Method, chosen: np.ndarray) -> Rows:
        # Cells with the same data share the arrays; sending a job to a worker copies it.
        key = (cell.dataset, cell.setting, method.encoding, method.needs, bool(chosen[0]))
        view = self._view(cell)
        if key not in self._seen:
            # Proxies are covariates like others, except for a method that needs them apart.
            apart = list(view.proxies) if "proxies" in method.needs else []
            seen = replace(view, X=view.X.drop(columns=apart))
            X = encoded(seen, method.encoding)[chosen].reset_index(drop=True)
            if method.encoding == "codes":
                X.attrs["categories"] = categories(seen)
            shown = {str(need): _shown(view, need, chosen) for need in method.needs}
            self._seen[key] = Rows(X, view.t[chosen], view.y[chosen], None, shown)
        rows = self._seen[key]
        if not method.oracle:
            return rows
        truth = truth_of(view, cell.setting).of_rows(chosen)
        return replace(rows, reveal=(truth.ite, truth.effect))

    def _view(self, cell: Cell) -> CausalDataset:
        """Return the dataset of a cell as its setting shows it."""
        return self._datasets[cell.dataset].setting(cell.setting)


def _shown(view: CausalDataset, need: Need, chosen: np.ndarray) -> Any:
    """Select what a method needs of some rows: an array, a Series, a DataFrame, or the graph."""
    if need == "graph":
        return view.graph
    part = view.shown[need][chosen]
    return part if isinstance(part, np.ndarray) else part.reset_index(drop=True)


def categories(dataset: CausalDataset) -> dict[str, dict[int, str]]:
    """Return the name of each code of the categorical covariates of a dataset."""
    if dataset.labels is None:
        return {}
    found = {}
    for name in dataset.labels.columns.intersection(dataset.X.columns):
        codes, first = np.unique(dataset.X[name].to_numpy(), return_index=True)
        names = dataset.labels[name].to_numpy()[first]
        found[str(name)] = {int(code): str(each) for code, each in zip(codes, names, strict=True)}
    return found


def encoded(dataset: CausalDataset, encoding: Encoding) -> pd.DataFrame:
    """Encode the covariates of a dataset.

    ``codes`` keeps the numbers. ``one-hot`` replaces each covariate with labels by indicators of
    its values, except for the first value (reference coding): all indicators together would sum to
    1, and standard errors of regressions would not exist. A covariate with one value keeps its
    code, so that at least one column is left.

    Returns
    -------
    DataFrame of shape (n, p) or (n, number of indicators and other covariates); the name of an
    indicator is ``covariate=value``, with an underscore after it if that is another column.
    """
    if encoding == "codes" or dataset.labels is None:
        return dataset.X
    columns: dict[str, np.ndarray] = {}
    for name in dataset.X:
        codes = dataset.X[name].to_numpy()
        values = np.unique(codes)
        if name not in dataset.labels or len(values) < 2:
            columns[str(name)] = codes
            continue
        labels = dataset.labels[name].to_numpy()
        for value in values[1:]:
            here = codes == value
            indicator = f"{name}={labels[here.argmax()]}"
            while indicator in columns or indicator in dataset.X:
                indicator += "_"
            columns[indicator] = here.astype(float)
    return pd.DataFrame(columns)
