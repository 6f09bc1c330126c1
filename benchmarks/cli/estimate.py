"""``sdscm estimate``: estimate the effect in a table without a known truth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmarks.cli import options
from benchmarks.cli.destination import writable_folder
from benchmarks.cli.output import report_page, write_page
from benchmarks.cli.progress import run_progress

_STEM = "estimate"
_DPI = 110


@options.examples(
    "sdscm estimate data.csv --treatment drug --outcome recovery",
    "sdscm estimate data.csv --treatment drug --outcome recovery --estimators LinReg,AIPW "
    "--hide age --out report",
    "sdscm estimate trial.csv --treatment taken --outcome recovery --instrument assigned",
)
def estimate(
    table: options.TableFile,
    treatment: options.TreatmentColumn,
    outcome: options.OutcomeColumn,
    treated: options.Treated = None,
    covariates: options.Covariates = None,
    categorical: options.Categorical = None,
    instrument: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="Instrument: a column of two numbers."),
    ] = None,
    estimators: Annotated[
        str | None,
        typer.Option(
            metavar="NAME,...",
            help="Methods; see: sdscm estimators.",
            show_default="eight cheap ones with intervals, and four with the instrument",
        ),
    ] = None,
    hide: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN", help="Estimate again without this covariate, too; repeatable."
        ),
    ] = None,
    refute: Annotated[
        bool,
        typer.Option("--refute", help="Run DoWhy's refuters; each method is fitted 90 times."),
    ] = False,
    plugin: options.Plugins = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Write a page there, as Markdown and HTML."),
    ] = None,
) -> None:
    """Estimate an effect in your data by several methods, and show what the estimates rest on."""
    if out is not None:
        from sdscm.report_page import require_libraries

        require_libraries()
        writable_folder(out, "--out")
    from benchmarks.datasets.observed import read_observed
    from benchmarks.estimate.analysis import analyse
    from benchmarks.estimate.effects import DEFAULT_METHODS, INSTRUMENTAL_METHODS
    from benchmarks.estimate.page import Question, effect_label, page

    options.load_plugins(plugin)
    observed = read_observed(
        table,
        treatment,
        outcome,
        None if covariates is None else options.listed("covariates", covariates),
        [] if categorical is None else options.listed("categorical", categorical),
        treated,
        instrument=instrument,
    )
    usual = DEFAULT_METHODS + INSTRUMENTAL_METHODS * (instrument is not None)
    with run_progress(brief=True) as progress:
        found = analyse(
            observed,
            usual if estimators is None else options.listed("estimators", estimators),
            hide=list(dict.fromkeys(hide or ())),
            refute=refute,
            progress=progress,
        )
    asked = Question(table.name, treatment, outcome)
    report_page(page(found, asked))
    if out is not None:
        from benchmarks.estimate.figures import drawings
        from sdscm.report_page import exported

        drawn = drawings(found, effect_label(found, asked))
        pictures = tuple(exported(each, kinds=("png",), dpi=_DPI) for each in drawn)
        write_page(page(found, asked, pictures), out, _STEM)
