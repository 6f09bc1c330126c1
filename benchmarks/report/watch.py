"""Write a page about a run again and again while the run goes on."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from benchmarks.boards import explain
from benchmarks.boards.live import RULE, LiveBoard
from benchmarks.execution.runtimes import Kind, Runtimes, seconds_left
from benchmarks.progress import Progress, describe_left
from benchmarks.storage.lock import running
from benchmarks.storage.manifest import Manifest
from benchmarks.storage.reuse import chosen
from benchmarks.storage.store import NoRunError, Record, Store
from sdscm import __version__
from sdscm.files import put_atomically
from sdscm.number_format import counted, slug
from sdscm.report_page import Page, Section, render

#: Most of the time of one core that the pages may take.
_MOST = 0.05


@dataclass(frozen=True, eq=False)
class _Look:
    """Hold what the store of a run says at one moment; ``left`` is in seconds, NaN if unknown."""

    manifest: Manifest
    records: list[Record]
    left: float


def watch(
    folder: Path,
    page: Path,
    seconds: float,
    progress: Progress,
    *,
    mixed: bool = False,
    wait: Callable[[float], object] = time.sleep,
) -> bool:
    """Write a page every few seconds until the run of a folder has ended.

    The page reloads itself. The last one does not, also after an interrupt. The store of the run is
    only read.

    Parameters
    ----------
    folder
        Folder of the records of the run.
    page
        The file.
    seconds
        Least time between two pages. They take 5 % of a core at most.
    progress
        Receives the finished cells.
    mixed
        Count records of other code or library versions, as the run with this option does.
    wait
        Function that waits for some seconds.

    Returns
    -------
    True if the run has ended, False if the user has stopped the watch.

    Raises
    ------
    InputError
        If there is no run, or its file is damaged.
    """
    shown, look = -1, None
    try:
        while True:
            began = time.monotonic()
            workers = running(folder)  # before the look, so that the last one sees all cells
            try:
                look = _look(folder, workers or 0, mixed)
            except NoRunError:
                if workers is None:
                    raise
            if look is not None:
                if shown < 0:
                    progress.begin("cells", len(look.manifest.cells))
                    shown = 0
                progress.advance("", len(look.records) - shown)
                shown = len(look.records)
                progress.eta(look.left, "")
            put_atomically(page, _page(folder, look, None if workers is None else seconds))
            if workers is None:
                return True
            wait(max(seconds, (time.monotonic() - began) / _MOST))
    except KeyboardInterrupt:
        put_atomically(page, _page(folder, look, None))
        return False


def _look(folder: Path, workers: int, mixed: bool) -> _Look:
    manifest = Manifest.read(folder)
    with Store.of(folder) as store:
        records = chosen(manifest.cells, store.records(), mixed, manifest.reference)
    rows = dict(zip(manifest.facts["dataset"], manifest.facts["n"], strict=True))
    runtimes, left = Runtimes(), Counter[Kind]()
    for cell in manifest.cells:
        if cell.dataset not in rows:  # its data could not be made
            continue
        kind = (cell.estimator, int(rows[cell.dataset]))
        if cell.key in records:
            runtimes.learn(kind, records[cell.key].outcome.wall)
        else:
            left[kind] += 1
    seconds = seconds_left(left, runtimes, workers) if workers else math.nan
    return _Look(manifest, list(records.values()), seconds)


def _page(folder: Path, look: _Look | None, refresh: float | None) -> str:
    made = f"Made at {datetime.now().astimezone():%Y-%m-%d %H:%M:%S %Z}."
    ends = "The run has ended, or this page is no longer made."
    if refresh is not None:
        ends = f"The page reloads every {refresh:g} s."
    if look is None:
        state, parts, title = "The datasets are made; no cell has run yet.", [], folder.name
    else:
        cells, done = len(look.manifest.cells), len(look.records)
        failed = sum(each.outcome.status in ("failed", "timeout") for each in look.records)
        words = [f"{done:,} of {counted(cells, 'cell')} have ended"]
        words += [f"{failed:,} failed"] * bool(failed)
        words += [describe_left(look.left)] * (done < cells and not math.isnan(look.left))
        state, parts = f"{', '.join(words)}.", list(_sections(look))
        title = look.manifest.suite.title or folder.name
    page = Page(
        title=title,
        kicker=f"Benchmark in progress: suite {folder.name}, sdscm {__version__}",
        lead=f"{state} {made} {ends}",
        parts=tuple(parts),
    )
    return render(page, refresh=None if refresh is None else f"{refresh:g}")


def _sections(look: _Look) -> Iterator[Section]:
    """Make a section for each language model, entry and setting, in the order of the suite."""
    groups: dict[tuple[str, str], list[str]] = {}
    for source in look.manifest.sources:
        groups.setdefault((source.lm, source.entry), []).append(source.name)
    for (lm, entry), datasets in groups.items():
        for setting in look.manifest.suite.settings_of(entry):
            name = slug("live", lm, entry, setting)
            board = LiveBoard(look.manifest, setting, datasets, f"{name}-table")
            for record in look.records:
                board.add(record)
            place = explain.place({"lm": lm, "dataset": entry, "setting": setting})
            yield Section(name, place, tables=(board.table(),))
    yield Section("reading", "How to read it", (RULE,))
