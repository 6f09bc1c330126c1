"""``sdscm scenarios``: list the shipped specs."""

from __future__ import annotations

import typer

from benchmarks.cli.options import examples
from benchmarks.cli.output import table


def add_to(app: typer.Typer) -> None:
    app.command(epilog=examples("sdscm scenarios"))(scenarios)


def scenarios() -> None:
    """List the shipped scenarios with their sizes."""
    from sdscm.spec import load_spec, scenario_names

    rows = []
    for name in scenario_names():
        spec = load_spec(name)
        fewest = min(len(variable.phrasings) for variable in spec.variables)
        rows.append(
            [
                name,
                str(len(spec.variables)),
                str(spec.graph.number_of_edges()),
                str(sum(len(variable.values) for variable in spec.variables)),
                str(fewest),
                spec.title,
            ]
        )
    numbers = ["Variables", "Arrows", "Values", "Sentences"]
    table(["Name", *numbers, "Title"], rows, right=numbers)
