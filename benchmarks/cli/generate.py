"""``sdscm generate``: make one dataset from a spec and a language model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from benchmarks.cli import options
from benchmarks.cli.describe import confounding_rows, fact_rows
from benchmarks.cli.destination import new_file
from benchmarks.cli.output import pairs, say
from benchmarks.cli.progress import bar
from sdscm.arguments import check_choice
from sdscm.errors import InputError
from sdscm.literals import SETTINGS, Coupling, NoiseCoupling, PostTreatment, Setting
from sdscm.number_format import counted

if TYPE_CHECKING:
    from sdscm.lm.counting import CountingLM

_SUFFIXES = (".parquet", ".csv")


@options.examples(
    "sdscm generate breast_cancer --units 500 --temperature 3 --out data.parquet",
    "sdscm generate training --units 500 --settings instrument,text --strength 2",
    "sdscm generate hiring --units 1000 --dry-run",
    "sdscm generate marathon_confounder --units 200 --do weather=rainy --out rainy.csv",
)
def generate(
    context: typer.Context,
    spec: options.Spec,
    lm: options.LM = options.DEFAULT_LM,
    units: options.Units = 500,
    seed: options.Seed = 0,
    phrasing: Annotated[int, typer.Option(min=0, help="Number of the one phrasing to use.")] = 0,
    temperature: options.Temperature = 1.0,
    scoring: options.Scoring = "definition",
    coupling: Annotated[
        Coupling,
        typer.Option(help="Counterfactuals with the unit's own noise, or with fresh noise."),
    ] = "gumbel",
    treatment: options.Treatment = None,
    outcome: options.OutcomeVariable = None,
    measure: options.Measure = "log-probability",
    overlap: options.Overlap = 0.0,
    confounding: options.Confounding = 1.0,
    effect: options.Effect = 1.0,
    strength: Annotated[
        float, typer.Option(min=0, help="Dial: multiplies the effect of the instrument.")
    ] = 1.0,
    defiers: Annotated[
        float, typer.Option(min=0, max=1, help="Dial: share of units that defy the instrument.")
    ] = 0.0,
    settings: Annotated[
        str | None,
        typer.Option(
            metavar="NAME,...",
            help="Settings that the file can be shown in: instrument, text, proxies, ...",
            show_default="all,hidden",
        ),
    ] = None,
    hide: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Number of exogenous variables that the setting 'hidden' removes.",
            show_default="all",
        ),
    ] = None,
    post_treatment: Annotated[
        PostTreatment,
        typer.Option(help="Hide descendants of the treatment, or show them as covariates."),
    ] = "hide",
    noise: Annotated[
        float,
        typer.Option(
            min=0, help="SD of Gaussian noise added to both potential outcomes, in units of SD(y)."
        ),
    ] = 0.0,
    noise_coupling: Annotated[
        NoiseCoupling,
        typer.Option(help="Both outcomes of a unit share the noise, or have independent noise."),
    ] = "shared",
    outcome_value: Annotated[str | None, options.OUTCOME_VALUE] = None,
    contrast: Annotated[str | None, options.CONTRAST] = None,
    score: options.Scores = None,
    cate_contexts: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Maximum number of contexts of a variable to score for the true CATE; 0 skips it.",
            show_default="10 for each unit, 500 to 5,000",
        ),
    ] = None,
    cate_draws: Annotated[
        int,
        typer.Option(
            min=0,
            help="Number of draws for a CATE that cannot be enumerated; 0 skips it, 200 is "
            "accurate.",
        ),
    ] = 0,
    hidden_confounding: Annotated[
        bool,
        typer.Option(
            "--hidden-confounding",
            help="Enumerate the true strength of hidden confounding: Gamma and partial R².",
        ),
    ] = False,
    device: options.Device = "cpu",
    precision: options.Precision = "float32",
    memory: options.Memory = None,
    lm_option: options.LMOptions = None,
    cluster: options.Cluster = None,
    do: Annotated[
        list[str] | None,
        typer.Option(
            metavar="VARIABLE=VALUE",
            help="Write units under this intervention (labels and codes), without effects; "
            "repeatable.",
        ),
    ] = None,
    out: Annotated[
        Path,
        typer.Option(help="Output file: .parquet includes the provenance, .csv only the rows."),
    ] = Path("data.parquet"),
    force: options.Force = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="Only say how much the language model would score; asks no model."
        ),
    ] = False,
) -> None:
    """Make one dataset whose individual effects are known."""
    from benchmarks.cli.datasets import write_dataset, write_units
    from sdscm import SDSCM, load_lm, load_spec
    from sdscm.audit.target import retarget
    from sdscm.data.diagnostics import facts, mechanism_facts
    from sdscm.data.settings import SETTING_INFOS
    from sdscm.lm.counting import CountingLM

    loaded = retarget(load_spec(spec), treatment, outcome)
    targets = options.settings("--do", do, "VARIABLE=VALUE, such as --do weather=rainy")
    scores = options.scores(score)
    arms = None if contrast is None else options.contrast(loaded, contrast)
    if targets:
        _refuse_with_do(
            {
                "--outcome": outcome is not None,
                "--measure": measure != "log-probability",
                "--outcome-value": outcome_value is not None,
                "--score": score is not None,
                "--contrast": contrast is not None,
                "--hide": hide is not None,
                "--post-treatment": post_treatment != "hide",
                "--noise": noise > 0,
                "--cate-contexts": cate_contexts is not None,
                "--cate-draws": cate_draws > 0,
                "--hidden-confounding": hidden_confounding,
                "--settings": settings is not None,
            }
        )
    names = SETTINGS if settings is None else options.listed("settings", settings)
    for name in names:
        check_choice("setting", name, SETTING_INFOS)
    path = new_file(out, _SUFFIXES, force or dry_run)
    counting = CountingLM(lm)
    load = load_lm if cluster is None else options.models_on(context, cluster).load
    model = SDSCM(
        loaded,
        counting
        if dry_run
        else load(
            lm,
            device=device,
            precision=precision,
            memory=options.gibibytes(memory),
            options=options.lm_options(lm_option),
        ),
        phrasing=phrasing,
        temperature=temperature,
        scoring=scoring,
        coupling=coupling,
        overlap=overlap,
        confounding=confounding,
        effect=effect,
        strength=strength,
        defiers=defiers,
    )
    title = f"{units:,} rows of {loaded.name} from {model.lm.id}, phrasing {phrasing}, seed {seed}"
    with bar("rows", units) as done:
        if targets:
            sample = model.sample(units, seed, do=targets, progress=lambda rows, _: done(rows))
            if dry_run:
                say(_counts(counting))
                return
            write_units(sample, model, seed, path)
            say(f"{path}: {title}, do({', '.join(f'{k} = {v}' for k, v in targets.items())})")
            return
        dataset = model.dataset(
            units,
            seed,
            outcome=measure,
            outcome_value=outcome_value,
            scores=scores,
            contrast=arms,
            hide=hide,
            post_treatment=post_treatment,
            noise=noise,
            noise_coupling=noise_coupling,
            cate_contexts=cate_contexts,
            cate_draws=cate_draws,
            hidden_confounding=hidden_confounding,
            settings=cast(Sequence[Setting], names),
            progress=lambda rows, _: done(rows),
        )
    if dry_run:
        say(_counts(counting))
        return
    write_dataset(dataset, path)
    say(f"{path}: {title}")
    pairs([*fact_rows(facts(dataset)), *confounding_rows(dataset)])
    # A few units are enough, and their scores are in memory.
    for each in mechanism_facts(model, model.sample(min(units, 100), seed)):
        for problem in each.problems:
            say(f"warning: {each.name}: {problem}; see: sdscm inspect")


def _refuse_with_do(given: dict[str, bool]) -> None:
    """Raise an InputError for options on effects with ``--do``, which writes no effects."""
    for option, is_given in given.items():
        if is_given:
            raise InputError(
                f"{option}: --do writes units without effects; leave out one of the two"
            )


def _counts(counting: CountingLM) -> str:
    return (
        f"{counting.id} would score about {counted(counting.choices, 'context')} with "
        f"{counted(counting.texts, 'text')}, {counted(counting.tokens, 'token')} in all; "
        "what is in the cache is not scored again"
    )
