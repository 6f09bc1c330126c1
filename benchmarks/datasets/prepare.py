"""Make the datasets of a suite's entries, or read them. All data of a run come from here."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import sdscm
from benchmarks.datasets.designs import simulated
from benchmarks.datasets.paper.released import Released, released
from benchmarks.datasets.parallel import generators_for, make_in_pool
from benchmarks.datasets.sampling import Recipe
from benchmarks.datasets.source import Source, described, lm_mark
from benchmarks.datasets.user_tables import read_files
from benchmarks.progress import Progress
from benchmarks.provenance.hashing import derive_seed, digest
from benchmarks.provenance.versions import code_of_generator
from benchmarks.suite.entries import (
    DatasetEntry,
    FilesEntry,
    LMEntry,
    PaperEntry,
    ScenarioEntry,
    SimulationEntry,
    Variant,
)
from benchmarks.suite.model import Suite
from sdscm.data.dataset import CausalDataset
from sdscm.errors import InputError
from sdscm.files import put_atomically
from sdscm.spec import Spec

#: Arguments of ``SDSCM`` and of its ``dataset`` that other keys of an entry, or the runner, set.
_SET_BY_ENTRY = {
    *("self", "spec", "lm", "phrasing", "temperature"),
    *("n", "seed", "outcome", "block", "progress"),
}


@dataclass(frozen=True)
class Request:
    """A dataset that a suite needs.

    Attributes
    ----------
    name, entry, cluster, place
        As in `Source`.
    n
        Number of rows.
    content
        Recipe, reference to a released dataset, or the dataset itself.
    content_hash
        Hash of everything that determines the content.
    lm_marks
        Settings of the language model that differ from the defaults; see `LMEntry.marks`.
    """

    name: str
    entry: str
    cluster: str
    place: tuple[Any, ...]
    n: int
    content: Recipe | CausalDataset | Released
    content_hash: str
    lm_marks: str = ""

    def path(self, folder: Path) -> Path:
        return folder / "datasets" / f"{self.name}.parquet"


def prepare(
    requests: Sequence[Request], folder: Path, progress: Progress, workers: int = 1
) -> Iterator[tuple[Source, CausalDataset]]:
    """Make datasets, or read them from ``folder``; several ``workers`` make them in parallel.

    A damaged dataset file is reported and made again.
    """
    missing = [request for request in requests if not _is_there(request, folder, progress)]
    rows = _Rows(requests, folder, progress)
    recipes: dict[Path, Recipe] = {}
    hashes = {request.path(folder): request.content_hash for request in missing}

    def made(path: Path) -> None:
        put_atomically(_note(path), hashes[path], durable=False)

    for request in missing:
        # The note is removed first and written after the dataset, so that a killed run leaves no
        # note of another dataset.
        _note(request.path(folder)).unlink(missing_ok=True)
        if isinstance(request.content, Recipe):
            recipes[request.path(folder)] = request.content
        elif isinstance(request.content, CausalDataset):
            made(request.content.to_parquet(request.path(folder)))
    processes = generators_for(workers, len(recipes))
    if processes > 1:
        make_in_pool(recipes, processes, rows, made)
    else:
        for path, recipe in recipes.items():
            made(recipe.make(partial(rows, path)).to_parquet(path))
    for request in requests:
        rows(request.path(folder), request.n)
        content = request.content if isinstance(request.content, Released) else None
        dataset = content.load() if content else CausalDataset.read_parquet(request.path(folder))
        source = Source(
            name=request.name,
            entry=request.entry,
            cluster=request.cluster,
            lm=described(dataset.meta.lm, request.lm_marks),
            fingerprint=dataset.fingerprint,
            place=request.place,
            released=asdict(content) if content else None,
        )
        yield source, dataset


def _is_there(request: Request, folder: Path, progress: Progress) -> bool:
    if isinstance(request.content, Released):
        return True
    path = request.path(folder)
    note = _note(path)
    if not path.exists() or not note.exists() or note.read_text() != request.content_hash:
        return False
    try:
        CausalDataset.read_parquet(path)
    except InputError as error:
        progress.say(f"{error}; it is made again now")
        return False
    return True


def _note(path: Path) -> Path:
    """Return the path of the file with the content hash of a dataset."""
    return path.with_name(f"{path.name}.made-from")


class _Rows:
    """Report new rows to a `Progress`, dataset by dataset."""

    def __init__(self, requests: Sequence[Request], folder: Path, progress: Progress) -> None:
        self._names = {request.path(folder): request.name for request in requests}
        self._ready = dict.fromkeys(self._names, 0.0)
        self._progress = progress

    def __call__(self, path: Path, rows: float) -> None:
        new = max(rows - self._ready[path], 0.0)
        self._ready[path] += new
        self._progress.advance(self._names[path], new)


def requests(suite: Suite) -> list[Request]:
    """List the datasets of a suite, in its order; nothing is generated or written yet.

    Raises
    ------
    InputError
        If a scenario, phrasing, language model, option, file or column does not exist.
    """
    found: list[Request] = []
    for entry in suite.datasets:
        found += _REQUESTS[type(entry)](entry, suite)
    names: Counter[str] = Counter()
    for place, request in enumerate(found):
        names[request.name] += 1
        if names[request.name] > 1:
            found[place] = replace(request, name=f"{request.name} ({names[request.name]})")
    return found


def _sampled(entry: ScenarioEntry, suite: Suite) -> Iterator[Request]:
    beside = suite.folder / entry.scenario
    with _errors_from(suite, entry, "scenario"):
        spec = sdscm.load_spec(str(beside) if beside.is_file() else entry.scenario)
    _check_hidden(spec, suite, entry)

    def request(of: LMEntry, phrasing: int, replicate: int, variant: Variant) -> Request:
        n, seed = variant.n, _seed(entry, suite, phrasing, replicate)
        options: dict[str, Any] = {"temperature": entry.temperature, **entry.options}
        options |= {str(name): value for name, value in variant.dials.items()}
        recipe = Recipe(spec, of, phrasing, options, n, seed, entry.outcome, entry.dataset)
        _check_options("dataset", recipe.dataset, sdscm.SDSCM.dataset, entry, suite)
        _check_options("options", entry.options, sdscm.SDSCM, entry, suite)
        with _errors_from(suite, entry, "lm"):
            lm = recipe.loaded()
        with _errors_from(suite, entry):
            recipe.model()
        settled = [n, seed, phrasing, options, entry.outcome, entry.dataset]
        name = f"{entry.title}-p{phrasing}-r{replicate}{_marks(entry, variant)}"
        if len(entry.lms) > 1:
            name += lm_mark(described(lm.id, of.marks))
        dials = [f"{dial} {value:g}" for dial, value in sorted(variant.dials.items())]
        return Request(
            name=name,
            entry=entry.title,
            cluster=f"{entry.title}, phrasing {_first_alike(spec, entry, phrasing)}",
            place=(suite.seed, entry.title, phrasing, replicate, n, *dials),
            n=n,
            content=recipe,
            content_hash=digest(
                [spec.content_hash, lm.id, lm.revision, *settled, code_of_generator()]
            ),
            lm_marks=of.marks,
        )

    for lm in entry.lms:
        for phrasing in entry.phrasing_numbers:
            for replicate in range(len(entry.seeds or ()) or entry.replicates):
                for variant in entry.variants:
                    yield request(lm, phrasing, replicate, variant)


def _seed(entry: ScenarioEntry, suite: Suite, phrasing: int, replicate: int) -> int:
    if entry.seeds is not None:
        return entry.seeds[replicate]
    return derive_seed(suite.seed, entry.title, phrasing, replicate)


def _marks(entry: ScenarioEntry, variant: Variant) -> str:
    """Format the size and the dials that vary in the entry, for the name of a dataset."""
    varied: list[tuple[str, float]] = [("n", variant.n)] * (len(entry.sizes) > 1)
    varied += [(d, v) for d, v in variant.dials.items() if isinstance(entry.dials[d], list)]
    return "".join(f"-{name}{value:g}" for name, value in varied)


@contextmanager
def _errors_from(suite: Suite, entry: ScenarioEntry | PaperEntry, *key: str) -> Iterator[None]:
    """Add the place in the suite to the front of an error's message."""
    try:
        yield
    except InputError as error:
        raise InputError(": ".join([suite.origin, entry.title, *key, str(error)])) from None


def _check_options(
    key: str,
    given: Mapping[str, Any],
    takes: Callable[..., Any],
    entry: ScenarioEntry,
    suite: Suite,
) -> None:
    known = [name for name in inspect.signature(takes).parameters if name not in _SET_BY_ENTRY]
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise InputError(
            f"{suite.origin}: {entry.title}: {key}: unknown option '{unknown[0]}'; "
            f"choose among {', '.join(known)}"
        )


def _first_alike(spec: Spec, entry: ScenarioEntry, phrasing: int) -> int:
    """Find the first phrasing of the entry with the same text; random phrasings may coincide."""
    choice = spec.phrased(phrasing).choice
    return next(n for n in entry.phrasing_numbers if spec.phrased(n).choice == choice)


def _check_hidden(spec: Spec, suite: Suite, entry: ScenarioEntry) -> None:
    """Raise an InputError if the setting ``hidden`` hides no covariate, or all of them."""
    if "hidden" not in suite.settings:
        return
    if not spec.exogenous:
        raise InputError(
            f"{suite.origin}: {entry.title}: the setting 'hidden' hides nothing, since no variable "
            "is exogenous; write 'settings: [all]'"
        )
    if set(spec.exogenous) == set(spec.covariates):
        raise InputError(
            f"{suite.origin}: {entry.title}: the setting 'hidden' leaves no covariate; "
            "write 'settings: [all]', or give the spec an observed one"
        )


def _from_files(entry: FilesEntry, suite: Suite) -> Iterator[Request]:
    stems: Counter[str] = Counter()
    for path, dataset in read_files(entry, suite.folder):
        if "hidden" in suite.settings and not dataset.exogenous:
            raise InputError(
                f"{path}: the setting 'hidden' hides nothing, since no covariate is exogenous; "
                f"set 'settings: [all]' in {suite.origin}"
            )
        sampled = bool(dataset.meta.spec_hash)
        # Files in several folders may have the same stem, and are then numbered in their order.
        stems[path.stem] += 1
        stem = path.stem if stems[path.stem] == 1 else f"{path.stem} ({stems[path.stem]})"
        yield Request(
            name=f"{entry.title}-{stem}",
            entry=entry.title,
            cluster=f"{entry.title}, phrasing {dataset.meta.phrasing}" if sampled else str(path),
            place=(suite.seed, entry.title, stem),
            n=len(dataset),
            content=dataset,
            content_hash=dataset.fingerprint,
        )


def _simulated(entry: SimulationEntry, suite: Suite) -> Iterator[Request]:
    seeds = entry.seeds or [
        derive_seed(suite.seed, entry.title, number) for number in range(entry.replicates)
    ]
    for n in entry.sizes:
        for number, seed in enumerate(seeds):
            dataset = simulated(entry.simulation, n, seed, entry.covariates)
            size = f"-n{n}" * (len(entry.sizes) > 1)
            yield Request(
                name=f"{entry.title}-r{number}{size}",
                entry=entry.title,
                cluster=f"{entry.title}, replicate {number}",
                place=(suite.seed, entry.title, number, n),
                n=n,
                content=dataset,
                content_hash=dataset.fingerprint,
            )


def _released(entry: PaperEntry, suite: Suite) -> Iterator[Request]:
    """List the released datasets. They are read in place, since no licence allows copies."""
    with _errors_from(suite, entry, "paper"):
        found = list(released(entry, suite.data))
    for each in found:
        yield Request(
            name=each.name,
            entry=entry.title,
            cluster=f"{each.lm}, phrasing {each.variant}",
            place=each.place,
            n=each.rows,
            content=each,
            content_hash="",
        )


#: The function that lists the datasets of an entry, for each kind of entry.
_REQUESTS: dict[type[DatasetEntry], Callable[[Any, Suite], Iterable[Request]]] = {
    ScenarioEntry: _sampled,
    FilesEntry: _from_files,
    SimulationEntry: _simulated,
    PaperEntry: _released,
}
