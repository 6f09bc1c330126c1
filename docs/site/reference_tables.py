"""Make tables of the docs: keys of suites and specs, metrics, scenarios."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from benchmarks import discovery, mediation, metrics
from benchmarks.datasets import scenario_facts
from benchmarks.suite.entries import (
    Columns,
    EstimatorEntry,
    FilesEntry,
    LMEntry,
    PaperData,
    PaperEntry,
    ScenarioEntry,
    SemisynthEntry,
    SemisynthTable,
    SimulationEntry,
)
from benchmarks.suite.model import BoardOptions, Suite
from sdscm.data.diagnostics import Profile
from sdscm.number_format import NONE, percent, two_decimals
from sdscm.report_page.markdown import markdown_table
from sdscm.spec import Spec, Variable, identification, load_spec, scenario_names

#: Names of the tables of keys, and the model of each.
MODELS: dict[str, type[BaseModel]] = {
    "suite-keys": Suite,
    "suite-keys-scenario": ScenarioEntry,
    "suite-keys-lm": LMEntry,
    "suite-keys-files": FilesEntry,
    "suite-keys-columns": Columns,
    "suite-keys-semisynth": SemisynthEntry,
    "suite-keys-semisynth-table": SemisynthTable,
    "suite-keys-paper": PaperData,
    "suite-keys-simulation": SimulationEntry,
    "suite-keys-estimators": EstimatorEntry,
    "suite-keys-board": BoardOptions,
    "spec-keys": Spec,
    "spec-keys-variable": Variable,
}


def discovery_table() -> str:
    """Make a table of the discovery methods of the package."""
    infos = map(discovery.get, discovery.names())
    rows = [(info.name, info.assumes, info.source or NONE) for info in infos]
    return markdown_table(["method", "assumes", "source"], rows, left=3)


def mediation_table() -> str:
    """Make a table of the mediation methods of the package."""
    infos = map(mediation.get, mediation.names())
    rows = [(info.name, info.assumes, info.source or NONE) for info in infos]
    return markdown_table(["method", "assumes", "source"], rows, left=3)


def scenario_table() -> str:
    """Make a table of the shipped scenarios: what they hold by design and by the graph."""
    rows = []
    for spec in map(load_spec, scenario_names()):
        hidden = spec.identified(hidden=True)
        graph = spec.graph, spec.treatment.name, spec.outcome.name
        after = identification.mediators(*graph)
        sentences = [(len(each.tuning), len(each.phrasings)) for each in spec.variables]
        tuning, scored = map(min, zip(*sentences, strict=True))
        holds = {
            "instruments": tuple(hidden.instruments) if spec.common_causes else (),
            "mediators": after,
            "proxies": tuple(identification.proxies(*graph, hidden.shown)),
        }
        rows.append(
            [
                f"`{spec.name}`",
                spec.title,
                str(len(spec.variables)),
                " / ".join(spec.treatment.values),
                "; ".join(f"{kind}: {', '.join(names)}" for kind, names in holds.items() if names)
                or "–",
                f"{tuning} + {scored}" if tuning else str(scored),
            ]
        )
    header = ["Scenario", "Title", "Variables", "Treatment", "By the graph", "Sentences"]
    return markdown_table(header, rows, left=6)


def fact_table(facts: pd.DataFrame | None = None) -> str:
    """Make a table of the facts of `scenario_facts.table`, by default of the shipped scenarios."""
    facts = scenario_facts.table() if facts is None else facts
    rows = []
    for (name, sentences), row in zip(facts.index, facts.to_dict("records"), strict=True):
        profile = Profile(*(row[each] for each in scenario_facts.PROFILE))
        numbers = [
            two_decimals(row[each])
            for each in ("confounding", "overlap", "effective_n", "heterogeneity", "hidden_spread")
        ]
        rows.append(
            [
                f"`{name}`",
                sentences,
                "yes" if profile.confounded else "no",
                *numbers,
                percent(row["treated"]),
                percent(row["distinct"]),
                f"{row['mass']:.0e}",
            ]
        )
    header = ["Scenario", "Sentences", "Confounded", "Bias", "Overlap", "Effective rows"]
    header += ["SD(CATE), shown", "SD(CATE), hidden", "Treated", "Distinct rows", "Mass"]
    return markdown_table(header, rows, left=3)


def key_table(model: type[BaseModel]) -> str:
    """Make a table of the keys of a model: type, default and meaning of each."""
    kinds = model.model_json_schema()
    rows = []
    for names, meaning in meanings(model).items():
        fields = [model.model_fields[name] for name in names]
        defaults = [_default(field.get_default(call_default_factory=True)) for field in fields]
        taken = [_kind(kinds["properties"][name], kinds.get("$defs", {})) for name in names]
        rows.append(
            [
                ", ".join(f"`{name}`" for name in names),
                "; ".join(dict.fromkeys(taken)),
                "; ".join(dict.fromkeys(defaults)),
                _linked(meaning),
            ]
        )
    return markdown_table(["Key", "Takes", "Default", "Meaning"], rows, left=4)


def meanings(model: type[BaseModel]) -> dict[tuple[str, ...], str]:
    """Read the meaning of the keys of a model from the docstrings of its class and bases.

    Keys with one description in the docstring stay together.
    """
    found: dict[tuple[str, ...], str] = {}
    for kind in model.__mro__:
        if not issubclass(kind, BaseModel) or kind is BaseModel:
            continue
        described = inspect.cleandoc(kind.__doc__ or "").partition("Attributes\n----------\n")[2]
        for names, text in re.findall(r"^(\w[\w, ]*)\n((?:[ ]+.+\n?)+)", described, re.MULTILINE):
            found.setdefault(tuple(names.split(", ")), " ".join(text.split()))
    return found


def metric_table() -> str:
    """Make a table of the metrics of each group of boards, in the order of the registry."""
    rows: dict[str, list[list[str]]] = {}
    for metric in map(metrics.find, metrics.names()):
        what = (metric.function.__doc__ or "").strip().splitlines()[0].replace("``", "`")
        target = "–" if metric.target == "none" else metric.target
        pooled = "all datasets" if isinstance(metric, metrics.PooledMetric) else "each dataset"
        rows.setdefault(metric.group, []).append(
            [
                f"`{metric.name}`",
                what,
                metric.direction("1 − alpha").removesuffix(" is better").removeprefix("best "),
                target,
                pooled,
                metric.source,
            ]
        )
    header = ["Name", "What it is", "Best", "Compared with", "One for", "Formula from"]
    return "\n\n".join(
        f"## {_GROUPS.get(group, group)}\n\n{markdown_table(header, each, left=6)}"
        for group, each in rows.items()
    )


_GROUPS = {
    "ATE": "Average effect (ATE)",
    "CATE": "Effects given covariates (CATE)",
    "ITE": "Individual effects (ITE)",
    "cost": "Costs",
}


def _default(value: Any) -> str:
    if value is PydanticUndefined:
        return "needed"
    if value is None or value in ("", [], {}, ()):
        return "–"
    if isinstance(value, BoardOptions):
        return "as below"
    if isinstance(value, BaseModel):
        return f"`{next(iter(value.model_dump().values()))}`"
    if isinstance(value, list):
        return "`[" + ", ".join(map(str, value)) + "]`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def _kind(schema: Mapping[str, Any], models: Mapping[str, Any]) -> str:
    """Describe the type of a key in words, from its JSON schema."""
    return " or ".join(dict.fromkeys(_kinds(schema, models)))


def _kinds(schema: Mapping[str, Any], models: Mapping[str, Any]) -> Iterator[str]:
    if "takes" in schema:  # said by the model, since its schema says less
        yield schema["takes"]
    elif "$ref" in schema:
        model = schema["$ref"].rpartition("/")[2]
        yield from ["text"] * (model in _NAMED)
        yield from _kinds(models[model], models)
    elif "anyOf" in schema or "oneOf" in schema:
        for each in schema.get("anyOf", schema.get("oneOf")):
            if each.get("type") != "null":
                yield from _kinds(each, models)
    elif "enum" in schema:
        yield from (f"`{value}`" for value in schema["enum"])
    elif schema.get("type") == "array":
        yield f"a list of {_many(_kind(schema['items'], models))}"
    else:
        yield _KINDS.get(schema.get("type", ""), "a mapping") + _range(schema)


_KINDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "yes or no",
}


#: Models that a suite can also write as a name only.
_NAMED = (LMEntry.__name__, EstimatorEntry.__name__)


def _many(kind: str) -> str:
    for one, many in _PLURALS.items():
        kind = re.sub(rf"\b{one}\b", many, kind)
    return kind


_PLURALS = {
    "a whole number": "whole numbers",
    "a number": "numbers",
    "a mapping": "mappings",
    "text": "texts",
}


def _range(schema: Mapping[str, Any]) -> str:
    parts = [
        f"{word} {schema[key]:g}"
        for key, word in (
            ("exclusiveMinimum", "above"),
            ("minimum", "at least"),
            ("exclusiveMaximum", "below"),
            ("maximum", "at most"),
        )
        if key in schema
    ]
    return f" ({' and '.join(parts)})" if parts else ""


def _linked(meaning: str) -> str:
    """Turn names of models into links to their sections, and pages of the docs into links."""
    meaning = meaning.replace("``", "`")
    meaning = re.sub(r"docs/([\w-]+/([\w-]+)\.md)", r"[\2](../\1)", meaning)
    for model, heading in SECTIONS.items():
        anchor = heading.lower().replace(" ", "-").replace("'", "")
        meaning = meaning.replace(f"`{model.__name__}`", f"[{heading}](#{anchor})")
    return meaning


SECTIONS: dict[type[BaseModel], str] = {
    ScenarioEntry: "Datasets to sample",
    LMEntry: "Language models",
    FilesEntry: "Datasets of your own",
    SemisynthEntry: "Semi-synthetic data",
    SemisynthTable: "The table",
    PaperEntry: "The paper's datasets",
    SimulationEntry: "Simulated data",
    EstimatorEntry: "Estimators",
    BoardOptions: "Boards",
}
