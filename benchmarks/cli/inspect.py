"""``sdscm inspect`` and ``sdscm scenarios``: describe specs, and the data made from them."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from benchmarks.cli import describe, options
from benchmarks.cli.destination import new_file
from benchmarks.cli.output import heading, pairs, say, table
from benchmarks.cli.progress import bar
from sdscm.errors import InputError
from sdscm.number_format import NONE, two_decimals

if TYPE_CHECKING:
    import pandas as pd

    from sdscm.data.diagnostics import DatasetFacts, MechanismFacts, Profile
    from sdscm.literals import Setting
    from sdscm.spec import Spec

Sentences = Literal["both", "tuning", "scored"]

#: Largest number of values of a column that are listed.
_LISTED = 20
_MOST_PHRASINGS = 1000


@options.examples(
    "sdscm inspect marathon_confounder --no-lm",
    "sdscm inspect breast_cancer --no-lm --picture graph.svg",
    "sdscm inspect breast_cancer --phrasings 4 --units 200 --temperature 3",
    "sdscm inspect data.parquet",
)
def inspect(
    what: Annotated[
        str,
        typer.Argument(
            metavar="SPEC|DATA.parquet",
            help="A spec, by name or path, or a file that sdscm generate wrote.",
        ),
    ],
    lm: options.LM = options.DEFAULT_LM,
    no_lm: Annotated[bool, typer.Option("--no-lm", help="Describe the spec only.")] = False,
    phrasings: options.Phrasings = "4",
    sentences: Annotated[
        Sentences,
        typer.Option(
            help="Which sentences, if those of the spec are split: choose words by 'tuning' only."
        ),
    ] = "both",
    units: options.Units = 200,
    seed: options.Seed = 0,
    temperature: options.Temperature = 1.0,
    scoring: options.Scoring = "definition",
    treatment: options.Treatment = None,
    outcome: options.OutcomeVariable = None,
    measure: options.Measure = "log-probability",
    score: options.Scores = None,
    overlap: options.Overlap = 0.0,
    confounding: options.Confounding = 1.0,
    effect: options.Effect = 1.0,
    device: options.Device = "cpu",
    precision: options.Precision = "float32",
    memory: options.Memory = None,
    lm_option: options.LMOptions = None,
    picture: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Draw the graph into this .svg, .png or .pdf file, and overwrite it.",
        ),
    ] = None,
) -> None:
    """Show the variables and the graph of a spec, and check if its data are a useful benchmark."""
    if Path(what).suffix == ".parquet":
        if picture is not None:
            raise InputError(f"--picture {picture}: '{what}' holds data, no graph; give a spec")
        _data_file(Path(what))
        return
    from sdscm import SDSCM, load_spec
    from sdscm.audit.target import retarget
    from sdscm.data.diagnostics import facts, mechanism_facts, worst
    from sdscm.data.identified import identified_in
    from sdscm.graph_plot import SUFFIXES, save_graph

    spec = retarget(load_spec(what), treatment, outcome)
    scores = options.scores(score)
    if picture is not None:
        save_graph(spec, new_file(picture, tuple(SUFFIXES), force=True, option="--picture"))
    if no_lm:
        describe.spec_page(spec)
        return
    wanted = options.phrasing_count(phrasings) or spec.n_phrasings
    if wanted > _MOST_PHRASINGS:
        raise InputError(
            f"--phrasings {phrasings}: {wanted:,} are too many; give {_MOST_PHRASINGS:,} at most"
        )
    chosen = _chosen(spec, sentences)
    numbers = {kind: distinct_phrasings(part, wanted) for kind, part in chosen.items()}
    model = options.language_model(lm, device, precision, memory, lm_option)
    # The strength of an instrument is a fact of data that are made for it.
    settings: list[Setting] = ["instrument"] if identified_in(spec, "instrument").possible else []
    found: dict[str, dict[int, DatasetFacts]] = {kind: {} for kind in chosen}
    samples: dict[str, pd.DataFrame] = {}
    mechanisms: dict[str, list[list[MechanismFacts]]] = {kind: [] for kind in chosen}
    with bar("rows", sum(map(len, numbers.values())) * units) as done:
        for place, (kind, phrasing) in enumerate((k, n) for k in numbers for n in numbers[k]):
            scm = SDSCM(
                chosen[kind],
                model,
                phrasing=phrasing,
                temperature=temperature,
                scoring=scoring,
                overlap=overlap,
                confounding=confounding,
                effect=effect,
            )

            def report(rows: float, _: int, before: int = place * units) -> None:
                done(before + rows)

            found[kind][phrasing] = facts(
                scm.dataset(
                    units,
                    seed,
                    outcome=measure,
                    scores=scores,
                    settings=settings,
                    progress=report,
                )
            )
            # These are the same units, whose scores are in memory.
            sample = scm.sample(units, seed)
            samples[f"{kind} {phrasing}".strip().capitalize()] = sample.labels
            mechanisms[kind].append(mechanism_facts(scm, sample))
    describe.spec_page(spec)
    for kind, each in found.items():
        which = f", sentences for {kind}".replace("for scored", "that are scored") if kind else ""
        heading(
            f"{units:,} units of each phrasing from {model.id}, temperature {temperature:g}{which}"
        )
        describe.phrasing_table(each)
        if len(each) < wanted:
            say("", f"Not {wanted} phrasings: the sentences make {len(each)} different ones.")
        say("", describe.verdict(spec, list(each.values()), effect))
        heading(f"Mechanisms, the worst of the phrasings in each column{which}")
        by_variable = zip(*mechanisms[kind], strict=True)
        describe.mechanism_table([worst(of_one) for of_one in by_variable])
    heading("Shares of the values")
    domains = {name: spec.variable(name).values for name in spec.order}
    describe.share_table(domains, samples)


def _chosen(spec: Spec, sentences: Sentences) -> dict[str, Spec]:
    """The spec with the wanted sentences, by their kind; the kind is "" without a split."""
    if not spec.split:
        if sentences == "tuning":
            raise InputError(
                f"--sentences tuning: the sentences of '{spec.name}' are not split into tuning "
                "and scored ones; leave the option out"
            )
        return {"": spec}
    kinds = {"tuning": spec.for_tuning(), "scored": spec}
    return kinds if sentences == "both" else {sentences: kinds[sentences]}


def distinct_phrasings(spec: Spec, most: int) -> list[int]:
    """List the first ``most`` numbers of different phrasings, or all if there are fewer."""
    most = min(most, spec.n_phrasings)
    found: dict[tuple[int, ...], int] = {}
    # Numbers are random draws: k different ones need about k log k draws.
    for number in range(100 * most):
        found.setdefault(tuple(spec.phrased(number).choice.values()), number)
        if len(found) == most:
            break
    return list(found.values())


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
        average = (
            "a known average effect"
            if dataset.known_ate is not None
            else "outcomes, without true effects"
        )
        say(f"{path}: a dataset with " + ("known effects" if dataset.effects_known else average))
        pairs(describe.origin_rows(asdict(dataset.meta)))
        heading("Facts")
        pairs([*describe.fact_rows(facts(dataset)), *describe.confounding_rows(dataset)])
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


@options.examples("sdscm scenarios")
def scenarios() -> None:
    """List the shipped scenarios: sizes, if the treatment is confounded, and if effects vary."""
    from benchmarks.datasets.scenario_facts import CONDITIONS, known
    from sdscm.spec import load_spec, scenario_names

    rows = [
        [
            spec.name,
            str(len(spec.variables)),
            str(spec.graph.number_of_edges()),
            str(sum(len(variable.values) for variable in spec.variables)),
            str(min(len(variable.phrasings) for variable in spec.variables)),
            *_confounding(known(spec)),
            spec.title,
        ]
        for spec in map(load_spec, scenario_names())
    ]
    numbers = ["Variables", "Arrows", "Values", "Sentences"]
    numbers += ["Confounded", "Effect varies", "Hidden"]
    table(["Name", *numbers, "Title"], rows, right=numbers)
    say(
        "",
        "Confounded: expected bias of the difference in means. Effect varies: SD of the ITE.",
        f"Hidden: SD of the true CATE in the setting 'hidden'; {NONE} if it is not known, or the",
        "setting leaves no covariate. All in SD(y), measured with",
        f"{CONDITIONS}; for others: sdscm inspect",
    )


def _confounding(profile: Profile | None) -> list[str]:
    if profile is None:
        return [NONE] * 3
    none = "" if profile.has_effect else " effect"
    return [
        two_decimals(profile.confounding) if profile.confounded else "no",
        two_decimals(profile.heterogeneity) if profile.varies else "no" + none,
        two_decimals(profile.hidden_spread),
    ]
