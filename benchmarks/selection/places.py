"""Read what selectors choose between: the predictions of a finished run, or of a release."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.archive.release import find_release
from benchmarks.datasets.loaded import clusters
from benchmarks.datasets.source import Source
from benchmarks.datasets.truth import truth_of
from benchmarks.execution.job_builder import encoded
from benchmarks.interface import Outcome, Truth
from benchmarks.provenance.hashing import derive_seed
from benchmarks.release.verify import datasets_of
from benchmarks.selection.definition import Shown
from benchmarks.storage.frozen import read_methods
from benchmarks.storage.frozen import read_records as read_frozen
from benchmarks.storage.manifest import Manifest, NoRunError, folder_of
from benchmarks.storage.reuse import chosen
from benchmarks.storage.store import Record, Store
from benchmarks.suite.loading import load_suite
from benchmarks.suite.model import Suite
from sdscm.arguments import check_type
from sdscm.data.dataset import CausalDataset, Setting
from sdscm.errors import InputError

#: Answers for all rows of a dataset, by dataset and setting, then by method.
_Effects = dict[tuple[str, Setting], dict[str, Outcome]]


@dataclass(frozen=True, eq=False)
class Finished:
    """A run or a release, with the answers of its methods.

    Attributes
    ----------
    suite, sources
        The suite, and its datasets.
    load
        Function that reads the dataset of a source.
    outcomes
        The first fit of each method that has effects of rows, without Oracles.
    """

    suite: Suite
    sources: tuple[Source, ...]
    load: Callable[[Source], CausalDataset]
    outcomes: _Effects


@dataclass(frozen=True, eq=False)
class Place:
    """A dataset in a setting: what selectors see, and the truth that scores their picks.

    Attributes
    ----------
    source, setting
        The dataset and the setting.
    scenario
        Scenario or other origin of the data.
    shown
        What selectors see.
    truth
        The truth of the compared rows; ``sd`` is that of all rows.
    """

    source: Source
    setting: Setting
    scenario: str
    shown: Shown
    truth: Truth


def read_finished(
    run: Suite | str | Path, runs_dir: str | Path = "runs", *, mixed: bool = False
) -> Finished:
    """Read a run, or else a release: by its name, path or URL.

    Raises
    ------
    InputError
        If there is neither, the run dropped its predictions, or it has no effects of rows.
    """
    hint = "give the name of a suite or of a release, a path, or a Suite"
    check_type("run", run, Suite | str | Path, hint)
    folder = folder_of(run, runs_dir)
    if not isinstance(run, Suite) and (Path(run) / Store.FILE).is_file():
        folder = Path(run)
    release = None if isinstance(run, Suite) else find_release(run)
    if Store.of(folder).path.is_file():
        found = _of_run(folder, mixed)
    elif release is not None:
        found = _of_release(load_suite(run))
    else:
        raise NoRunError(f"{folder}: no run here; run the suite first, or name a release")
    if not found.outcomes:
        raise InputError(
            f"{run}: no method has effects of rows on record; the suite needs "
            "'predictions: keep', and methods of the CATE"
        )
    return found


def _of_run(folder: Path, mixed: bool) -> Finished:
    manifest = Manifest.read(folder)
    with Store.of(folder) as store:
        records = chosen(manifest.cells, store.records(), mixed, manifest.reference)
        keys = [each.cell.key for each in records.values() if _is_first(each)]
        read = (record for key in keys if (record := store.read(key)) is not None)
        oracles = {method.label for method in manifest.methods if method.oracle}
        outcomes = _outcomes(read, oracles)
    return Finished(manifest.suite, manifest.sources, lambda source: source.load(folder), outcomes)


def _of_release(suite: Suite) -> Finished:
    assert suite.release is not None
    datasets = datasets_of(suite)
    together = clusters(datasets.sources, datasets)
    sources = (replace(each, cluster=together[each.name]) for each in datasets.sources)
    oracles = {method.label for method in read_methods(suite.release) if method.oracle}
    outcomes = _outcomes(filter(_is_first, read_frozen(suite.release)), oracles)
    return Finished(suite, tuple(sources), lambda source: datasets[source.name], outcomes)


def _is_first(record: Record) -> bool:
    return record.outcome.status == "ok" and record.cell.repetition == 0


def _outcomes(records: Iterable[Record], oracles: set[str]) -> _Effects:
    found: _Effects = {}
    for record in records:
        cell, outcome = record.cell, record.outcome
        if cell.estimator in oracles or outcome.prediction is None:
            continue
        if outcome.prediction.effect is not None:
            found.setdefault((cell.dataset, cell.setting), {})[cell.estimator] = outcome
    return found


def places(finished: Finished) -> Iterator[Place]:
    """Yield each dataset in each setting whose true effects are known, in the order of the suite.

    Places where fewer than two methods have effects are left out: there is nothing to choose.
    """
    for source in finished.sources:
        dataset = finished.load(source)
        held_out = source.held_out(dataset, finished.suite.holdout)
        for setting in finished.suite.settings_of(source.entry):
            outcomes = finished.outcomes.get((source.name, setting), {})
            truth = truth_of(dataset, setting)
            if len(outcomes) < 2 or not truth.tells(truth.target) or not truth.sd > 0:
                continue
            effects = {name: _of_rows(each, held_out) for name, each in outcomes.items()}
            # The seed does not depend on the methods.
            seed = derive_seed(*source.place, setting, "selection")
            shown = shown_of(dataset, setting, held_out, effects, seed)
            yield Place(
                source, setting, dataset.meta.scenario, shown, truth.of_rows(shown.compared)
            )


def shown_of(
    dataset: CausalDataset,
    setting: Setting,
    held_out: np.ndarray,
    effects: Mapping[str, np.ndarray],
    seed: int,
) -> Shown:
    """Make what selectors see of a dataset: new arrays, which nothing of the truth is behind."""
    view = dataset.setting(setting)
    X = encoded(view, "one-hot")
    return Shown(
        X=X.set_axis(X.columns.astype(str), axis=1).astype(float),
        t=_copy(view.t),
        y=_copy(view.y),
        held_out=_copy(held_out),
        effects={name: _copy(effect) for name, effect in effects.items()},
        seed=seed,
    )


def _of_rows(outcome: Outcome, held_out: np.ndarray) -> np.ndarray:
    """Put the effects of fitted and held-out rows into the order of the dataset."""
    effect = np.empty(len(held_out))
    for answers, rows in ((outcome.prediction, ~held_out), (outcome.held_out, held_out)):
        if rows.any():
            assert answers is not None
            effect[rows] = answers.effect
    return effect


def _copy(values: np.ndarray) -> np.ndarray:
    copied = np.array(values)
    copied.setflags(write=False)
    return copied


def scenarios(found: Sequence[Place]) -> set[str]:
    """List the scenarios of places."""
    return {place.scenario for place in found}
