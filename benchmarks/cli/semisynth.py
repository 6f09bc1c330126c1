"""``sdscm semisynth``: make datasets with known effects from a table without."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmarks.cli import options
from benchmarks.cli.describe import fact_rows
from benchmarks.cli.destination import new_file
from benchmarks.cli.output import pairs, say, written
from benchmarks.cli.progress import bar, working
from sdscm.literals import Learner, NoiseCoupling, TableRows


@options.examples(
    "sdscm semisynth data.csv --treatment drug --outcome recovery",
    "sdscm semisynth data.csv --treatment drug --outcome recovery --exogenous smoker "
    "--confounding 2 --replicates 5 --out harder",
)
def semisynth(
    table: options.TableFile,
    treatment: options.TreatmentColumn,
    outcome: options.OutcomeColumn,
    treated: options.Treated = None,
    covariates: options.Covariates = None,
    categorical: options.Categorical = None,
    exogenous: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN,...",
            help="Covariates that the setting 'hidden' removes.",
            show_default="none",
        ),
    ] = None,
    learner: Annotated[
        Learner,
        typer.Option(help="Models to fit; auto takes those that predict better out of fold."),
    ] = "auto",
    units: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Rows of a dataset.", show_default="all"),
    ] = None,
    bootstrap: Annotated[
        bool, typer.Option("--bootstrap", help="Draw the rows with replacement.")
    ] = False,
    replicates: Annotated[int, typer.Option(min=1, help="Number of datasets.")] = 1,
    seed: Annotated[
        int, typer.Option(min=0, help="Seed of the first dataset; the others count on.")
    ] = 0,
    overlap: options.Overlap = 0.0,
    confounding: options.Confounding = 1.0,
    effect: options.Effect = 1.0,
    noise: Annotated[
        float | None,
        typer.Option(
            min=0,
            help="SD of the noise of both potential outcomes, in units of SD(y) without it.",
            show_default="that of the model's residuals",
        ),
    ] = None,
    noise_coupling: Annotated[
        NoiseCoupling,
        typer.Option(help="Both outcomes of a row share the noise, or have independent noise."),
    ] = "shared",
    out: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Folder of the datasets, in Parquet.")
    ] = Path("semisynth"),
    force: options.Force = False,
) -> None:
    """Keep the covariates of a table, and draw treatments and outcomes from models fitted to it."""
    from benchmarks.datasets.observed import read_observed
    from sdscm.data.diagnostics import facts
    from sdscm.data.semisynth import check_draw, check_models, fit_models, fitted_warning
    from sdscm.sampling.dials import Dials

    rows: TableRows = "bootstrap" if bootstrap else "keep"
    dials = Dials(overlap=overlap, confounding=confounding, effect=effect)
    paths = [
        new_file(out / f"{table.stem}-{number}.parquet", (".parquet",), force)
        for number in range(seed, seed + replicates)
    ]
    observed = read_observed(
        table,
        treatment,
        outcome,
        None if covariates is None else options.listed("covariates", covariates),
        [] if categorical is None else options.listed("categorical", categorical),
        treated,
        [] if exogenous is None else options.listed("exogenous", exogenous),
    )
    check_models(observed)
    check_draw(observed, units, rows, noise)
    with working("fitting the models"):
        models = fit_models(observed, learner)
    datasets = []
    with bar("datasets", replicates) as done:
        for number in range(replicates):
            datasets.append(
                models.dataset(
                    seed + number,
                    n=units,
                    rows=rows,
                    dials=dials,
                    noise=noise,
                    noise_coupling=noise_coupling,
                )
            )
            done(number + 1)
    for path, dataset in zip(paths, datasets, strict=True):
        dataset.to_parquet(path)
    first = f" of {paths[0].name}" if replicates > 1 else ""
    say(f"Models of {table.name}, out of fold, and facts{first}:")
    pairs(
        [
            ("model of the treatment", str(models.treatment)),
            ("model of the outcome", str(models.outcome)),
            *fact_rows(facts(datasets[0])),
        ]
    )
    say(f"Beware: {fitted_warning(models.description)}.")
    written(paths)
