"""Run discovery methods on scenarios, and score their graphs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.discovery import registry
from benchmarks.discovery.faithfulness import edge_strengths
from benchmarks.discovery.records import RecordFile, library_versions
from benchmarks.discovery.registry import DiscoveryInfo
from benchmarks.discovery.runner import DiscoveryJob, DiscoveryOutcome, run_jobs
from benchmarks.discovery.scores import SCORES, score
from benchmarks.discovery.tables import AnonymousTable, DiscoveryTable, make_table
from benchmarks.process.threads import workers_for
from benchmarks.progress import Progress, Silent
from benchmarks.provenance.hashing import derive_seed
from sdscm.arguments import check_seed, check_whole
from sdscm.errors import InputError
from sdscm.lm import LanguageModel, load_lm
from sdscm.number_format import slug
from sdscm.scm import SDSCM
from sdscm.spec import Spec, load_spec


@dataclass(frozen=True, eq=False)
class DiscoveryResult:
    """The results of a run.

    Attributes
    ----------
    cells : DataFrame
        A row for each scenario, phrasing and method: ``status``, ``reason``, ``seconds``, and the
        scores (see `benchmarks.discovery.scores`).
    edges : DataFrame
        A row for each scenario, phrasing and edge: its strength in the mechanisms (see
        `benchmarks.discovery.faithfulness.EdgeStrength`).
    facts
        Options and versions.

    Examples
    --------
    >>> from benchmarks import discovery
    >>> found = discovery.run(["headache"], "tabular:0", n=50, phrasings=1, methods=["Empty"],
    ...                       workers=0, runs_dir=None)
    >>> found.cells[["method", "status", "shd"]].values.tolist()
    [['Empty', 'ok', 8.0]]
    """

    cells: pd.DataFrame
    edges: pd.DataFrame
    facts: dict[str, Any]

    @property
    def hidden(self) -> bool:
        """True if exogenous variables were hidden from the methods."""
        return bool(self.facts["hidden"])


@dataclass(frozen=True, eq=False)
class _Cell:
    table: DiscoveryTable
    info: DiscoveryInfo
    seen: AnonymousTable
    seed: int
    record: RecordFile | None


def run(
    scenarios: Sequence[Spec | str | Path],
    lm: LanguageModel | str,
    *,
    n: int = 1000,
    phrasings: int = 6,
    seed: int = 0,
    methods: Sequence[str] | None = None,
    hidden: bool = False,
    temperature: float = 1.0,
    max_contexts: int = 1000,
    time_limit: float = 600.0,
    workers: int | None = 1,
    plugins: Sequence[Path] = (),
    runs_dir: Path | None = Path("runs/discovery"),
    progress: Progress | None = None,
) -> DiscoveryResult:
    """Run discovery methods on rows of scenarios, and score their graphs against the true DAG.

    Parameters
    ----------
    scenarios
        Specs, or names or paths for `sdscm.load_spec`.
    lm
        The language model.
    n, phrasings, seed
        Rows of a table, number of phrasings (a table for each), and the seed.
    methods
        Names; by default all that are registered.
    hidden
        Hide the exogenous variables from the methods.
    temperature
        As in `sdscm.SDSCM`.
    max_contexts
        Mechanisms with more contexts are not enumerated: the oracles of the distribution are
        skipped, and the strength of their edges is unknown.
    time_limit
        Seconds of one method on one table.
    workers
        Worker processes; 0 uses this process, without a time limit. Changes no score.
    plugins
        Python files that register methods.
    runs_dir
        Folder of the records, which are reused; None for none.
    progress
        Receives the progress.

    Raises
    ------
    InputError
        If an argument is unknown or impossible.

    Examples
    --------
    >>> from benchmarks import discovery
    >>> found = discovery.run(["headache"], "tabular:0", n=50, phrasings=1, methods=["Random"],
    ...                       workers=0, runs_dir=None)
    >>> found.cells["status"].tolist(), len(found.edges)
    (['ok'], 8)
    """
    check_whole("phrasings", phrasings, 1)
    check_whole("n", n, 1)
    check_seed(seed)
    if not time_limit > 0:
        raise InputError(f"time_limit: {time_limit} is not above 0; give seconds")
    specs = [load_spec(each) for each in scenarios]
    for name in (names := [spec.name for spec in specs]):
        if names.count(name) > 1:
            raise InputError(f"scenario '{name}' is given twice; give it once")
    infos = [registry.get(name) for name in (registry.names() if methods is None else methods)]
    if not specs or not infos:
        raise InputError(f"discovery: no {'methods' if specs else 'scenarios'}; give one or more")
    processes = 0 if workers == 0 else workers_for(workers, 1)
    model, progress = load_lm(lm), progress or Silent()
    folder = None if runs_dir is None else Path(runs_dir).absolute()
    tables, edges = [], []
    progress.begin("rows of data", n * phrasings * len(specs))
    needs = frozenset(need for info in infos for need in info.needs)
    for spec in specs:
        for phrasing in range(phrasings):
            scm = SDSCM(spec, model, phrasing=phrasing, temperature=temperature)
            tables.append(
                make_table(scm, n, seed, hidden=hidden, needs=needs, max_contexts=max_contexts)
            )
            edges += [
                {"scenario": spec.name, "phrasing": phrasing, **asdict(each)}
                for each in edge_strengths(scm.exact(max_contexts).arrays, n)
            ]
            progress.advance(f"{spec.name}, phrasing {phrasing}", n)
    setting = "hidden" if hidden else "all"
    place = slug(setting, f"n{n}", f"seed{seed}", f"temperature{temperature:g}", model.id)
    rows: dict[tuple[int, int], dict[str, Any]] = {}
    cells: list[tuple[tuple[int, int], _Cell]] = []
    progress.begin("cells", len(tables) * len(infos))

    def done(where: tuple[int, int], cell: _Cell, outcome: DiscoveryOutcome) -> None:
        rows[where] = _row(cell, outcome)
        progress.advance(f"{cell.info.name} on {cell.table.scenario}", failed=outcome.graph is None)

    for where, table, info in _places(tables, infos):
        absent = [need for need in info.needs if need in table.missing]
        cell_seed = derive_seed(seed, "discovery", table.scenario, table.phrasing, n, info.name)
        if absent:
            seen = table.anonymous((), cell_seed)
            reason = f"{absent[0]}: {table.missing[absent[0]]}"
            done(
                where,
                _Cell(table, info, seen, cell_seed, None),
                DiscoveryOutcome("skipped", reason),
            )
            continue
        seen = table.anonymous(info.needs, cell_seed)
        record = None
        if folder is not None:
            name = f"p{table.phrasing}-{slug(info.name)}.json"
            record = RecordFile.of(folder / table.scenario / place / name, info, seen, cell_seed)
        cell = _Cell(table, info, seen, cell_seed, record)
        stored = None if record is None else record.read()
        if stored is None:
            cells.append((where, cell))
        else:
            done(where, cell, stored)

    def ended(number: int, outcome: DiscoveryOutcome) -> None:
        where, cell = cells[number]
        if cell.record is not None:
            facts = {"scenario": cell.table.scenario, "phrasing": cell.table.phrasing}
            facts |= {"method": cell.info.name, "versions": library_versions()}
            cell.record.write(outcome, facts)
        done(where, cell, outcome)

    jobs = [DiscoveryJob(c.info.name, c.seen.codes, c.seen.shown, c.seed) for _, c in cells]
    run_jobs(jobs, ended, workers=processes, time_limit=time_limit, plugins=plugins)
    return DiscoveryResult(
        pd.DataFrame([rows[where] for where in sorted(rows)]),
        pd.DataFrame(edges),
        {
            "lm": model.id,
            "revision": model.revision,
            "n": n,
            "phrasings": phrasings,
            "seed": seed,
            "hidden": hidden,
            "temperature": temperature,
            "max_contexts": max_contexts,
            "scenarios": {spec.name: spec.content_hash for spec in specs},
            "methods": [info.name for info in infos],
            "versions": library_versions(),
        },
    )


def _places(
    tables: Sequence[DiscoveryTable], infos: Sequence[DiscoveryInfo]
) -> Iterator[tuple[tuple[int, int], DiscoveryTable, DiscoveryInfo]]:
    for first, table in enumerate(tables):
        for second, info in enumerate(infos):
            yield (first, second), table, info


def _row(cell: _Cell, outcome: DiscoveryOutcome) -> dict[str, Any]:
    """Score an outcome; its graph is over anonymous columns."""
    scores = dict.fromkeys((each.name for each in SCORES), float("nan"))
    edges = None
    if outcome.graph is not None:
        true_names = [str(cell.table.codes.columns[place]) for place in cell.seen.order]
        back = [cell.seen.order.index(place) for place in range(len(cell.seen.order))]
        graph = outcome.graph.renamed(true_names, back)
        scores = score(graph, cell.table.truth)
        edges = "; ".join(graph.edges())
    return {
        "scenario": cell.table.scenario,
        "phrasing": cell.table.phrasing,
        "method": cell.info.name,
        "status": outcome.status,
        "reason": outcome.reason,
        "seconds": outcome.seconds,
        **scores,
        "graph": edges,
    }
