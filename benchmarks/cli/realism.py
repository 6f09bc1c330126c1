"""``sdscm realism``: compare made data with a real table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmarks.cli import options
from benchmarks.cli.destination import writable_folder
from benchmarks.cli.output import report_page, write_page
from benchmarks.cli.progress import working
from sdscm.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

_STEM = "realism"


@options.examples(
    "sdscm realism made.csv real.csv",
    "sdscm realism made.csv real.csv --out comparison",
)
def realism(
    made: Annotated[
        Path,
        typer.Argument(
            metavar="UNITS", help="Made data: a file that sdscm generate wrote, or another table."
        ),
    ],
    real: Annotated[Path, typer.Argument(metavar="REAL", help="The real table: .csv or .parquet.")],
    out: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Write the page there, as Markdown and HTML."),
    ] = None,
    seed: options.Seed = 0,
) -> None:
    """Ask if a classifier tells made rows from real ones, and compare columns and pairs."""
    from sdscm.realism.comparison import compare
    from sdscm.realism.page import page

    if out is not None:
        writable_folder(out, "--out")
    with working("comparing the tables"):
        shown = page(compare(_columns(made), _table(real), seed), made.name, real.name)
    report_page(shown)
    if out is not None:
        write_page(shown, out, _STEM)


def _table(path: Path) -> pd.DataFrame:
    from benchmarks.datasets.user_tables import read_table

    if not path.is_file():
        raise InputError(f"{path}: no such file")
    return read_table(path)


def _columns(path: Path) -> pd.DataFrame:
    """The columns of units or of a table; of a dataset its covariates, as texts if it has them."""
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    if path.suffix == ".parquet":
        from benchmarks.cli.datasets import read_units
        from sdscm.data.dataset import CausalDataset
        from sdscm.data.parquet import is_dataset

        units = read_units(path)
        if units is not None:
            return units.labels
        if is_dataset(path):
            dataset = CausalDataset.read_parquet(path)
            return dataset.X if dataset.labels is None else dataset.labels
    return _table(path)
