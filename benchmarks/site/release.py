"""The pages of a release."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.archive.release import Release, shipped_releases
from benchmarks.boards.board_table import BoardTable, board_tables
from benchmarks.boards.explain import rules
from benchmarks.experiment import run
from benchmarks.report.csv_tables import board_csv
from benchmarks.report.html.page import boards_of, placed_drawings, placed_tables
from benchmarks.report.html.studies import Run, studies
from benchmarks.report.html.study import Study
from benchmarks.report.lists import DATASET_NOTE, dataset_table, metric_table
from benchmarks.site.datasets import DatasetPage, graph_of, scenario_of
from benchmarks.site.methods import MethodPage, error_ranges
from benchmarks.site.render import Contents, Entry, rendered
from benchmarks.suite.loading import load_suite
from sdscm.errors import InputError
from sdscm.number_format import counted, joined, slug
from sdscm.report_page import (
    Boards,
    Picture,
    ReportTable,
    exported,
    make_table,
    number_column,
    text_column,
)

#: Datasets of a release are offered beside its pages, if they are smaller than this together.
_MOST_DATA = 3_000_000  # bytes


@dataclass(frozen=True, eq=False)
class ReleaseBoards:
    """Hold the boards of a release, and the records from which they were made."""

    release: Release
    run: Run

    @classmethod
    @contextmanager
    def opened(cls, place: Path | str) -> Iterator[ReleaseBoards]:
        """Open a release; its records are in a temporary folder.

        Raises
        ------
        InputError
            If it is not a release, or damaged.
        """
        suite = load_suite(place)
        if suite.release is None:
            raise InputError(f"{place}: not a release; make one with: sdscm release make")
        with TemporaryDirectory() as folder:
            result = run(suite, workers=0, results_dir=None, runs_dir=folder)
            yield cls(suite.release, Run.read(result, mixed=False))

    @property
    def id(self) -> str:
        """Name and version of the release."""
        return self.release.id

    @property
    def title(self) -> str:
        """Title of the suite."""
        return self.run.manifest.suite.title or self.run.manifest.suite.name

    @property
    def lead(self) -> str:
        """The numbers of datasets, units and methods, in one sentence."""
        facts, manifest = self.run.result.facts, self.run.manifest
        return (
            f"{counted(len(manifest.methods), 'method')} on {counted(len(facts), 'dataset')} "
            f"with {counted(int(facts['n'].sum()), 'unit')} in all, in the "
            f"{'settings' if len(manifest.suite.settings) > 1 else 'setting'} "
            f"{joined(manifest.suite.settings)}."
        )

    @property
    def card(self) -> list[tuple[str, str]]:
        """Facts about the release, by name."""
        content = self.release.content
        models = dict.fromkeys(source.lm for source in self.run.manifest.sources if source.lm)
        return [
            ("Language model", joined(models) if models else "none"),
            ("Units of the outcome", "Errors are in SD(y) of a dataset, or in units of y"),
            ("Licence", content["licence"] or "not stated"),
            ("Citation", content["citation"] or "not stated"),
            ("SHA-256 of the manifest", self.release.digest),
        ]

    @property
    def entry(self) -> Entry:
        """The entry of the release in the list of boards."""
        first = next((picture for _, picture in self.boards.figures), None)
        return Entry(
            path=f"{self.id}/index.html",
            title=f"{self.id}: {self.title}",
            lead=self.lead,
            picture="" if first is None else f"{self.id}/{first.wide.path}",
            alt="" if first is None else first.drawing.alt,
        )

    @cached_property
    def tables(self) -> tuple[BoardTable, ...]:
        """The tables of all boards."""
        return board_tables(self.run.result.boards, self.run.manifest.suite)

    @cached_property
    def _drawn(self) -> tuple[Boards, Contents]:
        """The boards with their figures, and the files of the figures."""
        files: Contents = {}
        pictures = []
        for place, drawing in placed_drawings(self.studies):
            picture, found = exported(drawing, kinds=()).beside()
            files |= found
            pictures.append((place, picture))
        return boards_of(self.tables, pictures), files

    @property
    def boards(self) -> Boards:
        """The boards, with their figures."""
        return self._drawn[0]

    @cached_property
    def method_slugs(self) -> dict[str, str]:
        """The name of each method's page, by label."""
        return distinct_slugs(method.label for method in self.run.manifest.methods)

    @cached_property
    def dataset_slugs(self) -> dict[str, str]:
        """The name of each dataset's page, by name."""
        return distinct_slugs(source.name for source in self.run.manifest.sources)

    @property
    def links(self) -> Mapping[str, str]:
        """The page of each method and dataset, seen from the page of the boards."""
        return {name: f"datasets/{each}.html" for name, each in self.dataset_slugs.items()} | {
            name: f"methods/{each}.html" for name, each in self.method_slugs.items()
        }

    @property
    def method_table(self) -> ReportTable:
        """The methods: family, estimand, and the rank on the first board of each effect."""
        first = {table.title: table for table in reversed(self.tables)}
        titles = list(dict.fromkeys(table.title for table in self.tables))
        columns = [
            text_column("method", value=lambda method: method.label),
            text_column("family", value=lambda method: method.family),
            text_column("estimand", value=lambda method: method.estimand),
            *(
                number_column(
                    slug(title),
                    f"Rank, {title}",
                    value=lambda method, at=first[title]: rank_of(at, method.label),
                    form=str,
                    note=first[title].place,
                )
                for title in titles
            ),
        ]
        return make_table(
            "methods-table", "The methods of the release", columns, self.run.manifest.methods
        )

    @property
    def dataset_table(self) -> ReportTable:
        """The facts about the datasets."""
        return dataset_table(self.run.result.facts)

    @property
    def dataset_note(self) -> str:
        """How to read the facts about the datasets."""
        return DATASET_NOTE

    @property
    def rules(self) -> tuple[str, ...]:
        """How to read the boards."""
        return rules(self.run.manifest.suite)

    @property
    def metric_table(self) -> ReportTable:
        """The metrics of the boards."""
        return metric_table(self.tables, self.run.manifest.suite.alpha)

    @cached_property
    def studies(self) -> list[Study]:
        """The data of the figures."""
        return studies(self.run)

    def pages(self, cost: Mapping[str, Mapping[str, float]] | None = None) -> Contents:
        """Make the files by path below the folder of the release.

        ``cost`` has the median seconds of a fit by published board and method.
        """
        made = {
            "index.md": rendered("release.md.j2", of=self),
            "leaderboard.csv": board_csv(self.run.result.boards).encode(),
            **self._drawn[1],
        }
        shared = {"release": self.id, "settings": self.run.manifest.suite.settings}
        placed = list(placed_tables(self.tables))
        ranges = error_ranges(self.studies, shared["settings"][0])
        up = {name: f"../{path}" for name, path in self.links.items()}
        for method in self.run.manifest.methods:
            seconds = {
                board: by_method[method.label]
                for board, by_method in (cost or {}).items()
                if method.label in by_method
            }
            page = MethodPage(method, self.run, placed, self.studies, up, ranges, seconds)
            path = f"methods/{self.method_slugs[method.label]}.md"
            made[path] = rendered("method.md.j2", of=page, **shared)
        return made | self._dataset_pages(up, shared)

    def _dataset_pages(self, links: Mapping[str, str], shared: Mapping[str, Any]) -> Contents:
        made: Contents = {}
        sizes = self.release.files.sizes
        paths = {name: f"datasets/{name}.parquet" for name in self.dataset_slugs}
        small = sum(sizes.get(path, 0) for path in paths.values()) < _MOST_DATA
        graphs: dict[str, Picture] = {}
        facts = self.run.result.facts
        for name, dataset in self.run.datasets.items():
            spec = scenario_of(dataset)
            if spec is not None and spec.name not in graphs:
                graphs[spec.name], files = graph_of(spec).beside("../figures")
                made |= {path.removeprefix("../"): each for path, each in files.items()}
            file = f"{self.dataset_slugs[name]}.parquet" if small and paths[name] in sizes else ""
            if file:
                made[f"datasets/{file}"] = self.release.read(paths[name])
            page = DatasetPage(
                name=name,
                dataset=dataset,
                fact=facts[facts["dataset"] == name],
                studies=self.studies,
                settings=shared["settings"],
                links=links,
                graph=None if spec is None else graphs[spec.name],
                snippet=self._snippet(name),
                download=file,
            )
            path = f"datasets/{self.dataset_slugs[name]}.md"
            made[path] = rendered("dataset.md.j2", of=page, note=DATASET_NOTE, **shared)
        return made

    def _snippet(self, name: str) -> str:
        """Write the code that loads a dataset."""
        file = f"{name}.parquet"
        if self.id not in shipped_releases():
            path = f"{self.id}/datasets/{file}"
            return f"import sdscm\n\ndata = sdscm.CausalDataset.read_parquet({path!r})"
        return (
            "from importlib.resources import files\n\nimport sdscm\n\n"
            f'folder = files("benchmarks") / "releases" / "{self.id}" / "datasets"\n'
            f"data = sdscm.CausalDataset.read_parquet(folder / {file!r})"
        )


def rank_of(table: BoardTable, method: str) -> Any:
    """Return the rank of a method in a table; None without one."""
    places = table.ranking.average["rank"].to_dict()
    return places.get(method)


def distinct_slugs(names: Iterable[str]) -> dict[str, str]:
    """Make a name of letters, digits and dashes for each name; no two are equal."""
    found: dict[str, str] = {}
    for name in names:
        stem = re.sub("-+", "-", slug(name)) or "unnamed"
        taken, number = set(found.values()), 1
        made = stem
        while made in taken:
            number += 1
            made = f"{stem}-{number}"
        found[name] = made
    return found
