"""``sdscm spec``: help for authors of specs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.cli import options
from benchmarks.cli.destination import new_file
from benchmarks.cli.output import say, warn, written
from benchmarks.cli.progress import bar
from sdscm.errors import InputError

_SUFFIXES = (".yaml", ".yml")

Out = Annotated[
    Path | None,
    typer.Option(metavar="FILE.yaml", help="The file to write.", show_default="NAME.yaml"),
]
Force = Annotated[bool, typer.Option("--force", help="Overwrite the file.")]
Exogenous = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME", help="A variable that the setting 'hidden' does not show. May be repeated."
    ),
]


@options.examples("sdscm spec new sleep", "sdscm spec check sleep.yaml")
def spec(context: typer.Context) -> None:
    """Write, check and convert specs: skeletons, graphs, tables, more sentences."""


@options.examples("sdscm spec new sleep")
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the spec.")],
    out: Out = None,
    force: Force = False,
) -> None:
    """Write a small spec with comments, to edit."""
    from sdscm.authoring.skeleton import skeleton

    _write(skeleton(name), name, out, force)


@options.examples("sdscm spec check sleep.yaml")
def check(spec: options.Spec) -> None:
    """List every problem of a spec at once, or describe the spec."""
    from benchmarks.cli import describe
    from sdscm.spec import load_spec
    from sdscm.spec.files import spec_problems

    problems = spec_problems(spec)
    if problems:
        for line in problems[:-1]:
            warn(f"error: {line}")
        raise InputError(problems[-1])
    describe.spec_page(load_spec(spec))


@options.examples(
    "sdscm spec from-graph dag.dot --treatment drug --outcome recovery",
    "sdscm spec from-graph model.dagitty --out model.yaml",
)
def from_graph(
    graph: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="A graph: .dot, .gv, .gml, .graphml, .dagitty, .txt."),
    ],
    treatment: Annotated[
        str | None, typer.Option(help="The treatment; by default the graph says it.")
    ] = None,
    outcome: Annotated[
        str | None, typer.Option(help="The outcome; by default the graph says it.")
    ] = None,
    exogenous: Exogenous = None,
    out: Out = None,
    force: Force = False,
) -> None:
    """Write a spec with the arrows of a graph, whose values and sentences you then edit."""
    from sdscm.authoring.graphs import read_graph, spec_from_graph

    found = read_graph(graph)
    with _named(graph):
        text = spec_from_graph(
            found,
            _name(graph),
            treatment=treatment,
            outcome=outcome,
            exogenous=exogenous or (),
        )
    _write(text, _name(graph), out, force)


@options.examples("sdscm spec to-graph breast_cancer --out graph.dot")
def to_graph(
    spec: options.Spec,
    out: Annotated[
        Path,
        typer.Option(metavar="FILE", help="A .dot, .gv, .gml, .graphml, .dagitty or .txt file."),
    ],
    force: Force = False,
) -> None:
    """Write the graph of a spec for other programs."""
    from sdscm.authoring.graphs import SUFFIXES, write_graph
    from sdscm.spec import load_spec

    found = load_spec(spec)
    write_graph(found, new_file(out, SUFFIXES, force))
    written([out])


@options.examples(
    "sdscm spec from-table data.csv --treatment drug --outcome recovery",
    "sdscm spec from-table data.csv --treatment drug --outcome recovery --graph dag.dot --force",
)
def from_table(
    table: Annotated[Path, typer.Argument(metavar="FILE", help="A table: .csv or .parquet.")],
    treatment: Annotated[str, typer.Option(help="Column of the treatment, with two values.")],
    outcome: Annotated[str, typer.Option(help="Column of the outcome.")],
    covariates: options.Covariates = None,
    exogenous: Exogenous = None,
    graph: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Arrows between the columns; by default each other column causes both.",
        ),
    ] = None,
    out: Out = None,
    force: Force = False,
) -> None:
    """Write a spec with the columns of a table as variables, which you then edit."""
    from benchmarks.datasets.user_tables import read_table
    from sdscm.authoring.graphs import read_graph
    from sdscm.authoring.tables import spec_from_table

    if covariates is not None and graph is not None:
        raise InputError("--covariates and --graph: the nodes of a graph are the columns; give one")
    data, arrows = read_table(table), None if graph is None else read_graph(graph)
    wanted = None if covariates is None else options.listed("covariates", covariates)
    with _named(table):
        text = spec_from_table(
            data,
            _name(table),
            treatment,
            outcome,
            covariates=wanted,
            exogenous=exogenous or (),
            graph=arrows,
        )
    _write(text, _name(table), out, force)


@options.examples(
    "sdscm spec phrase sleep.yaml --sentences 20 --out sleep20.yaml",
    "sdscm spec phrase sleep.yaml --lm smollm2-135m",
)
def phrase(
    spec: options.Spec,
    sentences: Annotated[
        int, typer.Option("--sentences", "-n", min=1, help="Sentences of each variable.")
    ] = 20,
    lm: Annotated[
        str | None,
        typer.Option(
            "--lm",
            help=f"{options.LM_HELP}. It proposes sentences before the frames, and drops those "
            "after which it does not expect the values.",
            show_default="frames only",
        ),
    ] = None,
    tries: Annotated[
        int,
        typer.Option(
            min=0,
            help="Most sentences of a variable that the model proposes; with 0 it checks the "
            "frames only.",
        ),
    ] = 32,
    device: options.Device = "cpu",
    precision: options.Precision = "float32",
    lm_option: options.LMOptions = None,
    out: Out = None,
    force: Force = False,
) -> None:
    """Add sentences to each variable: those of a language model, and frames around the first one.

    A frame leaves the meaning as it is: "We know that ...". In a spec with sentences for tuning the
    new ones are scored.
    """
    from sdscm import load_lm, load_spec
    from sdscm.authoring.document import as_document
    from sdscm.authoring.proposals import MassCheck, proposals
    from sdscm.authoring.sentences import framed, more_sentences
    from sdscm.spec import Variable

    found = load_spec(spec)
    path = new_file(out or Path(f"{found.name}-{sentences}.yaml"), _SUFFIXES, force)
    own = options.lm_options(lm_option)
    model = None if lm is None else load_lm(lm, device=device, precision=precision, options=own)
    check = None if model is None else MassCheck(found, model)
    variables = []
    with bar("variables", len(found.variables)) as done:
        for place, variable in enumerate(found.variables):
            # The first frame is the sentence itself.
            candidates: Iterable[str] = framed(variable.phrasings[0].template)[1:]
            if model is not None:
                candidates = chain(proposals(variable, model, tries), candidates)
            kept, dropped = more_sentences(
                variable, candidates, sentences, None if check is None else check.of(variable)
            )
            for each in dropped:
                say(f"{variable.name}: dropped {each.sentence!r}: {each.reason}")
            if len(kept) < sentences:
                say(f"{variable.name}: {len(kept)} sentences; there are no more candidates")
            variables.append(Variable.model_validate({**dict(variable), "phrasings": kept}))
            done(place + 1)
    richer = found.model_copy(update={"variables": tuple(variables)})
    notes = ("Sentences were added by sdscm spec phrase. Read them, and drop those that are odd.",)
    _write(as_document(richer, notes), path.stem, path, force)


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Begin the message of an InputError with the name of the file."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def _name(path: Path) -> str:
    """The name of a file as the name of a spec."""
    stem = path.name.partition(".")[0]
    return "".join(each if each.isalnum() and each.isascii() else "_" for each in stem) or "spec"


def _write(text: str, name: str, out: Path | None, force: bool) -> None:
    from sdscm.files import put_atomically

    path = new_file(out or Path(f"{name}.yaml"), _SUFFIXES, force)
    put_atomically(path, text)
    written([path], after=())
    say(f"Next: sdscm spec check {path}")
