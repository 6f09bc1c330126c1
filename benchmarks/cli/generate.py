"""``sdscm generate``: one dataset from a spec and a language model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmarks.cli import options
from benchmarks.cli.describe import fact_rows
from benchmarks.cli.destination import new_file
from benchmarks.cli.output import pairs, say
from benchmarks.cli.progress import rows_bar
from sdscm.errors import InputError
from sdscm.literals import Coupling

_SUFFIXES = (".parquet", ".csv")


def add_to(app: typer.Typer) -> None:
    app.command(
        epilog=options.examples(
            "sdscm generate breast_cancer -n 500 --temperature 3 --out data.parquet",
            "sdscm generate marathon_confounder -n 200 --do weather=rainy --out rainy.csv",
        )
    )(generate)


def generate(
    spec: options.Spec,
    lm: options.LM = options.DEFAULT_LM,
    n: Annotated[int, typer.Option("-n", min=1, help="Number of units.")] = 500,
    seed: options.Seed = 0,
    phrasing: Annotated[int, typer.Option(min=0, help="Number of the phrasing.")] = 0,
    temperature: options.Temperature = 1.0,
    scoring: options.Scoring = "definition",
    coupling: Annotated[
        Coupling,
        typer.Option(help="Counterfactuals with the unit's own noise, or with fresh noise."),
    ] = "gumbel",
    outcome: options.Outcome = "log-probability",
    overlap: options.Overlap = 0.0,
    confounding: options.Confounding = 1.0,
    effect: options.Effect = 1.0,
    hide: Annotated[
        int | None,
        typer.Option(min=0, help="How many exogenous variables 'hidden' removes; default all."),
    ] = None,
    outcome_value: Annotated[
        str | None, typer.Option(help="The outcome's value in question; default the spec's.")
    ] = None,
    contrast: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="CONTROL TREATED", help="Two values of the treatment."),
    ] = None,
    score: options.Scores = None,
    cate_contexts: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Most contexts of a variable that are scored to know the true CATE; 0 for none; "
            "default 10 for each unit, 500 to 5,000.",
        ),
    ] = None,
    cate_draws: Annotated[
        int,
        typer.Option(
            min=0,
            help="Draws for the CATE where it cannot be enumerated; 0 for none, 200 for good.",
        ),
    ] = 0,
    device: options.Device = "cpu",
    precision: options.Precision = "float32",
    memory: options.Memory = None,
    do: Annotated[
        list[str] | None,
        typer.Option(
            metavar="VARIABLE=VALUE",
            help="Write units of this intervention, labels and codes, and no effects; repeatable.",
        ),
    ] = None,
    out: Annotated[
        Path,
        typer.Option(
            help="File to write: .parquet holds where the data come from, .csv the rows alone."
        ),
    ] = Path("data.parquet"),
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
) -> None:
    """Make one dataset whose individual effects are known."""
    from benchmarks.cli.datasets import write_dataset, write_units
    from sdscm import SDSCM, load_lm, load_spec
    from sdscm.data.diagnostics import facts, mechanism_facts

    loaded = load_spec(spec)
    targets = options.settings("--do", do, "VARIABLE=VALUE, such as --do weather=rainy")
    scores = options.scores(score)
    if targets:
        _refuse_with_do(
            {
                "--outcome": outcome != "log-probability",
                "--outcome-value": outcome_value is not None,
                "--score": score is not None,
                "--contrast": contrast is not None,
                "--hide": hide is not None,
                "--cate-contexts": cate_contexts is not None,
                "--cate-draws": cate_draws > 0,
            }
        )
    path = new_file(out, _SUFFIXES, force)
    model = SDSCM(
        loaded,
        load_lm(lm, device=device, precision=precision, memory=options.gibibytes(memory)),
        phrasing=phrasing,
        temperature=temperature,
        scoring=scoring,
        coupling=coupling,
        overlap=overlap,
        confounding=confounding,
        effect=effect,
    )
    told = f"{n:,} rows of {loaded.name} from {model.lm.id}, phrasing {phrasing}, seed {seed}"
    if targets:
        with rows_bar(n) as done:
            units = model.sample(n, seed, do=targets, progress=lambda rows, _: done(rows))
        write_units(units, model, seed, path)
        say(f"{path}: {told}, do({', '.join(f'{k} = {v}' for k, v in targets.items())})")
        return
    with rows_bar(n) as done:
        dataset = model.dataset(
            n,
            seed,
            outcome=outcome,
            outcome_value=outcome_value,
            scores=scores,
            contrast=contrast,
            hide=hide,
            cate_contexts=cate_contexts,
            cate_draws=cate_draws,
            progress=lambda rows, _: done(rows),
        )
    write_dataset(dataset, path)
    say(f"{path}: {told}")
    pairs(fact_rows(facts(dataset)))
    # A few units are enough to see it, and their scores are known now.
    for each in mechanism_facts(model, model.sample(min(n, 100), seed)):
        for problem in each.problems:
            say(f"warning: {each.name}: {problem}; see: sdscm inspect")


def _refuse_with_do(given: dict[str, bool]) -> None:
    """An InputError if an option is given that says what effects are; with --do there are none."""
    for option, there in given.items():
        if there:
            raise InputError(
                f"{option}: --do writes units without effects; leave out one of the two"
            )
