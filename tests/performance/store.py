"""What the store of a run costs: 75,000 cells with scores, and 2,000 of them with predictions.

    python tests/performance/store.py              # a minute or two
    python tests/performance/store.py --cells 5000 --predictions 200

Prints the Markdown table of docs/explanation/harness.md. The run is made up: 16 methods on all
datasets in the settings ``all`` and ``hidden``. Each cell is written in a transaction of its own,
as a run does it.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

import benchmarks
from benchmarks import metrics
from benchmarks.boards.scores import definitions
from benchmarks.datasets.facts import fact_table
from benchmarks.datasets.source import Source
from benchmarks.datasets.truth import truth_table
from benchmarks.execution.cells import Cell, seed_of
from benchmarks.interface import Outcome, Prediction
from benchmarks.storage.manifest import Manifest, MethodInfo
from benchmarks.storage.store import Record, Store
from sdscm.data.dataset import CausalDataset

_METHODS, _SETTINGS, _ROWS = 16, ("all", "hidden"), 1000
_VERSIONS = {"python": "3.11", "numpy": "2.0", "scipy": "1.0", "scikit-learn": "1.0"}


def dataset(seed: int) -> CausalDataset:
    draw = np.random.Generator(np.random.Philox(seed))
    u, y0 = draw.normal(size=(2, _ROWS))
    frame = pd.DataFrame({"u": u, "x": y0 + u, "y0": y0, "y1": y0 + u, "t": np.arange(_ROWS) % 2})
    return CausalDataset.from_frame(
        frame, treatment="t", y0="y0", y1="y1", exogenous=["u"], name="made up"
    )


def manifest(cells: int) -> Manifest:
    """A run of so many cells, with 100 different datasets under all names."""
    count = -(-cells // (_METHODS * len(_SETTINGS)))
    few = [dataset(seed) for seed in range(min(count, 100))]
    datasets = {f"made-up-p{i // 20}-r{i % 20}": few[i % len(few)] for i in range(count)}
    sources = [
        Source(name, "made up", f"phrasing {i // 20}", "lm", of.fingerprint, (0, "made up", i))
        for i, (name, of) in enumerate(datasets.items())
    ]
    labels = [f"method {number}" for number in range(_METHODS)]
    content = {
        "name": "made-up",
        "holdout": 0,
        "datasets": [{"name": "made up".replace(" ", "-"), "files": "*.parquet"}],
        "settings": list(_SETTINGS),
        "estimators": [{"name": "LinReg", "label": label} for label in labels],
    }
    planned = [
        Cell(
            dataset=source.name,
            fingerprint=source.fingerprint,
            setting=setting,
            estimator=label,
            identity=f"{number:032x}",
            seed=seed_of(source, setting, label),
            alpha=0.05,
            threads=1,
            version_free_key=f"{number:032x}",
        )
        for source in sources
        for setting in _SETTINGS
        for number, label in enumerate(labels)
    ]
    suite = benchmarks.Suite.model_validate(content)
    return Manifest(
        suite=suite,
        origin="made-up",
        command="sdscm benchmark made-up",
        sources=tuple(sources),
        methods=tuple(MethodInfo(label, "made up", "ITE", False) for label in labels),
        cells=tuple(planned[:cells]),
        facts=fact_table(sources, datasets),
        truths=truth_table(sources, datasets, lambda _: _SETTINGS, 0.0),
        provenance={name: of.meta for name, of in datasets.items()},
    )


def record(cell: Cell, draw: np.random.Generator, predictions: bool) -> Record:
    """A cell with a score of every metric, and predictions that do not compress."""
    names = [metric.name for metric in metrics.registered()]
    scores = dict(zip(["ate", *names], draw.random(len(names) + 1).tolist(), strict=True))
    effect, low, high, below, above = draw.normal(size=(5, _ROWS))
    prediction = Prediction(
        effect, (low, high), float(effect.mean()), np.array([0.0, 1.0]), (below, above)
    )
    outcome = Outcome("ok", "", (), prediction if predictions else None, None, 0.5)
    return Record(cell, outcome, _VERSIONS, 300.0, {"fitted": scores}, definitions(0))


def timed(action: Callable[[], object]) -> np.ndarray:
    """Seconds that an action takes: of the clock, and of the processor, children included."""
    start = _clocks()
    action()
    return _clocks() - start


def _clocks() -> np.ndarray:
    used = os.times()
    return np.array([used.elapsed, used.user + used.system + used.children_user])


def told(seconds: np.ndarray, unit: str = "s") -> str:
    wall, processor = seconds
    return f"{wall:.2f} {unit} | {processor:.2f} {unit}"


def size(path: Path) -> int:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return path.stat().st_size


def measure(folder: Path, cells: int, predictions: int) -> None:
    run = manifest(cells)
    draw = np.random.Generator(np.random.Philox(1))
    store = Store.of(folder / "made-up")
    print("| part | cells | time | of the processor | bytes a cell |")
    print("| --- | ---: | ---: | ---: | ---: |")
    planned = timed(lambda: run.write(store))
    begin = size(store.path)
    print(f"| the planned cells | {cells:,} | {told(planned)} | {begin / cells:,.0f} |")

    def write(part: tuple[Cell, ...], with_predictions: bool) -> None:
        spent = np.zeros(2)
        for start in range(0, len(part), 1000):
            made = [record(cell, draw, with_predictions) for cell in part[start : start + 1000]]
            spent += timed(lambda made=made: [store.write(each) for each in made])  # type: ignore[misc]
        grown = size(store.path)
        kind = f"scores and predictions of {_ROWS:,} rows" if with_predictions else "scores"
        print(
            f"| {kind}, a cell | {len(part):,} | {told(1000 * spent / len(part), 'ms')} | "
            f"{(grown - before[0]) / len(part):,.0f} |",
            flush=True,
        )
        before[0] = grown

    before = [begin]
    write(run.cells[predictions:], False)
    write(run.cells[:predictions], True)
    checked = timed(lambda: [print(line) for line in store.damage()])
    print(f"| check of every page and row | {cells:,} | {told(checked)} | |", flush=True)
    store.close()
    # In a process of its own, from the start of Python to the last file of the board.
    code = (
        "import benchmarks, sys; r = benchmarks.leaderboard('made-up', runs_dir=sys.argv[1], "
        "results_dir=sys.argv[1] + '/results'); assert len(r.scores) == int(sys.argv[2])"
    )
    board = timed(
        lambda: subprocess.run([sys.executable, "-c", code, str(folder), str(cells)], check=True)
    )
    print(f"| the board with all its files, in a new process | {cells:,} | {told(board)} | |")


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", type=int, default=75_000)
    parser.add_argument("--predictions", type=int, default=2_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        measure(Path(name), given.cells, given.predictions)
