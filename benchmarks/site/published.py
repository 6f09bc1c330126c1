"""The pages of a published board, of which the tables and the figures are there."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd

from benchmarks import metrics
from benchmarks.boards.board import ORACLE_RANK, Board
from benchmarks.boards.board_table import BoardTable, board_table
from benchmarks.boards.by_model import ModelComparison, ModelPair, headlines, model_table
from benchmarks.boards.explain import rules
from benchmarks.boards.ranking import Ranking
from benchmarks.boards.summary import ALL
from benchmarks.report.html.figures.by_model import NAME as RANKS
from benchmarks.report.html.page import placed_tables
from benchmarks.report.lists import metric_table
from benchmarks.site.render import Contents, Entry, rendered
from benchmarks.suite.loading import load_suite
from benchmarks.suite.model import Suite
from sdscm.figure_style import new_figure
from sdscm.number_format import counted, level, slug
from sdscm.report_page import Boards, Drawing, Picture
from sdscm.report_page.figure import Svg

_GROUP = ("lm", "dataset", "setting", "rows", "target")
#: A board of more scenarios has a page for each.
_MOST_SCENARIOS = 3
#: Width of the figures of boards, and a height for their place before they are loaded, in pixels.
_SIZE = (960, 900)


@dataclass(frozen=True, eq=False)
class Published:
    """Hold the table of a published board: a row for each method of each board."""

    folder: Path
    suite: Suite
    rows: pd.DataFrame

    @classmethod
    def read(cls, folder: Path) -> Published:
        """Read ``leaderboard.csv`` of a folder with the name of a suite."""
        rows = pd.read_csv(folder / "leaderboard.csv", keep_default_na=False, na_values=[""])
        return cls(folder, load_suite(folder.name), rows.copy())  # in one piece

    @property
    def seconds(self) -> Mapping[str, float]:
        """Median over the boards of the median seconds of a fit, by method."""
        if "seconds" not in self.rows:
            return MappingProxyType({})
        found = self.rows.groupby("estimator")["seconds"].median()
        return {str(name): float(value) for name, value in found.items()}

    @property
    def scenarios(self) -> list[str]:
        """The values of the column ``dataset``, the board over all scenarios first."""
        names = list(dict.fromkeys(self.rows["dataset"])) if "dataset" in self.rows else [""]
        return sorted(names, key=lambda name: name != ALL)

    @property
    def lead(self) -> str:
        """The number of methods and scenarios, in one sentence."""
        data = [name for name in self.scenarios if name != ALL]
        return (
            f"{counted(self.rows['estimator'].nunique(), 'method')} on "
            f"{counted(len(data), 'kind')} of data."
        )

    @cached_property
    def models(self) -> tuple[ModelComparison, ...]:
        """The comparisons of language models in ``models.csv``; none without the file."""
        file = self.folder / "models.csv"
        if not file.is_file():
            return ()
        rows = pd.read_csv(file, keep_default_na=False, na_values=[""])
        group = [name for name in _GROUP if name in rows]
        fields = [field.name for field in dataclasses.fields(ModelPair)]
        found = []
        for values, part in rows.groupby([*group, "metric"], sort=False, dropna=False):
            pairs = [
                ModelPair(**row | {"models": tuple(row["models"].split(" | "))})
                for row in part[fields].to_dict("records")
            ]
            place = dict(zip(group, map(_text, values), strict=False))
            place = {key: value for key, value in place.items() if value}
            metric = metrics.get(str(values[-1]))
            found.append(ModelComparison(place, metric, {}, tuple(pairs), self.suite.board.level))
        return tuple(found)

    @property
    def model_findings(self) -> list[str]:
        """Sentences on the comparisons of fitted rows, over all scenarios if there are several."""
        return [each.finding for each in headlines(self.models)]

    @property
    def model_table(self) -> object:
        """The comparisons as a table."""
        return model_table(self.models)

    @property
    def entry(self) -> Entry:
        """The entry of the board in the list of boards."""
        picture = next(iter(self._pictures()), None)
        return Entry(
            path=f"{self.suite.name}/index.html",
            title=f"{self.suite.name}: {self.suite.title}",
            lead=self.lead,
            picture=f"{self.suite.name}/{picture.name}" if picture else "",
            alt="Errors of each method in both settings",
        )

    #: Figure of the ranks by language model.
    ranks = f"{RANKS}.png"

    def _pictures(self) -> list[Path]:
        return sorted(self.folder.glob("leaderboard*.png"))

    def _of(self, scenario: str) -> Iterator[tuple[str, str]]:
        """Find the figures of a scenario: pairs of language model and file."""
        there = {each.name for each in self._pictures()}
        for lm in dict.fromkeys(self.rows["lm"]) if "lm" in self.rows else [""]:
            name = f"{slug('leaderboard', *filter(None, (_text(lm), scenario)))}.png"
            if name in there:
                yield _text(lm), name

    @cached_property
    def tables(self) -> tuple[BoardTable, ...]:
        """The table of each ranking of each board."""
        return tuple(self._tables())

    def _tables(self) -> Iterator[BoardTable]:
        group = [name for name in _GROUP if name in self.rows]
        for values, part in self.rows.groupby(group, sort=False, dropna=False):
            board = self._board(dict(zip(group, map(_text, values), strict=True)), part)
            for ranking in board.rankings.values():
                made = board_table(board, ranking, self.suite.board.columns, self.suite.alpha)
                yield replace(made, notes=self._notes(ranking), test="")

    def _notes(self, ranking: Ranking) -> tuple[str, ...]:
        interval = f"in brackets {level(self.suite.board.level)} intervals"
        return (
            f"Means over datasets, {interval}. Bold: the best of the methods without failures.",
        )

    def _board(self, group: dict[str, str], part: pd.DataFrame) -> Board:
        ranked = [name for name in self.suite.board.rank_by if f"rank_{name}" in part]
        first = part[[f"rank_{name}" for name in ranked]].astype(str)
        table = part.copy().assign(oracle=(first == ORACLE_RANK).any(axis=1))
        table = table.assign(
            **{f"rank_{name}": table[f"rank_{name}"].map(_text) for name in ranked}
        )
        rankings = {name: found for name in ranked if (found := _ranking(name, table))}
        return Board(group, "", 0, table, rankings, {})

    def pages(self, methods: Mapping[str, str]) -> Contents:
        """Make the files by path below the folder of the suite."""
        split = len(self.scenarios) > _MOST_SCENARIOS
        parts = [[name] for name in self.scenarios] if split else [self.scenarios]
        names = ["index.md", *(f"{slug(part[0])}.md" for part in parts[1:])]
        links = [
            (name.replace(".md", ".html"), part[0]) for name, part in zip(names, parts, strict=True)
        ]
        made = {
            name: rendered(
                "published.md.j2",
                of=self,
                boards=self._boards(part),
                scenario=part[0] if split else "",
                others=links if split else [],
                links=methods,
                whole=name == "index.md",
            )
            for name, part in zip(names, parts, strict=True)
        }
        extra = [self.folder / name for name in ("leaderboard.csv", "models.csv", self.ranks)]
        files = [*(each for each in extra if each.is_file()), *self._pictures()]
        return made | {each.name: each.read_bytes() for each in files}

    def _boards(self, scenarios: Sequence[str]) -> Boards:
        shown = [each for each in self.tables if each.board.group.get("dataset", "") in scenarios]
        figures = [
            (
                {"Data": each, "Language model": lm},
                _picture(file, ", ".join(filter(None, (each, lm)))),
            )
            for each in scenarios
            for lm, file in self._of(each)
        ]
        return Boards(tuple(placed_tables(shown)), tuple(figures))

    @property
    def rules(self) -> tuple[str, ...]:
        """How to read the boards."""
        return rules(self.suite)

    @property
    def metric_table(self) -> object:
        """The metrics of the boards."""
        return metric_table(self.tables, self.suite.alpha)


def _picture(file: str, scenario: str) -> Picture:
    """Show a figure that was drawn for the board."""
    drawing = Drawing(
        f"figure-{slug(scenario)}",
        f"Errors on {scenario}",
        "Medians over phrasings, with their intervals.",
        f"Errors of each method on {scenario}, in both settings; the tables have the numbers",
        lambda _: new_figure(1, 1),
    )
    return Picture(drawing, Svg("", *_SIZE, path=file), None, {})


def _text(value: object) -> str:
    """Write a value of the table as `Board.table` has it: a rank is a whole number."""
    if isinstance(value, float):
        return "" if np.isnan(value) else f"{value:g}"
    return str(value)


def _ranking(name: str, table: pd.DataFrame) -> Ranking | None:
    """Make the ranking of a metric again, without its blocks; None without a method."""
    ranks = pd.to_numeric(table[f"rank_{name}"], errors="coerce")
    shown = table[ranks.notna() | table["oracle"]].assign(place=ranks)
    shown = shown.sort_values(["oracle", "place"], kind="stable")
    if shown["oracle"].all():
        return None
    compete = shown[~shown["oracle"]].set_index("estimator")
    columns = ["average_rank", "average_rank_low", "average_rank_high", "win_rate"]
    metric = metrics.get(name)
    blank = pd.DataFrame()
    ranking = Ranking(metric, tuple(shown["estimator"]), blank, blank, blank, blank, 0.95)
    average = pd.DataFrame({each: compete[ranking.column(each)] for each in columns})
    return replace(ranking, average=average.assign(rank=compete["place"].astype(int)))
