"""Make tables of the docs: keys of suites and specs, metrics, rules of ranking, scenarios.

``python -m benchmarks.report.docs.suite_page docs/suites.md docs/spec.md docs/scenarios.md`` writes
them between the marks ``<!-- NAME:begin -->`` and ``<!-- NAME:end -->``.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from benchmarks import metrics
from benchmarks.boards.explain import COMPARISON_RULE, REPETITION_RULE, ranking_rule
from benchmarks.datasets import scenario_facts
from benchmarks.report.docs.extract import replaced
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
from sdscm.number_format import percent, two_decimals
from sdscm.report_page.markdown import markdown_table
from sdscm.spec import Spec, Variable, identification, load_spec, scenario_names

#: Marks of the page, and the model whose keys are listed at each mark.
MODELS: dict[str, type[BaseModel]] = {
    "suite": Suite,
    "scenario": ScenarioEntry,
    "lm": LMEntry,
    "files": FilesEntry,
    "columns": Columns,
    "semisynth": SemisynthEntry,
    "semisynth-table": SemisynthTable,
    "paper": PaperData,
    "simulation": SimulationEntry,
    "estimators": EstimatorEntry,
    "board": BoardOptions,
}


def spec_page(text: str) -> str:
    """Return the text of the page of specs with new tables."""
    for mark, model in (("keys-spec", Spec), ("keys-variable", Variable)):
        text = replaced(text, key_table(model), mark)
    return text


def scenario_page(text: str) -> str:
    """Return the text of the page of scenarios with new tables."""
    text = replaced(text, scenario_table(), "scenarios")
    return replaced(text, fact_table(scenario_facts.table()), "facts")


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


def fact_table(facts: pd.DataFrame) -> str:
    """Make a table of the facts of `scenario_facts.table`."""
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


def page(text: str) -> str:
    """Return the text of the page of suites with new tables."""
    tables = {f"keys-{name}": key_table(model) for name, model in MODELS.items()}
    tables["metrics"] = metric_table()
    tables["rules"] = "\n\n".join((ranking_rule(BoardOptions()), COMPARISON_RULE, REPETITION_RULE))
    for mark, table in tables.items():
        text = replaced(text, table, mark)
    return text


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
    """Read the meaning of the keys of a model from the docstring of its class.

    Keys with one description in the docstring stay together.
    """
    described = inspect.cleandoc(model.__doc__ or "").partition("Attributes\n----------\n")[2]
    found: dict[tuple[str, ...], str] = {}
    for names, text in re.findall(r"^(\w[\w, ]*)\n((?:[ ]+.+\n?)+)", described, re.MULTILINE):
        found[tuple(names.split(", "))] = " ".join(text.split())
    return found


def metric_table() -> str:
    """Make a table of all metrics, in the order of the registry."""
    rows = []
    for metric in map(metrics.find, metrics.names()):
        what = (metric.function.__doc__ or "").strip().splitlines()[0].replace("``", "`")
        target = "–" if metric.target == "none" else metric.target
        pooled = "all datasets" if isinstance(metric, metrics.PooledMetric) else "each dataset"
        rows.append(
            [
                f"`{metric.name}`",
                metric.group,
                what,
                metric.direction("1 − alpha").removesuffix(" is better").removeprefix("best "),
                target,
                pooled,
                metric.source,
            ]
        )
    header = ["Name", "Board", "What it is", "Best", "Compared with", "One for", "Formula from"]
    return markdown_table(header, rows, left=7)


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
    """Turn names of models into links to their sections of the page."""
    meaning = meaning.replace("``", "`")
    for model, heading in _SECTIONS.items():
        anchor = heading.lower().replace(" ", "-").replace("'", "")
        meaning = meaning.replace(f"`{model.__name__}`", f"[{heading}](#{anchor})")
    return meaning


_SECTIONS: dict[type[BaseModel], str] = {
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


#: Name of each page of the docs, and the function that writes its tables.
PAGES = {"suites.md": page, "spec.md": spec_page, "scenarios.md": scenario_page}


def main(*paths: Path) -> None:
    """Write the tables into the pages."""
    for path in paths:
        text = PAGES[path.name](path.read_text(encoding="utf-8"))
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
