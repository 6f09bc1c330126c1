"""Seal a run: split it into a public part without any truth, and the organiser's truth."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.archive.files import write_files
from benchmarks.archive.release import MANIFEST, Release, id_of, open_release
from benchmarks.datasets.designs import DESIGNS
from benchmarks.datasets.facts import fact_table
from benchmarks.datasets.loaded import Datasets
from benchmarks.datasets.source import Source
from benchmarks.execution.job_builder import categories
from benchmarks.provenance.hashing import SECRET_SEEDS, derive_seed
from benchmarks.release.make import (
    check_licence,
    check_place,
    check_version,
    held_out_rows,
    manifest_head,
    refuse_lost,
    release_files,
    release_of_run,
)
from benchmarks.storage.manifest import Manifest, folder_of
from benchmarks.suite.entries import EstimatorEntry, FilesEntry
from benchmarks.suite.model import Suite
from sdscm.data.dataset import CausalDataset, Provenance, Setting
from sdscm.errors import InputError
from sdscm.literals import SETTINGS
from sdscm.spec import scenario_names

PUBLIC, TRUTH = "public", "truth"
#: Two datasets share units if more than this share of the smaller one's rows, each without an equal
#: in its own dataset, are also in the other. Of independent rows at most 1 / 2e = 18 % are.
_SHARED = 0.5


@dataclass(frozen=True)
class Sealed:
    """The two parts of a sealed release; see `seal`."""

    public: Release
    truth: Release


def seal(
    suite: Suite | str | Path,
    out: Path,
    fit: Callable[[Path, Sequence[EstimatorEntry]], object],
    *,
    version: str,
    licence: str = "",
    citation: str = "",
    runs_dir: str | Path = "runs",
    force: bool = False,
    guessable: bool = False,
) -> Sealed:
    """Write the datasets of a run as a sealed release: ``out/public`` and ``out/truth``.

    The public part is made from X, t and y alone, so that it holds no function of the truth. Its
    datasets, entries and clusters have neutral names and an order that the content of X, t and y
    decides, and its seeds and held-out rows do not derive from the seeds of the data. The methods
    of the suite are therefore fitted again. Their records are kept in the folder of the release's
    runs, so that an interrupted call goes on where it was.

    Parameters
    ----------
    suite, out, version, licence, citation, runs_dir, force
        As for `benchmarks.release.make.make_release`; ``out`` is a folder.
    fit
        Function that runs methods beside a release, and keeps their records in ``runs_dir``: a
        call of `benchmarks.run`.
    guessable
        Seal also data that others can make again, or find; see `guessable_origin`.

    Raises
    ------
    InputError
        If the run is not there, its data must not be copied or can be made again, or two datasets
        share units; if something else is at ``out``.
    """
    check_version(version)
    if out.suffix == ".zip":
        raise InputError(f"--out {out}: a sealed release is a folder with two parts; name a folder")
    for part in (PUBLIC, TRUTH):
        check_place(out / part, force)
    folder = folder_of(suite, runs_dir)
    manifest = Manifest.read(folder)
    refuse_lost(manifest)
    for source in manifest.sources:
        check_licence(source)
    datasets = {source.name: source.load(folder) for source in manifest.sources}
    if not guessable:
        _refuse(guessable_origin(manifest.sources, datasets))
    _refuse(shared_units(manifest.sources, datasets))
    given = Stated(manifest.suite.name, version, licence, citation)
    parts = sealed_parts(manifest, datasets, given)
    with TemporaryDirectory() as temporary:
        # A release without methods, beside which those of the suite are run.
        bare = write_files(parts.truth, Path(temporary) / given.id)
        fit(bare, manifest.suite.estimators)
    # Both parts are written when all is done, so that an interrupted call leaves neither.
    sealed = {
        "part": TRUTH,
        "public": sha256(parts.public[MANIFEST]).hexdigest(),
        "suite": manifest.suite.model_dump(mode="json"),
        "datasets": parts.originals,
    }
    truth = release_of_run(
        given.id,
        out / TRUTH,
        name=given.name,
        version=version,
        licence=licence,
        citation=citation,
        runs_dir=runs_dir,
        sealed=sealed,
    )
    return Sealed(open_release(write_files(parts.public, out / PUBLIC)), truth)


def _refuse(problems: Iterable[str]) -> None:
    for problem in problems:
        raise InputError(problem)


# --- what others can make again


def _generated(meta: Provenance) -> bool:
    """Tell whether code of this project made the data from a seed."""
    return bool(meta.spec_hash) or _fitted(meta) or _simulated(meta)


def _fitted(meta: Provenance) -> bool:
    return "fitted" in meta.options


def _simulated(meta: Provenance) -> bool:
    return meta.scenario in [f"simulation {design}" for design in DESIGNS]


def guessable_origin(
    sources: Sequence[Source], datasets: Mapping[str, CausalDataset]
) -> Iterator[str]:
    """Find datasets whose truth others can compute, one line each.

    These are simulations and shipped scenarios, whose formulas and texts everybody has, data that
    are generated from a seed below `SECRET_SEEDS`, and tables with a covariate that is a copy of a
    part of the truth.
    """
    force = "or seal it anyway, with --guessable"
    shipped = set(scenario_names())
    for source in sources:
        meta = datasets[source.name].meta
        if _simulated(meta):
            yield (
                f"{source.name}: everybody has the formula of the {meta.scenario}; use other "
                f"data, {force}"
            )
        elif meta.spec_hash and meta.scenario in shipped:
            yield (
                f"{source.name}: everybody has the scenario '{meta.scenario}', and can compute its "
                f"effects with the language model; use a spec that you keep, {force}"
            )
        elif _generated(meta) and meta.seed < SECRET_SEEDS:
            yield (
                f"{source.name}: its seed {meta.seed} can be guessed, and the data made again; use "
                "a secret random one as 'seed:' of the suite, for instance of: python -c "
                f'"import secrets; print(secrets.randbits(128))"; {force}'
            )
        elif meta.options.get("leaks"):
            yield (
                f"{source.name}: covariates may give away the truth "
                f"({', '.join(meta.options['leaks'])}); leave them out, {force}"
            )


def shared_units(sources: Sequence[Source], datasets: Mapping[str, CausalDataset]) -> Iterator[str]:
    """Find pairs of datasets with the same units, one line each.

    Such a unit can have one treatment in one dataset and the other one in the other, which shows
    both of its potential outcomes.
    """
    first: dict[tuple[object, ...], Source] = {}
    for source in sources:
        meta = datasets[source.name].meta
        if not _generated(meta):
            continue
        # Rows of one table are the same units with any seed.
        origin = (meta.scenario,) if _fitted(meta) else (meta.scenario, meta.seed)
        other = first.setdefault(origin, source)
        if other is not source:
            yield _sharing(other, source)
    rows = {source.name: _single_rows(datasets[source.name]) for source in sources}
    for one, other in combinations(sources, 2):
        smaller = min(len(datasets[each.name]) for each in (one, other))
        in_both = rows[one.name].keys() & rows[other.name].keys()
        if len(in_both) > _SHARED * smaller and any(
            rows[one.name][row] != rows[other.name][row] for row in in_both
        ):
            yield _sharing(one, other)


def _sharing(one: Source, other: Source) -> str:
    return (
        f"'{one.entry}' and '{other.entry}' share units ({one.name} and {other.name}), which would "
        "show both outcomes of a unit; with a secret 'seed:' of the suite, scenarios draw other "
        "units for each dataset; otherwise leave one out"
    )


def _single_rows(dataset: CausalDataset) -> dict[tuple[object, ...], int]:
    """Map the covariates of each row without an equal in the dataset to its treatment."""
    names, found = tuple(map(str, dataset.X)), dict[tuple[object, ...], list[int]]()
    for row, t in zip(dataset.X.to_numpy(dtype=float).tolist(), dataset.t, strict=True):
        found.setdefault((names, *row), []).append(int(t))
    return {row: treatments[0] for row, treatments in found.items() if len(treatments) == 1}


# --- the two parts


@dataclass(frozen=True)
class Stated:
    """What the organiser states about a release."""

    name: str
    version: str
    licence: str = ""
    citation: str = ""

    @property
    def id(self) -> str:
        return id_of(self.name, self.version)


@dataclass(frozen=True)
class Parts:
    """Files of the public part, and of the truth without methods.

    ``originals`` maps each neutral name to the source of the run.
    """

    public: dict[str, bytes]
    truth: dict[str, bytes]
    originals: dict[str, dict[str, Any]]


def sealed_parts(manifest: Manifest, datasets: Mapping[str, CausalDataset], given: Stated) -> Parts:
    """Make the files of both parts; the public ones follow from X, t, y and the board's options.

    Parameters
    ----------
    manifest
        The run.
    datasets
        Its datasets by name.
    given
        Name, version and texts of the release.
    """
    settings = manifest.suite.settings
    others = [name for name in settings if name not in SETTINGS]
    if others:
        raise InputError(
            f"a sealed release has the settings {' and '.join(SETTINGS)} only, not '{others[0]}'; "
            "leave it out of the suite, or make an open release"
        )
    if any(entry.settings for entry in manifest.suite.datasets):
        raise InputError(
            "a sealed release has the same settings for all datasets; remove 'settings' from the "
            "entries of the suite, or make an open release"
        )
    views = {
        name: public_view(in_public_order(dataset, given.id), settings)
        for name, dataset in datasets.items()
    }
    # The order of the suite may tell the dials; that of hashes of public content does not.
    ordered = sorted(manifest.sources, key=lambda source: views[source.name].fingerprint)
    entries, clusters = (
        _numbered(letter, marks)
        for letter, marks in (
            ("e", [(source.entry, source.lm) for source in ordered]),
            ("c", [(source.cluster,) for source in ordered]),
        )
    )
    width = max(3, len(str(len(ordered))))
    named, public, originals = [], {}, {}
    for number, source in enumerate(ordered, start=1):
        name = f"d{number:0{width}}"
        neutral = Source(
            name,
            entries[source.entry, source.lm],
            clusters[source.cluster,],
            place=(given.id, name),
        )
        named.append(neutral)
        originals[name] = asdict(source)
        public[name] = replace(views[source.name], meta=Provenance(scenario=name))
    truth = {
        name: in_public_order(datasets[original["name"]], given.id)
        for name, original in originals.items()
    }
    suite = _suite(manifest.suite, named)
    return Parts(
        _files(suite, named, public, given, {"part": PUBLIC}, {}),
        _files(suite, named, truth, given, {"part": TRUTH}, {n: d.meta for n, d in truth.items()}),
        originals,
    )


def _numbered(letter: str, marks: Sequence[tuple[str, ...]]) -> dict[tuple[str, ...], str]:
    """Name marks by a letter and a number, in the order of their first appearance."""
    return {mark: f"{letter}{k}" for k, mark in enumerate(dict.fromkeys(marks), start=1)}


def _suite(suite: Suite, sources: Sequence[Source]) -> Suite:
    """Make the suite of a sealed release: files, without a language model, and with seed 0."""
    files: dict[str, list[str]] = {}
    for source in sources:
        files.setdefault(source.entry, []).append(source.path(Path()).as_posix())
    by = ["dataset" if key == "lm" else key for key in suite.board.by]
    return suite.model_copy(
        update={
            "title": "",
            "datasets": [FilesEntry(files=each, name=entry) for entry, each in files.items()],
            "seed": 0,
            "records": None,
            "board": suite.board.model_copy(update={"by": list(dict.fromkeys(by))}),
        }
    )


def _files(
    suite: Suite,
    sources: Sequence[Source],
    datasets: Mapping[str, CausalDataset],
    given: Stated,
    sealed: Mapping[str, Any],
    provenance: Mapping[str, Provenance],
) -> dict[str, bytes]:
    sources = [replace(source, fingerprint=datasets[source.name].fingerprint) for source in sources]
    head = manifest_head(
        suite,
        sources,
        name=given.name,
        version=given.version,
        licence=given.licence,
        citation=given.citation,
        provenance=provenance,
        held_out=held_out_rows(sources, datasets, suite.holdout),
        sealed=sealed,
    )
    contents = {}
    with TemporaryDirectory() as folder:
        for source in sources:
            path = datasets[source.name].to_parquet(source.path(Path(folder)))
            contents[source.path(Path()).as_posix()] = path.read_bytes()
    return release_files(head, contents, fact_table(sources, datasets), [])


def public_view(dataset: CausalDataset, settings: Sequence[Setting]) -> CausalDataset:
    """Return what estimators may see of a dataset: a dataset whose effects are unknown.

    It has the observed outcomes, the covariates that a setting shows, and the names of their codes.
    """
    X, labels = dataset.X, dataset.labels
    if "all" not in settings:
        X = X[[name for name in X if name not in dataset.exogenous]]
    if labels is not None:
        # Estimators get one name for each code, so that a name cannot tell more than its code.
        named = categories(dataset)
        labels = pd.DataFrame(
            {name: X[name].map(codes) for name, codes in named.items() if name in X}
        )
    y = dataset.y.astype(float)
    both = "all" in settings and "hidden" in settings
    return CausalDataset(
        X=X,
        t=dataset.t,
        y0=np.where(dataset.t == 1, np.nan, y),
        y1=np.where(dataset.t == 1, y, np.nan),
        labels=labels,
        exogenous=dataset.exogenous if both else (),
        post_treatment=tuple(name for name in dataset.post_treatment if name in X),
        meta=Provenance(scenario=""),
    )


def in_public(datasets: Datasets, settings: Sequence[Setting]) -> Datasets:
    """Return the datasets of a truth with the hashes that they have in the public part."""

    def named(source: Source) -> Source:
        view = public_view(datasets[source.name], settings)
        return replace(source, fingerprint=view.fingerprint)

    return Datasets((named(source), datasets[source.name]) for source in datasets.sources)


def in_public_order(dataset: CausalDataset, salt: str) -> CausalDataset:
    """Order the rows by a rule that looks at X, t and y only.

    They are sorted, which removes the given order (a table may be sorted by its effects), and then
    shuffled, since methods with folds of neighbouring rows expect an order without a meaning.
    """
    columns = [dataset.X.to_numpy(dtype=float), dataset.t[:, None], dataset.y[:, None]]
    # Bits, so that -0.0 and 0.0 are not tied, and NaN has a place.
    bits = np.ascontiguousarray(np.hstack(columns), dtype=float).view(np.int64)
    rows = np.lexsort(bits.T)
    numbers = np.random.Generator(np.random.Philox(derive_seed("rows", salt))).random(len(rows))
    rows = rows[np.argsort(numbers, kind="stable")]

    def frame(given: Any) -> Any:
        return None if given is None else given.iloc[rows].reset_index(drop=True)

    return replace(
        dataset,
        X=frame(dataset.X),
        t=dataset.t[rows],
        y0=dataset.y0.astype(float)[rows],
        y1=dataset.y1.astype(float)[rows],
        propensity=None if dataset.propensity is None else dataset.propensity[rows],
        labels=frame(dataset.labels),
        text=frame(dataset.text),
        cates={name: values[rows] for name, values in dataset.cates.items()},
        cate_errors={name: values[rows] for name, values in dataset.cate_errors.items()},
    )
