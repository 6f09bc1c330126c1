"""Make the HTML page of a run, and write it with its figures."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.boards.board_table import board_tables
from benchmarks.boards.explain import rules
from benchmarks.boards.scores import of_cells, read_records
from benchmarks.report import origins
from benchmarks.report.html.figures import Drawing, drawings
from benchmarks.report.html.figures.drawing import NARROW, WIDE
from benchmarks.report.html.figures.export import files, svg
from benchmarks.report.html.studies import studies
from benchmarks.report.html.view import FigureView, Page
from benchmarks.report.lists import (
    DATASET_NOTE,
    dataset_table,
    metric_table,
    trouble_table,
    version_table,
)
from benchmarks.storage.manifest import Manifest
from benchmarks.storage.store import Record, Store
from sdscm import __version__
from sdscm.data.dataset import CausalDataset
from sdscm.errors import MissingExtraError
from sdscm.files import put_atomically
from sdscm.number_format import counted, joined, slug

if TYPE_CHECKING:
    from benchmarks.boards.result import Result

_NAME, _FIGURES = "report.html", "figures"


def require_libraries() -> None:
    """Raise MissingExtraError if a library for figures or for the page is not installed."""
    for library in ("matplotlib", "jinja2"):
        if importlib.util.find_spec(library) is None:
            raise MissingExtraError(f"the HTML report ({library})", "plot")


def write_page(result: Result, folder: Path, *, mixed: bool = False) -> tuple[Path, ...]:
    """Write ``report.html``, and each figure as PNG and PDF to ``figures/``.

    The page needs no other file and no network. Equal records give equal bytes.

    Parameters
    ----------
    result
        The result of `benchmarks.run` or `benchmarks.leaderboard`.
    folder
        Folder of the page.
    mixed
        The value with which the result was made.

    Returns
    -------
    The paths, the page first.

    Raises
    ------
    MissingExtraError
        If matplotlib or Jinja2 is not installed.
    InputError
        If the run's manifest or a dataset of it is damaged.
    """
    require_libraries()
    run = _Run.read(result, mixed)
    made = _figures(run)
    page = _page(run, [view for view, _ in made])
    contents = {_NAME: render(page).encode()}
    for _, written in made:
        contents |= {f"{_FIGURES}/{name}": content for name, content in written.items()}
    for name, content in contents.items():
        put_atomically(folder / name, content)
    return tuple(folder / name for name in contents)


def render(page: Page) -> str:
    """Write the page as HTML."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("benchmarks.report.html"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2").render(page=page)


@dataclass(frozen=True, eq=False)
class _Run:
    """Hold a result, and the data from which it was made."""

    result: Result
    manifest: Manifest
    datasets: Mapping[str, CausalDataset]
    records: Mapping[str, Record]
    store: Store
    mixed: bool

    @classmethod
    def read(cls, result: Result, mixed: bool) -> _Run:
        manifest = Manifest.read(result.run_dir)
        store = Store.of(result.run_dir)
        return cls(
            result=result,
            manifest=replace(manifest, suite=result.suite),
            datasets={source.name: source.load(result.run_dir) for source in manifest.sources},
            records=read_records(store, manifest, mixed).records,
            store=store,
            mixed=mixed,
        )


def _page(run: _Run, figures: Sequence[FigureView]) -> Page:
    result, manifest = run.result, run.manifest
    suite = result.suite
    origin = [dataset.meta for dataset in run.datasets.values()]
    tables = board_tables(result.boards, suite)
    families = {row.family for table in tables for row in table.rows}
    return Page(
        title=suite.title or suite.name,
        kicker=f"Benchmark report: suite {suite.name}, sdscm {__version__}",
        summary=_summary(run),
        findings=tuple(table.finding for table in tables if table.finding),
        families=tuple(sorted(families, key=str.casefold)),
        boards=tables,
        figures=tuple(figures),
        rules=rules(suite),
        metrics=metric_table(tables, suite.alpha),
        datasets=dataset_table(result.facts),
        dataset_note=DATASET_NOTE,
        trouble=trouble_table(result.scores),
        commands=origins.commands(manifest, run.mixed),
        provenance=origins.facts(manifest, origin),
        suite=origins.suite_yaml(manifest),
        versions=version_table(origin, run.records.values()),
    )


def _summary(run: _Run) -> str:
    facts, settings = run.result.facts, run.manifest.suite.settings
    cells = of_cells(run.result.scores)
    ok = int((cells["status"] == "ok").sum())
    return (
        f"{counted(len(run.manifest.methods), 'method')} on "
        f"{counted(len(facts), 'dataset')}{_known(run)} "
        f"({counted(int(facts['n'].sum()), 'row')} in all), in the "
        f"{'settings' if len(settings) > 1 else 'setting'} {joined(settings)}. "
        f"{ok:,} of {counted(len(cells), 'cell')} scored."
    )


def _known(run: _Run) -> str:
    """Write the number of datasets with known true effects."""
    known = sum(dataset.effects_known for dataset in run.datasets.values())
    if known == len(run.datasets):
        return " whose true effects are known"
    return f", {known} of them with known true effects"


def _figures(run: _Run) -> list[tuple[FigureView, dict[str, bytes]]]:
    found = studies(
        run.manifest, run.result.scores, run.result.facts, run.datasets, run.records, run.store
    )
    made = []
    for study in found:
        parts = [study.lm or "data of other origin"] * (len({s.lm for s in found}) > 1)
        parts += [f"{study.rows} rows"] * bool(study.rows)
        made += [_figure(drawing) for drawing in _marked(drawings(study), ", ".join(parts))]
    return made


def _marked(found: Iterable[Drawing], mark: str) -> Iterator[Drawing]:
    """Add the name of the study to each figure, if there are several studies."""
    for each in found:
        if not mark:
            yield each
            continue
        yield replace(
            each,
            name=f"{each.name}-{slug(mark)}",
            title=f"{each.title}, {mark}",
            table=replace(each.table, name=f"{each.table.name}-{slug(mark)}"),
        )


def _figure(drawing: Drawing) -> tuple[FigureView, dict[str, bytes]]:
    wide, narrow, written = svg(drawing, WIDE), svg(drawing, NARROW), files(drawing)
    view = FigureView(
        id=drawing.name,
        title=drawing.title,
        reading=drawing.reading,
        alt=drawing.alt,
        wide=wide.uri,
        narrow=narrow.uri,
        width=wide.width,
        height=wide.height,
        table=drawing.table,
        files=tuple(f"{_FIGURES}/{name}" for name in written),
    )
    return view, written
