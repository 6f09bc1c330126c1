"""Run a suite, from the data to the boards."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from functools import partial
from math import isnan
from pathlib import Path
from typing import Any

import pandas as pd

import estimators as registry
from benchmarks import metrics
from benchmarks.archive.release import Submission
from benchmarks.boards.board import Board, boards, count_boards
from benchmarks.boards.explain import release_notes
from benchmarks.boards.library_warnings import library_warnings
from benchmarks.boards.live import LiveBoard
from benchmarks.boards.result import Result
from benchmarks.boards.scores import ScoredRecords, Scorer, definitions, read_records, score
from benchmarks.boards.summary import summaries
from benchmarks.datasets.facts import entry_lines, fact_table
from benchmarks.datasets.identified import identified, of_board
from benchmarks.datasets.loaded import Datasets, clusters
from benchmarks.datasets.prepare import prepare, requests
from benchmarks.datasets.truth import truth_table
from benchmarks.execution.batches import Task
from benchmarks.execution.cells import Cell, in_order_of_shares, plan
from benchmarks.execution.job_builder import JobBuilder
from benchmarks.execution.methods import Method, methods_of
from benchmarks.execution.preparation import prepare_texts
from benchmarks.execution.ray_backend import RayWorker, connected
from benchmarks.execution.ray_models import models_on
from benchmarks.execution.runtimes import Eta, Runtimes
from benchmarks.execution.scheduler import Done, run_here, run_in_pool, run_with
from benchmarks.interface import Outcome
from benchmarks.process.threads import workers_for
from benchmarks.progress import Progress, Silent
from benchmarks.report import write_report
from benchmarks.storage.cleanup import sweep
from benchmarks.storage.frozen import read_cells, read_methods
from benchmarks.storage.frozen import read_records as read_frozen
from benchmarks.storage.lock import only_run
from benchmarks.storage.manifest import Manifest, MethodInfo, folder_of
from benchmarks.storage.packed import packed_records, read_packed
from benchmarks.storage.reuse import OtherVersions
from benchmarks.storage.store import Record, Store
from benchmarks.suite.command_line import command, how_to_go_on
from benchmarks.suite.loading import load_suite
from benchmarks.suite.model import Suite
from sdscm.arguments import as_list, names_of, paths_of
from sdscm.errors import InputError
from sdscm.figure_style import has_matplotlib

#: Number of cells whose data are in memory at the same time.
_PORTION = 2000


class Interrupted(KeyboardInterrupt):
    """The user stopped a run; the message gives the number of records and the next command.

    Examples
    --------
    >>> issubclass(benchmarks.Interrupted, KeyboardInterrupt)
    True
    """


def run(
    suite: Suite | str | Path,
    *,
    workers: int | None = None,
    results_dir: str | Path | None = "results",
    runs_dir: str | Path = "runs",
    estimators: Iterable[Any] | None = None,
    plugins: Iterable[str | Path] = (),
    progress: Progress | None = None,
    retry: bool = False,
    mixed: bool = False,
    cluster: str | None = None,
    refit: bool = False,
    submissions: str | Path | None = None,
    verify: int = 0,
) -> Result:
    """Run the cells of a suite that have no valid record, and write the boards.

    The methods of a release are not fitted again: their stored results are used, and the boards say
    so. Its own datasets are used, too, so that no language model is needed.

    Parameters
    ----------
    suite
        Name of a shipped suite or release, path of a YAML file or of a release, the URL of a
        release with its hash, or a `Suite`.
    workers
        Number of worker processes, by default as many as the cores allow. With 0 the cells run in
        this process, without time limits, for debugging. The number does not change any score.
    results_dir
        Boards go to ``<results_dir>/<suite>/``; None writes none.
    runs_dir
        Datasets and records go to ``<runs_dir>/<suite>/``. Valid ones are reused.
    estimators
        Estimators to run instead of the suite's: names, `EstimatorEntry`, objects with
        ``fit(X, t, y)``, or pairs (label, object). With a release they run beside its methods.
    plugins
        Python files that register estimators.
    progress
        Receives each step; see `Progress`.
    retry
        Run cells again that failed or timed out.
    mixed
        Use records from other code or other versions of libraries, instead of running their cells
        again.
    cluster
        Address of a Ray cluster whose nodes run the cells and the language models that make the
        datasets; ``auto`` is the cluster of this machine.
    refit
        Fit those of ``estimators`` again that are methods of the release.
    submissions
        A submission, or a folder of them: their methods are on the boards, too. Each is checked
        first, see `benchmarks.release.check`; those for other releases are left out of a folder.
    verify
        Number of cells of each submission to fit again. This runs their code.

    Raises
    ------
    InputError
        If the suite, its data, its estimators or a submission are invalid. No cell has run then.
    Interrupted
        If the user stops the run. The records of finished cells are kept.

    Examples
    --------
    >>> result = benchmarks.run(suite, workers=0, results_dir=None)
    >>> result.boards[0]
    <Board: tabular:0, headache, all covariates seen; 2 methods, best LinReg>
    """
    plugins = paths_of("plugins", plugins)
    paths = [plugin.resolve() for plugin in plugins]
    # Plugins are loaded before the suite is read, because its board may name their metrics.
    _load(paths)
    suite = load_suite(suite)
    progress = progress or Silent()
    processes = 0 if workers == 0 else workers_for(workers, suite.threads)
    given_names = None if estimators is None else as_list(estimators)
    field = _field(suite, given_names, paths)
    reference = _reference(suite, field, refit)
    # Some methods need more of the truth; without them, datasets are the same as before.
    strength = any(method.bounds not in ("", "none") for method in field)
    graph = any("graph" in method.needs for method in field)
    wanted = requests(suite, hidden_confounding=strength, graph=graph)
    folder = Path(runs_dir) / suite.name
    given = _Given(processes, tuple(paths), retry, mixed, cluster)
    try:
        with only_run(folder, 0 if cluster else max(1, processes)):
            Store.of(folder).refuse_old_layout()
            sweep(folder)
            progress.begin("rows of data", sum(request.n for request in wanted))
            with models_on(cluster) if cluster else nullcontext() as models:
                workers_of_data = models.nodes if models else processes
                load = models.of_entry if models else None
                datasets = Datasets(prepare(wanted, folder, progress, workers_of_data, load))
            entered = _entered(suite, submissions, datasets, field, verify, workers, progress)
            options = _shown(given_names, refit)
            options |= {"--submissions": submissions, "--verify": verify or None}
            again = command(suite, plugins, options)
            manifest = _manifest(suite, datasets, field, reference, entered, again)
            with Store.of(folder) as store:
                for line in store.repair():
                    progress.say(line)
                _add_reference_records(store, manifest, entered)
                manifest.write(store)
                for line in entry_lines(manifest.facts, suite.settings_of):
                    progress.say(line)
                for line in dict.fromkeys(text for _, text in manifest.lost):
                    progress.say(line)
                _add_packed_records(store, manifest)
                scorer = Scorer(suite, manifest.sources, lambda source: datasets[source.name])
                computed = _run_missing(manifest, field, datasets, store, scorer, progress, given)
                found = read_records(store, manifest, mixed, scorer)
                store.write_scores(found.rescored, definitions(suite, manifest.methods))
        return _conclude(manifest, found, folder, results_dir, computed, progress)
    except KeyboardInterrupt:
        options = {
            "--submissions": submissions,
            "--verify": verify or None,
            "--runs": runs_dir,
            "--results": results_dir,
            "--workers": workers,
            "--cluster": cluster,
            "--mixed": mixed,
            "--retry": retry,
        }
        options |= _shown(given_names, refit)
        again = command(suite, plugins, options)
        if given_names is not None and "--estimators" not in options:
            again = "make the same call"
        raise Interrupted(how_to_go_on(again, folder, len(Store.of(folder)))) from None


def leaderboard(
    suite: Suite | str | Path,
    *,
    results_dir: str | Path | None = "results",
    runs_dir: str | Path = "runs",
    mixed: bool = False,
    columns: Sequence[str] | None = None,
    plugins: Iterable[str | Path] = (),
    progress: Progress | None = None,
) -> Result:
    """Make the boards of a run again from its records, without running cells.

    The run may be unfinished or in progress; the boards count its missing cells.

    Parameters
    ----------
    suite
        As for `run`; only its name is used.
    results_dir, runs_dir, mixed
        As for `run`.
    columns
        Names of the metrics to show instead of the suite's; see `BoardOptions`.
    plugins
        Python files that register metrics of the suite.
    progress
        Receives each board; see `Progress`.

    Raises
    ------
    InputError
        If the run or a metric does not exist, a dataset of the run is damaged, or its records are
        of different versions and ``mixed`` is not set.

    Examples
    --------
    >>> _ = benchmarks.run(suite, workers=0, results_dir=None)
    >>> benchmarks.leaderboard(suite, results_dir=None).boards[0].table["estimator"].tolist()
    ['LinReg', 'DiffInMeans']
    """
    _load(path.resolve() for path in paths_of("plugins", plugins))
    folder = folder_of(suite, runs_dir)
    manifest = Manifest.read(folder)
    if columns is not None:
        shown = manifest.suite.board.model_copy(
            update={"columns": [metrics.find(name).name for name in names_of("columns", columns)]}
        )
        manifest = replace(manifest, suite=manifest.suite.model_copy(update={"board": shown}))
    with Store.of(folder) as store:
        found = read_records(store, manifest, mixed)
    return _conclude(manifest, found, folder, results_dir, 0, progress or Silent())


def _field(suite: Suite, given: Sequence[Any] | None, plugins: Sequence[Path]) -> list[Method]:
    """Make the methods to run: those that are given, or else the suite's; none of a release."""
    if suite.release is not None and not given:
        return []
    return methods_of(suite.estimators if given is None else given, plugins, suite.encodings)


def _reference(suite: Suite, field: Sequence[Method], refit: bool) -> list[MethodInfo]:
    """List the methods of the suite's release that are not run again."""
    if suite.release is None:
        if refit:
            raise InputError(f"{suite.origin}: not a release; its methods are fitted anyway")
        return []
    labels = {method.label for method in field}
    known = read_methods(suite.release)
    again = [method.label for method in known if method.label in labels]
    if again and not refit:
        raise InputError(
            f"'{again[0]}' is a reference method of {suite.release.id}, whose stored scores are "
            "used; leave it out, or fit it again with --refit"
        )
    return [method for method in known if method.label not in labels]


def _entered(
    suite: Suite,
    place: str | Path | None,
    datasets: Datasets,
    field: Sequence[Method],
    verify: int,
    workers: int | None,
    progress: Progress,
) -> list[Submission]:
    """Check submissions, and return those for the release of the suite.

    Raises
    ------
    InputError
        If one of them is refused, or the label of a method is there twice.
    """
    if place is None:
        return []
    if suite.release is None:
        raise InputError(f"{suite.origin}: not a release; submissions are for the board of one")
    # Imported here: most runs have no submissions.
    from benchmarks.release.check import check_submission, submissions_in

    labels = {method.label: "--estimators" for method in field}
    found = []
    for path in submissions_in(Path(place), suite.release.id):
        checked = check_submission(
            path,
            release=suite,
            datasets=datasets,
            refit=verify,
            workers=workers,
            progress=progress,
        )
        if checked.submission is None:
            more = f" (and {len(checked.problems) - 1} more)" * (len(checked.problems) > 1)
            problem = checked.problems[0].removeprefix(f"{path}: ")
            raise InputError(f"{path}: refused: {problem}{more}")
        for label in checked.submission.labels:
            if label in labels:
                raise InputError(f"'{label}' is in {labels[label]} and in {path}; leave one out")
            labels[label] = str(path)
        found.append(checked.submission)
    return found


def _shown(given: Sequence[Any] | None, refit: bool) -> dict[str, object]:
    """Make the options of a command that name the estimators, if they have names."""
    if not given or not all(isinstance(each, str) for each in given):
        return {}
    return {"--estimators": ",".join(given), "--refit": refit}


@dataclass(frozen=True)
class _Given:
    """Options of `run` that affect how cells run."""

    processes: int
    plugins: tuple[Path, ...]
    retry: bool
    mixed: bool
    cluster: str | None


def _load(plugins: Iterable[Path]) -> None:
    try:
        for plugin in plugins:
            registry.load_plugin(plugin)
    except registry.EstimatorError as error:
        raise InputError(str(error)) from None


def _manifest(
    suite: Suite,
    datasets: Datasets,
    field: Sequence[Method],
    reference: Sequence[MethodInfo],
    entered: Sequence[Submission],
    again: str,
) -> Manifest:
    labels = frozenset(method.label for method in reference)
    packages = [*filter(None, [suite.release]), *entered]
    frozen = [] if suite.release is None else read_cells(suite.release)
    together = clusters(datasets.sources, datasets)
    planned = [
        replace(source, cluster=together.get(source.name, source.cluster))
        for source in datasets.planned
    ]
    sources = [source for source in planned if source.name not in datasets.lost]
    cells = (
        *(cell for cell in frozen if cell.estimator in labels),
        *(cell for each in entered for cell in read_cells(each)),
        *plan(suite, planned, field),
    )
    if len({cell.key for cell in cells}) < len(cells):
        raise InputError("--submissions: two methods have the same hash of code and seeds")
    return Manifest(
        suite=suite,
        origin=suite.origin,
        command=again,
        sources=tuple(sources),
        methods=(
            *reference,
            *(method for each in entered for method in read_methods(each)),
            *map(MethodInfo.of, field),
        ),
        cells=cells,
        facts=fact_table(sources, datasets),
        truths=truth_table(sources, datasets, suite.settings_of, suite.holdout),
        provenance=datasets.provenance,
        lost=tuple(
            (source, f"no data of {source.lm}: {datasets.lost[source.name]}")
            for source in planned
            if source.name in datasets.lost
        ),
        release=" ".join(each.digest for each in packages),
        reference=labels | {label for each in entered for label in each.labels},
        submitted={label: each.mark for each in entered for label in each.labels},
        identified=identified(suite, datasets.provenance.values()),
    )


def _run_missing(
    manifest: Manifest,
    field: Sequence[Method],
    datasets: Datasets,
    store: Store,
    scorer: Scorer,
    progress: Progress,
    given: _Given,
) -> int:
    """Run the cells without a valid record; return their number."""
    suite, by_label = manifest.suite, {method.label: method for method in field}
    progress.begin("cells", len(manifest.cells))
    runtimes, records = Runtimes(), store.records()
    others = OtherVersions(records) if given.mixed else None
    missing: dict[str, Cell] = {}
    lost = {source.name: text for source, text in manifest.lost}
    skipped: list[Record] = []
    builder = JobBuilder(suite, manifest.sources, datasets, by_label)
    live = LiveBoard(manifest)
    for cell in manifest.cells:
        record = records.get(cell.key)
        if cell.estimator in manifest.reference:
            progress.advance(str(cell), failed=record is None or _has_failed(record.outcome))
            if record is not None:
                live.add(record)
            continue
        if cell.dataset in lost:
            outcome, versions = (
                Outcome("skipped", lost[cell.dataset]),
                by_label[cell.estimator].versions,
            )
            skipped.append(Record(cell, outcome, versions, suite.time_limit, {}, {}))
            progress.advance(str(cell), failed=True)
            continue
        if others is not None and not _is_valid(record, cell, suite, given.retry):
            record = others.of(cell)
        if record is None or not _is_valid(record, cell, suite, given.retry):
            missing[cell.key] = cell
            continue
        progress.advance(str(cell), failed=_has_failed(record.outcome))
        live.add(record)
        runtimes.learn((cell.estimator, builder.rows(cell)), record.outcome.wall)
    store.write(skipped)
    ordered = in_order_of_shares(list(missing.values()), manifest.sources)
    rows = [(cell, builder.rows(cell)) for cell in ordered]
    eta = Eta(progress, given.processes, rows, runtimes)
    known = definitions(suite, manifest.methods)
    progress.board(live.table)

    def done(cell: Cell, outcome: Outcome) -> None:
        scores = scorer(cell, outcome)
        kept = outcome
        if suite.predictions == "drop":
            kept = replace(outcome, prediction=None, held_out=None)
        versions = by_label[cell.estimator].versions
        record = Record(cell, kept, versions, suite.time_limit, scores, known)
        store.write(record)
        live.add(record)
        progress.advance(str(cell), failed=_has_failed(outcome))
        progress.board(live.table)
        eta.update(cell, outcome)

    # Only the data of one portion are in memory.
    for start in range(0, len(ordered), _PORTION):
        tasks: list[Task] = []
        for cell in ordered[start : start + _PORTION]:
            if why := builder.unknown(cell):
                done(cell, Outcome("skipped", why))
            else:
                tasks.append((cell, builder.job(cell)))
        if given.cluster is None:  # other machines do not see this cache
            prepare_texts(tasks)
        _run(tasks, done, suite, runtimes, given, eta)
        builder.forget()
    return len(missing)


def _add_reference_records(store: Store, manifest: Manifest, entered: Sequence[Submission]) -> None:
    """Add the records of the suite's release and of submissions, unless they are there."""
    release = manifest.suite.release
    if release is None:
        return
    with suppress(InputError):  # no earlier run
        if store.plan()[0].get("release") == manifest.release:
            records = store.records()
            wanted = [cell.key for cell in manifest.cells if cell.estimator in manifest.reference]
            if all(key in records and not _was_fitted_here(records[key]) for key in wanted):
                return
    for package in (release, *entered):
        store.write(read_frozen(package))


def _was_fitted_here(record: Record) -> bool:
    """Tell a record of this machine from one of a release, which has no seconds."""
    return not isnan(record.outcome.wall)


def _add_packed_records(store: Store, manifest: Manifest) -> None:
    """Add the packed records of the suite's cells that the store lacks."""
    path = manifest.suite.records_path
    if path is None or not path.is_file():
        return
    wanted = {cell.version_free_cell_key for cell in manifest.cells}
    known = set(store.keys())
    found = packed_records(read_packed(path), definitions(manifest.suite, manifest.methods))
    store.write(
        record
        for record in found
        if record.cell.version_free_cell_key in wanted and record.cell.key not in known
    )


def _run(
    tasks: list[Task], done: Done, suite: Suite, runtimes: Runtimes, given: _Given, eta: Eta
) -> None:
    if not tasks:
        return
    if given.cluster is not None:
        with connected(given.cluster, suite.threads) as eta.workers:
            worker = partial(RayWorker, given.plugins, suite.threads, suite.time_limit)
            run_with(worker, tasks, done, eta.workers, runtimes)
    elif given.processes == 0:
        run_here(tasks, done)
    else:
        run_in_pool(
            tasks,
            done,
            workers=given.processes,
            threads=suite.threads,
            time_limit=suite.time_limit,
            plugins=given.plugins,
            runtimes=runtimes,
        )


def _is_valid(record: Record | None, cell: Cell, suite: Suite, retry: bool) -> bool:
    """Return whether a record is valid for a cell, so that the cell need not run again."""
    if record is None or (retry and _has_failed(record.outcome)):
        return False
    if record.cell.fingerprint != cell.fingerprint:
        return False
    if suite.release is not None and record.outcome.status == "ok" and not _was_fitted_here(record):
        return False  # a method of the release that shall be fitted again
    return record.outcome.status != "timeout" or suite.time_limit <= record.time_limit


def _has_failed(outcome: Outcome) -> bool:
    return outcome.status in ("failed", "timeout")


def _conclude(
    manifest: Manifest,
    found: ScoredRecords,
    folder: Path,
    results_dir: str | Path | None,
    computed: int,
    progress: Progress,
) -> Result:
    suite = manifest.suite
    scores = score(manifest, found.records)
    made = _boards(scores, manifest, progress)
    files: tuple[Path, ...] = ()
    warned = library_warnings(found.records.values())
    labels = [method.label for method in manifest.methods] if manifest.reference else []
    others = manifest.reference - manifest.submitted.keys()
    own = tuple(label for label in labels if label not in others)
    notes = (*found.notes, *release_notes(manifest))
    lost = tuple(dict.fromkeys(text for _, text in manifest.lost))
    if results_dir is not None:
        if not has_matplotlib():
            notes += ("No figure: it needs the extra 'plot' (pip install 'sdscm[plot]')",)
        out = Path(results_dir) / suite.name
        files = write_report(out, manifest, scores, made, found.records, warned)
    return Result(
        suite, scores, made, manifest.facts, folder, files, computed, notes, warned, own, lost
    )


def _boards(scores: pd.DataFrame, manifest: Manifest, progress: Progress) -> list[Board]:
    """Make the boards of each kind of rows, and those over scenarios."""
    suite, made = manifest.suite, []
    parts = [(str(rows), part) for rows, part in scores.groupby("rows", sort=False)]
    progress.begin("boards", sum(count_boards(part, suite.board) for _, part in parts))
    for rows, part in parts:
        for board in boards(part, manifest.methods, suite.board, suite.seed, progress):
            group = board.group | ({"rows": rows} if suite.holdout else {})
            sentence = of_board(manifest.identified, group)
            made.append(replace(board, group=group, identified=sentence))
    return [*made, *summaries(made)]
