"""Puts the page together and writes it, with its figures beside it."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.leaderboard import ranking_rule
from benchmarks.manifest import Manifest
from benchmarks.report.html import origins
from benchmarks.report.html.boards import board_views, columns_of, findings
from benchmarks.report.html.figures import Drawing, drawings
from benchmarks.report.html.figures.drawing import NARROW, WIDE
from benchmarks.report.html.figures.export import files, svg
from benchmarks.report.html.lists import dataset_table, metric_table, trouble_table
from benchmarks.report.html.studies import studies
from benchmarks.report.html.view import FigureView, Page
from benchmarks.report.html.words import counted, listed, slug
from benchmarks.scores import read_records
from sdscm import __version__
from sdscm.errors import MissingExtraError
from sdscm.files import write_atomically

if TYPE_CHECKING:
    from benchmarks.experiment import Result

_NAME, _FIGURES = "report.html", "figures"


def require_libraries() -> None:
    """Raise MissingExtraError if the page cannot be drawn or put together."""
    for library in ("matplotlib", "jinja2"):
        if importlib.util.find_spec(library) is None:
            raise MissingExtraError(f"the HTML report ({library})", "plot")


def write_page(result: Result, folder: Path) -> tuple[Path, ...]:
    """Write ``report.html``, and each figure as PNG and PDF to ``figures/``.

    The page needs nothing else: no file beside it and no network. Equal records give equal bytes.

    Parameters
    ----------
    result
        As `benchmarks.run` and `benchmarks.leaderboard` return it.
    folder
        Where to write.

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
    made = _figures(result)
    page = _page(result, [view for view, _ in made])
    contents = {_NAME: render(page).encode()}
    for _, written in made:
        contents |= {f"{_FIGURES}/{name}": content for name, content in written.items()}
    for name, content in contents.items():
        write_atomically(folder / name, lambda file, content=content: file.write(content))  # type: ignore[misc]
    return tuple(folder / name for name in contents)


def render(page: Page) -> str:
    """The page as HTML."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("benchmarks.report.html"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2").render(page=page)


def _page(result: Result, figures: Sequence[FigureView]) -> Page:
    manifest = Manifest.read(result.run_dir)
    records = read_records(result.run_dir, manifest)
    origin = [source.load(result.run_dir).meta for source in manifest.sources]
    suite, boards = result.suite, result.boards
    views = board_views(boards, manifest)
    families = sorted({row.family for view in views for row in view.table.rows}, key=str.casefold)
    return Page(
        title=suite.title or suite.name,
        kicker=f"Benchmark report: suite {suite.name}, sdscm {__version__}",
        summary=_summary(result, manifest),
        findings=findings(boards, suite.board),
        families=tuple(families),
        groups=views[0].table.groups if views else (),
        boards=views,
        figures=tuple(figures),
        rules=_rules(result),
        metrics=metric_table(columns_of(boards)),
        datasets=dataset_table(result.facts),
        trouble=trouble_table(result.scores),
        commands=origins.commands(manifest),
        provenance=origins.facts(manifest, origin),
        suite=origins.suite_yaml(manifest),
        versions=origins.versions(origin, records),
    )


def _summary(result: Result, manifest: Manifest) -> str:
    ok = int((result.scores["status"] == "ok").sum())
    rows = int(result.facts["n"].sum())
    return (
        f"{counted(len(manifest.entrants), 'method')} on "
        f"{counted(len(result.facts), 'dataset')} whose true effects are known "
        f"({counted(rows, 'row')} in all), in the "
        f"{'settings' if len(result.suite.settings) > 1 else 'setting'} "
        f"{listed(result.suite.settings)}. {ok:,} of {counted(len(result.scores), 'cell')} scored."
    )


def _rules(result: Result) -> tuple[str, ...]:
    suite = result.suite
    return (
        ranking_rule(suite.board),
        "Scores are means over datasets, seconds are medians. The interval under a ranked score is "
        f"a {suite.board.level:.0%} percentile bootstrap that resamples phrasings "
        f"({suite.board.resamples:,} times), since datasets of one phrasing are not independent; "
        "with few phrasings it is rough.",
        f"The methods' own intervals have the nominal level {1 - suite.alpha:.0%}. SD(y) is that "
        "of the observed outcome of a dataset. A dash: the method has no such answer.",
    )


def _figures(result: Result) -> list[tuple[FigureView, dict[str, bytes]]]:
    manifest = Manifest.read(result.run_dir)
    datasets = {source.name: source.load(result.run_dir) for source in manifest.sources}
    records = read_records(result.run_dir, manifest)
    found = studies(manifest, result.scores, result.facts, datasets, records)
    made = []
    for study in found:
        mark = study.lm or "other" if len(found) > 1 else ""
        made += [_figure(drawing) for drawing in _marked(drawings(study), mark)]
    return made


def _marked(found: Iterable[Drawing], mark: str) -> Iterator[Drawing]:
    """Figures of one of several language models say which."""
    from dataclasses import replace

    for each in found:
        if not mark:
            yield each
            continue
        yield replace(
            each,
            name=f"{each.name}-{slug(mark)}",
            title=f"{each.title}, {mark}",
            table=replace(each.table, id=f"{each.table.id}-{slug(mark)}"),
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
