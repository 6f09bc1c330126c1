"""Fits CATENets on the datasets of a file; run by a Python that has it, which need not have sdscm.

python catenets_worker.py SNet1 datasets.npz answers.npz
"""

from __future__ import annotations

import sys
import time

import catenets.models.jax as catenets
import numpy as np


def main(name: str, given: str, answers: str) -> None:
    data = np.load(given)
    seconds, effects = [], []
    for number, (X, t, y) in enumerate(zip(data["X"], data["t"], data["y"], strict=True)):
        start = time.process_time()
        model = getattr(catenets, name)(seed=number)
        model.fit(X, y, t)
        effects.append(np.ravel(model.predict(X)))
        seconds.append(time.process_time() - start)
    np.savez(answers, seconds=seconds, effects=effects)


if __name__ == "__main__":
    main(*sys.argv[1:])
