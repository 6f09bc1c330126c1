"""``sdscm audit``: the causal effects that language models encode, with their uncertainty."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from benchmarks.cli import audit_options, options
from benchmarks.cli.destination import writable_folder
from benchmarks.cli.output import bystander, heading, say, table
from benchmarks.cli.progress import LogProgress, in_terminal
from sdscm.errors import InputError

if TYPE_CHECKING:
    from sdscm.audit import AuditResult, Finding
    from sdscm.audit.plan import Method
    from sdscm.audit.report.view import Table
    from sdscm.lm import LanguageModel

ABOVE = 3
_FAILED = 1


def add_to(app: typer.Typer) -> None:
    app.command(
        epilog=options.examples(
            "sdscm audit hiring --out hiring-audit",
            "sdscm audit hiring --lm smollm2-135m --lm gpt2 --smallest-effect 0.01",
            "sdscm audit breast_cancer --phrasings 10 --units 200 --fail-above 0.2",
        )
    )(audit)


def audit(
    spec: options.Spec,
    lm: Annotated[
        list[str] | None,
        typer.Option(
            "--lm",
            show_default=options.DEFAULT_LM,
            help="Language model: an embedded one, a Hugging Face id, or the path of a folder; "
            "repeat it to compare several.",
        ),
    ] = None,
    treatment: Annotated[
        str | None, typer.Option(metavar="VARIABLE", help="The cause; default the spec's.")
    ] = None,
    outcome: Annotated[
        str | None, typer.Option(metavar="VARIABLE", help="The effect; default the spec's.")
    ] = None,
    contrast: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CONTROL,TREATED",
            help="Two values of the treatment, or two of its groups of values; repeatable. Default "
            "its first two groups, or values.",
        ),
    ] = None,
    group: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE|VALUE",
            help="Values of the treatment that a contrast may take together; repeatable.",
        ),
    ] = None,
    measure: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KIND",
            show_default="probability",
            help="Scale of the effect: probability, log-odds, log-probability, expected-score or "
            "category; repeatable.",
        ),
    ] = None,
    outcome_value: Annotated[
        list[str] | None,
        typer.Option(
            metavar="VALUE", help="The outcome's value in question; repeatable. Default the spec's."
        ),
    ] = None,
    score: Annotated[
        list[str] | None,
        typer.Option(
            metavar="VALUE=NUMBER",
            help="Number of an outcome value, for expected-score and category; one for each value.",
        ),
    ] = None,
    mediator: Annotated[
        list[str] | None,
        typer.Option(
            metavar="VARIABLE",
            help="Mediator of the direct and indirect effects; repeatable. Default all.",
        ),
    ] = None,
    hold: Annotated[
        list[str] | None,
        typer.Option(
            metavar="VARIABLE=VALUE[|VARIABLE=VALUE]",
            help="Hold a mediator, or several together, for a controlled direct effect; "
            "repeatable. Default each value of each.",
        ),
    ] = None,
    subgroup: Annotated[
        list[str] | None,
        typer.Option(
            metavar="VARIABLE",
            help="An effect among the units of each value, and how they differ; repeatable.",
        ),
    ] = None,
    phrasings: Annotated[
        str, typer.Option(metavar="N|all", help="How many phrasings to draw at random.")
    ] = "30",
    smallest_effect: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[MEASURE=]NUMBER",
            help="The smallest effect that matters; then no effect can be a finding, too.",
        ),
    ] = None,
    level: Annotated[float, typer.Option(help="Level of the intervals.")] = 0.95,
    method: Annotated[
        str,
        typer.Option(
            metavar="[auto|exact|sample]",
            help="Enumerate (exact), sample, or enumerate what can be enumerated.",
        ),
    ] = "auto",
    units: Annotated[int, typer.Option(help="Units of each phrasing where sampled.")] = 1000,
    panel: Annotated[
        int, typer.Option(help="Units read in every phrasing, for the variance; 0 for none.")
    ] = 100,
    max_contexts: Annotated[
        int, typer.Option(min=1, help="Most contexts of a variable that are enumerated.")
    ] = 2000,
    resamples: Annotated[int, typer.Option(help="Of the bootstrap.")] = 10_000,
    placebo: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SENTENCE",
            help="A sentence that should not matter, with two values in braces: 'It is a "
            "{Monday|Friday}.'; repeatable, for other wordings. Default a weekday.",
        ),
    ] = None,
    no_controls: Annotated[
        bool, typer.Option("--no-controls", help="Leave out placebo, shuffled and planted.")
    ] = False,
    seed: options.Seed = 0,
    temperature: options.Temperature = 1.0,
    scoring: options.Scoring = "definition",
    device: options.Device = "cpu",
    precision: options.Precision = "float32",
    memory: options.Memory = None,
    fail_above: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[MEASURE=]NUMBER",
            help=f"Exit with {ABOVE} if a total effect is larger than this, either way.",
        ),
    ] = None,
    out: Annotated[
        Path,
        typer.Option(
            metavar="FOLDER", help="Folder for audit.html, audit.md, audit.json and figures/."
        ),
    ] = Path("audit"),
    force: Annotated[bool, typer.Option("--force", help="Overwrite a report.")] = False,
    no_html: Annotated[
        bool, typer.Option("--no-html", help="Write Markdown and JSON alone, without figures.")
    ] = False,
) -> None:
    """Measure what language models make of a treatment, over many phrasings, and write a report.

    The effects are those that a model encodes under the spec's DAG and these phrasings; they are
    not a claim about the world.
    """
    from sdscm.audit import audit as run_audit
    from sdscm.audit.controls.placebo import WEEKDAY, placebo_of
    from sdscm.audit.report import require_libraries, write_report
    from sdscm.audit.target import retarget
    from sdscm.lm import load_lm
    from sdscm.spec import load_spec

    if not no_html:
        require_libraries()
    folder = _new_report(out, force)
    aim = audit_options.with_groups(retarget(load_spec(spec), treatment, outcome), group or [])
    measures = audit_options.measures(
        aim, measure or ["probability"], outcome_value or [], score or []
    )
    limits = audit_options.numbers("--fail-above", fail_above or [], measures)
    if placebo and no_controls:
        raise InputError("--placebo: --no-controls leaves it out; give one of the two")

    def load(name: str) -> LanguageModel:
        return load_lm(name, device=device, precision=precision, memory=options.gibibytes(memory))

    with _passes() as progress:
        result = run_audit(
            aim,
            lm or [options.DEFAULT_LM],
            contrasts=[audit_options.contrast(aim, each) for each in contrast]
            if contrast
            else None,
            measures=measures,
            mediators=mediator,
            held=[audit_options.held(each) for each in hold] if hold else None,
            subgroups=subgroup or (),
            phrasings=audit_options.count(phrasings),
            smallest=audit_options.numbers("--smallest-effect", smallest_effect or [], measures)
            or None,
            level=level,
            method=cast("Method", method),
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
        )
    files = write_report(result, folder, figures=not no_html)
    _show(result)
    say("", "Written:", *(f"  {path}" for path in files))
    _end(result, limits)


def _show(result: AuditResult) -> None:
    """The first part of the report."""
    from sdscm.audit.report.page import page

    shown = page(result)
    say(shown.lead)
    if shown.warnings:
        heading("Warnings")
        say(*(f"  {each}" for each in shown.warnings))
    heading("Verdicts")
    say(*(f"  {each}" for each in shown.sentences))
    say("")
    _print(shown.verdicts)
    for section in shown.sections:
        if section.id in ("models", "controls"):
            heading(section.title)
            for each in section.tables:
                if each.caption:
                    say(each.caption)
                _print(each)


def _print(shown: Table) -> None:
    table(shown.header, shown.rows, right=[shown.header[place] for place in shown.right])


def _end(result: AuditResult, limits: Mapping[str, float]) -> None:
    """The exit code: 3 for an effect above its limit, 1 for a model that is not reported on."""
    above = [each for each in result.of("total") if _is_above(each, limits)]
    for each in above:
        bystander().print(
            f"above {limits[each.measure.kind]:g}: {each.model}, {each.control} -> {each.treated}, "
            f"{each.measure.label}: {each.mean:+.4f}"
        )
    missing = [each for each in result.models if each.error]
    for model in missing:
        bystander().print(f"error: {model.id} is not reported on: {model.error}")
    if above or missing:
        raise typer.Exit(ABOVE if above else _FAILED)


def _is_above(found: Finding, limits: Mapping[str, float]) -> bool:
    limit = limits.get(found.measure.kind)
    # An effect that is not finite is within no limit.
    return limit is not None and not abs(found.mean) <= limit


def _new_report(folder: Path, force: bool) -> Path:
    if (folder / "audit.json").exists() and not force:
        raise InputError(f"--out {folder}: holds a report already; give another folder, or --force")
    return writable_folder(folder, "--out")


@contextmanager
def _passes() -> Iterator[Callable[[int, int], None]]:
    """Progress over the passes of an audit."""
    if not in_terminal():
        log = LogProgress()

        def tell(done: int, total: int) -> None:
            if done == 1:
                log.begin("phrasings read", total)
            log.advance("")

        yield tell
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = ("phrasings read", BarColumn(), MofNCompleteColumn(), "left", TimeRemainingColumn())
    with Progress(*columns, console=bystander(), transient=True) as bars:
        task = bars.add_task("phrasings", total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)
