"""Make the datasets of a suite's entries, or read them. All data of a run come from here."""

from __future__ import annotations

import inspect
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import cache, partial, singledispatch
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sdscm
from benchmarks.archive.files import DamagedArchiveError
from benchmarks.archive.release import Release
from benchmarks.datasets.designs import simulated
from benchmarks.datasets.observed import read_observed
from benchmarks.datasets.paper.released import released
from benchmarks.datasets.sampling import (
    LoadModel,
    Recipe,
    RowsLeft,
    generators_for,
    language_model,
    make_all,
)
from benchmarks.datasets.source import Source, described, lm_mark
from benchmarks.datasets.user_tables import read_files
from benchmarks.progress import Progress
from benchmarks.provenance.hashing import derive_data_seed, digest, digest_bytes
from benchmarks.provenance.versions import code_of_generator, versions
from benchmarks.suite.entries import (
    DatasetEntry,
    FilesEntry,
    LMEntry,
    PaperEntry,
    ScenarioEntry,
    SemisynthEntry,
    SimulationEntry,
    Variant,
    variants,
)
from benchmarks.suite.model import Suite
from sdscm.data.dataset import CausalDataset
from sdscm.data.generate import covariates_of
from sdscm.data.semisynth import FittedTable, check_draw, check_models, fit_models
from sdscm.data.settings import SETTING_INFOS
from sdscm.errors import InputError, reason
from sdscm.files import put_atomically
from sdscm.literals import SETTINGS
from sdscm.lm import LanguageModel
from sdscm.sampling.dials import Dials
from sdscm.spec import Spec

#: Arguments of ``SDSCM`` and of its ``dataset`` that other keys of an entry, or the runner, set.
_SET_BY_ENTRY = {
    *("self", "spec", "lm", "phrasing", "temperature"),
    *("n", "seed", "outcome", "post_treatment", "settings", "block", "progress"),
}


@dataclass(frozen=True)
class Request:
    """A dataset that a suite needs.

    Attributes
    ----------
    source
        Its name and place in the suite. The fingerprint is not known before the dataset is made,
        nor is the language model of a released dataset.
    n
        Number of rows.
    content
        Recipe, the dataset itself, or a function that makes it in this process; None for a released
        dataset, which is read in place.
    content_hash
        Hash of everything that determines the content.
    lost
        Reason why the dataset cannot be made; empty if it can.
    """

    source: Source
    n: int
    content: Recipe | CausalDataset | Callable[[], CausalDataset] | None
    content_hash: str = ""
    lost: str = ""


def prepare(
    requests: Sequence[Request],
    folder: Path,
    progress: Progress,
    workers: int = 1,
    load: LoadModel | None = None,
) -> Iterator[tuple[Source, CausalDataset | str]]:
    """Make datasets, or read them from ``folder``; several ``workers`` make them in parallel.

    A damaged dataset file is reported and made again. If one of several language models fails, for
    whatever reason, each dataset that it cannot make is yielded as that reason. With ``load``, the
    language models run elsewhere, and make ``workers`` datasets at a time.

    Raises
    ------
    InputError
        If all of several language models fail. A single model raises its own error.
    """
    lost = {each.source.path(folder): each.lost for each in requests if each.lost}
    several = len({each.source.lm for each in requests if _is_sampled(each)}) > 1
    paths = [request.source.path(folder) for request in requests]
    missing = {
        path: request
        for path, request in zip(paths, requests, strict=True)
        if request.content is not None and not _is_there(request, path, progress)
    }
    ready: defaultdict[Path, float] = defaultdict(float)
    recipes = {
        path: request.content
        for path, request in missing.items()
        if isinstance(request.content, Recipe)
    }
    processes = generators_for(workers, len(recipes)) if load is None else workers
    kinds = {path: (recipe.lm.name, recipe.n) for path, recipe in recipes.items()}
    left = RowsLeft(kinds, processes)

    def rows(path: Path, count: float | str) -> None:
        if path in recipes:
            progress.eta(left.update(path, count), "")
        if isinstance(count, str):
            progress.advance(f"{path.stem}, {count}", 0)
            return
        new = max(count - ready[path], 0.0)
        ready[path] += new
        progress.advance(path.stem, new)

    def made(path: Path) -> None:
        put_atomically(_note(path), missing[path].content_hash, durable=False)

    def failed(path: Path, error: Exception) -> None:
        if not several:
            raise error
        lost[path] = reason(error)

    for path, request in zip(paths, requests, strict=True):
        if path not in missing and path not in lost:
            rows(path, request.n)
    for path, request in missing.items():
        # The note is removed first and written after the dataset, so that a killed run leaves no
        # note of another dataset.
        _note(path).unlink(missing_ok=True)
        if isinstance(request.content, CausalDataset):
            made(request.content.to_parquet(path))
        elif callable(request.content):
            rows(path, "of fitted models")
            made(request.content().to_parquet(path))
    make_all(recipes, processes, rows, made, failed, load)
    _refuse_none(
        (request.source.lm, lost.get(path, ""))
        for path, request in zip(paths, requests, strict=True)
        if _is_sampled(request)
    )
    for path, request in zip(paths, requests, strict=True):
        rows(path, request.n)
        if path in lost:
            yield request.source, lost[path]
            continue
        dataset = request.source.read(folder)
        lm = request.source.lm or dataset.meta.lm
        yield replace(request.source, lm=lm, fingerprint=dataset.fingerprint), dataset


def _is_sampled(request: Request) -> bool:
    return bool(request.lost) or isinstance(request.content, Recipe)


def _refuse_none(sampled: Iterable[tuple[str, str]]) -> None:
    """Raise an InputError if no language model can make data.

    ``sampled`` has the language model of each dataset, and the reason why it cannot be made.
    """
    found = list(sampled)
    if found and all(text for _, text in found):
        listed = "; ".join(f"{lm}: {text}" for lm, text in dict(found).items())
        raise InputError(f"no language model can make its data: {listed}")


def _is_there(request: Request, path: Path, progress: Progress) -> bool:
    note = _note(path)
    if not path.exists() or not note.exists():
        return False
    if note.read_bytes() != request.content_hash.encode():
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


def requests(suite: Suite, hidden_confounding: bool = False, graph: bool = False) -> list[Request]:
    """List the datasets of a suite, in its order; nothing is generated or written yet.

    With ``hidden_confounding``, datasets of specs hold the true strength of hidden confounding, and
    with ``graph`` the true DAG.

    Raises
    ------
    InputError
        If a scenario, phrasing, option, file or column does not exist, or none of the language
        models can be loaded. A request for data of one of several has the reason instead.
    """
    if suite.release is not None:
        return list(_frozen(suite.release))
    found = [request for entry in suite.datasets for request in _requests_of(entry, suite)]
    if hidden_confounding:
        found = [_asked(each, "hidden confounding", "hidden_confounding") for each in found]
    if graph:
        found = [_asked(each, "graph", "graph") for each in found]
    _refuse_none((request.source.lm, request.lost) for request in found if _is_sampled(request))
    names: Counter[str] = Counter()
    for place, request in enumerate(found):
        name = request.source.name
        names[name] += 1
        if names[name] > 1:
            source = replace(request.source, name=f"{name} ({names[name]})")
            found[place] = replace(request, source=source)
    return found


def _asked(request: Request, part: str, option: str) -> Request:
    """Ask for a part of the truth, if the dataset is sampled from a spec."""
    recipe = request.content
    if not isinstance(recipe, Recipe):
        return request
    asked = {option: True, **recipe.dataset}
    content_hash = digest([request.content_hash, part])
    return replace(request, content=replace(recipe, dataset=asked), content_hash=content_hash)


def _frozen(release: Release) -> Iterator[Request]:
    """List the datasets of a release."""
    for given in release.content["sources"]:
        source = Source(**{**given, "place": tuple(given["place"]), "released": None})
        content = release.read(source.path(Path()).as_posix())
        with TemporaryDirectory() as folder:
            put_atomically(source.path(Path(folder)), content, durable=False)
            try:
                dataset = source.load(Path(folder))
            except InputError:
                raise DamagedArchiveError(
                    f"{release.files.place}: the dataset {source.name} is not the one of the "
                    "release's manifest; get the release again"
                ) from None
        yield Request(source, len(dataset), dataset, digest_bytes(content))


@singledispatch
def _requests_of(entry: DatasetEntry, suite: Suite) -> Iterator[Request]:
    """List the datasets of an entry: each kind of entry registers its function below."""
    raise TypeError(f"no datasets are known for {type(entry).__name__}")


@_requests_of.register
def _sampled(entry: ScenarioEntry, suite: Suite) -> Iterator[Request]:
    beside = suite.folder / entry.scenario
    with _errors_from(suite, entry, "scenario"):
        spec = sdscm.load_spec(str(beside) if beside.is_file() else entry.scenario)
    _check_covariates(spec, suite, entry)
    _check_options("dataset", entry.dataset, sdscm.SDSCM.dataset, entry, suite)
    _check_options("options", entry.options, sdscm.SDSCM, entry, suite)
    asked = {"post_treatment": entry.post_treatment, **entry.dataset}
    models = {of: _model_or_reason(of, entry, suite) for of in entry.lms}
    settings = suite.settings_of(entry.title)
    if set(settings) - set(SETTINGS):
        asked["settings"] = settings
    replicates = range(len(entry.seeds or ()) or entry.replicates)
    for of, phrasing, replicate, variant in product(
        entry.lms, entry.phrasing_numbers, replicates, entry.variants
    ):
        n, dials = variant.n, _dial_texts(variant)
        # Entries of one scenario have the same units, so that they differ in what they vary only.
        # A secret seed is for sealed releases, where such units would show both outcomes.
        own = (entry.title, n, dials, of.model_dump())
        seed = derive_data_seed(suite.seed, (spec.name, phrasing, replicate), own)
        if entry.seeds is not None:
            seed = entry.seeds[replicate]
        options: dict[str, Any] = {"temperature": entry.temperature, **entry.options}
        options |= {str(name): value for name, value in variant.dials.items()}
        recipe = Recipe(spec, of, phrasing, options, n, seed, entry.outcome, asked)
        lm = models[of]
        shown = described(of.name if isinstance(lm, str) else lm.id, of.marks)
        marks = _marks(variant, len(entry.sizes) > 1, entry.dials)
        marks += [lm_mark(shown)] * (len(entry.lms) > 1)
        source = Source(
            name=f"{entry.title}-p{phrasing}-r{replicate}{''.join(marks)}",
            entry=entry.title,
            cluster=f"{spec.name}, phrasing {_first_alike(spec, entry, phrasing)}",
            lm=shown,
            place=(suite.seed, entry.title, phrasing, replicate, n, *dials),
        )
        if isinstance(lm, str):
            yield Request(source, n, None, lost=lm)
            continue
        with _errors_from(suite, entry):
            recipe.model()
        settled = [n, seed, phrasing, options, entry.outcome, asked]
        content_hash = digest(
            [spec.content_hash, lm.id, lm.revision, *settled, code_of_generator()]
        )
        yield Request(source, n, recipe, content_hash)


def _model_or_reason(of: LMEntry, entry: ScenarioEntry, suite: Suite) -> LanguageModel | str:
    """Get a language model; if it is one of several in the suite and fails, the reason."""
    entries = (each for each in suite.datasets if isinstance(each, ScenarioEntry))
    try:
        return language_model(of)
    except Exception as error:  # whatever a backend raises
        if len({lm for each in entries for lm in each.lms}) > 1:
            return reason(error)
        with _errors_from(suite, entry, "lm"):
            raise


def _marks(variant: Variant, several: bool, dials: Mapping[Any, Any]) -> list[str]:
    """Mark the size, if there are several, and the dials with several values, for a name."""
    varied: list[tuple[str, float]] = [("n", variant.n)] * several
    varied += [(dial, v) for dial, v in variant.dials.items() if isinstance(dials[dial], list)]
    return [f"-{name}{value:g}" for name, value in varied]


def _dial_texts(variant: Variant) -> list[str]:
    """Write the dials as texts, for the place of a dataset."""
    return [f"{dial} {value:g}" for dial, value in sorted(variant.dials.items())]


@contextmanager
def _errors_from(
    suite: Suite, entry: ScenarioEntry | PaperEntry | SemisynthEntry, *key: str
) -> Iterator[None]:
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


def _check_covariates(spec: Spec, suite: Suite, entry: ScenarioEntry) -> None:
    """Raise an InputError if a setting shows no covariate, or ``hidden`` hides none."""
    with _errors_from(suite, entry):
        covariates, hidden = covariates_of(spec, entry.post_treatment, entry.dataset.get("hide"))
    if not covariates:
        after = [name for name in spec.covariates if name in spec.descendants(spec.treatment.name)]
        reason = f"all descend from the treatment ({', '.join(after)})" if after else "it has none"
        raise InputError(
            f"{suite.origin}: {entry.title}: no covariate to show, since {reason}; give the spec a "
            "pre-treatment covariate" + ", or write 'post_treatment: show'" * bool(after)
        )
    for setting in suite.settings_of(entry.title):
        if not SETTING_INFOS[setting].hides:
            continue
        if not spec.exogenous:
            raise InputError(
                f"{suite.origin}: {entry.title}: the setting '{setting}' hides nothing, since no "
                "variable is exogenous; write 'settings: [all]'"
            )
        if set(hidden) == set(covariates):
            raise InputError(
                f"{suite.origin}: {entry.title}: the setting '{setting}' leaves no pre-treatment "
                "covariate; write 'settings: [all]', hide fewer with 'dataset: {hide: ...}', or "
                "give the spec an observed one"
            )


@_requests_of.register
def _from_files(entry: FilesEntry, suite: Suite) -> Iterator[Request]:
    stems: Counter[str] = Counter()
    for path, dataset in read_files(entry, suite.folder):
        if dataset.X.shape[1] == 0:
            raise InputError(f"{path}: the dataset has no covariates; leave it out of 'files'")
        if "hidden" in suite.settings_of(entry.title) and not dataset.exogenous:
            raise InputError(
                f"{path}: the setting 'hidden' hides nothing, since no covariate is exogenous; "
                f"set 'settings: [all]' in {suite.origin}"
            )
        sampled = bool(dataset.meta.spec_hash)
        # Files in several folders may have the same stem, and are then numbered in their order.
        stems[path.stem] += 1
        stem = path.stem if stems[path.stem] == 1 else f"{path.stem} ({stems[path.stem]})"
        source = Source(
            name=f"{entry.title}-{stem}",
            entry=entry.title,
            cluster=f"{dataset.meta.scenario}, phrasing {dataset.meta.phrasing}"
            if sampled
            else str(path),
            place=(suite.seed, entry.title, stem),
        )
        yield Request(source, len(dataset), dataset, dataset.fingerprint)


@_requests_of.register
def _simulated(entry: SimulationEntry, suite: Suite) -> Iterator[Request]:
    for n, number in product(entry.sizes, range(len(entry.seeds or ()) or entry.replicates)):
        seed = derive_data_seed(suite.seed, (entry.title, number), (n,))
        if entry.seeds is not None:
            seed = entry.seeds[number]
        dataset = simulated(entry.simulation, n, seed, entry.covariates)
        size = f"-n{n}" * (len(entry.sizes) > 1)
        source = Source(
            name=f"{entry.title}-r{number}{size}",
            entry=entry.title,
            cluster=f"{entry.title}, replicate {number}",
            place=(suite.seed, entry.title, number, n),
        )
        yield Request(source, n, dataset, dataset.fingerprint)


@_requests_of.register
def _semisynthetic(entry: SemisynthEntry, suite: Suite) -> Iterator[Request]:
    given = entry.semisynth
    path = suite.folder / given.table
    options = given.model_dump(exclude={"table", "learner"})
    with _errors_from(suite, entry, "semisynth"):
        table = read_observed(path, **options, source="'semisynth' of the suite")
        check_models(table)
        if "hidden" in suite.settings_of(entry.title) and set(table.X) <= set(table.exogenous):
            raise InputError(
                "the setting 'hidden' leaves no covariate; take one out of 'exogenous', or set "
                "'settings: [all]'"
            )
    content = digest_bytes(path.read_bytes())
    models = cache(partial(fit_models, table, given.learner))
    sizes = entry.sizes(len(table))
    replicates = range(len(entry.seeds or ()) or entry.replicates)
    for number, variant in product(replicates, variants(sizes, entry.dials)):
        own = (entry.title, variant.n, _dial_texts(variant))
        seed = derive_data_seed(suite.seed, ("semisynth", given.table, number), own)
        if entry.seeds is not None:
            seed = entry.seeds[number]
        dials: dict[str, Any] = {str(name): value for name, value in variant.dials.items()}
        noise = dials.pop("noise", None)
        with _errors_from(suite, entry):
            check_draw(table, variant.n, entry.rows, noise)
        draw = {"n": variant.n, "rows": entry.rows, "noise": noise}
        draw["noise_coupling"] = entry.noise_coupling
        made = partial(_drawn, models, seed, dials=Dials(**dials), **draw)
        source = Source(
            name=f"{entry.title}-r{number}{''.join(_marks(variant, len(sizes) > 1, entry.dials))}",
            entry=entry.title,
            # Given the table and its models, datasets of several seeds are independent.
            cluster=f"{given.table}, seed {seed}",
            place=(suite.seed, entry.title, number, variant.n, *_dial_texts(variant)),
        )
        settled = [content, given.model_dump(), seed, draw, dials]
        content_hash = digest([*settled, code_of_generator(), versions()])
        yield Request(source, variant.n, made, content_hash)


def _drawn(models: Callable[[], FittedTable], seed: int, **options: Any) -> CausalDataset:
    return models().dataset(seed, **options)


@_requests_of.register
def _released(entry: PaperEntry, suite: Suite) -> Iterator[Request]:
    """List the released datasets. They are read in place, since no licence allows copies."""
    with _errors_from(suite, entry, "paper"):
        found = list(released(entry, suite.data))
    for each in found:
        source = Source(
            name=each.name,
            entry=entry.title,
            cluster=f"{each.lm}, phrasing {each.variant}",
            place=each.place,
            released=asdict(each),
        )
        yield Request(source, each.rows, None)
