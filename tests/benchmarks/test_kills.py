"""SIGKILL at five random moments of a run: nothing that was recorded is computed twice."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

import benchmarks

PLUGIN = """
import time
import numpy as np
import estimators

@estimators.register("noted in {name}")
class Noted:
    def __init__(self, number=0):
        self.number = number

    def get_params(self, deep=True):
        return {{"number": self.number}}

    def set_params(self, **params):
        vars(self).update(params)
        return self

    def fit(self, X, t, y):
        time.sleep(0.2)
        with open({log!r}, "a") as file:
            file.write(f"{{self.number}} {{y.sum():.6f}} {{X.shape[1]}}\\n")
        self.naive = y[t == 1].mean() - y[t == 0].mean() + self.number
        return self

    def effect(self, X):
        return np.full(len(X), self.naive)
"""
SCRIPT = """
import sys
import benchmarks
from pathlib import Path

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    benchmarks.run(
        folder / "toy.yaml",
        plugins=[folder / "noted.py"],
        workers=2,
        runs_dir=folder / "runs",
        results_dir=folder / "results",
    )
"""
CELLS = 160


def recorded(folder: Path) -> dict[str, dict]:
    found = {}
    for path in (folder / "runs" / "toy" / "cells").glob("[!.]*.json"):
        found[path.stem] = json.loads(path.read_bytes())["cell"]
    return found


def count(folder: Path) -> int:
    return len(list((folder / "runs" / "toy" / "cells").glob("[!.]*.json")))


@pytest.mark.slow
def test_five_kills_end_in_the_board_of_a_quiet_run(make_suite, tmp_path) -> None:
    log, plugin = tmp_path / "fits.log", tmp_path / "noted.py"
    log.touch()
    plugin.write_text(PLUGIN.format(name=tmp_path.name, log=str(log)))
    entries = [
        {"name": f"noted in {tmp_path.name}", "label": f"noted {n}", "params": {"number": n}}
        for n in range(10)
    ]
    suite = make_suite(datasets=8, estimators=entries)
    (tmp_path / "script.py").write_text(SCRIPT)
    environment = os.environ | {"PYTHONPATH": str(Path(benchmarks.__file__).parents[1])}
    moments = random.Random(2024)
    fitted_before: Counter[str] = Counter()
    for _ in range(5):
        before = recorded(tmp_path)
        run = subprocess.Popen(
            [sys.executable, str(tmp_path / "script.py"), str(tmp_path)], env=environment
        )
        # A moment among cells: after so many new records, and a while that has no beat of its own.
        wanted = len(before) + moments.randrange(2, 12)
        end = time.monotonic() + 120
        try:
            while count(tmp_path) < wanted:
                assert time.monotonic() < end, "waited too long"
                assert run.poll() is None, "it ended before it was killed"
                time.sleep(0.005)
            time.sleep(moments.uniform(0, 0.1))
        finally:
            run.send_signal(signal.SIGKILL)
            run.wait()
        time.sleep(0.5)  # its workers see it and leave
        fitted = Counter(log.read_text().splitlines())
        again = fitted - fitted_before
        for cell in before.values():
            assert again[what(tmp_path, cell)] == 0, "computed again, though it was on record"
        fitted_before = fitted
    left = len(recorded(tmp_path))
    assert left < CELLS
    folders = {"results_dir": tmp_path / "results", "runs_dir": tmp_path / "runs"}
    resumed = benchmarks.run(suite, plugins=[plugin], workers=2, **folders)
    assert resumed.computed == CELLS - left
    quiet = benchmarks.run(
        suite,
        plugins=[plugin],
        workers=2,
        runs_dir=tmp_path / "quiet",
        results_dir=tmp_path / "quiet-results",
    )
    cost = ["seconds", "peak_memory"]
    pd.testing.assert_frame_equal(
        resumed.scores.drop(columns=cost), quiet.scores.drop(columns=cost), check_exact=True
    )
    one, other = (result.files[0].parent / "scores.csv" for result in (resumed, quiet))
    assert one.read_bytes() == other.read_bytes()


_SEEN: dict[tuple[str, str], str] = {}


def what(folder: Path, cell: dict) -> str:
    """The line that a fit of the cell writes."""
    from sdscm.dataset import CausalDataset

    key = (cell["dataset"], cell["setting"])
    if key not in _SEEN:
        path = folder / "runs" / "toy" / "datasets" / f"{cell['dataset']}.parquet"
        view = CausalDataset.read_parquet(path).setting(cell["setting"])
        _SEEN[key] = f"{view.y.sum():.6f} {view.X.shape[1]}"
    return f"{cell['estimator'].removeprefix('noted ')} {_SEEN[key]}"
