"""``sdscm paper refit``: some cells of the records fitted once more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from benchmarks.cli import options
from benchmarks.cli.output import say
from benchmarks.cli.paper_data import (
    ALL_SETTINGS,
    RESULTS,
    RUNS,
    Data,
    LMs,
    Results,
    Rows,
    Runs,
    Settings,
    Workers,
    part_of_job,
    read_records,
    read_releases,
)
from benchmarks.cli.progress import run_progress, working
from sdscm.errors import InputError

if TYPE_CHECKING:
    import pandas as pd


def refit(
    each: Annotated[int, typer.Option(min=1, help="Fits of each method, drawn at random.")] = 2,
    methods: Annotated[
        str | None,
        typer.Option(help="Names between commas.", show_default="all of the paper"),
    ] = None,
    rows: Rows = "1000",
    settings: Settings = ALL_SETTINGS,
    lms: LMs = None,
    draw: Annotated[int, typer.Option(min=0, help="Another number draws other fits.")] = 0,
    parameters: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="PARAMETER=VALUE",
            help="A parameter of the methods that is to be another than for the record; once for "
            "each.",
        ),
    ] = None,
    data: Data = None,
    workers: Workers = None,
    results: Results = RESULTS,
    runs: Runs = RUNS,
) -> None:
    """Fit some of the recorded cells once more, and say how far the numbers are from the record.

    Exits with 1 if a number is not that of the record: up to 1e-6 of it, and of networks, which
    round otherwise beside other datasets, up to 0.01. With --set it shows instead what another
    parameter does to the numbers of the tables. The records are left as they are.
    """
    from benchmarks.paper.run.plan import cells
    from benchmarks.paper.run.refit import drawn, fit_again

    chosen, sizes, seen, processes = part_of_job(methods, rows, settings, workers)
    others = _parameters(parameters or [], [method.name for method in chosen])
    _, table, _ = read_records(results, runs)
    releases = read_releases(data, options.listed("lms", lms) if lms is not None else None)
    with working("looking at the data"):
        wanted = cells(releases, chosen, 1, 1, sizes=sizes, settings=seen)
        picked = drawn(wanted, table["key"], each, draw)
    if not picked:
        raise InputError(
            "no record is of these methods, this code and these versions of the libraries, so "
            "there is nothing to compare with; run first: sdscm paper run"
        )
    with run_progress() as progress:
        again = fit_again(picked, releases, processes, progress, others)
    if others:
        _show_changes(table, again)
    else:
        _show_comparison(table, again)


def _show_comparison(recorded: pd.DataFrame, again: pd.DataFrame) -> None:
    from benchmarks.paper.run.refit import compare
    from benchmarks.report.tables import markdown_table

    found = compare(recorded, again)
    rows = [
        [str(row.method), f"{row.same} of {row.cells}", f"{row.largest:.1g}", str(row.number)]
        for row in found.itertuples(index=False)
    ]
    say(*markdown_table(["method", "same", "largest difference", "of"], rows, left=1).splitlines())
    if (found["same"] < found["cells"]).any():
        raise typer.Exit(1)


def _show_changes(recorded: pd.DataFrame, again: pd.DataFrame) -> None:
    from benchmarks.paper.run.refit import changes
    from benchmarks.report.tables import markdown_table

    lost = again[again["status"] != "ok"]
    if len(lost) == len(again):
        raise InputError(f"--set: every fit failed; the first: {lost['reason'].iloc[0]}")
    if len(lost):
        say(f"Fits that failed: {len(lost)} of {len(again)}; the first: {lost['reason'].iloc[0]}")
    names = {
        "fits": "{:,}",
        "recorded": "{:.4f}",
        "now": "{:.4f}",
        "difference": "{:+.4f}",
        "se": "{:.4f}",
        "rmse_recorded": "{:.5f}",
        "rmse_now": "{:.5f}",
    }
    rows = [
        [row["method"], row["lm"], f"{row['rows']:,}", row["setting"]]
        + [form.format(row[name]).replace("nan", "–") for name, form in names.items()]
        for row in changes(recorded, again).to_dict("records")
    ]
    heads = ["method", "lm", "rows", "setting", "fits", "swapped R2, recorded", "now"]
    heads += ["difference", "SE", "RMSE of the average, recorded", "now"]
    say(*markdown_table(heads, rows, left=4).splitlines())


def _parameters(texts: list[str], methods: list[str]) -> dict[str, Any]:
    """What --set was given, for methods that all have such parameters."""
    import yaml

    import estimators

    found: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise InputError(f"--set: '{text}' is not PARAMETER=VALUE, as n_draws=500")
        for method in methods:
            known = [each for each in estimators.parameters(method) if each != "random_state"]
            if name not in known:
                raise InputError(
                    f"--set: {method} has no parameter '{name}' but {', '.join(known) or 'none'}; "
                    "choose methods that have it with --methods"
                )
        try:
            found[name] = yaml.safe_load(value)
        except yaml.YAMLError:
            raise InputError(f"--set: '{value}' is no value") from None
    return found
