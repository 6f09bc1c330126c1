"""Run discovery methods on scenarios, and score their graphs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.discovery import registry
from benchmarks.discovery.faithfulness import edge_strengths
from benchmarks.discovery.graph import Graph
from benchmarks.discovery.job import DiscoveryJob, graph_record, versions
from benchmarks.discovery.registry import DiscoveryInfo
from benchmarks.discovery.scores import SCORES, score
from benchmarks.discovery.tables import AnonymousTable, DiscoveryTable, make_table
from benchmarks.process.threads import workers_for
from benchmarks.progress import Progress, Silent
from benchmarks.provenance.hashing import derive_seed
from benchmarks.tasks.cells import Cell, check_time_limit, load_scenarios, run_cells
from benchmarks.tasks.runner import Outcome
from sdscm.arguments import check_seed, check_whole
from sdscm.errors import InputError
from sdscm.lm import LanguageModel, load_lm
from sdscm.number_format import slug
from sdscm.scm import SDSCM
from sdscm.spec import Spec


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
class _Place:
    table: DiscoveryTable
    info: DiscoveryInfo
    seen: AnonymousTable


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
    check_time_limit(time_limit)
    specs = load_scenarios(scenarios)
    infos = [registry.get(name) for name in (registry.names() if methods is None else methods)]
    if not infos:
        raise InputError("discovery: no methods; give one or more")
    processes = 0 if workers == 0 else workers_for(workers, 1)
    model, progress = load_lm(lm), progress or Silent()
    root = None if runs_dir is None else Path(runs_dir).absolute()
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
    places, cells = [], []
    for table, info in product(tables, infos):
        folder = None if root is None else root / table.scenario / place
        cell_seed = derive_seed(seed, "discovery", table.scenario, table.phrasing, n, info.name)
        seen, cell = _cell(table, info, cell_seed, folder)
        places.append(_Place(table, info, seen))
        cells.append(cell)
    rows: list[dict[str, Any]] = [{} for _ in cells]
    progress.begin("cells", len(cells))

    def ended(number: int, outcome: Outcome[Graph]) -> None:
        rows[number], here = _row(places[number], outcome), places[number]
        progress.advance(
            f"{here.info.name} on {here.table.scenario}", failed=outcome.answer is None
        )

    run_cells(cells, ended, workers=processes, time_limit=time_limit, plugins=plugins)
    return DiscoveryResult(
        pd.DataFrame(rows),
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
            "versions": versions(),
        },
    )


def _cell(
    table: DiscoveryTable, info: DiscoveryInfo, seed: int, folder: Path | None
) -> tuple[AnonymousTable, Cell[Graph]]:
    """Hide the names of a table for a method, and make its cell."""
    absent = [need for need in info.needs if need in table.missing]
    if absent:
        lacks = f"{absent[0]}: {table.missing[absent[0]]}"
        return table.anonymous((), seed), Cell(None, lacks)
    seen = table.anonymous(info.needs, seed)
    record = None
    if folder is not None:
        path = folder / f"p{table.phrasing}-{slug(info.name)}.json"
        record = graph_record(path, info, seen, seed)
    facts = {"scenario": table.scenario, "phrasing": table.phrasing}
    facts |= {"method": info.name, "versions": versions()}
    return seen, Cell(DiscoveryJob(info.name, seen.codes, seen.shown, seed), "", record, facts)


def _row(place: _Place, outcome: Outcome[Graph]) -> dict[str, Any]:
    """Score an outcome; its graph is over anonymous columns."""
    scores = dict.fromkeys((each.name for each in SCORES), float("nan"))
    edges = None
    if outcome.answer is not None:
        true_names = [str(place.table.codes.columns[k]) for k in place.seen.order]
        back = [place.seen.order.index(k) for k in range(len(place.seen.order))]
        graph = outcome.answer.renamed(true_names, back)
        scores = score(graph, place.table.truth)
        edges = "; ".join(graph.edges())
    return {
        "scenario": place.table.scenario,
        "phrasing": place.table.phrasing,
        "method": place.info.name,
        "status": outcome.status,
        "reason": outcome.reason,
        "seconds": outcome.seconds,
        **scores,
        "graph": edges,
    }
