"""Run methods on scenarios whose treatment has several arms, and score their effects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, get_args

import pandas as pd

from benchmarks.arms.job import ArmAnswer, ArmJob, OracleJob, answer_record
from benchmarks.arms.methods import DEFAULT_METHODS, ArmMethod, arm_methods
from benchmarks.arms.scores import SCORES, ArmTruth, best_arm, by_pair, score
from benchmarks.process.threads import workers_for
from benchmarks.progress import Progress, Silent
from benchmarks.provenance.hashing import derive_seed
from benchmarks.tasks.cells import Cell, check_time_limit, load_scenarios, run_cells
from benchmarks.tasks.records import library_versions
from benchmarks.tasks.runner import Outcome
from sdscm.arguments import check_choice, check_seed, check_whole
from sdscm.data.multi_arm import ArmSetting, MultiArmDataset
from sdscm.errors import InputError
from sdscm.lm import LanguageModel, load_lm
from sdscm.number_format import slug
from sdscm.sampling.interventions import code_of
from sdscm.scm import SDSCM
from sdscm.spec import Spec

#: Draws for each unit where the CATE cannot be enumerated.
CATE_DRAWS = 200
ALL_SETTINGS: tuple[ArmSetting, ...] = get_args(ArmSetting)


@dataclass(frozen=True, eq=False)
class ArmsResult:
    """The results of a run.

    Attributes
    ----------
    cells : DataFrame
        A row for each scenario, setting, phrasing and method: ``status``, ``reason``, ``seconds``,
        and the scores (see `benchmarks.arms.scores`).
    pairs : DataFrame
        A row for each cell with an answer and each arm beside the reference: its scores, the
        estimated average effect ``ate`` and the true one.
    arms : DataFrame
        A row for each scenario, setting, phrasing and arm: the share of units that received it
        (``share``), the share for which it is best given what the setting shows (``best``), and its
        true average effect in units of SD(y) (``effect_sd``).
    facts
        Options and versions.

    Examples
    --------
    >>> from benchmarks import arms
    >>> found = arms.run(["commute"], "tabular:0", n=60, phrasings=1, methods=["Zero"],
    ...                  workers=0, runs_dir=None)
    >>> found.cells[["setting", "method", "status"]].values.tolist()
    [['all', 'Zero', 'ok'], ['hidden', 'Zero', 'ok']]
    >>> found.pairs["arm"].tolist()[:2]
    ['by bike', 'by car']
    """

    cells: pd.DataFrame
    pairs: pd.DataFrame
    arms: pd.DataFrame
    facts: dict[str, Any]


@dataclass(frozen=True, eq=False)
class _Place:
    """Where a cell stands; ``data`` as its setting shows it, None if it cannot be shown."""

    scenario: str
    setting: ArmSetting
    phrasing: int
    data: MultiArmDataset | None
    lacks: str
    method: ArmMethod

    @property
    def names(self) -> dict[str, Any]:
        return {
            "scenario": self.scenario,
            "setting": self.setting,
            "phrasing": self.phrasing,
            "method": self.method.name,
        }


def run(
    scenarios: Sequence[Spec | str | Path],
    lm: LanguageModel | str,
    *,
    n: int = 1000,
    phrasings: int = 6,
    seed: int = 0,
    methods: Sequence[str] | None = None,
    settings: Sequence[ArmSetting] = ALL_SETTINGS,
    reference: str | None = None,
    temperature: float = 1.0,
    time_limit: float = 600.0,
    workers: int | None = 1,
    plugins: Sequence[Path] = (),
    runs_dir: Path | None = Path("runs/arms"),
    progress: Progress | None = None,
) -> ArmsResult:
    """Run methods on scenarios with several arms, and score their effects against the truth.

    Parameters
    ----------
    scenarios
        Specs, or names or paths for `sdscm.load_spec`.
    lm
        The language model.
    n, phrasings, seed
        Units of a dataset, number of phrasings (a dataset for each), and the seed.
    methods
        Names of estimators that take several arms, and ``NAME (pairwise)`` of any others; by
        default `DEFAULT_METHODS`.
    settings
        ``all``, ``hidden`` or both.
    reference
        The value of the treatment that is the reference; by default its first.
    temperature
        As in `sdscm.SDSCM`.
    time_limit
        Seconds of one method on one dataset.
    workers
        Worker processes; 0 uses this process, without a time limit. Changes no score.
    plugins
        Python files that register estimators.
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
    >>> from benchmarks import arms
    >>> found = arms.run(["commute"], "tabular:0", n=60, phrasings=1, methods=["Oracle"],
    ...                  settings=["all"], workers=0, runs_dir=None)
    >>> found.cells[["pehe_sd", "ate_error_sd", "regret_sd"]].values.tolist()
    [[0.0, 0.0, 0.0]]
    """
    check_whole("phrasings", phrasings, 1)
    check_whole("n", n, 1)
    check_seed(seed)
    check_time_limit(time_limit)
    if not settings:
        raise InputError("settings: none; give all, hidden or both")
    for setting in settings:
        check_choice("settings", setting, ALL_SETTINGS)
    specs = load_scenarios(scenarios)
    chosen = arm_methods(DEFAULT_METHODS if methods is None else methods, plugins)
    values = {spec.name: _arms(spec, reference) for spec in specs}
    processes = 0 if workers == 0 else workers_for(workers, 1)
    model, progress = load_lm(lm), progress or Silent()
    root = None if runs_dir is None else Path(runs_dir).absolute()
    progress.begin("rows of data", n * phrasings * len(specs))
    places: list[_Place] = []
    arms: list[dict[str, Any]] = []
    for spec, phrasing in product(specs, range(phrasings)):
        scm = SDSCM(spec, model, phrasing=phrasing, temperature=temperature)
        data = scm.multi_arm_dataset(
            n,
            derive_seed(seed, "arms", spec.name, phrasing),
            arms=values[spec.name],
            cate_draws=CATE_DRAWS,
        )
        for setting in settings:
            try:
                shown, lacks = data.setting(setting), ""
            except InputError as error:  # nothing is left
                shown, lacks = None, str(error)
            places += [
                _Place(spec.name, setting, phrasing, shown, lacks, method) for method in chosen
            ]
            arms += [] if shown is None else list(_facts_of_arms(spec.name, shown))
        progress.advance(f"{spec.name}, phrasing {phrasing}", n)
    options = slug(f"n{n}", f"seed{seed}", f"temperature{temperature:g}", model.id)
    cells = [_cell(place, seed, n, root, options) for place in places]
    rows: list[dict[str, Any]] = [{} for _ in cells]
    pairs: list[list[dict[str, Any]]] = [[] for _ in cells]
    progress.begin("cells", len(cells))

    def ended(number: int, outcome: Outcome[ArmAnswer]) -> None:
        place = places[number]
        rows[number], pairs[number] = _row(place, outcome), _pairs(place, outcome)
        lost = outcome.answer is None
        progress.advance(f"{place.method.name} on {place.scenario}, {place.setting}", failed=lost)

    run_cells(cells, ended, workers=processes, time_limit=time_limit, plugins=plugins)
    return ArmsResult(
        pd.DataFrame(rows),
        pd.DataFrame([pair for each in pairs for pair in each], columns=_PAIR_COLUMNS),
        pd.DataFrame(arms),
        {
            "lm": model.id,
            "revision": model.revision,
            "n": n,
            "phrasings": phrasings,
            "seed": seed,
            "settings": list(settings),
            "temperature": temperature,
            "scenarios": {spec.name: spec.content_hash for spec in specs},
            "arms": values,
            "methods": [method.name for method in chosen],
            "how": {method.name: method.how for method in chosen},
            "versions": library_versions("econml", "causalml"),
        },
    )


def _arms(spec: Spec, reference: str | None) -> list[str]:
    """The values of the treatment, the reference first; an InputError if there are only two."""
    values = list(spec.treatment.values)
    if len(values) < 3:
        raise InputError(
            f"{spec.name}: '{spec.treatment.name}' has {len(values)} values; give a scenario whose "
            "treatment has three or more, such as commute"
        )
    if reference is None:
        return values
    first = values.pop(code_of(spec.treatment, reference, "reference"))
    return [first, *values]


def _facts_of_arms(scenario: str, data: MultiArmDataset) -> Iterator[dict[str, Any]]:
    truth = ArmTruth.of(data)
    best = best_arm(truth.effects)
    for code, arm in enumerate(data.arms):
        yield {
            "scenario": scenario,
            "setting": data.covariates,
            "phrasing": data.meta.phrasing,
            "arm": arm,
            "share": float((data.t == code).mean()),
            "best": float((best == code).mean()),
            "effect_sd": float(truth.ates[code - 1] / truth.sd) if code else 0.0,
        }


def _cell(place: _Place, seed: int, n: int, root: Path | None, options: str) -> Cell[ArmAnswer]:
    data, method = place.data, place.method
    if data is None:
        return Cell(None, place.lacks)
    absent = [arm for code, arm in enumerate(data.arms) if not (data.t == code).any()]
    if absent:
        return Cell(None, f"no unit has the arm '{absent[0]}'; take more units")
    if method.oracle:
        truth = ArmTruth.of(data)
        return Cell(OracleJob(truth.effects, truth.ates))
    names = (place.scenario, place.setting, place.phrasing, n, method.name)
    X = data.X.reset_index(drop=True)
    job = ArmJob(method, X, data.t, data.y, derive_seed(seed, "arms", *names))
    record = None
    if root is not None:
        name = f"p{place.phrasing}-{slug(method.name)}.json"
        record = answer_record(root / place.scenario / place.setting / options / name, job)
    return Cell(job, "", record, place.names | {"arms": list(data.arms)})


def _row(place: _Place, outcome: Outcome[ArmAnswer]) -> dict[str, Any]:
    scores = dict.fromkeys((each.name for each in SCORES), float("nan"))
    if outcome.answer is not None and place.data is not None:
        scores = score(outcome.answer, ArmTruth.of(place.data))
    status = {"status": outcome.status, "reason": outcome.reason, "seconds": outcome.seconds}
    return place.names | status | scores


_PAIR_COLUMNS = ["scenario", "setting", "phrasing", "method", "arm", "reference"]
_PAIR_COLUMNS += ["pehe_sd", "ate_error_sd", "ate", "true_ate"]


def _pairs(place: _Place, outcome: Outcome[ArmAnswer]) -> list[dict[str, Any]]:
    if outcome.answer is None or place.data is None:
        return []
    reference, *others = place.data.arms
    found = by_pair(outcome.answer, ArmTruth.of(place.data))
    return [
        place.names | {"arm": arm, "reference": reference} | scores
        for arm, scores in zip(others, found, strict=True)
    ]
