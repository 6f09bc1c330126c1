"""``sdscm inspect``: what a spec is, and what a language model makes of it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmarks.cli import describe, options
from benchmarks.cli.destination import new_file
from benchmarks.cli.output import heading, pairs, say
from benchmarks.cli.progress import rows_bar
from sdscm.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from sdscm.data.diagnostics import DatasetFacts, MechanismFacts
    from sdscm.spec import Spec

#: A column with more values than this is summed up, not listed.
_LISTED = 20


def add_to(app: typer.Typer) -> None:
    app.command(
        epilog=options.examples(
            "sdscm inspect marathon_confounder --no-lm",
            "sdscm inspect breast_cancer --no-lm --picture graph.svg",
            "sdscm inspect breast_cancer --phrasings 4 -n 200 --temperature 3",
            "sdscm inspect data.parquet",
        )
    )(inspect)


def inspect(
    what: Annotated[
        str,
        typer.Argument(
            metavar="SPEC|DATA.parquet",
            help="A spec, by name or path, or a file that sdscm generate wrote.",
        ),
    ],
    lm: options.LM = options.DEFAULT_LM,
    no_lm: Annotated[bool, typer.Option("--no-lm", help="Show the spec alone.")] = False,
    phrasings: Annotated[int, typer.Option(min=1, help="How many phrasings to try.")] = 4,
    n: Annotated[int, typer.Option("-n", min=1, help="Units of each phrasing.")] = 200,
    seed: options.Seed = 0,
    temperature: options.Temperature = 1.0,
    scoring: options.Scoring = "definition",
    outcome: options.Outcome = "log-probability",
    score: options.Scores = None,
    overlap: options.Overlap = 0.0,
    confounding: options.Confounding = 1.0,
    effect: options.Effect = 1.0,
    device: options.Device = "cpu",
    precision: options.Precision = "float32",
    memory: options.Memory = None,
    picture: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Draw the graph into this .svg, .png or .pdf file; overwrites it."
        ),
    ] = None,
) -> None:
    """Show variables and graph of a spec, and whether its data make a benchmark worth running."""
    if Path(what).suffix == ".parquet":
        if picture is not None:
            raise InputError(f"--picture {picture}: '{what}' holds data, no graph; give a spec")
        _data_file(Path(what))
        return
    from sdscm import SDSCM, load_lm, load_spec
    from sdscm.data.diagnostics import facts, mechanism_facts, worst
    from sdscm.graph_plot import SUFFIXES, save_graph

    spec, scores = load_spec(what), options.scores(score)
    if picture is not None:
        save_graph(spec, new_file(picture, tuple(SUFFIXES), force=True, option="--picture"))
    if no_lm:
        describe.spec_page(spec)
        return
    numbers = distinct_phrasings(spec, phrasings)
    model = load_lm(lm, device=device, precision=precision, memory=options.gibibytes(memory))
    found: dict[int, DatasetFacts] = {}
    samples: dict[str, pd.DataFrame] = {}
    mechanisms: list[list[MechanismFacts]] = []
    with rows_bar(len(numbers) * n) as done:
        for place, phrasing in enumerate(numbers):
            scm = SDSCM(
                spec,
                model,
                phrasing=phrasing,
                temperature=temperature,
                scoring=scoring,
                overlap=overlap,
                confounding=confounding,
                effect=effect,
            )

            def report(rows: float, _: int, before: int = place * n) -> None:
                done(before + rows)

            found[phrasing] = facts(
                scm.dataset(n, seed, outcome=outcome, scores=scores, progress=report)
            )
            # The same units once more: their scores are known now.
            units = scm.sample(n, seed)
            samples[f"Phrasing {phrasing}"] = units.labels
            mechanisms.append(mechanism_facts(scm, units))
    describe.spec_page(spec)
    heading(f"{n:,} units of each phrasing from {model.id}, temperature {temperature:g}")
    describe.phrasing_table(found)
    if len(numbers) < phrasings:
        say("", f"Not {phrasings} phrasings: the sentences make {len(numbers)} different ones.")
    say("", describe.verdict(spec, list(found.values()), effect))
    heading("Mechanisms, the worst of the phrasings in each column")
    describe.mechanism_table([worst(each) for each in zip(*mechanisms, strict=True)])
    heading("Shares of the values")
    describe.share_table(_domains(spec), samples)


def distinct_phrasings(spec: Spec, most: int) -> list[int]:
    """The first numbers of phrasings that differ, ``most`` of them or all that there are."""
    found: dict[tuple[int, ...], int] = {}
    # Numbers are draws: to meet each of k once takes about k log k, and this is far beyond.
    for number in range(100 * min(most, spec.n_phrasings)):
        found.setdefault(tuple(spec.phrased(number).choice.values()), number)
        if len(found) == min(most, spec.n_phrasings):
            break
    return list(found.values())


def _domains(spec: Spec) -> dict[str, tuple[str, ...]]:
    return {name: spec.variable(name).values for name in spec.order}


def _data_file(path: Path) -> None:
    from benchmarks.cli.datasets import read_units
    from sdscm.data.dataset import CausalDataset
    from sdscm.data.diagnostics import facts

    units = read_units(path)
    if units is not None:
        say(f"{path}: {len(units.labels):,} interventional units")
        pairs(describe.origin_rows(units.origin))
        shown = units.labels
    else:
        dataset = CausalDataset.read_parquet(path)
        say(f"{path}: a dataset with known effects")
        pairs(describe.origin_rows(asdict(dataset.meta)))
        heading("Facts")
        pairs(describe.fact_rows(facts(dataset)))
        shown = dataset.X if dataset.labels is None else dataset.labels
        hidden = ", ".join(dataset.exogenous) or "none"
        say("", f"Covariates that the setting 'hidden' removes: {hidden}")
    domains = {name: sorted(shown[name].unique()) for name in shown.columns}
    listed = {name: values for name, values in domains.items() if len(values) <= _LISTED}
    heading("Shares of the values")
    describe.share_table(listed, {"Share": shown})
    rest = [f"{name} ({len(domains[name]):,} values)" for name in domains if name not in listed]
    if rest:
        say("", f"Not listed: {', '.join(rest)}")
