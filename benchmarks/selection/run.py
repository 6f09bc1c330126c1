"""Score selectors on a finished run, or on a release."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from benchmarks.progress import Progress, Silent
from benchmarks.provenance.hashing import derive_seed
from benchmarks.report.html.varied_dials import varied
from benchmarks.selection import registry
from benchmarks.selection.board import SelectionBoard, board_table, selection_boards
from benchmarks.selection.files import write_files
from benchmarks.selection.picks import pick_table
from benchmarks.selection.places import places, read_finished
from benchmarks.selection.selectors.references import DEFAULT, fixed
from benchmarks.suite.model import Suite
from sdscm.arguments import names_of
from sdscm.display import html_card, html_note, html_table
from sdscm.errors import InputError
from sdscm.number_format import counted


@dataclass(frozen=True, eq=False)
class Selection:
    """The boards of selectors: rules that pick a method without the truth.

    Attributes
    ----------
    name
        Name of the suite.
    boards
        Boards of each setting, of its entries, and of the levels of dials; see
        `benchmarks.selection.board.SelectionBoard`.
    picks
        A row for each selector and dataset; see `benchmarks.selection.picks.pick_table`.
    files
        Paths of the files in the results folder.

    Examples
    --------
    >>> _ = benchmarks.run(suite, estimators=["LinReg", "LinearT"], workers=0, results_dir=None)
    >>> chosen = benchmarks.select(suite, selectors=["random", "r_score"], results_dir=None)
    >>> chosen
    <Selection: tiny, 1 board, 3 selectors, 1 dataset>
    >>> chosen.boards[0].table["title"].tolist()[0]
    'Oracle'
    """

    name: str
    boards: list[SelectionBoard]
    picks: pd.DataFrame
    files: tuple[Path, ...]

    def __repr__(self) -> str:
        return f"<Selection: {self.name}, {self._about}>"

    @property
    def _about(self) -> str:
        return ", ".join(
            [
                counted(len(self.boards), "board"),
                counted(self.picks["selector"].nunique(), "selector"),
                counted(self.picks["dataset"].nunique(), "dataset"),
            ]
        )

    def _repr_html_(self) -> str:
        columns, rows = board_table(self.boards[0]).only("terminal")
        return html_card(
            f"Selection: {self.name}",
            self._about,
            html_note(self.boards[0].title),
            html_table([c.heading for c in columns], [[c.full_text for c in r] for r in rows]),
        )


def select(
    suite: Suite | str | Path,
    *,
    selectors: Sequence[str] | None = None,
    default: str = DEFAULT,
    results_dir: str | Path | None = "results",
    runs_dir: str | Path = "runs",
    mixed: bool = False,
    progress: Progress | None = None,
) -> Selection:
    """Let selectors pick a method on each dataset of a run, and score their picks by the truth.

    No method is fitted: selectors choose between the stored predictions. They see covariates,
    treatment, observed outcome and the predictions, and never the truth.

    Parameters
    ----------
    suite
        A suite or a release that has run, the folder of a run, or a release that has not run here:
        then the predictions in it are used.
    selectors
        Names of selectors, by default all; see `benchmarks.selection.names`. The references that
        know the truth are always there: ``oracle``, and with several scenarios ``elsewhere``, the
        method with the best average rank on the other scenarios.
    default
        The method that the selector ``default`` picks everywhere.
    results_dir
        Boards go to ``<results_dir>/<suite>/selectors/``; None writes none.
    runs_dir, mixed
        As for `benchmarks.run`.
    progress
        Receives each pick; see `benchmarks.Progress`.

    Raises
    ------
    InputError
        If there is no run, it has no predictions of at least two methods, its true effects are not
        known, or a selector is unknown.

    Examples
    --------
    >>> _ = benchmarks.run(suite, estimators=["LinReg", "LinearT"], workers=0, results_dir=None)
    >>> chosen = benchmarks.select(suite, selectors=["random"], results_dir=None)
    >>> chosen.boards[0].table[["selector", "best"]]
      selector  best
    0   oracle   1.0
    1   random   0.5
    """
    given = registry.names() if selectors is None else names_of("selectors", selectors)
    names = list(dict.fromkeys(given))
    wanted = [fixed(default) if name == "default" else registry.get(name) for name in names]
    progress = progress or Silent()
    finished = read_finished(suite, runs_dir, mixed=mixed)
    found = list(places(finished))
    if not found:
        raise InputError(
            f"{finished.suite.name}: no dataset with known effects of rows and two methods that "
            "estimate them; there is nothing to choose, or no regret"
        )
    known = list(dict.fromkeys(method for place in found for method in place.shown.effects))
    if default != DEFAULT and default not in known:
        raise InputError(f"default '{default}': no such method; choose one of {', '.join(known)}")
    picks = pick_table(found, wanted, progress)
    sources = [source for source in finished.sources if source.name in {*picks["dataset"]}]
    datasets = {source.name: finished.load(source) for source in sources}
    boards = selection_boards(
        picks,
        registry.REFERENCES | {each.name: each.title for each in wanted},
        varied(sources, datasets),
        finished.suite.board,
        derive_seed(finished.suite.seed, "bootstrap"),
    )
    files: tuple[Path, ...] = ()
    if results_dir is not None:
        words = ["sdscm", "select", suite.name if isinstance(suite, Suite) else str(suite)]
        words += [] if selectors is None else ["--selectors", ",".join(names)]
        words += [] if default == DEFAULT else ["--default", default]
        folder = Path(results_dir) / finished.suite.name / "selectors"
        files = write_files(folder, finished.suite, shlex.join(words), boards, picks, wanted)
    return Selection(finished.suite.name, boards, picks, files)
