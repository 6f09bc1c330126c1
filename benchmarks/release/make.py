"""Make a release of a finished run."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.archive.files import write_files
from benchmarks.archive.release import (
    FORMAT,
    MANIFEST,
    Release,
    listed,
    manifest_bytes,
    open_release,
)
from benchmarks.boards.scores import definitions, read_records
from benchmarks.datasets.source import Source
from benchmarks.release.card import card
from benchmarks.release.croissant import croissant
from benchmarks.storage.frozen import tables, without_folders
from benchmarks.storage.manifest import Manifest, MethodInfo, folder_of
from benchmarks.storage.store import Record, Store
from benchmarks.suite.model import Suite
from sdscm.data.dataset import CausalDataset, Provenance
from sdscm.errors import InputError
from sdscm.number_format import counted
from sdscm.version import __version__

CARD, CROISSANT = "README.md", "croissant.json"
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
#: Suffixes of the names of tables, in the cluster of a dataset that is a file of its own.
_TABLES = (".csv", ".parquet")


def make_release(
    suite: Suite | str | Path,
    out: Path,
    *,
    version: str,
    licence: str = "",
    citation: str = "",
    runs_dir: str | Path = "runs",
    mixed: bool = False,
    force: bool = False,
) -> Release:
    """Write the datasets and the results of a finished run as a release.

    Equal runs give equal bytes: no date, no folder, and no seconds are written.

    Parameters
    ----------
    suite
        As for `benchmarks.leaderboard`; only its name is used. A run of a release gives a release
        with the added methods.
    out
        A folder, or a file that ends in ``.zip``.
    version
        Version of the release, such as ``1.0``.
    licence, citation
        Texts for the manifest. Name the licence of the data, such as ``CC-BY-4.0``.
    runs_dir, mixed
        As in `benchmarks.leaderboard`.
    force
        Replace an earlier release at ``out``.

    Raises
    ------
    InputError
        If the run is not there, or has cells without a record or without predictions; if its data
        must not be copied; or if something else is at ``out``.
    """
    check_version(version)
    check_place(out, force)
    return release_of_run(
        suite,
        out,
        version=version,
        licence=licence,
        citation=citation,
        runs_dir=runs_dir,
        mixed=mixed,
    )


def release_of_run(
    suite: Suite | str | Path,
    out: Path,
    *,
    runs_dir: str | Path,
    mixed: bool = False,
    **head: Any,
) -> Release:
    """Write a release over what is at ``out``; ``head`` goes to `manifest_head`."""
    folder = folder_of(suite, runs_dir)
    manifest = Manifest.read(folder)
    bounds = [each.label for each in manifest.methods if each.bounds]
    if bounds and manifest.suite.release is None:
        raise InputError(
            f"{manifest.suite.name}: a release does not hold bounds, as {', '.join(bounds)} have; "
            "leave these methods out of the suite"
        )
    records = finished_records(manifest, folder, mixed)
    sources = _portable(manifest.sources)
    datasets = {source.name: source.load(folder) for source in manifest.sources}
    content = manifest_head(
        manifest.suite,
        sources,
        methods=manifest.methods,
        provenance=manifest.provenance,
        results=(record.versions for record in records),
        held_out=held_out_rows(manifest.sources, datasets, manifest.suite.holdout),
        **head,
    )
    files = {
        source.path(Path()).as_posix(): old.path(folder).read_bytes()
        for old, source in zip(manifest.sources, sources, strict=True)
    }
    contents = release_files(content, files, manifest.facts, records)
    return open_release(write_files(contents, out))


def manifest_head(
    suite: Suite,
    sources: Iterable[Source],
    *,
    version: str,
    held_out: Mapping[str, Sequence[int]],
    methods: Iterable[MethodInfo] = (),
    provenance: Mapping[str, Provenance] | None = None,
    results: Iterable[Mapping[str, str]] = (),
    name: str = "",
    licence: str = "",
    citation: str = "",
    **more: Any,
) -> dict[str, Any]:
    """Make the manifest of a release without its list of files; ``more`` are further keys.

    ``results`` are the versions of each record, and ``name`` is by default that of the suite.
    """
    provenance = provenance or {}
    versions = [*(each.versions for each in provenance.values()), *results]
    return {
        "format": FORMAT,
        "name": name or suite.name,
        "version": version,
        "title": suite.title or name or suite.name,
        "licence": licence,
        "citation": citation,
        "suite": suite.model_copy(update={"records": None}).model_dump(mode="json"),
        "sources": [asdict(source) for source in sources],
        "methods": [method.content for method in methods],
        "provenance": {key: asdict(each) for key, each in provenance.items()},
        "versions": {"sdscm": __version__, **versions_of(versions)},
        "definitions": definitions(suite),
        "held_out": held_out,
        **more,
    }


def release_files(
    content: Mapping[str, Any],
    datasets: Mapping[str, bytes],
    facts: pd.DataFrame,
    records: Sequence[Record],
) -> dict[str, bytes]:
    """Make all files of a release from its manifest, datasets, and records, if there are any."""
    contents = {**datasets, **(tables(records) if content["methods"] else {})}
    content = {**content, "files": listed(contents)}
    contents[CROISSANT] = croissant(content, contents)
    contents[CARD] = card(content, facts, records).encode()
    content["files"] = listed(contents)
    contents[MANIFEST] = manifest_bytes(content)
    return contents


def check_version(version: str) -> None:
    """Refuse a version that is no part of a name."""
    if not _VERSION.fullmatch(version):
        raise InputError(f"--version {version}: use letters, digits, dots and dashes, such as 1.0")


def check_place(out: Path, force: bool) -> None:
    """Refuse to overwrite anything, except an earlier release with ``force``."""
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if not force:
        raise InputError(f"--out {out}: exists already; give another name, or --force")
    if out.is_dir() != (out.suffix != ".zip") or (out.is_dir() and not (out / MANIFEST).is_file()):
        raise InputError(f"--out {out}: is not a release, and is kept; give another name")


def refuse_lost(manifest: Manifest) -> None:
    """Raise an InputError if a dataset of a run could not be made."""
    for source, text in manifest.lost:
        raise InputError(
            f"{source.name}: {text}; run the suite again, or leave the language model out"
        )


def finished_records(manifest: Manifest, folder: Path, mixed: bool) -> list[Record]:
    """Read the record of each cell, with its predictions and current scores."""
    refuse_lost(manifest)
    with Store.of(folder) as store:
        found = read_records(store, manifest, mixed)
        missing = [cell for cell in manifest.cells if cell.key not in found.records]
        if missing:
            raise InputError(
                f"{folder}: {len(missing)} of {counted(len(manifest.cells), 'cell')} have no "
                f"record; finish the run first: {manifest.command}"
            )
        records = []
        for cell in manifest.cells:
            scored = found.records[cell.key]
            whole = store.read(scored.cell.key)
            if whole is None or (whole.outcome.status == "ok" and not whole.outcome.prediction):
                raise InputError(
                    f"{folder}: {cell} has no predictions; write 'predictions: keep' in the suite, "
                    f"and run it in a new folder (--runs): {manifest.command}"
                )
            # A record of other code keeps its identity.
            records.append(replace(whole, scores=scored.scores))
    return records


def _portable(sources: Iterable[Source]) -> list[Source]:
    """Replace clusters that are paths of files; refuse data that must not be copied."""
    first: dict[str, str] = {}
    found = []
    for source in sources:
        check_licence(source)
        cluster = source.cluster
        if cluster.endswith(_TABLES) or without_folders(cluster) != cluster:
            cluster = first.setdefault(cluster, source.name)
        found.append(replace(source, cluster=cluster))
    return found


def check_licence(source: Source) -> None:
    """Refuse data that must not be copied."""
    if source.released is not None:
        raise InputError(
            f"{source.name}: the paper's datasets have no licence, and are never copied; make "
            "a release of a suite without them"
        )


def versions_of(given: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """List the versions of all libraries that decided the data or the results."""
    seen: dict[str, set[str]] = defaultdict(set)
    for versions in given:
        for library, version in versions.items():
            seen[library].add(version)
    return {library: " and ".join(sorted(found)) for library, found in sorted(seen.items())}


def held_out_rows(
    sources: Iterable[Source], datasets: Mapping[str, CausalDataset], share: float
) -> dict[str, list[int]]:
    """List the rows of each dataset that no method is fitted on, counted from 0."""
    return {
        source.name: source.held_out(datasets[source.name], share).nonzero()[0].tolist()
        for source in sources
    }
