"""Compare the training of TNet with that of CATENets, on the same weights, rows and minibatches.

    python tests/performance/networks_parity.py --catenets /path/to/venv/bin/python

CATENets draws its weights with JAX, its split with scikit-learn and its minibatches with NumPy, all
from one seed. This script gives the same draws to our training, so that the two differ by rounding
only. It exits with 1 if the effects differ by more than 0.001 SD(y).
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

import numpy as np
import torch
from networks import fit_catenets, pehe, synthetic
from sklearn.model_selection import train_test_split

import estimators
from estimators.networks import network_training
from estimators.networks.ensemble_network import Parameters, predict
from estimators.networks.network_training import TrainedNetwork, TrainingData

TOLERANCE = 1e-3


class _AsInCATENets(network_training._Member):
    """A member with the random choices of the TNet of CATENets with the same seed."""

    start: list[np.ndarray]

    def __init__(self, data: TrainingData, *others: Any) -> None:
        super().__init__(data, *others)
        layers = [torch.from_numpy(array.copy())[None] for array in self.start]
        self.initial = Parameters(layers[::2], [bias[:, None] for bias in layers[1::2]])
        self.x, self.x_validation, self.y, self.y_validation = train_test_split(
            data.x, data.y, test_size=0.3, random_state=data.seed, shuffle=True
        )
        self.arm = np.zeros(len(self.y), dtype=int)
        self.validation_controls = len(self.y_validation)
        self.batches = max(1, round(len(self.y) / self._batch_size))
        self._shuffled = np.arange(len(self.y))
        self._random = np.random.RandomState(data.seed)

    def minibatches(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        self._random.shuffle(self._shuffled)
        width, last = self._batch_size, len(self._shuffled) - 1
        rows = np.zeros((self.batches, width), dtype=np.int64)
        sizes = np.zeros(self.batches, dtype=np.int64)
        for batch in range(self.batches):
            chosen = self._shuffled[batch * width : min((batch + 1) * width, last)]
            rows[batch, : len(chosen)], sizes[batch] = chosen, len(chosen)
        return rows, sizes, sizes


def trained(X: np.ndarray, y: np.ndarray, seed: int, start: list[np.ndarray]) -> TrainedNetwork:
    """Train the network of one arm from the initial weights of CATENets."""
    network = estimators.get("TNet", standardise=False)
    _AsInCATENets.start = start
    network_training._Member = _AsInCATENets  # type: ignore[misc]
    data = TrainingData(X, np.zeros(len(y), dtype=int), y, seed)
    architecture = network._network(X.shape[1], heads=1)
    [member] = network_training.train(
        [data], architecture, network._settings(), torch.device("cpu")
    )
    return member


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--catenets", metavar="PYTHON", required=True)
    parser.add_argument("--datasets", type=int, default=4)
    arguments = parser.parse_args()
    data = synthetic(arguments.datasets)
    theirs = fit_catenets(arguments.catenets, "TNet", data)
    architecture = estimators.get("TNet")._network(data["X"].shape[2], heads=1)
    worst = 0.0
    print("| dataset | epochs of the arms | PEHE/SD(y) | CATENets | largest difference / SD(y) |")
    print("|---|---|---|---|---|")
    for number, (X, t, y) in enumerate(zip(data["X"], data["t"], data["y"], strict=True)):
        start = [theirs[f"start-{number}-{k}"] for k in range(2 * len(architecture.shapes))]
        arms = [trained(X[t == arm], y[t == arm], number, start) for arm in (0, 1)]
        rows = torch.from_numpy(X.astype(np.float32))[None]
        with torch.no_grad():
            control, treated = (predict(architecture, a.parameters, rows)[0, 0] for a in arms)
        effects = (treated - control).numpy()
        one = {"y": data["y"][[number]], "ite": data["ite"][[number]]}
        errors = [pehe(one, e[None])[0] for e in (effects, theirs["effects"][number])]
        apart = float(np.max(np.abs(effects - theirs["effects"][number])) / y.std())
        worst = max(worst, apart)
        epochs = ", ".join(str(arm.epochs) for arm in arms)
        print(
            f"| {number} | {epochs} | {errors[0]:.5f} | {errors[1]:.5f} | {apart:.1e} |", flush=True
        )
    return int(worst > TOLERANCE)


if __name__ == "__main__":
    sys.exit(main())
