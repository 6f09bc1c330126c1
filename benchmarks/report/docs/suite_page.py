"""Make the tables of ``docs/suites.md`` and ``docs/spec.md``: keys, metrics, rules of ranking.

``python -m benchmarks.report.docs.suite_page docs/suites.md docs/spec.md`` writes them between the
marks ``<!-- NAME:begin -->`` and ``<!-- NAME:end -->``.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from benchmarks import metrics
from benchmarks.boards.explain import COMPARISON_RULE, REPETITION_RULE, ranking_rule
from benchmarks.report.docs.extract import replaced
from benchmarks.suite.entries import (
    Columns,
    EstimatorEntry,
    FilesEntry,
    LMEntry,
    PaperData,
    PaperEntry,
    ScenarioEntry,
    SimulationEntry,
)
from benchmarks.suite.model import BoardOptions, Suite
from sdscm.report_page.markdown import markdown_table
from sdscm.spec import Spec, Variable

#: Marks of the page, and the model whose keys are listed at each mark.
MODELS: dict[str, type[BaseModel]] = {
    "suite": Suite,
    "scenario": ScenarioEntry,
    "lm": LMEntry,
    "files": FilesEntry,
    "columns": Columns,
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
    PaperEntry: "The paper's datasets",
    SimulationEntry: "Simulated data",
    EstimatorEntry: "Estimators",
    BoardOptions: "Boards",
}


def main(suites: Path, specs: Path) -> None:
    """Write the tables into the pages."""
    for path, make in ((suites, page), (specs, spec_page)):
        path.write_text(make(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
