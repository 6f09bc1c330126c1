"""``sdscm audit``: measure the causal effects that language models encode."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from benchmarks.cli import audit_options, options
from benchmarks.cli.destination import writable_folder
from benchmarks.cli.output import heading, report_table, say, warn, written
from benchmarks.cli.progress import bar, working
from sdscm.errors import InputError
from sdscm.literals import AuditMethod, MeasureKind

if TYPE_CHECKING:
    from sdscm.audit import AuditResult, Finding
    from sdscm.lm import LanguageModel

ABOVE = 3
_FAILED = 1


@options.examples(
    "sdscm audit hiring --out hiring-audit",
    "sdscm audit hiring --lm smollm2-135m --lm gpt2 --smallest-effect 0.01",
    "sdscm audit breast_cancer --phrasings 10 --units 200 --fail-above 0.2",
)
def audit(
    context: typer.Context,
    spec: options.Spec,
    lm: Annotated[
        list[str] | None,
        typer.Option(
            "--lm",
            show_default=options.DEFAULT_LM,
            help=f"{options.LM_HELP}; repeatable, to compare several. NAME=MODEL gives it another "
            "name in the report.",
        ),
    ] = None,
    treatment: options.Treatment = None,
    outcome: options.OutcomeVariable = None,
    contrast: Annotated[list[str] | None, options.CONTRAST] = None,
    group: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE|VALUE",
            help="Group of values of the treatment, for --contrast; repeatable.",
        ),
    ] = None,
    measure: Annotated[
        list[str] | None,
        typer.Option(
            metavar=f"<{'|'.join(get_args(MeasureKind))}>",
            help="Scale of the outcome; repeatable.",
            show_default="probability",
        ),
    ] = None,
    outcome_value: Annotated[list[str] | None, options.OUTCOME_VALUE] = None,
    score: options.Scores = None,
    mediator: Annotated[
        list[str] | None,
        typer.Option(
            metavar="VARIABLE",
            help="Mediator of the direct and indirect effects; repeatable.",
            show_default="all",
        ),
    ] = None,
    hold: Annotated[
        list[str] | None,
        typer.Option(
            metavar="VARIABLE=VALUE[|VARIABLE=VALUE]",
            help="Mediator to hold fixed for a controlled direct effect, or several; repeatable.",
            show_default="each value of each",
        ),
    ] = None,
    subgroup: Annotated[
        list[str] | None,
        typer.Option(
            metavar="VARIABLE",
            help="Variable whose values define subgroups to compare; repeatable.",
        ),
    ] = None,
    phrasings: options.Phrasings = "30",
    smallest_effect: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[MEASURE=]NUMBER",
            help="Smallest effect that matters; adds a test that the effect is smaller.",
        ),
    ] = None,
    level: Annotated[float, typer.Option(help="Level of the intervals.")] = 0.95,
    method: Annotated[
        AuditMethod,
        typer.Option(
            help="Computation: by enumeration (exact), by sampling, or by enumeration where it is "
            "possible (auto)."
        ),
    ] = "auto",
    units: options.Units = 1000,
    panel: Annotated[
        int,
        typer.Option(help="Number of units that every phrasing reads, for the variance; or 0."),
    ] = 100,
    max_contexts: Annotated[
        int, typer.Option(min=1, help="Maximum number of contexts of a variable to enumerate.")
    ] = 2000,
    resamples: Annotated[int, typer.Option(help="Number of bootstrap resamples.")] = 10_000,
    placebo: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SENTENCE",
            help="Sentence that should not matter, with two values in braces, 'It is a "
            "{Monday|Friday}.'; repeatable, for other wordings.",
            show_default="a weekday",
        ),
    ] = None,
    no_controls: Annotated[
        bool, typer.Option("--no-controls", help="Skip the placebo, shuffled and planted controls.")
    ] = False,
    seed: options.Seed = 0,
    temperature: options.Temperature = 1.0,
    scoring: options.Scoring = "definition",
    device: options.Device = "cpu",
    precision: options.Precision = "float32",
    memory: options.Memory = None,
    lm_option: options.LMOptions = None,
    cluster: options.Cluster = None,
    fail_above: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[MEASURE=]NUMBER",
            help=f"Exit with {ABOVE} if the size of a total effect is larger than this.",
        ),
    ] = None,
    author: Annotated[
        str, typer.Option(metavar="NAME", help="Author of the audit, for the report.")
    ] = "",
    purpose: Annotated[
        str, typer.Option(metavar="TEXT", help="Purpose of the audit, for the report.")
    ] = "",
    date: Annotated[
        str,
        typer.Option(
            metavar="DATE", help="Date of the audit, for the report.", show_default="today"
        ),
    ] = "",
    out: Annotated[
        Path,
        typer.Option(
            metavar="FOLDER", help="Folder for audit.html, audit.md, audit.json and figures/."
        ),
    ] = Path("audit"),
    force: options.Force = False,
    no_html: Annotated[
        bool, typer.Option("--no-html", help="Write Markdown and JSON only, without figures.")
    ] = False,
) -> None:
    """Measure the effects that language models encode, over many phrasings, and write a report.

    The effects are those of a model under the spec's DAG and these phrasings; they are not a claim
    about the world.
    """
    from sdscm.audit import audit as run_audit
    from sdscm.audit.controls.placebo import WEEKDAY, placebo_of
    from sdscm.audit.report import write_report
    from sdscm.audit.target import retarget
    from sdscm.lm import load_lm
    from sdscm.report_page import require_libraries
    from sdscm.spec import load_spec

    if not no_html:
        require_libraries()
    folder = _new_report(out, force)
    aim = audit_options.with_groups(retarget(load_spec(spec), treatment, outcome), group or [])
    measures = audit_options.measures(
        aim, measure or ["probability"], outcome_value or [], score or []
    )
    limits = audit_options.numbers("--fail-above", fail_above or [], measures)
    smallest = audit_options.numbers("--smallest-effect", smallest_effect or [], measures)
    if placebo and no_controls:
        raise InputError("--placebo: --no-controls leaves it out; give one of the two")

    find = load_lm if cluster is None else options.models_on(context, cluster).load

    def load(name: str) -> LanguageModel:
        return find(
            name,
            device=device,
            precision=precision,
            memory=options.gibibytes(memory),
            options=options.lm_options(lm_option),
        )

    with bar("phrasings read", None) as progress:
        result = run_audit(
            aim,
            audit_options.models(lm or [options.DEFAULT_LM]),
            contrasts=[options.contrast(aim, each) for each in contrast or ()] or None,
            measures=measures,
            mediators=mediator,
            held=[audit_options.held(each) for each in hold or ()] or None,
            subgroups=subgroup or (),
            phrasings=options.phrasing_count(phrasings),
            smallest=smallest or None,
            level=level,
            method=method,
            units=units,
            panel=panel,
            seed=seed,
            temperature=temperature,
            scoring=scoring,
            max_contexts=max_contexts,
            resamples=resamples,
            controls=not no_controls,
            placebo=placebo_of(*placebo) if placebo else WEEKDAY,
            progress=progress,
            load=load,
            about={
                "Date": date or f"{datetime.date.today():%Y-%m-%d}",
                "Author": author or "not stated",
                "Purpose": purpose or "not stated",
            },
        )
    with working("writing the report"):
        files = write_report(result, folder, figures=not no_html)
    _show(result)
    written(files, after=[""])
    _end(result, limits)


def _show(result: AuditResult) -> None:
    """Print the warnings and verdicts of the report, and its tables of models and controls."""
    from sdscm.audit.report.page import page
    from sdscm.report_page import Section

    shown = page(result)
    say(shown.lead)
    if shown.warnings:
        heading("Warnings")
        say(*(f"  {each}" for each in shown.warnings))
    for part in shown.parts:
        if isinstance(part, Section) and part.name in ("verdicts", "models", "controls"):
            heading(part.title)
            if part.lines:
                say(*(f"  {each}" for each in part.lines), "")
            for each in part.tables:
                if each.caption != part.title:
                    say(each.caption)
                report_table(each)


def _end(result: AuditResult, limits: Mapping[str, float]) -> None:
    """Exit with 3 for an effect above its limit, with 1 for a model without results."""
    above = [each for each in result.of("total") if _is_above(each, limits)]
    for each in above:
        warn(
            f"above {limits[each.measure.kind]:g}: {each.model}, {each.control} -> {each.treated}, "
            f"{each.measure.label}: {each.mean:+.4f}"
        )
    missing = [each for each in result.models if each.error]
    for model in missing:
        warn(f"error: {model.id} is not reported on: {model.error}")
    if above or missing:
        raise typer.Exit(ABOVE if above else _FAILED)


def _is_above(found: Finding, limits: Mapping[str, float]) -> bool:
    limit = limits.get(found.measure.kind)
    # An effect that is NaN is above every limit.
    return limit is not None and not abs(found.mean) <= limit


def _new_report(folder: Path, force: bool) -> Path:
    if (folder / "audit.json").exists() and not force:
        raise InputError(f"--out {folder}: holds a report already; give another folder, or --force")
    return writable_folder(folder, "--out")
