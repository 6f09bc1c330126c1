"""``sdscm results``: verify and query the records of runs."""

from __future__ import annotations

from typing import Annotated

import typer

from benchmarks.cli import options
from benchmarks.cli.output import say
from benchmarks.cli.progress import working


def add_to(app: typer.Typer) -> None:
    group = typer.Typer(
        help="Verify and query the records of runs.",
        epilog=options.examples("sdscm results verify quick"),
        no_args_is_help=True,
    )
    group.command(epilog=options.examples("sdscm results verify quick"))(verify)
    group.command(
        epilog=options.examples(
            'sdscm results query quick "select estimator, avg(pehe_sd) from scores group by all"'
        )
    )(query)
    app.add_typer(group, name="results")


def verify(
    suite: options.Suite, runs: options.Runs = options.RUNS, plugin: options.Plugins = None
) -> None:
    """List damaged records and datasets; the run may be in progress.

    The exit code is 1 if there are any. The next run of the suite computes them again.
    """
    import benchmarks
    from benchmarks.storage.verify import damage, unused

    options.load_plugins(plugin)
    folder = benchmarks.folder_of(suite, runs)
    with working("reading the records"):
        found = list(damage(folder))
        left = unused(folder)
    say(*found)
    if left:
        say(f"{len(left)} files of a run that was killed or is writing now: {left[0]} ...")
    say(f"{len(found)} damaged" if found else f"{folder}: no damage found")
    if found:
        raise typer.Exit(1)


def query(
    suite: options.Suite,
    sql: Annotated[str, typer.Argument(metavar="SQL", help="Query for DuckDB.")],
    runs: options.Runs = options.RUNS,
    plugin: options.Plugins = None,
) -> None:
    """Query the tables records, scores and datasets of a run in SQL; the answer is CSV."""
    import benchmarks
    from benchmarks.boards.query import query as ask

    options.load_plugins(plugin)
    with working("reading the records"):
        answer = ask(benchmarks.folder_of(suite, runs), sql)
    say(answer.to_csv(index=False).rstrip("\n"))
