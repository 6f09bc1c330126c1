"""``sdscm paper toy``: draw the paper's Figure 2."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmarks.cli import options
from benchmarks.cli.destination import writable_folder
from benchmarks.cli.output import say, written
from benchmarks.cli.paper_data import RESULTS, say_table
from benchmarks.cli.progress import working
from sdscm.errors import InputError
from sdscm.number_format import counted


def toy(
    lm: options.LM = options.DEFAULT_LM,
    units: options.Units = 1000,
    phrasings: options.Phrasings = "12",
    seed: options.Seed = 0,
    temperature: options.Temperature = 1.0,
    results: Annotated[Path, typer.Option(help="Folder of the figure and its numbers.")] = RESULTS,
) -> None:
    """Draw the paper's toy: the effects of conditioning on a confounder and on a collider.

    The figure shows correlations of the probabilities of treatment and outcome, overall and given
    each weather, and the errors of three estimates of an effect that is 0. The numbers come from
    sampled units, and from the enumeration of all possible units. The first run takes up to a
    minute of one core. Later runs take seconds, since scores are cached.
    """
    from benchmarks.paper.analysis.toy import summary, toys
    from benchmarks.paper.report.toy_figure import draw_toy
    from sdscm import load_lm
    from sdscm.figure_style import require_matplotlib
    from sdscm.files import put_atomically

    count = options.phrasing_count(phrasings)
    if count is None:
        raise InputError("--phrasings all: the toy draws phrasings at random; give a number")
    if units < 2:
        raise InputError("--units 1: correlations need 2 units or more")
    require_matplotlib()
    writable_folder(results, "--results")
    model = load_lm(lm)
    with working("drawing units"):
        table = toys(model, units, range(count), seed, temperature)
    content = table.to_csv(index=False, float_format="%.6g", lineterminator="\n")
    put_atomically(results / "toy.csv", content)
    title = f"{model.id}: {units:,} units of each of {counted(count, 'phrasing')}"
    picture = draw_toy(table, title, results / "toy.png")
    header = ["Scenario", "Quantity", "Given", "Drawn units", "All units"]
    say(title)
    say_table(summary(table).set_axis(header, axis="columns"), left=3)
    say("Sizes without signs, means over the phrasings.")
    written([picture, results / "toy.csv"])
