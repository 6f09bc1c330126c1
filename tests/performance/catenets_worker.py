"""Fit CATENets on the datasets of a file, with a Python that has it and need not have sdscm.

python catenets_worker.py SNet1 datasets.npz answers.npz

The answers are CPU seconds, effects, and for TNet its initial weights and biases.
"""

from __future__ import annotations

import sys
import time

import catenets.models.jax as catenets
import numpy as np
from catenets.models.jax.base import OutputHead
from jax import random


def start_of_tnet(model: catenets.TNet, inputs: int) -> list[np.ndarray]:
    """Initial weights and biases of each layer in turn, the same for both arms."""
    names = ("n_layers_out", "n_units_out", "binary_y", "n_layers_r", "n_units_r", "nonlin")
    draw, _ = OutputHead(**{name: getattr(model, name) for name in names})
    _, layers = draw(random.PRNGKey(model.seed), (-1, inputs))
    return [np.asarray(array) for layer in layers for array in layer]


def main(name: str, given: str, answers: str) -> None:
    data = np.load(given)
    seconds, effects, starts = [], [], {}
    for number, (X, t, y) in enumerate(zip(data["X"], data["t"], data["y"], strict=True)):
        start = time.process_time()
        model = getattr(catenets, name)(seed=number)
        model.fit(X, y, t)
        effects.append(np.ravel(model.predict(X)))
        seconds.append(time.process_time() - start)
        if name == "TNet":
            for position, array in enumerate(start_of_tnet(model, X.shape[1])):
                starts[f"start-{number}-{position}"] = array
    np.savez(answers, seconds=seconds, effects=effects, **starts)


if __name__ == "__main__":
    main(*sys.argv[1:])
