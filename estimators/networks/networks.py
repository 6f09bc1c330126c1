"""TARNet and TNet, one dataset at a time or many at once.

Architecture and defaults are those of CATENets (Curth and van der Schaar 2021, AISTATS), where the
networks are called SNet-1 and TNet: three layers of 200 ELU units, then two of 100 and a linear
output for each arm; Adam; a penalty on the weights; early stopping on 30 % of the rows.
``random_state`` decides every random choice. Another device, another processor or other networks in
the same batch change the results by rounding only.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import Any, NamedTuple, TypeVar

import numpy as np
import pandas as pd
import torch
from sklearn.base import clone

from estimators.base import CATEEstimator, Standardised
from estimators.errors import EstimatorError
from estimators.networks.ensemble_network import Architecture, predict
from estimators.networks.network_training import (
    TrainedNetwork,
    TrainingData,
    TrainingSettings,
    train,
)
from estimators.support.quiet import add_notes

#: Rows in one pass of a prediction.
PREDICTION_ROWS = 4096
#: Networks that `fit_many` trains at once. More do not fit into the caches of a CPU: with 32 each
#: network took a quarter more time than with 4.
NETWORKS_ON_CPU, NETWORKS_ELSEWHERE = 4, 256


class Dataset(NamedTuple):
    """Arguments of ``fit``: X of shape (n, p), t of 0 and 1 and y of floats, both of shape (n,)."""

    X: pd.DataFrame | np.ndarray
    t: np.ndarray
    y: np.ndarray


@dataclass(frozen=True)
class _Request:
    """The training of one fit: networks of one architecture, one for each element of ``data``."""

    architecture: Architecture
    data: list[TrainingData]


@dataclass(eq=False, repr=False)
class NetworkEstimator(Standardised, CATEEstimator):
    """Base of TARNet and TNet: parameters, and the steps before and after training.

    Parameters
    ----------
    representation_layers, head_layers
        Widths of the hidden layers: first those that the arms share in TARNet, then the others.
    learning_rate, l2, batch_size, validation_fraction, patience, min_updates, max_epochs
        As in `estimators.networks.network_training.TrainingSettings`.
    device
        Device of the training in PyTorch's notation: ``cpu``, ``cuda``, ``cuda:1``.
    random_state
        Seed of the initial weights, the split and the minibatches.

    Attributes
    ----------
    epochs_
        Number of epochs of each network: one number for TARNet, two for TNet.
    """

    #: Each arm needs one row for training and one for validation.
    rows_per_arm = 2

    representation_layers: Sequence[int] = (200, 200, 200)
    head_layers: Sequence[int] = (100, 100)
    learning_rate: float = 1e-4
    l2: float = 1e-4
    batch_size: int = 100
    validation_fraction: float = 0.3
    patience: int = 10
    min_updates: int = 200
    max_epochs: int = 10_000
    device: str = "cpu"
    random_state: int | None = 0

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> None:
        request = self._request(X, t, y)
        self._accept(
            train(request.data, request.architecture, self._settings(), self._torch_device())
        )

    @classmethod
    def fit_many(
        cls,
        estimators: Sequence[Any],
        datasets: Sequence[Dataset | tuple[Any, Any, Any]],
        at_once: int | None = None,
    ) -> None:
        """Fit each of ``estimators`` on the dataset at the same position, in batched models.

        The estimators differ in ``random_state`` only. For errors and ``at_once`` see the function
        `fit_many` of this module.
        """
        settings, device = estimators[0]._settings(), estimators[0]._torch_device()
        if at_once is not None and at_once < 1:
            raise EstimatorError(f"at_once: is {at_once}, must be 1 or more")
        requests: list[_Request] = []
        for number, (one, dataset) in enumerate(zip(estimators, datasets, strict=True)):
            with _errors_with_position(number):
                requests.append(one._request(*one._checked(*dataset)))
        by_architecture: dict[Architecture, list[int]] = {}
        for number, request in enumerate(requests):
            by_architecture.setdefault(request.architecture, []).append(number)
        for architecture, numbers in by_architecture.items():
            size = at_once or _networks_at_once(device) // len(requests[numbers[0]].data)
            for start in range(0, len(numbers), size):
                chunk = numbers[start : start + size]
                data = [each for number in chunk for each in requests[number].data]
                with estimators[chunk[0]]._library_code():
                    networks = iter(train(data, architecture, settings, device))
                for number in chunk:
                    one = estimators[number]
                    add_notes(one.warnings_, estimators[chunk[0]].warnings_)
                    with _errors_with_position(number):
                        one._accept([next(networks) for _ in requests[number].data])
                    one._remember_columns(datasets[number][0])

    @abstractmethod
    def _request(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> _Request:
        """Networks to train on clean arrays."""

    def _accept(self, networks: list[TrainedNetwork]) -> None:
        """Keep the trained networks; raise an error if one diverged."""
        self.networks_ = networks
        self.epochs_ = tuple(network.epochs for network in networks)
        if not all(np.isfinite(network.validation_loss) for network in networks):
            raise EstimatorError(
                f"{type(self).__name__}: training diverged; scale X and y, "
                f"or lower learning_rate (is {self.learning_rate})"
            )

    def _network(self, inputs: int, heads: int) -> Architecture:
        trunk, head = (
            tuple(map(int, widths)) for widths in (self.representation_layers, self.head_layers)
        )
        return Architecture(inputs, trunk, head, heads)

    def _settings(self) -> TrainingSettings:
        if self.batch_size < 1:
            raise EstimatorError(f"batch_size: is {self.batch_size}, must be 1 or more")
        if self.max_epochs < 1:
            raise EstimatorError(f"max_epochs: is {self.max_epochs}, must be 1 or more")
        if not 0 < self.validation_fraction < 1:
            raise EstimatorError(
                f"validation_fraction: is {self.validation_fraction}, must be between 0 and 1"
            )
        return TrainingSettings(*(getattr(self, each.name) for each in fields(TrainingSettings)))

    def _torch_device(self) -> torch.device:
        try:
            device = torch.device(self.device)
        except RuntimeError as error:
            raise EstimatorError(
                f"device: {self.device!r} is not a device of PyTorch; give 'cpu' or 'cuda'"
            ) from error
        if device.type == "cuda" and not torch.cuda.is_available():
            raise EstimatorError(
                f"device: {self.device!r} was asked for, but PyTorch sees no CUDA device; "
                "give 'cpu', or install a CUDA build of torch"
            )
        return device

    def _outcomes(
        self, network: TrainedNetwork, architecture: Architecture, X: np.ndarray
    ) -> np.ndarray:
        """Predictions of each head of a network for the rows of X, shape (heads, n)."""
        x = torch.from_numpy(X.astype(np.float32))
        with torch.no_grad():
            parts = [
                predict(architecture, network.parameters, rows[None])[:, 0]
                for rows in x.split(PREDICTION_ROWS)
            ]
        return torch.cat(parts, dim=1).double().numpy()


class TARNet(NetworkEstimator):
    """One network with a head for each arm (Shalit, Johansson and Sontag 2017, ICML; SNet-1).

    The effect is the difference of the two heads; the average effect is its mean over the rows of
    X. CATENets and the paper train on X and y as they are: ``standardise=False``.
    """

    def _request(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> _Request:
        data = TrainingData(X, t, y, self.seed_)
        return _Request(self._network(X.shape[1], heads=2), [data])

    def _effect(self, X: np.ndarray) -> np.ndarray:
        architecture = self._network(X.shape[1], heads=2)
        control, treated = self._outcomes(self.networks_[0], architecture, X)
        return treated - control


class TNet(NetworkEstimator):
    """A network for each arm: a T-learner (Curth and van der Schaar 2021).

    Both networks start from the same weights, as in CATENets. The effect is the difference of the
    two networks; the average effect is its mean over the rows of X. CATENets and the paper train on
    X and y as they are: ``standardise=False``.
    """

    def _request(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> _Request:
        data = [
            TrainingData(X[t == arm], np.zeros(np.sum(t == arm), int), y[t == arm], self.seed_)
            for arm in (0, 1)
        ]
        return _Request(self._network(X.shape[1], heads=1), data)

    def _effect(self, X: np.ndarray) -> np.ndarray:
        architecture = self._network(X.shape[1], heads=1)
        control, treated = (self._outcomes(n, architecture, X)[0] for n in self.networks_)
        return treated - control


Network = TypeVar("Network", bound=NetworkEstimator)


def fit_many(
    estimator: Network,
    datasets: Sequence[Dataset | tuple[Any, Any, Any]],
    random_states: Sequence[int | None] | None = None,
    at_once: int | None = None,
) -> list[Network]:
    """Fit a clone of ``estimator`` on each dataset, many datasets in one batched model.

    Each clone equals ``clone(estimator).fit(X, t, y)`` up to the rounding of 32-bit floats: each
    dataset has its own split, initial weights, minibatches and early stopping.

    Parameters
    ----------
    estimator
        A TARNet, a TNet or a variant of one; it is not changed.
    datasets
        (X, t, y) of each dataset, as for ``fit``. Numbers of rows may differ.
    random_states
        A seed for each dataset; by default the estimator's own for all.
    at_once
        Datasets in one model. By default as many as give 4 networks on a CPU, whose caches hold no
        more, and 256 networks elsewhere. One network takes about 5 MB in addition to its data.

    Raises
    ------
    EstimatorError
        If a dataset cannot be fitted: the error of ``fit``, preceded by the dataset's position.
    """
    if not isinstance(estimator, NetworkEstimator):
        raise EstimatorError(
            f"fit_many: {type(estimator).__name__} is not a TARNet or TNet; fit it one by one"
        )
    if random_states is not None and len(random_states) != len(datasets):
        raise EstimatorError(
            f"random_states: {len(random_states)} seeds for {len(datasets)} datasets"
        )
    fitted = [clone(estimator) for _ in datasets]
    for one, seed in zip(fitted, random_states or (), strict=False):
        one.set_params(random_state=seed)
    if fitted:
        type(estimator).fit_many(fitted, datasets, at_once)
    return fitted


def _networks_at_once(device: torch.device) -> int:
    return NETWORKS_ON_CPU if device.type == "cpu" else NETWORKS_ELSEWHERE


@contextmanager
def _errors_with_position(number: int) -> Iterator[None]:
    """Put the position of the dataset before the message of an error."""
    try:
        yield
    except EstimatorError as error:
        raise EstimatorError(f"dataset {number}: {error}") from error
