"""Manifest of the latest run in a folder: its suite, data, methods and cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import ValidationError

from benchmarks.archive.release import find_release
from benchmarks.datasets.facts import LINE_COLUMNS
from benchmarks.datasets.identified import Identified
from benchmarks.datasets.source import Source
from benchmarks.execution.cells import Cell
from benchmarks.execution.methods import Method
from benchmarks.metrics.registry import UnknownMetricError
from benchmarks.storage.store import DamagedStoreError, NoRunError, OtherFormatError, Store
from benchmarks.suite.loading import load_suite
from benchmarks.suite.model import Suite
from sdscm.arguments import check_type
from sdscm.data.dataset import Provenance
from sdscm.errors import InputError

__all__ = ["Manifest", "MethodInfo", "NoRunError", "folder_of"]


@dataclass(frozen=True)
class MethodInfo:
    """Description of a method on a board; see `benchmarks.execution.methods.Method`."""

    label: str
    family: str
    estimand: str
    oracle: bool
    bounds: str = ""

    @classmethod
    def of(cls, method: Method) -> MethodInfo:
        return cls(method.label, method.family, method.estimand, method.oracle, method.bounds)

    @property
    def content(self) -> dict[str, Any]:
        """The fields by name, for a file; without ``bounds`` if it is empty, as in older files."""
        return {name: value for name, value in asdict(self).items() if name != "bounds" or value}


@dataclass(frozen=True, eq=False)
class Manifest:
    """The suite, data, methods and cells of a run, in order.

    Attributes
    ----------
    suite, origin
        The suite, and its name or path as the user wrote it.
    command
        Command that runs the suite.
    sources, methods, cells
        See `Source`, `MethodInfo` and `Cell`.
    facts
        One row for each dataset; see `benchmarks.datasets.facts.fact_table`.
    truths
        Numbers of the truth that boards show; see `benchmarks.datasets.truth.truth_table`.
    provenance
        Origin of each dataset, by its name.
    lost
        Sources of the datasets that could not be made, which are not in ``sources``, by the reason
        of each: pairs.
    release
        SHA-256 of the manifest of the release that the suite comes from, and of the submissions,
        with spaces between; empty for other suites.
    reference
        Labels of the methods of the release and of submissions. They were not fitted here.
    submitted
        Labels of the methods of submissions, and whether they are verified; see `Submission.mark`.
    identified
        Sentences on identification by entry and setting; see `benchmarks.datasets.identified`.
    """

    suite: Suite
    origin: str
    command: str
    sources: tuple[Source, ...]
    methods: tuple[MethodInfo, ...]
    cells: tuple[Cell, ...]
    facts: pd.DataFrame
    truths: pd.DataFrame
    provenance: Mapping[str, Provenance]
    lost: tuple[tuple[Source, str], ...] = ()
    release: str = ""
    reference: frozenset[str] = frozenset()
    submitted: Mapping[str, str] = field(default_factory=dict)
    identified: Identified = field(default_factory=dict)

    def write(self, store: Store) -> None:
        """Write the manifest to the store of a run; it replaces an earlier one."""
        content = {
            "suite": self.suite.model_dump(mode="json"),
            "origin": self.origin,
            "command": self.command,
            "sources": [asdict(source) for source in self.sources],
            "methods": [method.content for method in self.methods],
            "facts": _table_content(self.facts),
            "truths": _table_content(self.truths),
            "provenance": {name: asdict(each) for name, each in self.provenance.items()},
            "lost": [(asdict(source), text) for source, text in self.lost],
            "release": self.release,
            "reference": sorted(self.reference),
            "submitted": dict(self.submitted),
            "identified": {title: dict(each) for title, each in self.identified.items()},
        }
        store.write_plan(content, self.cells)

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Read the manifest of a run folder.

        Raises
        ------
        NoRunError
            If there is no run.
        InputError
            If its file is damaged, or its suite names a metric of a plugin that is not loaded.
        """
        with Store.of(folder) as store:
            content, cells = store.plan()
        try:
            suite = Suite.model_validate(content["suite"])
        except ValidationError as error:
            problems = [each.get("ctx", {}).get("error") for each in error.errors()]
            unknown = [each for each in problems if isinstance(each, UnknownMetricError)]
            if not unknown:
                raise OtherFormatError(
                    f"{store.path}: another version of sdscm wrote it; run the suite again"
                ) from None
            raise InputError(
                f"{store.path}: unknown metric '{unknown[0].name}'; name the file that registers "
                "it with --plugin"
            ) from None
        if not set(LINE_COLUMNS) <= set(content.get("facts", {}).get("columns", LINE_COLUMNS)):
            raise OtherFormatError(
                f"{store.path}: another version of sdscm wrote the facts about its datasets; run "
                "the suite again (cells on record are kept)"
            )
        try:
            return cls(
                suite=suite,
                origin=content["origin"],
                command=content["command"],
                sources=tuple(map(_source, content["sources"])),
                methods=tuple(MethodInfo(**method) for method in content["methods"]),
                cells=tuple(cells),
                facts=pd.DataFrame(**content["facts"]),
                truths=pd.DataFrame(**content["truths"]),
                provenance={
                    name: Provenance(**each) for name, each in content["provenance"].items()
                },
                # older files lack these
                lost=tuple((_source(each), text) for each, text in content.get("lost", ())),
                release=content.get("release", ""),
                reference=frozenset(content.get("reference", ())),
                submitted=content.get("submitted", {}),
                identified=content.get("identified", {}),
            )
        except KeyError as error:  # a row is missing; the digests of the others are right
            raise DamagedStoreError(
                f"{store.path}: the manifest lacks {error}; run the suite again"
            ) from None


def _source(content: Mapping[str, Any]) -> Source:
    return Source(**{**content, "place": tuple(content["place"])})


def _table_content(table: pd.DataFrame) -> dict[str, Any]:
    return {"columns": list(table.columns), "data": table.astype(object).to_numpy().tolist()}


def folder_of(suite: Suite | str | Path, runs_dir: str | Path = "runs") -> Path:
    """Return the folder of a suite's records, even if the suite itself was deleted.

    Examples
    --------
    >>> benchmarks.folder_of("quick").as_posix()
    'runs/quick'
    """
    if isinstance(suite, Suite):
        return Path(runs_dir) / suite.name
    check_type("suite", suite, str | Path, "give the name or path of a suite, or a Suite")
    if Path(suite).suffix in (".yaml", ".yml"):
        return Path(runs_dir) / load_suite(suite).name
    release = find_release(suite)
    return Path(runs_dir) / (str(suite) if release is None else release.id)
