"""``sdscm audit``: the causal effects that language models encode, with their uncertainty."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast, get_args

import typer

from sdscm.cli import options
from sdscm.cli.destination import writable_folder
from sdscm.cli.output import bystander, heading, say, table
from sdscm.cli.progress import LogProgress, in_terminal
from sdscm.errors import InputError

if TYPE_CHECKING:
    from sdscm.audit import AuditResult, Finding, Measure
    from sdscm.audit.plan import Method
    from sdscm.audit.report.view import Table
    from sdscm.lm import LanguageModel
    from sdscm.spec import Spec

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
            metavar="VARIABLE=VALUE",
            help="Hold a mediator, for a controlled direct effect; repeatable. Default each value.",
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

    The effects are encoded in a model under the spec's DAG and these phrasings; they are no claim
    about the world.
    """
    from sdscm.audit import audit as run_audit
    from sdscm.audit.question import aimed
    from sdscm.audit.report import require_libraries, write_report
    from sdscm.lm import load_lm
    from sdscm.spec import load_spec

    if not no_html:
        require_libraries()
    folder = _new_report(out, force)
    aim = _with_groups(aimed(load_spec(spec), treatment, outcome), group or [])
    measures = _measures(aim, measure or ["probability"], outcome_value or [], score or [])
    limits = _numbers("--fail-above", fail_above or [], measures)

    def load(name: str) -> LanguageModel:
        return load_lm(name, device=device, precision=precision, memory=options.gibibytes(memory))

    with _passes() as progress:
        result = run_audit(
            aim,
            lm or [options.DEFAULT_LM],
            contrasts=[_contrast(aim, each) for each in contrast] if contrast else None,
            measures=measures,
            mediators=mediator,
            held=[dict([_pair("--hold", each)]) for each in hold] if hold else None,
            subgroups=subgroup or (),
            phrasings=_count(phrasings),
            smallest=_numbers("--smallest-effect", smallest_effect or [], measures) or None,
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


def _with_groups(spec: Spec, given: Sequence[str]) -> Spec:
    if not given:
        return spec
    groups = dict(spec.treatment.groups)
    for each in given:
        name, members = _pair("--group", each)
        groups[name] = tuple(members.split("|"))
        for value in groups[name]:
            if value not in spec.treatment.values:
                raise InputError(
                    f"--group {each}: '{value}' is no value of '{spec.treatment.name}'; its values "
                    f"are {', '.join(spec.treatment.values)}"
                )
        if name in spec.treatment.values:
            raise InputError(f"--group {each}: '{name}' is a value; give the group another name")
    treatment = spec.treatment.model_copy(update={"groups": tuple(groups.items())})
    variables = [treatment if v.name == treatment.name else v for v in spec.variables]
    return spec.model_copy(update={"variables": tuple(variables)})


def _measures(
    spec: Spec, kinds: Sequence[str], values: Sequence[str], given: Sequence[str]
) -> list[Measure]:
    from sdscm.audit.measure import Measure, MeasureKind

    known = get_args(MeasureKind)
    scores = {value: _number("--score", each, text) for each, value, text in _split(given)}
    found = []
    wanted: list[str | None] = list(values) or [None]
    for kind in kinds:
        if kind not in known:
            raise InputError(f"--measure {kind}: choose among {', '.join(known)}")
        scale = cast(MeasureKind, kind)
        if scores and kind in ("expected-score", "category"):
            found.append(Measure.of(spec, scale, scores=scores))
        else:
            found += [Measure.of(spec, scale, value) for value in wanted]
    if scores and not any(each.value == "" for each in found):
        raise InputError("--score: give --measure expected-score, or category, to use the scores")
    return found


def _split(given: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    for each in given:
        yield each, *_pair("--score", each)


def _contrast(spec: Spec, given: str) -> tuple[str, str]:
    """Two names with a comma between; values may hold commas of their own."""
    known = {*spec.treatment.values, *dict(spec.treatment.groups)}
    parts = given.split(",")
    cuts = [
        (",".join(parts[:place]).strip(), ",".join(parts[place:]).strip())
        for place in range(1, len(parts))
    ]
    if not cuts:
        raise InputError(f"--contrast {given}: write CONTROL,TREATED with a comma between")
    return next((cut for cut in cuts if known.issuperset(cut)), cuts[0])


def _count(given: str) -> int | None:
    if given == "all":
        return None
    if not given.isdecimal():
        raise InputError(f"--phrasings {given}: give a number, or all")
    return int(given)


def _numbers(option: str, given: Sequence[str], measures: Sequence[Measure]) -> dict[str, float]:
    """Positive numbers by kind of measure; one alone is for the only kind."""
    kinds = list(dict.fromkeys(each.kind for each in measures))
    found: dict[str, float] = {}
    for each in given:
        kind, equals, text = each.rpartition("=")
        if not equals and len(kinds) > 1:
            raise InputError(
                f"{option} {each}: each measure has a scale of its own; write {kinds[0]}={each}"
            )
        kind = kind if equals else kinds[0]
        if kind not in kinds:
            raise InputError(f"{option} {each}: '{kind}' is not measured; see --measure")
        if kind in found:
            raise InputError(f"{option} {each}: {kind} has a number already; give one")
        found[kind] = _number(option, each, text)
        if not found[kind] > 0:
            raise InputError(f"{option} {each}: give a positive number")
    return found


def _number(option: str, given: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InputError(f"{option} {given}: '{text}' is no number") from None


def _pair(option: str, given: str) -> tuple[str, str]:
    name, equals, value = given.partition("=")
    if not (name and equals and value):
        raise InputError(f"{option} {given}: write a name, an equals sign, and what belongs to it")
    return name, value


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
