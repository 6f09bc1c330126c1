"""``sdscm benchmark`` and ``sdscm leaderboard``: run suites, and print their boards."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmarks.cli import options
from benchmarks.cli.destination import writable_folder
from benchmarks.cli.output import heading, report_table, say, table, warn, written
from benchmarks.cli.progress import run_progress, working
from sdscm.number_format import counted, level, number, p_value, signed, span

if TYPE_CHECKING:
    import pandas as pd

    from benchmarks import Comparison, Result

_LINES = 12
_FAILED = 1
_VERDICTS = {
    "better": "better",
    "worse": "worse",
    "changed": "changed",
    "noise": "may be noise",
    "same": "the same",
    "untested": "not tested",
    "unpaired": "no pair of scores",
}
_NEIGHBOURS = {
    **_VERDICTS,
    "better": "better, more than noise",
    "worse": "worse, more than noise",
}
_UNPAIRED = {"before only": "Only in the first", "after only": "Only in the second"}


@options.examples(
    "sdscm benchmark quick --live",
    "sdscm benchmark suite.yaml --workers 2 --plugin mine.py",
    "sdscm benchmark own-data --data my_folder",
    'sdscm benchmark toy-v1.zip --plugin mine.py --estimators "Mine"',
)
def benchmark(
    suite: options.Suite,
    workers: options.Workers = None,
    results: options.Results = options.RESULTS,
    runs: options.Runs = options.RUNS,
    plugin: options.Plugins = None,
    estimators: Annotated[
        str | None,
        typer.Option(
            metavar="NAME,...",
            show_default="the suite's; none of a release",
            help="Methods to run; with a release beside its own, whose results are stored.",
        ),
    ] = None,
    refit: Annotated[
        bool,
        typer.Option("--refit", help="Fit --estimators again that are methods of the release."),
    ] = False,
    data: Annotated[
        Path | None,
        typer.Option(
            show_default="that of the suite's file",
            help="Folder of the files that the suite names.",
        ),
    ] = None,
    share: Annotated[
        float | None,
        typer.Option(
            help="Part of the paper's datasets that the suite runs on.", show_default="the suite's"
        ),
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(
            metavar="auto|ADDRESS",
            help="Make the data and run the cells on a Ray cluster. Changes no score if the "
            "processors are alike.",
        ),
    ] = None,
    submissions: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER|FILE.zip",
            show_default="none",
            help="Submissions to a release to show, too; a folder's for other releases are left "
            "out. Each is checked first, see: sdscm submission check.",
        ),
    ] = None,
    verify: Annotated[
        int,
        typer.Option(
            min=0,
            metavar="N",
            help="Number of cells of each submission to fit again. This runs its code.",
        ),
    ] = 0,
    mixed: options.Mixed = False,
    retry: options.Retry = False,
    live: Annotated[
        bool,
        typer.Option("--live", help="Show the five best methods so far, as cells end."),
    ] = False,
    top: options.Top = 5,
) -> None:
    """Run the cells of a suite that are not recorded yet, and write its leaderboards.

    A run can be stopped at any time; the same command continues it. With a release (a folder, a
    zip, a URL with its hash, or a name) only new methods are run: see docs/how-to/release.md.

    If one of several language models fails, the others go on, and the exit code is 1.
    """
    import benchmarks

    names = None if estimators is None else options.listed("estimators", estimators)

    writable_folder(results, "--results")
    writable_folder(runs, "--runs")
    # Plugins are loaded before the suite, which may name their metrics.
    registered = options.load_plugins(plugin)
    with run_progress(live) as progress:
        loaded = benchmarks.load_suite(suite, data)
        if names is None and registered and not {e.name for e in loaded.estimators} & {*registered}:
            warn(f"not in this run: {', '.join(registered)}; name them with --estimators")
        result = benchmarks.run(
            loaded if share is None else loaded.with_share(share),
            workers=workers,
            results_dir=results,
            runs_dir=runs,
            plugins=plugin or (),
            progress=progress,
            retry=retry,
            mixed=mixed,
            cluster=cluster,
            estimators=names,
            refit=refit,
            submissions=submissions,
            verify=verify,
        )
    _show(result, top)
    _show_standings(result)
    say("", f"Cells run now: {result.computed} of {len(result.cells)}.")
    for line in result.lost:
        warn(f"error: {line}")
    if result.lost:
        raise typer.Exit(_FAILED)


@options.examples(
    "sdscm leaderboard quick --top 10",
    "sdscm leaderboard quick --columns pehe_sd,qini,regret_sd,ate_r2,seconds",
    "sdscm leaderboard --compare results/quick quick",
)
def leaderboard(
    suite: options.Suite,
    results: options.Results = options.RESULTS,
    runs: options.Runs = options.RUNS,
    mixed: options.Mixed = False,
    columns: Annotated[
        str | None,
        typer.Option(
            help="Metrics of the tables: names with commas between.", show_default="the suite's"
        ),
    ] = None,
    compare: Annotated[
        str | None,
        typer.Option(
            metavar="RUN",
            help="Compare with another run instead, and test each change: a suite, the folder of "
            "a run, or a folder of results. Nothing is written.",
        ),
    ] = None,
    plugin: options.Plugins = None,
    top: options.Top = 5,
) -> None:
    """Write the boards of a run from its records, and print the best estimators.

    The run may be unfinished or in progress; no cell is run.
    """
    import benchmarks

    chosen = options.listed("columns", columns) if columns is not None else None
    if compare is not None:
        options.load_plugins(plugin)
        with working("reading the records"):
            found = benchmarks.compare(compare, suite, runs_dir=runs, columns=chosen, mixed=mixed)
        _show_comparison(found)
        return
    writable_folder(results, "--results")
    with run_progress(brief=True) as progress:
        result = benchmarks.leaderboard(
            suite,
            results_dir=results,
            runs_dir=runs,
            mixed=mixed,
            columns=chosen,
            plugins=plugin or (),
            progress=progress,
        )
    _show(result, top)


def _show(result: Result, top: int) -> None:
    from benchmarks.boards.board_table import board_tables
    from benchmarks.boards.by_model import TITLE, headlines
    from benchmarks.report.lists import warning_table

    for board_table in board_tables(result.boards, result.suite):
        heading(f"{board_table.title}; {board_table.place}")
        report_table(board_table, top)
    by_model = headlines(result.by_model)
    if by_model:
        heading(TITLE)
        say(*(each.finding for each in by_model))
    lost = result.cells[result.cells["status"] != "ok"]
    if len(lost):
        counts = ", ".join(f"{n} {status}" for status, n in lost["status"].value_counts().items())
        say("", f"Cells without a score: {counts}; see: sdscm results why {result.suite.name}")
    warned = warning_table(result.warnings)
    if warned is not None:
        heading(warned.caption)
        report_table(warned, top)
    for note in result.notes:
        say("", f"{note}.")
    written(result.files, after=[""])


def _show_standings(result: Result) -> None:
    """Print where the methods stand that were fitted beside those of a release."""
    from benchmarks.boards.explain import place
    from benchmarks.boards.standing import NEIGHBOUR_RULE, standings

    found = list(standings(result.boards, result.scores, result.own))
    for method in result.own:
        heading(f"Where {method} stands")
        rows = []
        for each in (each for each in found if each.method == method):
            where = [
                each.ranking.metric.title,
                place(each.board.group),
                f"{each.rank} of {each.of}",
            ]
            for other in each.neighbours:
                interval = span(other.low, other.high)
                test = [interval, p_value(other.p_value), _NEIGHBOURS[other.verdict]]
                rows.append(
                    [*where, f"{other.rank}: {other.name}", signed(other.difference), *test]
                )
                where = [""] * 3
            rows += [] if each.neighbours else [[*where, *[""] * 5]]
        if not rows:
            say("It has no rank: it has no score, or the truth is not known.")
            continue
        header = ["Metric", "Board", "Rank", "Neighbour", "Difference", "95 % interval"]
        header[-1] = f"{level(found[0].ranking.level)} interval"
        table([*header, "p, adjusted", "Verdict"], rows, right=["Difference", "p, adjusted"])
    if found:
        say("", NEIGHBOUR_RULE)


def _show_comparison(found: Comparison) -> None:
    """Print the changes, one table for each group and metric with any."""
    from benchmarks.boards.comparison import GROUP, RULE

    say(f"{found.before} -> {found.after}")
    say(_shared_data(found))
    say(*found.differences[:_LINES])
    if len(found.differences) > _LINES:
        say(f"... and {len(found.differences) - _LINES} more differences")
    for verdict, title in _UNPAIRED.items():
        names = dict.fromkeys(found.table.loc[found.table["verdict"] == verdict, "estimator"])
        if names:
            say(f"{title}: {', '.join(names)}")
    both = found.table[~found.table["verdict"].isin(list(_UNPAIRED))]
    if both.empty:
        say("No method has a score in both runs; choose other metrics with --columns.")
        return
    tables = [part for _, part in both.groupby([*GROUP, "metric"], sort=False)]
    changed = [part for part in tables if _differs(part).any()]
    for part in changed:
        _changes(part, found)
    if not changed:
        say(f"No score changed in any of the {counted(len(tables), 'table')}.")
        return
    if len(changed) < len(tables):
        say("", f"No score changed in the other {counted(len(tables) - len(changed), 'table')}.")
    say("", RULE)


def _differs(part: pd.DataFrame) -> pd.Series:
    """Find the rows of a table of a comparison where a score changed, or a cell was lost."""
    lost = part["lost_before"] != part["lost_after"]
    return lost | ~part["verdict"].isin(["same"])


def _shared_data(found: Comparison) -> str:
    """Describe the datasets that the two runs share."""
    if found.same_data == found.pairs == 1:
        text = "The one dataset is the same in both."
    elif found.same_data == found.pairs:
        text = f"The {found.pairs} datasets are the same in both."
    elif found.same_data:
        text = f"Of {found.pairs} pairs of datasets, {found.same_data} hold the same data."
    else:
        text = (
            f"{found.pairs} pairs of datasets, none with the same data: a change can come from the "
            "data, the methods, or both."
        )
    return text + (f" {found.alone} datasets have no partner." if found.alone else "")


def _changes(part: pd.DataFrame, found: Comparison) -> None:
    from benchmarks import metrics
    from benchmarks.boards.explain import rows_words
    from benchmarks.datasets.truth import FITTED

    first = part.iloc[0]
    metric = metrics.get(first["metric"])
    where = [f"{key} {first[key]}" for key in ("lm", "setting") if first[key]]
    where += [rows_words(first["rows"])] if first["rows"] != FITTED else []
    heading(f"{', '.join(where)}: {metric.title}, {metric.direction('1 - alpha')}")
    rows = []
    for row in part[_differs(part)].to_dict("records"):
        verdict = _VERDICTS[row["verdict"]]
        lost = row["lost_before"], row["lost_after"]
        if lost[0] != lost[1]:
            verdict += f"; cells lost {lost[0]} -> {lost[1]}"
        rows.append(
            [
                row["estimator"],
                number(row["before"]),
                number(row["after"]),
                signed(row["change"]),
                span(row["low"], row["high"]),
                p_value(row["adjusted"]),
                verdict,
            ]
        )
    interval = f"{level(found.level)} interval"
    header = ["Method", "Before", "After", "Change", interval, "p, adjusted", "Verdict"]
    table(header, rows, right=header[1:-1])
    counts = part["verdict"].value_counts()
    summary = [f"{counts[name]} {title}" for name, title in _VERDICTS.items() if name in counts]
    blocks = counted(part["blocks"].max(), "phrasing or file", "phrasings or files")
    say(f"{', '.join(summary)}; {blocks}")
