"""``sdscm calibrate``: find the dials that give the data of a spec a wanted difficulty."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from benchmarks.cli import options
from benchmarks.cli.destination import new_file
from benchmarks.cli.inspect import distinct_phrasings
from benchmarks.cli.output import heading, say, table, written
from benchmarks.cli.progress import bar
from sdscm.number_format import NONE, counted, decimals, signed

if TYPE_CHECKING:
    import sdscm
    from sdscm.calibration.solve import Measured, Solution

#: Methods of the written suite; all are in the core.
_ESTIMATORS = ["Oracle", "DiffInMeans", "LinReg", "RF", "LinearT"]


@options.examples(
    "sdscm calibrate soil --target bias=0.3 --target effective_n=0.5 --out suite.yaml",
    "sdscm calibrate headache --target cate_spread=0.2 --dial temperature=2.5 --dial effect=0:3",
)
def calibrate(
    spec: options.Spec,
    target: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            help="Wanted mean over phrasings; repeatable. Names: bias, effective_n, "
            "propensity_q05, cate_spread, treated, noise_share (see docs/reference/spec.md).",
        ),
    ] = None,
    dial: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE|LOW:HIGH",
            help="Hold a dial at a value, or search it in a range; repeatable. Names: "
            "temperature, confounding, overlap, effect, noise.",
        ),
    ] = None,
    lm: options.LM = options.DEFAULT_LM,
    phrasings: Annotated[
        int, typer.Option(min=1, help="Number of phrasings for tuning, on which dials are solved.")
    ] = 8,
    scored: Annotated[
        int,
        typer.Option(min=0, help="Number of scored phrasings to measure at the end; 0 for none."),
    ] = 12,
    units: Annotated[
        int,
        typer.Option(
            min=2,
            metavar="N",
            help="Units of each phrasing, where the spec is too large to be enumerated.",
        ),
    ] = 300,
    measure: options.Measure = "log-probability",
    scoring: options.Scoring = "definition",
    device: options.Device = "cpu",
    precision: options.Precision = "float32",
    memory: options.Memory = None,
    lm_option: options.LMOptions = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE.yaml", help="Write a suite with these dials."),
    ] = None,
    force: options.Force = False,
) -> None:
    """Find the temperature and the dials that give the data of a spec a wanted difficulty."""
    import yaml

    from sdscm import load_lm, load_spec
    from sdscm.calibration.solve import Difficulty, check_ranges, check_targets, solve
    from sdscm.inference.outcome import OutcomeFunction

    loaded = load_spec(spec)
    targets = {
        name: options.number(f"--target {name}={text}", text)
        for name, text in options.settings(
            "--target", target, "NAME=VALUE, such as --target bias=0.3"
        ).items()
    }
    ranges = _ranges(dial)
    check_targets(targets, loaded)
    check_ranges(ranges, targets)
    path = None if out is None else new_file(out, (".yaml", ".yml"), force)
    tuned = loaded.for_tuning()
    tuning, held_out = _numbers(loaded, phrasings, scored)
    own = options.lm_options(lm_option)
    model = load_lm(
        lm,
        device=device,
        precision=precision,
        memory=options.gibibytes(memory),
        options=own,
    )
    outcome = OutcomeFunction.of(loaded, measure)
    find = Difficulty(tuned, model, tuning, units, outcome, scoring)
    with bar("dials tried", None) as done:
        steps = 0

        def step(dials: Mapping[str, float]) -> Measured:
            nonlocal steps
            steps += 1
            done(steps)
            return find(dials)

        solution = solve(step, targets, ranges, smooth=find.exact)
        found = None
        if held_out and not solution.missed:
            check = Difficulty(loaded, model, held_out, units, outcome, scoring)
            found = check(solution.dials)
    how = "enumerated" if find.exact else f"{units:,} sampled units each"
    say(f"{loaded.name}, {model.id}: mean of {counted(len(tuning), 'phrasing')} ({how})")
    if not loaded.split:
        say(
            f"'{loaded.name}' has no sentences for tuning: dials are solved on phrasings "
            f"{_listed(tuning)} and measured on {_listed(held_out) or 'no others'}"
        )
    _print_targets(targets, solution, found)
    _print_dials(solution)
    if solution.missed:
        heading("Out of reach")
        say(
            *(
                _missed(name, value, solution)
                for name, value in targets.items()
                if name in solution.missed
            )
        )
        raise typer.Exit(1)
    model_entry = {"name": lm, "device": device, "precision": precision, "options": own}
    defaults: dict[str, Any] = {"device": "cpu", "precision": "float32", "options": {}}
    entry = {
        "scenario": _place(spec, path),
        "lm": {k: v for k, v in model_entry.items() if defaults.get(k) != v},
        "phrasings": held_out or tuning,
        "n": 500,
        **_dial_keys(solution.dials),
    }
    if measure != "log-probability":
        entry["outcome"] = measure
    if scoring != "definition":
        entry["options"] = {"scoring": scoring}
    suite = {
        "name": f"{loaded.name}-calibrated",
        "datasets": [entry],
        "settings": ["all", "hidden"] if _hides(loaded) else ["all"],
        "estimators": _ESTIMATORS,
    }
    if path is None:
        heading("Entry of a suite")
        say(yaml.safe_dump([entry], sort_keys=False, default_flow_style=None).rstrip())
        return
    from sdscm.files import put_atomically

    put_atomically(path, yaml.safe_dump(suite, sort_keys=False, default_flow_style=None))
    written([path])


def _ranges(given: Sequence[str] | None) -> dict[str, tuple[float, float]]:
    example = "NAME=VALUE or NAME=LOW:HIGH, such as --dial temperature=1:4"
    found = {}
    for name, text in options.settings("--dial", given, example).items():
        low, colon, high = text.partition(":")
        shown = f"--dial {name}={text}"
        found[name] = (options.number(shown, low), options.number(shown, high if colon else low))
    return found


def _numbers(spec: sdscm.Spec, phrasings: int, scored: int) -> tuple[list[int], list[int]]:
    """Numbers of the phrasings for tuning, and of those to measure at the end."""
    if spec.split:
        return distinct_phrasings(spec.for_tuning(), phrasings), distinct_phrasings(spec, scored)
    numbers = distinct_phrasings(spec, phrasings + scored)
    return numbers[:phrasings], numbers[phrasings:]


def _print_targets(
    targets: Mapping[str, float], solution: Solution, scored: Measured | None
) -> None:
    rows = []
    for name, value in targets.items():
        row = [name, f"{value:g}"]
        for each in (solution.measured, scored):
            if each is None:
                row += [NONE, NONE]
            else:
                row += [decimals(each.mean[name], 3), decimals(each.error[name], 3)]
        distance = (
            NONE if scored is None else signed(scored.mean[name] - value, lambda v: decimals(v, 3))
        )
        rows.append([*row, distance])
    header = ["Target", "Asked", "Tuning", "SE", "Scored", "SE", "Scored - asked"]
    table(header, rows, right=header[1:])


def _print_dials(solution: Solution) -> None:
    from sdscm.calibration.solve import DIALS

    rows = []
    for name, value in solution.dials.items():
        how = "at the end of its range" if name in solution.at_bound else "found"
        if name not in solution.free:
            how = "default" if value == DIALS[name].default else "given"
        rows.append([name, f"{value:g}", how])
    table(["Dial", "Value", ""], rows, right=["Value"])


def _missed(name: str, value: float, solution: Solution) -> str:
    from sdscm.calibration.solve import DIALS, TOLERANCE

    alone = solution.missed[name]
    nearest = alone.measured.mean[name]
    changed = [dial for dial in alone.free if alone.dials[dial] != DIALS[dial].default]
    dials = ", ".join(
        f"{dial} {alone.dials[dial]:g}" + " (end of its range)" * (dial in alone.at_bound)
        for dial in changed
    )
    under = f", with {dials}" if dials else ""
    if abs(nearest - value) <= TOLERANCE:
        return f"{name}={value:g}: reached alone{under}; but not with the other targets"
    return f"{name}={value:g}: the nearest value found is {decimals(nearest, 3)}{under}"


def _dial_keys(dials: Mapping[str, float]) -> dict[str, Any]:
    """The keys of a suite's entry for dials."""
    from sdscm.calibration.solve import DIALS

    changed = {name: value for name, value in dials.items() if value != DIALS[name].default}
    noise = changed.pop("noise", None)
    temperature = changed.pop("temperature", DIALS["temperature"].default)
    found: dict[str, Any] = {"temperature": temperature}
    if changed:
        found["dials"] = changed
    if noise is not None:
        found["dataset"] = {"noise": noise}
    return found


def _place(spec: str, suite: Path | None) -> str:
    """A scenario's name, or the path of a spec relative to the suite."""
    if not Path(spec).is_file() or suite is None:
        return spec
    return Path(os.path.relpath(spec, suite.parent)).as_posix()


def _hides(spec: sdscm.Spec) -> bool:
    """Return whether the setting ``hidden`` removes some covariates, and leaves some."""
    from sdscm.data.generate import covariates_of

    covariates, hidden = covariates_of(spec)
    return 0 < len(hidden) < len(covariates)


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))
