"""``sdscm paper``: reproduce the paper's results from the released data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from benchmarks.cli import options
from benchmarks.cli.destination import writable_folder
from benchmarks.cli.output import say, written
from benchmarks.cli.paper_data import (
    ALL_SETTINGS,
    PACKED,
    RESULTS,
    RUNS,
    Data,
    LMs,
    Results,
    Rows,
    Runs,
    Settings,
    Workers,
    read_records,
    releases_if_there,
    say_table,
    suites_of,
)
from benchmarks.cli.progress import run_progress, working
from sdscm.errors import InputError
from sdscm.number_format import counted

if TYPE_CHECKING:
    from benchmarks.paper.records import PaperFit


#: Scripts of studies, by the name of their former command.
_MOVED = {
    "clipping": "clipping.py",
    "defects": "defects.py (for scoring: scoring.py)",
    "extra": "extra.py",
    "refit": "refit.py",
    "seeds": "seeds.py",
}


class Group(typer.core.TyperGroup):
    """Define the group of commands. The error for a former command names its script."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and args[0] in _MOVED:
            raise InputError(
                f"'sdscm paper {args[0]}' is a script now, with the same options: "
                f"python examples/paper_studies/{_MOVED[args[0]]}"
            )
        return super().resolve_command(ctx, args)


@options.examples("sdscm paper run --share 0.05")
def paper() -> None:
    """Make the paper's tables and figures again from its data, and compare number by number."""


@options.examples(
    "sdscm paper run --share 0.05",
    'sdscm paper run --share 1 --methods "T-Only OLS,LinReg,LinearT" --workers 2',
    'sdscm paper run --share 0.05 --rows 1000 --methods "AIPW,CausalML X-LGBM"',
)
def run(
    share: Annotated[float, typer.Option(help="Part of the datasets, up to 1.")] = 0.05,
    costly_share: Annotated[
        float | None,
        typer.Option(
            help="Part of the datasets for BART, BART-ITE, ForestDR, TARNet, TNet and others that "
            "take more than a second, and of the pooled datasets for all methods.",
            show_default="a fifth of --share below 1, else 1",
        ),
    ] = None,
    methods: Annotated[
        str | None,
        typer.Option(
            help="Names between commas; any built-in one of sdscm estimators list will do.",
            show_default="all of the paper",
        ),
    ] = None,
    rows: Rows = "1000,10000",
    settings: Settings = ALL_SETTINGS,
    lms: LMs = None,
    data: Data = None,
    workers: Workers = None,
    results: Results = RESULTS,
    runs: Runs = RUNS,
    cluster: Annotated[
        str | None,
        typer.Option(metavar="auto|ADDRESS", help="Run the cells on a Ray cluster."),
    ] = None,
    retry: Annotated[bool, typer.Option("--retry", help="Run cells again that failed.")] = False,
    current_code: Annotated[
        bool,
        typer.Option(
            "--current-code",
            help="Run cells again whose record other code or other versions of libraries made.",
        ),
    ] = False,
    estimate: Annotated[
        bool,
        typer.Option(
            "--estimate",
            help="Print the number of cells and the expected time; run no cell.",
        ),
    ] = False,
) -> None:
    """Run the missing cells of a share of the paper's suites.

    The suites are paper-table1 and paper-table2, which sdscm benchmark runs as well. A share takes
    datasets of all phrasings, and a larger share contains every smaller one. A run can be stopped
    at any time; the same command continues it.
    """
    import benchmarks
    from benchmarks.paper.records import PLACE, fits_of, one_each, seconds
    from benchmarks.paper.records import read_records as read
    from benchmarks.process.threads import workers_for

    if costly_share is None:
        costly_share = share if share == 1 else share / 5
    for option, value in (("--share", share), ("--costly-share", costly_share)):
        if not 0 < value <= 1:
            raise InputError(f"{option}: the share is {value:g}; give a number above 0, up to 1")
    writable_folder(runs, "--runs")
    processes = 0 if workers == 0 else workers_for(workers, 1)
    with working("reading the data and the records"):
        suites = suites_of(methods, rows, settings, lms, data, results, share, costly_share)
        wanted = {suite.name: fits_of(suite) for suite in suites}
        records, older = one_each(read(results / PACKED, runs), current_only=current_code)
    if retry:
        records = records[records["status"] == "ok"]
    known = set(records[PLACE].itertuples(index=False, name=None))
    every = [fit for fits in wanted.values() for fit in fits]
    missing = {name: [f for f in fits if f.place not in known] for name, fits in wanted.items()}
    left = [fit for fits in missing.values() for fit in fits]
    say(*_datasets_of(every))
    say(f"Cells: {len(every):,}, of which {len(every) - len(left):,} are on record.")
    if old := sum(older.get(name, 0) for name in {fit.method.name for fit in every}):
        say(
            f"Records that other code or other versions of libraries made: {old:,}. "
            "--current-code computes their cells again."
        )
    if left:
        cores = f"{processes} cores" if processes > 1 else "one core"
        say(f"The others take about {_duration(seconds(left, processes))} on {cores}.")
    if estimate:
        return
    done = 0
    try:
        with run_progress() as progress:
            for suite in suites:
                if missing[suite.name]:
                    done += benchmarks.run(
                        suite,
                        workers=workers,
                        results_dir=None,
                        runs_dir=runs,
                        progress=progress,
                        retry=retry,
                        mixed=not current_code,
                        cluster=cluster,
                    ).computed
    except benchmarks.Interrupted:  # the default hint names sdscm benchmark
        raise KeyboardInterrupt from None
    say(f"Cells run now: {done:,}. The tables: sdscm paper tables")


@options.examples("sdscm paper tables")
def tables(results: Results = RESULTS, runs: Runs = RUNS) -> None:
    """Compare Tables 1 and 2 with the published numbers, from all records.

    The data are not needed. The records are packed into one file in the folder of the results.
    """
    from benchmarks.paper.analysis.tables import tables as make
    from benchmarks.paper.analysis.verdict import VERDICTS
    from benchmarks.paper.methods import NAMES
    from benchmarks.paper.records import pack
    from benchmarks.paper.report.tables import write

    writable_folder(results, "--results")
    with working("making the tables"):
        everything, stale = read_records(results, runs)
        table = everything[everything["method"].isin(NAMES)]
        made = make(table)
        pack(everything, results / PACKED)
        old = {method: count for method, count in stale.items() if method in NAMES}
        files = write(results, made, table, old)
    for number, part in made[made["published"] != ""].groupby("table"):
        counts = part["verdict"].value_counts()
        summary = ", ".join(f"{each} {counts[each]}" for each in VERDICTS if each in counts)
        say(f"Table {number}, {len(part)} numbers: {summary}.")
    written(files, after=[f"Records: {len(everything):,} cells."])


@options.examples("sdscm paper figures")
def figures(data: Data = None, results: Results = RESULTS, runs: Runs = RUNS) -> None:
    """Draw the paper's figures from all records and from the data.

    The records give the distribution over datasets of each number that the tables average. The
    example of a dataset and the histogram of true effects on a therapy's probability need the data,
    and are left out without them. Another command draws the toy of Figure 2: sdscm paper toy.
    """
    from benchmarks.paper.report.figures import write_figures

    writable_folder(results, "--results")
    releases = releases_if_there(data)
    with working("drawing"):
        table, _ = read_records(results, runs)
        files = write_figures(results, table)
        if releases:
            files += _figures_of_data(results, data, list(releases))
    if not releases:
        say("The example of a dataset is left out: the data are missing (docs/how-to/paper.md).")
    written(files)


def _figures_of_data(results: Path, data: Path | None, lms: list[str]) -> list[Path]:
    from benchmarks.datasets.paper.loading import find
    from benchmarks.paper.analysis.example import LM, normalised_sates, read_example
    from benchmarks.paper.report.example_figure import draw_example, draw_sates

    folder = find(data)
    sates = {lm: normalised_sates(folder, lm) for lm in lms}
    files = [draw_sates(sates, results / "sate-therapy.png")]
    if LM in lms:
        files.append(draw_example(read_example(folder), results / "example.png"))
    return files


@options.examples("sdscm paper toy", "sdscm paper toy --lm gpt2 --phrasings 1 --results toy")
def toy(
    lm: options.LM = options.DEFAULT_LM,
    units: options.Units = 1000,
    phrasings: options.Phrasings = "12",
    seed: options.Seed = 0,
    temperature: options.Temperature = 1.0,
    results: Annotated[Path, typer.Option(help="Folder of the figure and its numbers.")] = RESULTS,
) -> None:
    """Draw the paper's toy: the effects of conditioning on a confounder and on a collider.

    The figure shows correlations of the probabilities of treatment and outcome, overall and given
    each weather, and the errors of three estimates of an effect that is 0. The numbers come from
    sampled units, and from the enumeration of all possible units. The first run takes up to a
    minute of one core. Later runs take seconds, since scores are cached.
    """
    from benchmarks.paper.analysis.toy import summary, toys
    from benchmarks.paper.report.toy_figure import draw_toy
    from sdscm import load_lm
    from sdscm.figure_style import require_matplotlib
    from sdscm.files import put_atomically

    count = options.phrasing_count(phrasings)
    if count is None:
        raise InputError("--phrasings all: the toy draws phrasings at random; give a number")
    if units < 2:
        raise InputError("--units 1: correlations need 2 units or more")
    require_matplotlib()
    writable_folder(results, "--results")
    model = load_lm(lm)
    with working("drawing units"):
        table = toys(model, units, range(count), seed, temperature)
    content = table.to_csv(index=False, float_format="%.6g", lineterminator="\n")
    put_atomically(results / "toy.csv", content)
    title = f"{model.id}: {units:,} units of each of {counted(count, 'phrasing')}"
    picture = draw_toy(table, title, results / "toy.png")
    header = ["Scenario", "Quantity", "Given", "Drawn units", "All units"]
    say(title)
    say_table(summary(table).set_axis(header, axis="columns"), left=3)
    say("Sizes without signs, means over the phrasings.")
    written([picture, results / "toy.csv"])


def _datasets_of(fits: list[PaperFit]) -> list[str]:
    from benchmarks.paper.report.tables import describe_datasets

    numbers: dict[tuple[str, str, int], set[int]] = {}
    for each in fits:
        lm, rows, number, _, method = each.place
        numbers.setdefault((method, lm, rows), set()).add(number)
    return describe_datasets(numbers)


def _duration(seconds: float) -> str:
    minutes = seconds / 60
    if minutes < 1.5:
        return "a minute"
    return f"{minutes:.0f} minutes" if minutes < 100 else f"{minutes / 60:.1f} hours"
