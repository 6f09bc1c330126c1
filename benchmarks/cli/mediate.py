"""``sdscm mediate``: estimate natural direct and indirect effects of scenarios."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmarks.cli import options
from benchmarks.cli.destination import writable_folder
from benchmarks.cli.output import report_page, write_page
from benchmarks.cli.progress import run_progress

_STEM = "mediation"


@options.examples(
    "sdscm mediate loan checkout --temperature 2.5 --out mediation",
    "sdscm mediate checkout --methods 'Multiply robust,DoWhy two-stage' --settings all",
)
def mediate(
    scenarios: Annotated[
        list[str],
        typer.Argument(
            metavar="SCENARIO...",
            help="Names of shipped scenarios, or spec files, with a variable of role mediator.",
        ),
    ],
    lm: options.LM = options.DEFAULT_LM,
    units: options.Units = 500,
    phrasings: Annotated[
        int, typer.Option(min=1, help="Number of phrasings of each scenario: a table for each.")
    ] = 6,
    methods: Annotated[
        str | None, typer.Option(metavar="NAME,...", help="Methods.", show_default="all")
    ] = None,
    settings: Annotated[
        str, typer.Option(metavar="NAME,...", help="all, hidden (without the exogenous), or both.")
    ] = "all,hidden",
    measure: options.Measure = "log-probability",
    seed: options.Seed = 0,
    temperature: options.Temperature = 1.0,
    max_contexts: Annotated[
        int,
        typer.Option(
            min=1, help="Mechanisms with more contexts are not enumerated: no truth is known."
        ),
    ] = 1000,
    time_limit: Annotated[
        float, typer.Option(metavar="SECONDS", help="Time limit of a method on a table.")
    ] = 600.0,
    workers: options.Workers = 1,
    plugin: options.Plugins = None,
    device: options.Device = "cpu",
    precision: options.Precision = "float32",
    memory: options.Memory = None,
    lm_option: options.LMOptions = None,
    runs: Annotated[Path, typer.Option(help="Folder of the records; finished cells are kept.")] = (
        options.RUNS / _STEM
    ),
    out: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Write the board there: Markdown, HTML, CSV, JSON."),
    ] = None,
) -> None:
    """Estimate natural direct and indirect effects, and score the methods against the truth."""
    from benchmarks.mediation.board import files, page
    from benchmarks.mediation.experiment import run

    if out is not None:
        writable_folder(out, "--out")
    options.load_plugins(plugin)
    model = options.language_model(lm, device, precision, memory, lm_option)
    with run_progress(brief=True) as progress:
        result = run(
            scenarios,
            model,
            n=units,
            phrasings=phrasings,
            seed=seed,
            methods=None if methods is None else options.listed("methods", methods),
            settings=options.listed("settings", settings),  # type: ignore[arg-type]  # it checks
            measure=measure,
            temperature=temperature,
            max_contexts=max_contexts,
            time_limit=time_limit,
            workers=workers,
            plugins=plugin or (),
            runs_dir=runs,
            progress=progress,
        )
    report_page(page(result, brief=True))
    if out is not None:
        write_page(page(result), out, _STEM, files(result))
