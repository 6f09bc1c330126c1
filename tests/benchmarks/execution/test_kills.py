"""A run that is stopped goes on where it was: nothing that was recorded is computed twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pandas as pd
import pytest

import benchmarks
from benchmarks.execution import methods
from benchmarks.execution.cells import Cell
from benchmarks.storage.cleanup import leftovers
from benchmarks.storage.store import Store
from sdscm.data.dataset import CausalDataset

#: Notes, when a fit ends: the process, its own number, and what tells a dataset and its setting.
PLUGIN = """
import os
import time
import numpy as np
import estimators

@estimators.register({name!r})
class Noted:
    def __init__(self, number=0):
        self.number = number

    def get_params(self, deep=True):
        return {{"number": self.number}}

    def set_params(self, **params):
        vars(self).update(params)
        return self

    def fit(self, X, t, y):
        time.sleep(0.3)
        with open({log!r}, "a") as file:
            file.write(f"{{os.getpid()}} {{self.number}} {{y.sum():.6f}} {{X.shape[1]}}\\n")
        self.naive = y[t == 1].mean() - y[t == 0].mean() + self.number
        return self

    def effect(self, X):
        return np.full(len(X), self.naive)
"""
SCRIPT = """
import sys
import benchmarks
from benchmarks.execution import methods
from benchmarks.execution.cells import Cell
from pathlib import Path

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    methods.code_of = lambda where: "as it was"
    try:
        benchmarks.run(
            folder / "toy.yaml",
            plugins=[folder / "noted.py"],
            workers=2,
            runs_dir=folder / "runs",
            results_dir=folder / "results",
        )
    except KeyboardInterrupt as stop:
        sys.exit(f"told: {stop}")
"""
#: Seconds for what takes a few on an idle machine.
PATIENCE = 300


class Stoppable:
    """A suite of ``numbers`` estimators in a folder, and what is known of its run."""

    def __init__(self, folder: Path, make_suite, numbers: int, datasets: int, monkeypatch) -> None:
        # Who works on the estimators while this test runs makes new cells of all cells.
        monkeypatch.setattr(methods, "code_of", lambda where: "as it was")
        monkeypatch.setattr("benchmarks.report.figure._png", lambda *_: b"")
        self.folder, self.cells = folder, 2 * numbers * datasets
        self.plugin = folder / "noted.py"
        self._log, self._told = folder / "fits.log", folder / "told.log"
        self._log.touch()
        name = f"noted in {folder.name}"
        self.plugin.write_text(PLUGIN.format(name=name, log=str(self._log)))
        (folder / "script.py").write_text(SCRIPT)
        entries = [
            {"name": name, "label": f"noted {n}", "params": {"number": n}} for n in range(numbers)
        ]
        self.suite = make_suite(datasets=datasets, estimators=entries)
        self.run_dir = folder / "runs" / "toy"
        self._seen: dict[tuple[str, str], str] = {}

    @contextmanager
    def begun(self) -> Iterator[subprocess.Popen[bytes]]:
        """The run in a process of its own, the first of its group as in a terminal."""
        run = subprocess.Popen(
            [sys.executable, str(self.folder / "script.py"), str(self.folder)],
            env=os.environ | {"PYTHONPATH": str(Path(benchmarks.__file__).parents[1])},
            stderr=self._told.open("w"),
            start_new_session=True,
            # A test-suite in the background of a shell hands down that interrupts are ignored.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        try:
            yield run
        finally:
            run.kill()
            run.wait()

    def told(self) -> str:
        """What the run that was begun last has said."""
        return self._told.read_text()

    def finish(self, where: str = "", workers: int = 2) -> benchmarks.Result:
        """Run what is left in this process, or all of it in folders of its own."""
        folders = {
            kind: self.folder / f"{kind.removesuffix('_dir')}{where}"
            for kind in ("runs_dir", "results_dir")
        }
        return benchmarks.run(self.suite, plugins=[self.plugin], workers=workers, **folders)

    def written(self) -> int:
        """How many files and records the run has written."""
        folders = (self.folder / "runs", self.folder / "results")
        files = sum(len(list(folder.rglob("[!.]*.parquet"))) for folder in folders)
        with Store.of(self.run_dir) as store:
            return files + len(store)

    def recorded(self) -> list[str]:
        """For each cell on record, the note of its fit; read beside a run that goes on."""
        with Store.of(self.run_dir) as store:
            return [self._note(record.cell) for record in store.records().values()]

    def fits(self) -> Counter[str]:
        """The notes so far."""
        return Counter(line.split(maxsplit=1)[1] for line in self._log.read_text().splitlines())

    def workers(self) -> set[int]:
        """Processes that have fitted something."""
        return {int(line.split()[0]) for line in self._log.read_text().splitlines()}

    def _note(self, cell: Cell) -> str:
        key = (cell.dataset, cell.setting)
        if key not in self._seen:
            path = self.run_dir / "datasets" / f"{cell.dataset}.parquet"
            view = CausalDataset.read_parquet(path).setting(cell.setting)
            self._seen[key] = f"{view.y.sum():.6f} {view.X.shape[1]}"
        return f"{cell.estimator.removeprefix('noted ')} {self._seen[key]}"


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.005)


def alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rsplit(")", 1)[1].split()[0] != "Z"


def assert_same_board(one: benchmarks.Result, other: benchmarks.Result) -> None:
    cost = ["seconds", "peak_memory"]
    pd.testing.assert_frame_equal(
        one.scores.drop(columns=cost), other.scores.drop(columns=cost), check_exact=True
    )
    folders = [result.files[0].parent for result in (one, other)]
    assert len({(folder / "scores.csv").read_bytes() for folder in folders}) == 1
    boards = [pd.read_csv(folder / "leaderboard.csv") for folder in folders]
    kept = [[c for c in board if not c.startswith(tuple(cost))] for board in boards]
    pd.testing.assert_frame_equal(
        *(board[names] for board, names in zip(boards, kept, strict=True)), check_exact=True
    )


@pytest.mark.parametrize(
    "how", [signal.SIGKILL, pytest.param(signal.SIGINT, marks=pytest.mark.slow)]
)
def test_stopped_in_the_middle_a_run_ends_in_the_same_board(
    make_suite, tmp_path, monkeypatch, how
) -> None:
    toy = Stoppable(tmp_path, make_suite, numbers=2, datasets=3, monkeypatch=monkeypatch)
    with toy.begun() as run:
        wait_until(lambda: len(toy.recorded()) >= 2 or run.poll() is not None)
        if how == signal.SIGINT:
            os.killpg(run.pid, how)  # a terminal interrupts the workers too
        else:
            run.send_signal(how)
        run.wait(PATIENCE)
    wait_until(lambda: not any(map(alive, toy.workers())))
    recorded, before, told = toy.recorded(), toy.fits(), toy.told()
    assert 2 <= len(recorded) < toy.cells, told
    if how == signal.SIGINT:
        assert f"told: stopped; {len(recorded)} cells are on record in {toy.run_dir}" in told
        assert "To continue: sdscm benchmark " in told
        assert f"--runs {tmp_path / 'runs'} --results {tmp_path / 'results'} --workers 2" in told
        assert "Traceback" not in told
    resumed = toy.finish(workers=0)
    assert resumed.computed == toy.cells - len(recorded)
    again = toy.fits() - before
    assert sum(again.values()) == resumed.computed
    assert not any(again[note] for note in recorded)
    assert_same_board(resumed, toy.finish("-whole", workers=0))


@pytest.mark.slow
def test_five_kills_end_in_the_board_of_a_quiet_run(make_suite, tmp_path, monkeypatch) -> None:
    toy = Stoppable(tmp_path, make_suite, numbers=5, datasets=6, monkeypatch=monkeypatch)
    moments = random.Random(2024)
    for _ in range(5):
        recorded, before = toy.recorded(), toy.fits()
        # So many datasets and records later, and a while.
        wanted = toy.written() + moments.randrange(1, 8)
        with toy.begun() as run:
            wait_until(lambda: toy.written() >= wanted or run.poll() is not None)  # noqa: B023
            time.sleep(moments.uniform(0, 0.1))
            assert run.poll() is None, f"it ended before it was killed: {toy.told()}"
            run.kill()
        wait_until(lambda: not any(map(alive, toy.workers())))
        again = toy.fits() - before
        assert not any(again[note] for note in recorded), "computed again, though it was on record"
        if (toy.run_dir / Store.FILE).exists():
            with Store.of(toy.run_dir) as store:
                assert store.damage() == []
    left = toy.cells - len(toy.recorded())
    assert 0 < left < toy.cells
    before, recorded = toy.fits(), toy.recorded()
    resumed = toy.finish()
    assert resumed.computed == left
    assert not any((toy.fits() - before)[note] for note in recorded)
    assert list(leftovers(toy.run_dir)) == []
    assert_same_board(resumed, toy.finish("-quiet"))


GENERATING = """
import sys
import time
from pathlib import Path
from benchmarks.datasets import sampling

class Slow:
    def make(self, rows):
        rows(1)
        Path(sys.argv[1]).touch()
        time.sleep(600)

if __name__ == "__main__":
    sampling.make_in_pool({Path("never.parquet"): Slow()}, 1, lambda path, rows: None)
"""


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")
def test_no_process_outlives_a_run_that_is_killed_while_it_makes_data(tmp_path) -> None:
    (tmp_path / "script.py").write_text(GENERATING)
    making = tmp_path / "making"
    run = subprocess.Popen(
        [sys.executable, str(tmp_path / "script.py"), str(making)],
        env=os.environ | {"PYTHONPATH": str(Path(benchmarks.__file__).parents[1])},
    )
    try:
        wait_until(lambda: making.exists() or run.poll() is not None)
        children = children_of(run.pid)
    finally:
        run.kill()
        run.wait()
    assert len(children) >= 2  # who makes the data, and who hands on how far they are
    wait_until(lambda: not any(map(alive, children)))


def children_of(parent: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(FileNotFoundError, ProcessLookupError):
            if int(path.read_text().rsplit(")", 1)[1].split()[1]) == parent:
                found.append(int(path.parent.name))
    return found
