"""Measure TARNet and TNet: their speed against CATENets or another version, and their errors.

    python tests/performance/networks.py --catenets /path/to/venv/bin/python
    python tests/performance/networks.py --other /path/to/another/checkout
    python tests/performance/networks.py --paper ../shared/paper/gpt2.parquet --datasets 16

CATENets needs JAX and an environment of its own (``pip install catenets jax``); without
``--catenets`` its columns are empty. ``--other`` fits the same datasets with the same seeds by
another checkout of this project, and compares times and effects. All runs use one core and count
CPU seconds, so that other load on the machine matters little. A dataset has 1,000 rows and 12
covariates. The output is a Markdown table.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
CATENETS = {"TARNet": "SNet1", "TNet": "TNet"}
WORKER = Path(__file__).with_name("catenets_worker.py")


def synthetic(count: int) -> dict[str, np.ndarray]:
    """Draw datasets with effects linear in a covariate, and y around -11 as in the paper's data."""
    parts = []
    for seed in range(count):
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(1000, 12))
        t = (rng.random(1000) < 1 / (1 + np.exp(-X[:, 0]))).astype(int)
        y0 = X[:, 0] + 0.1 * rng.normal(size=1000) - 11
        parts.append((X, t, y0, y0 + X[:, 1]))
    return _stacked(parts)


def from_paper(path: Path, count: int) -> dict[str, np.ndarray]:
    """Read datasets of the paper, spread over its phrasings."""
    import pandas as pd

    outcomes = [f"logP(X13=0)|do(X12={arm})" for arm in (0, 1)]
    covariates = [f"X{i}" for i in range(12)]
    data = pd.read_parquet(path, columns=["dataset", "X12", *covariates, *outcomes])
    numbers = data["dataset"].unique()
    parts = []
    for number in numbers[:: len(numbers) // count][:count]:
        rows = data[data["dataset"] == number]
        y0, y1 = (rows[outcome].to_numpy(float) for outcome in outcomes)
        parts.append((rows[covariates].to_numpy(float), rows["X12"].to_numpy(int), y0, y1))
    return _stacked(parts)


def _stacked(parts: list[tuple[np.ndarray, ...]]) -> dict[str, np.ndarray]:
    X, t, y0, y1 = (np.stack(arrays) for arrays in zip(*parts, strict=True))
    return {"X": X, "t": t, "y": np.where(t == 1, y1, y0), "ite": y1 - y0}


def pehe(data: dict[str, np.ndarray], effects: np.ndarray) -> np.ndarray:
    """Root mean squared error of the effects of each dataset, in standard deviations of its y."""
    return np.sqrt(np.mean((effects - data["ite"]) ** 2, axis=1)) / data["y"].std(axis=1)


def ours(name: str, data: dict[str, np.ndarray], at_once: int) -> tuple[float, np.ndarray]:
    """CPU seconds of one dataset, and the effects, shape (datasets, n)."""
    import estimators

    # Looked up by name, so that `--other` may be an older layout.
    fit_many = sys.modules[type(estimators.get(name)).__module__].fit_many

    datasets = list(zip(data["X"], data["t"], data["y"], strict=True))
    seeds = list(range(len(datasets)))
    start = time.process_time()
    as_catenets = {"standardise": False} if "standardise" in estimators.parameters(name) else {}
    network = estimators.get(name, **as_catenets)
    fitted = fit_many(network, datasets, random_states=seeds, at_once=at_once or None)
    effects = np.stack([one.effect(X) for one, X in zip(fitted, data["X"], strict=True)])
    return (time.process_time() - start) / len(datasets), effects


def fit_catenets(python: str, name: str, data: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Answers of `catenets_worker`, run with the Python that has CATENets."""
    with tempfile.TemporaryDirectory() as folder:
        given, answers = (str(Path(folder, f"{part}.npz")) for part in ("given", "answers"))
        np.savez(given, **data)
        command = [python, str(WORKER), name, given, answers]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"CATENets failed: {done.stderr.strip().splitlines()[-1]}")
        return dict(np.load(answers))


def theirs(python: str, name: str, data: dict[str, np.ndarray]) -> tuple[float, np.ndarray]:
    """As `ours` for CATENets: one dataset after the other, compilation included."""
    found = fit_catenets(python, name, data)
    return float(np.mean(found["seconds"])), found["effects"]


def fit_elsewhere(checkout: Path, name: str, data: dict[str, np.ndarray], at_once: int) -> Any:
    """As `ours`, in a process that imports the package from another checkout."""
    code = (
        "import sys; sys.path[:0] = sys.argv[1:3]; import numpy as np; from networks import ours; "
        "seconds, effects = ours(sys.argv[3], dict(np.load(sys.argv[4])), int(sys.argv[5])); "
        "np.savez(sys.argv[6], seconds=seconds, effects=effects)"
    )
    with tempfile.TemporaryDirectory() as folder:
        given, answers = (str(Path(folder, f"{part}.npz")) for part in ("given", "answers"))
        np.savez(given, **data)
        folders = [str(checkout), str(Path(__file__).parent)]
        command = [sys.executable, "-c", code, *folders, name, given, str(at_once), answers]
        subprocess.run(command, check=True)
        found = dict(np.load(answers))
    return float(found["seconds"]), found["effects"]


def describe_errors(errors: np.ndarray) -> str:
    return f"{errors.mean():.4f} (SD {errors.std():.4f})"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--catenets", metavar="PYTHON", help="a Python that has CATENets")
    parser.add_argument("--other", type=Path, metavar="FOLDER", help="another checkout")
    parser.add_argument("--paper", type=Path, metavar="PARQUET", help="datasets of the paper")
    parser.add_argument("--datasets", type=int, default=16)
    parser.add_argument(
        "--at-once",
        type=int,
        nargs="+",
        default=[1, 16, 0],
        help="datasets in one model, 0 for the default of fit_many; the last one is compared",
    )
    parser.add_argument("--names", nargs="+", default=["TARNet", "TNet"])
    arguments = parser.parse_args()
    os.environ.update(dict.fromkeys(THREADS, "1"))
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    if not arguments.catenets:
        print("CATENets: not measured (give --catenets a Python that has it)\n")
    count = arguments.datasets
    data = from_paper(arguments.paper, count) if arguments.paper else synthetic(count)
    sizes = " | ".join(f"{size or 'default'} at once" for size in arguments.at_once)
    print(f"| estimator | {sizes} | compared with | seconds | ratio | PEHE/SD(y) |")
    print("|---" * (len(arguments.at_once) + 5) + "|")
    for name in arguments.names:
        row = []
        for size in arguments.at_once:
            took, effects = ours(name, data, size)
            row.append(f"{took:.2f} s")
        errors = pehe(data, effects)
        compared: dict[str, tuple[float, np.ndarray]] = {}
        if arguments.catenets and name in CATENETS:
            compared["CATENets"] = theirs(arguments.catenets, CATENETS[name], data)
        if arguments.other:
            compared["other"] = fit_elsewhere(arguments.other, name, data, arguments.at_once[-1])
        if not compared:
            print(f"| {name} | {' | '.join([*row, '', '', ''])} | {describe_errors(errors)} |")
        for label, (seconds, answers) in compared.items():
            other = pehe(data, answers)
            difference = errors - other
            standard_error = difference.std(ddof=1) / np.sqrt(count)
            largest = np.max(np.abs(effects - answers) / data["y"].std(axis=1, keepdims=True))
            cells = [*row, label, f"{seconds:.2f} s", f"{seconds / took:.2f}"]
            print(
                f"| {name} | {' | '.join(cells)} | {describe_errors(errors)}, "
                f"{label} {describe_errors(other)}, difference {difference.mean():+.1e} "
                f"(SE {standard_error:.1e}), largest difference of effects {largest:.1e} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
