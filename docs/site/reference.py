"""The reference pages that come from code: the Python interface, and the commands."""

from __future__ import annotations

import inspect
import re
import textwrap
from types import ModuleType
from typing import Any

import typer
from typer.cli import get_docs_for_click

from benchmarks import discovery, mediation, metrics, selection
from benchmarks.cli.app import command
from estimators.text import wrapped
from sdscm import embeddings
from sdscm.lm import registry as backends

_KINDS = ("Functions", "Classes", "Constants")


def api(package: ModuleType) -> str:
    """Make the reference of the public names of a package, for mkdocstrings."""
    found: dict[str, list[str]] = {kind: [] for kind in _KINDS}
    for name in package.__all__:
        value = getattr(package, name)
        if not inspect.ismodule(value):
            found[_kind(value)].append(_entry(f"{package.__name__}.{name}", value))
    parts = [[f"## {kind}", *entries] for kind, entries in found.items() if entries]
    return "\n\n".join(line for part in parts for line in part)


def plugins() -> str:
    """Make the reference of what authors of everything but estimators use.

    What authors of estimators use stands on the page of the package.
    """
    parts = {
        metrics: ["metric", "pooled_metric", "Metric", "PooledMetric", "register"],
        discovery: ["register", "DiscoveryMethod", "DiscoveryInfo", "check_method"],
        mediation: ["register", "MediationMethod", "MediationInfo", "check_method"],
        selection: ["selector", "Selector", "Shown", "fixed", "register"],
        backends: ["register_lm", "LMOptions", "ModelHandle"],
        wrapped: ["Text", "TfidfFeatures"],
        embeddings: ["Embeddings"],
    }
    lines = []
    titles = {
        metrics: "Metrics",
        discovery: "Discovery methods",
        mediation: "Mediation methods",
        selection: "Selectors",
        backends: "Language models",
        wrapped: "Features of texts",
        embeddings: "Embeddings of texts",
    }
    for module, title in titles.items():
        lines.append(f"## {title}")
        lines += [
            _entry(f"{module.__name__}.{name}", getattr(module, name)) for name in parts[module]
        ]
    return "\n\n".join(lines)


def _kind(value: Any) -> str:
    if inspect.isclass(value):
        return "Classes"
    return "Functions" if inspect.isroutine(value) else "Constants"


def _entry(name: str, value: Any) -> str:
    last = name.rpartition(".")[2]
    path = f"{value.__module__}.{value.__qualname__}" if inspect.ismethod(value) else name
    return f"::: {path}\n    options:\n      heading: {name}\n      toc_label: {last}"


def commands() -> str:
    """Make the reference of all commands, from their help."""
    program = command()
    _set_short_help(program)
    context = typer.Context(program, info_name="sdscm")
    text = get_docs_for_click(obj=program, ctx=context, name="sdscm")
    text = text.partition("\n")[2]  # the page has a title
    text = text.replace("* `--help`: Show this message and exit.\n", "")
    return re.sub(r"^(Examples?:)\n\n(.*?)\n(?=\n#|\Z)", _example, text, flags=re.M | re.S)


def _set_short_help(group: Any) -> None:
    """Set the first sentence of each command's help, which Typer would cut at 45 letters."""
    for each in getattr(group, "commands", {}).values():
        each.short_help = " ".join((each.help or "").partition("\n\n")[0].split())
        _set_short_help(each)


def _example(found: re.Match[str]) -> str:
    lines = [line for line in found[2].splitlines() if line]
    return f"**{found[1]}**\n\n```sh\n{textwrap.dedent(chr(10).join(lines))}\n```\n"
