"""``sdscm paper defects`` and ``sdscm paper clipping``: what the reference does to its numbers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmarks.cli import options
from benchmarks.cli.destination import new_file
from benchmarks.cli.output import say
from benchmarks.cli.paper_data import (
    RESULTS,
    RUNS,
    Data,
    Results,
    Runs,
    read_records,
    read_releases,
    say_table,
)
from benchmarks.cli.progress import working
from sdscm.errors import InputError
from sdscm.literals import Setting

if TYPE_CHECKING:
    import pandas as pd

_DEFECTS = ("redrawn", "swapped-r2", "rounding", "scoring")


def clipping(
    ids: Annotated[
        str,
        typer.Option(
            help="Datasets, between commas; or failed, for Table 1 with those clipped that failed."
        ),
    ] = "556,306,706,363",
    lm: Annotated[str, typer.Option(help="Language model.")] = "gpt2",
    method: Annotated[str, typer.Option(help="LinearDR or ForestDR.")] = "LinearDR",
    seeds: Annotated[int, typer.Option(min=1, help="Fits of each with other seeds.")] = 1,
    data: Data = None,
    results: Results = RESULTS,
    runs: Runs = RUNS,
    out: Annotated[Path | None, typer.Option(help="CSV file for the numbers.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
) -> None:
    """Show why a doubly robust learner fails on a few datasets, and what clipping changes.

    Prints the lowest propensity that its models give to a row's own treatment, and the error of
    the average effect in SD(y), for several lowest propensities; with several seeds how many of
    them fail, and the median and the largest error. The file has every fit.

    With --ids failed: Table 1's R2 and RMSE as recorded, and had the fits of the records that are
    off by more than 1 SD(y) clipped their propensities.
    """
    from benchmarks.paper.analysis.clipping import METHODS as known
    from benchmarks.paper.analysis.clipping import clipping as fit
    from benchmarks.paper.analysis.clipping import over_seeds, table_when_clipped

    if method not in known:
        raise InputError(f"--method: '{method}' is not one of {', '.join(known)}")
    if out is not None:
        new_file(out, (".csv",), force)
    if ids == "failed":
        if seeds != 1:
            raise InputError("--seeds: fits that failed are made again with the seed of the record")
        releases = read_releases(data, [lm])
        _, records, _ = read_records(results, runs)
        with working("fitting"):
            table = table_when_clipped(releases[lm], records, method)
        _show(table, table, out)
        return
    chosen = options.listed("ids", ids)
    if not all(each.isdigit() for each in chosen):
        raise InputError(
            f"--ids: '{ids}' is not whole numbers between commas, as 556,306; or failed"
        )
    # What is printed is about these datasets alone, so a part of the data will do.
    releases = read_releases(data, [lm], whole=False)
    numbers = list(dict.fromkeys(map(int, chosen)))
    there = releases[lm].ids.tolist()
    for number in numbers:
        if number not in there:
            raise InputError(
                f"--ids: there is no dataset {number} of {lm}; its {len(there)} ids go from "
                f"{there[0]} to {there[-1]}"
            )
    with working("fitting"):
        table = fit(releases[lm], numbers, method, seeds=seeds)
    _show(table if seeds == 1 else over_seeds(table), table, out)


def _show(shown: pd.DataFrame, table: pd.DataFrame, out: Path | None) -> None:
    """Print a table, and write the whole of it."""
    say_table(shown, left=2, form=".4g")
    if out is not None:
        table.to_csv(out, index=False, float_format="%.6g", lineterminator="\n")
        say(f"Written: {out}")


def seeds(
    method: Annotated[str, typer.Option(help="A method of Table 1 with chance.")] = "LinearDML",
    lm: Annotated[str, typer.Option(help="Language model.")] = "gpt2",
    setting: Annotated[Setting, typer.Option(help="Which covariates it sees.")] = "all",
    phrasings: Annotated[
        int, typer.Option(min=1, help="Phrasings whose datasets are fitted again, the worst first.")
    ] = 2,
    count: Annotated[int, typer.Option("--seeds", min=1, help="Fits of each dataset.")] = 5,
    data: Data = None,
    results: Results = RESULTS,
    runs: Runs = RUNS,
    out: Annotated[Path | None, typer.Option(help="CSV file for every fit.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
) -> None:
    """Show how much a number of Table 1 hangs on the seed of a method.

    Fits it again, with other seeds, to the datasets of the phrasings that make most of its RMSE,
    and prints the R2 and the RMSE as they would be; the other datasets keep their record.
    """
    from benchmarks.paper.analysis import seeds as again

    if method not in again.CHANCY:
        raise InputError(f"--method: '{method}' is not one of {', '.join(again.CHANCY)}")
    if out is not None:
        new_file(out, (".csv",), force)
    releases = read_releases(data, [lm])
    _, everything, _ = read_records(results, runs)
    records = again.of_number(everything, lm, setting, method)
    worst = again.worst_phrasings(records, phrasings)
    numbers = records.loc[records["variant"].isin(worst), "number"].tolist()
    with working(f"fitting {method} {len(numbers) * count} times"):
        refits = again.refit(releases[lm], numbers, setting, method, count)
    say(
        f"{method} on {lm}, setting {setting}. Fitted again: the datasets of phrasing "
        f"{' and '.join(map(str, sorted(worst)))} ({len(numbers)} of {len(records)})"
    )
    say_table(again.by_seed(records, refits), left=1)
    if out is not None:
        refits.to_csv(out, index=False, float_format="%.6g", lineterminator="\n")
        say(f"Written: {out}")


def defects(
    which: Annotated[
        str,
        typer.Argument(help=f"One of {', '.join(_DEFECTS)}; the last needs a language model."),
    ],
    data: Data = None,
    rows: Annotated[int, typer.Option(min=1, help="scoring: units of the spec.")] = 10,
    orders: Annotated[int, typer.Option(min=1, help="rounding: orders of the rows.")] = 3,
) -> None:
    """Show one defect of the reference, and what it does to the published numbers.

    redrawn: categories that differ under the observed treatment. swapped-r2: both R2 of one method.
    rounding: what gave LinearS its published numbers. scoring: distances between the definition
    and what the reference computes, with a fresh cache and with one that grows.
    """
    if which not in _DEFECTS:
        raise InputError(f"no defect is called '{which}'; choose among {', '.join(_DEFECTS)}")
    with working("computing"):
        table = _scoring_defects(rows) if which == "scoring" else _data_defects(which, data, orders)
    say_table(table, left=1)


def _data_defects(which: str, data: Path | None, orders: int) -> pd.DataFrame:
    import pandas as pd

    from benchmarks.paper.analysis.data_defects import redrawn, rounding, swapped
    from benchmarks.paper.data.loading import find

    releases = read_releases(data)
    if which == "redrawn":
        return pd.DataFrame([{"lm": lm, **redrawn(lm, find(data))} for lm in releases])
    if which == "swapped-r2":
        return pd.DataFrame([{"lm": lm, **swapped(each)} for lm, each in releases.items()])
    found = {lm: rounding(each, orders) for lm, each in releases.items()}
    return pd.concat(found, names=["lm", "order"]).reset_index()


def _scoring_defects(rows: int) -> pd.DataFrame:
    from benchmarks.paper.analysis.scoring_defects import compare
    from sdscm import load_lm, load_spec
    from sdscm.lm.backends.embedded import EMBEDDED
    from sdscm.lm.load import DEFAULT_LM

    lm = load_lm(DEFAULT_LM)
    return compare(load_spec("breast_cancer"), lm, str(EMBEDDED[DEFAULT_LM].folder()), rows)
