"""Options, input and output that the scripts of this folder share."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import r2_score

from benchmarks.cli.destination import new_file
from benchmarks.cli.output import say, warn
from benchmarks.cli.paper_data import read_records, read_releases, say_table
from benchmarks.datasets.paper.release import ROWS
from estimators import EstimatorError
from sdscm.errors import InputError

__all__ = ["read_records", "read_releases", "say", "say_table"]

_Main = Callable[[Sequence[str] | None], int]

#: Size of an error, in SD(y), from which an estimate is useless.
FAILED = 1.0


def parser(docstring: str | None, data: bool = True) -> ArgumentParser:
    """Make a parser that shows the docstring of a script, with the option that names the data."""
    made = ArgumentParser(description=docstring, formatter_class=RawDescriptionHelpFormatter)
    if data:
        made.add_argument(
            "--data",
            type=Path,
            help="clone of the authors' repository, or folder of the packed copy "
            "(default: $SDSCM_PAPER_DATA, or ../shared/paper next to the checkout)",
        )
    return made


def add_records(made: ArgumentParser) -> None:
    """Add the options that name the records."""
    made.add_argument("--results", type=Path, default=Path("results/paper"), help="packed records")
    made.add_argument("--runs", type=Path, default=Path("runs"), help="runs of the paper's suites")


def add_output(made: ArgumentParser, what: str) -> None:
    """Add the options that name a CSV file."""
    made.add_argument("--out", type=Path, help=f"CSV file for {what}")
    made.add_argument("--force", action="store_true", help="overwrite the file")


def check_output(options: Namespace) -> None:
    """Refuse a CSV file that cannot be written, before anything is computed."""
    if options.out is not None:
        new_file(options.out, (".csv",), options.force)


def write_output(table: pd.DataFrame, options: Namespace) -> None:
    """Write a table to the CSV file of `add_output`, if there is one."""
    if options.out is not None:
        table.to_csv(options.out, index=False, float_format="%.6g", lineterminator="\n")
        say(f"Written: {options.out}")


def script(main: _Main) -> _Main:
    """Decorate the main function of a script: bad input prints one line, and gives exit code 2."""

    @wraps(main)
    def run(arguments: Sequence[str] | None = None) -> int:
        try:
            return main(arguments)
        except (InputError, EstimatorError) as error:
            warn(f"error: {error}")
            return 2

    return run


def positive(text: str) -> int:
    """Parse a whole number above 0, as the type of an option."""
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def scored(records: pd.DataFrame) -> pd.DataFrame:
    """Select the cells of 1,000 rows that have a score."""
    return records[(records["status"] == "ok") & (records["rows"] == ROWS)]


def records_of_number(records: pd.DataFrame, lm: str, setting: str, method: str) -> pd.DataFrame:
    """Select the records that an R2 and an RMSE of Table 1 are made from.

    Returns
    -------
    A row for each dataset of 1,000 rows: ``number``, ``variant``, ``ate``, ``sate``, ``sd``.

    Raises
    ------
    InputError
        If there are none.
    """
    good = scored(records)
    which = (good["lm"] == lm) & (good["setting"] == setting) & (good["method"] == method)
    found = good.loc[which, ["number", "variant", "ate", "sate", "sd"]]
    if found["ate"].isna().all():
        raise InputError(
            f"no records of {method} on {lm}, setting {setting}; run first: "
            f'sdscm paper run --rows {ROWS} --methods "{method}"'
        )
    return found.reset_index(drop=True)


def numbers_of(ates: pd.Series, sates: pd.Series) -> dict[str, Any]:
    """``r2`` and ``rmse`` of average effects, by dataset, and the ``worst`` with its ``error``."""
    errors = (ates - sates).to_numpy()
    worst = int(np.argmax(np.abs(errors)))
    return {
        "r2": float(r2_score(sates, ates)),
        "rmse": float(np.sqrt((errors**2).mean())),
        "worst": int(ates.index[worst]),
        "error": float(errors[worst]),
    }
