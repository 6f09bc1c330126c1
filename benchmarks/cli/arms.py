"""``sdscm arms``: effects of a treatment with several arms."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmarks.cli import options
from benchmarks.cli.destination import writable_folder
from benchmarks.cli.output import report_page, write_page
from benchmarks.cli.progress import run_progress

_STEM = "arms"


@options.examples(
    "sdscm arms commute --phrasings 6 --out arms",
    "sdscm arms commute housing --methods 'LinearDML,ForestT,RF (pairwise),Zero' --settings hidden",
)
def arms(
    scenarios: Annotated[
        list[str],
        typer.Argument(
            metavar="SCENARIO...",
            help="Names of shipped scenarios, or spec files, whose treatment has three values or "
            "more.",
        ),
    ],
    lm: options.LM = options.DEFAULT_LM,
    units: options.Units = 1000,
    phrasings: Annotated[
        int, typer.Option(min=1, help="Number of phrasings of each scenario: a dataset for each.")
    ] = 6,
    methods: Annotated[
        str | None,
        typer.Option(
            metavar="NAME,...",
            help="Estimators of several arms, and 'NAME (pairwise)' of others.",
            show_default="a selection",
        ),
    ] = None,
    settings: Annotated[
        str, typer.Option(metavar="NAME,...", help="Settings: all, hidden, or both.")
    ] = "all,hidden",
    reference: Annotated[
        str | None,
        typer.Option(
            metavar="VALUE", help="Value of the treatment to compare with.", show_default="first"
        ),
    ] = None,
    seed: options.Seed = 0,
    temperature: options.Temperature = 1.0,
    time_limit: Annotated[
        float, typer.Option(metavar="SECONDS", help="Time limit of a method on a dataset.")
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
    """Estimate the effect of each arm of a treatment, and score the methods against the truth."""
    from benchmarks.arms.board import files, page
    from benchmarks.arms.experiment import run

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
            settings=options.listed("settings", settings),  # type: ignore[arg-type]
            reference=reference,
            temperature=temperature,
            time_limit=time_limit,
            workers=workers,
            plugins=plugin or (),
            runs_dir=runs,
            progress=progress,
        )
    report_page(page(result, brief=True))
    if out is not None:
        write_page(page(result), out, _STEM, files(result))
