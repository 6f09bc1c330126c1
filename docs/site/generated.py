"""Tables and pictures that the build of the site puts into pages, from code and results.

A page holds a line ``<!-- generated: NAME -->``. The build puts the Markdown of ``GENERATED[NAME]``
there: see `fill`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

import architecture
import estimator_tables
import gallery
import headline
import pandas as pd
import reference
import reference_tables
from cache import ROOT
from guide_board import extract

import benchmarks
import estimators
import sdscm
from sdscm.figure_style import figure_bytes, figure_style
from sdscm.graph_plot import draw_graph
from sdscm.spec import spec_from_yaml

#: Pictures of the functions below, by path in the site: see `picture`.
PICTURES: dict[str, bytes] = {}

_MARK = re.compile(r"^<!-- generated: (\S+) -->$", re.MULTILINE)


def fill(text: str) -> str:
    """Return a page's Markdown with the generated parts in place of their marks.

    Raises ``KeyError`` for a mark whose name is not in `GENERATED`.
    """
    return _MARK.sub(lambda mark: GENERATED[mark[1]](), text)


def picture(name: str, content: bytes, alt: str) -> str:
    """Add a picture to the site, and return the Markdown that shows it."""
    PICTURES[f"pictures/{name}"] = content
    return f"![{alt}](/pictures/{name})"


def _architecture() -> str:
    alt = "The packages, their folders, and what imports what"
    return picture("architecture.svg", architecture.draw().encode(), alt)


def _headline_board() -> str:
    """Show the board of the suite quick: the best methods, with confounders seen and hidden."""
    alt = "Errors of methods: most are small with confounders seen, and larger with them hidden"
    return f"[{picture('headline-board.svg', headline.draw(), alt)}](/boards/index.md)"


def _tutorial_graph() -> str:
    """Draw the graph of the spec that the tutorial shows."""
    page = (ROOT / "docs/tutorial.md").read_text(encoding="utf-8")
    text = page.partition("```yaml\n")[2].partition("```")[0]
    spec = spec_from_yaml(text, "tutorial.md")
    with figure_style():
        content = figure_bytes(draw_graph(spec), "svg")
    return picture("tutorial-graph.svg", content, "The graph of Kim's evening")


def _guide_board() -> str:
    return extract(pd.read_csv(ROOT / "results/published/quick/leaderboard.csv"))


#: The function behind each name that a page can mark.
GENERATED: dict[str, Callable[[], str]] = {
    "api-sdscm": lambda: reference.api(sdscm),
    "api-estimators": lambda: reference.api(estimators),
    "api-benchmarks": lambda: reference.api(benchmarks),
    "api-arms": lambda: reference.api(benchmarks.arms),
    "api-discovery": lambda: reference.api(benchmarks.discovery),
    "api-mediation": lambda: reference.api(benchmarks.mediation),
    "api-plugins": reference.plugins,
    "architecture": _architecture,
    "gallery": gallery.index,
    "commands": reference.commands,
    "guide-board": _guide_board,
    "headline-board": _headline_board,
    "tutorial-graph": _tutorial_graph,
    **{
        name: partial(reference_tables.key_table, model)
        for name, model in reference_tables.MODELS.items()
    },
    "metrics": reference_tables.metric_table,
    "discovery-methods": reference_tables.discovery_table,
    "mediation-methods": reference_tables.mediation_table,
    "scenarios": reference_tables.scenario_table,
    "scenario-facts": reference_tables.fact_table,
    **estimator_tables.TABLES,
}
