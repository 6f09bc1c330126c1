"""Run mediation methods on scenarios, and score their natural effects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import Any, get_args

import pandas as pd

from benchmarks.mediation import registry
from benchmarks.mediation.job import MediationAnswer, MediationJob, answer_record, versions
from benchmarks.mediation.registry import MediationInfo
from benchmarks.mediation.scores import SCORES, score
from benchmarks.mediation.tables import (
    MediationSetting,
    MediationTable,
    identified,
    make_tables,
    mediators_of,
)
from benchmarks.process.threads import workers_for
from benchmarks.progress import Progress, Silent
from benchmarks.provenance.hashing import derive_seed
from benchmarks.tasks.cells import Cell, check_time_limit, load_scenarios, run_cells
from benchmarks.tasks.runner import Outcome
from sdscm.arguments import check_choice, check_seed, check_whole
from sdscm.errors import InputError
from sdscm.literals import MeasureKind
from sdscm.lm import LanguageModel, load_lm
from sdscm.number_format import slug
from sdscm.scm import SDSCM
from sdscm.spec import Spec


@dataclass(frozen=True, eq=False)
class MediationResult:
    """The results of a run.

    Attributes
    ----------
    cells : DataFrame
        A row for each scenario, setting, phrasing and method: ``status``, ``reason``, ``seconds``,
        the estimates ``nde`` and ``nie``, and the scores (see `benchmarks.mediation.score`).
    truths : DataFrame
        A row for each scenario and phrasing: ``nde``, ``nie``, ``total``, ``interaction`` and the
        standard deviation ``sd`` of y, in units of y.
    facts
        Options and versions, and if the graph identifies the effects, by scenario and setting.

    Examples
    --------
    >>> from benchmarks import mediation
    >>> found = mediation.run(["loan"], "tabular:0", n=60, phrasings=1, methods=["Oracle"],
    ...                       settings=["all"], workers=0, runs_dir=None)
    >>> found.cells[["method", "status", "error"]].values.tolist()
    [['Oracle', 'ok', 0.0]]
    """

    cells: pd.DataFrame
    truths: pd.DataFrame
    facts: dict[str, Any]


def run(
    scenarios: Sequence[Spec | str | Path],
    lm: LanguageModel | str,
    *,
    n: int = 500,
    phrasings: int = 6,
    seed: int = 0,
    methods: Sequence[str] | None = None,
    settings: Sequence[MediationSetting] = ("all", "hidden"),
    measure: MeasureKind = "log-probability",
    temperature: float = 1.0,
    max_contexts: int = 1000,
    time_limit: float = 600.0,
    workers: int | None = 1,
    plugins: Sequence[Path] = (),
    runs_dir: Path | None = Path("runs/mediation"),
    progress: Progress | None = None,
) -> MediationResult:
    """Run mediation methods on rows of scenarios, and score their natural effects.

    Parameters
    ----------
    scenarios
        Specs, or names or paths for `sdscm.load_spec`, each with a variable of role ``mediator``.
    lm
        The language model.
    n, phrasings, seed
        Rows of a table, number of phrasings (a table for each), and the seed.
    methods
        Names; by default all that are registered.
    settings
        ``all``, or ``hidden``: without the exogenous covariates.
    measure
        The scale of the outcome; see `sdscm.audit.audit`.
    temperature
        As in `sdscm.SDSCM`.
    max_contexts
        Mechanisms with more contexts are not enumerated, and the truth is then not known.
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
        If an argument is unknown or impossible, or the truth of a scenario is not known.

    Examples
    --------
    >>> from benchmarks import mediation
    >>> found = mediation.run(["checkout"], "tabular:0", n=60, phrasings=1, workers=0,
    ...                       methods=["No mediation"], runs_dir=None)
    >>> found.cells["setting"].tolist(), found.facts["identified"]["checkout"]
    (['all', 'hidden'], {'all': True, 'hidden': False})
    """
    check_whole("phrasings", phrasings, 1)
    check_whole("n", n, 2)
    check_seed(seed)
    check_time_limit(time_limit)
    if not settings:
        raise InputError("mediation: no settings; give all, hidden or both")
    for setting in settings:
        check_choice("settings", setting, get_args(MediationSetting))
    specs = load_scenarios(scenarios)
    infos = [registry.get(name) for name in (registry.names() if methods is None else methods)]
    if not infos:
        raise InputError("mediation: no methods; give one or more")
    known = {spec.name: {each: identified(spec, each) for each in settings} for spec in specs}
    processes = 0 if workers == 0 else workers_for(workers, 1)
    model, progress = load_lm(lm), progress or Silent()
    root = None if runs_dir is None else Path(runs_dir).absolute()
    tables: list[MediationTable] = []
    progress.begin("rows of data", n * phrasings * len(specs))
    for spec, phrasing in product(specs, range(phrasings)):
        scm = SDSCM(spec, model, phrasing=phrasing, temperature=temperature)
        tables += make_tables(
            scm, n, seed, list(settings), measure=measure, max_contexts=max_contexts
        )
        progress.advance(f"{spec.name}, phrasing {phrasing}", n)
    place = slug(f"n{n}", f"seed{seed}", f"temperature{temperature:g}", measure, model.id)
    pairs = list(product(tables, infos))
    cells = [
        _cell(table, info, seed, None if root is None else root / table.scenario / place)
        for table, info in pairs
    ]
    rows: list[dict[str, Any]] = [{} for _ in cells]
    progress.begin("cells", len(cells))

    def ended(number: int, outcome: Outcome[MediationAnswer]) -> None:
        table, info = pairs[number]
        rows[number] = _row(table, info, outcome)
        progress.advance(f"{info.name} on {table.scenario}", failed=outcome.answer is None)

    run_cells(cells, ended, workers=processes, time_limit=time_limit, plugins=plugins)
    return MediationResult(
        pd.DataFrame(rows),
        pd.DataFrame([_truth_row(each) for each in tables if each.setting == settings[0]]),
        {
            "lm": model.id,
            "revision": model.revision,
            "n": n,
            "phrasings": phrasings,
            "seed": seed,
            "settings": list(settings),
            "measure": measure,
            "temperature": temperature,
            "max_contexts": max_contexts,
            "scenarios": {spec.name: spec.content_hash for spec in specs},
            "mediators": {spec.name: list(mediators_of(spec)) for spec in specs},
            "identified": known,
            "methods": [info.name for info in infos],
            "versions": versions(),
        },
    )


def _cell(
    table: MediationTable, info: MediationInfo, seed: int, folder: Path | None
) -> Cell[MediationAnswer]:
    """Make the cell of a method on a table."""
    where = (table.scenario, table.phrasing, table.setting, len(table.y))
    seed = derive_seed(seed, "mediation", *where, info.name)
    record = None
    if folder is not None:
        path = folder / f"{table.setting}-p{table.phrasing}-{slug(info.name)}.json"
        record = answer_record(path, info, table, seed)
    facts = {"scenario": table.scenario, "phrasing": table.phrasing, "setting": table.setting}
    facts |= {"method": info.name, "versions": versions()}
    return Cell(MediationJob.of(info, table, seed), "", record, facts)


def _row(
    table: MediationTable, info: MediationInfo, outcome: Outcome[MediationAnswer]
) -> dict[str, Any]:
    missing = float("nan")
    estimates = dict.fromkeys(("nde", "nie"), missing)
    scores = dict.fromkeys((each.name for each in SCORES), missing)
    answer = outcome.answer
    if answer is not None:
        estimates = {"nde": answer.nde, "nie": answer.nie}
        scores = score(answer, table.truth, table.sd)
    return {
        "scenario": table.scenario,
        "setting": table.setting,
        "phrasing": table.phrasing,
        "method": info.name,
        "status": outcome.status,
        "reason": outcome.reason,
        "seconds": outcome.seconds,
        **estimates,
        **scores,
    }


def _truth_row(table: MediationTable) -> dict[str, Any]:
    truth = asdict(table.truth) | {"interaction": table.truth.interaction, "sd": table.sd}
    return {"scenario": table.scenario, "phrasing": table.phrasing, **truth}
