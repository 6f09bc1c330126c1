"""YAML and JSON as people write them: plain data, or one line that says where it breaks."""

from __future__ import annotations

import json
from collections.abc import Hashable
from typing import Any

import yaml

from sdscm.errors import InputError
from sdscm.spec.checks import Unquoted

_NUMBER_LIKE = {f"tag:yaml.org,2002:{kind}" for kind in ("int", "float", "timestamp")}
_TOO_DEEP = "is nested too deeply for a spec; remove the inner brackets"


class _DuplicateKey(yaml.constructor.ConstructorError):
    """A key that stands twice in one mapping: plain YAML would drop the first silently."""


class _SpecLoader(yaml.SafeLoader):
    """Safe YAML in which numbers and dates stay the text that was written."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in seen:
                raise _DuplicateKey(
                    None, None, f"the key {key.value!r} stands twice", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


_SpecLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in _NUMBER_LIKE]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_SpecLoader.add_constructor(
    "tag:yaml.org,2002:bool", lambda loader, node: Unquoted(str(node.value))
)


def parse_yaml(text: str, where: str) -> dict[str, Any]:
    """The mapping that a YAML text holds.

    Raises
    ------
    InputError
        If it is not YAML, holds a key twice, or is not a mapping.
    """
    try:
        data = yaml.load(text, Loader=_SpecLoader)
    except yaml.YAMLError as error:
        raise InputError(f"{where}: {_yaml_complaint(error)}") from error
    except RecursionError as error:
        raise InputError(f"{where}: {_TOO_DEEP}") from error
    return _mapping(data, where)


def parse_json(text: str, where: str) -> dict[str, Any]:
    """The mapping that a JSON text holds; raises as ``parse_yaml`` does."""
    try:
        data = json.loads(text, parse_float=str, object_pairs_hook=_without_duplicates)
    except json.JSONDecodeError as error:
        if not text.strip():
            return _mapping(None, where)
        raise InputError(
            f"{where}: line {error.lineno}, column {error.colno}: not valid JSON "
            f"({error.msg}); mend that line"
        ) from error
    except _DuplicateJsonKey as error:
        raise InputError(f"{where}: {error}") from error
    except RecursionError as error:
        raise InputError(f"{where}: {_TOO_DEEP}") from error
    return _mapping(data, where)


class _DuplicateJsonKey(ValueError):
    """A key that stands twice in one object."""


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for key, value in pairs:
        if key in data:
            raise _DuplicateJsonKey(f"the key {key!r} stands twice; remove one of them")
        data[key] = value
    return data


def _mapping(data: Any, where: str) -> dict[str, Any]:
    if data is None:
        raise InputError(f"{where}: is empty; begin with 'name:' and 'variables:'")
    if not isinstance(data, dict):
        kind = "list" if isinstance(data, list) else "single value"
        raise InputError(
            f"{where}: holds a {kind}, not a mapping; begin with 'name:' and 'variables:'"
        )
    return data


def _yaml_complaint(error: yaml.YAMLError) -> str:
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return f"not valid YAML ({' '.join(str(error).split())}); remove that character"
    mark = error.problem_mark
    place = f"line {mark.line + 1}, column {mark.column + 1}"
    if isinstance(error, _DuplicateKey):
        return f"{place}: {error.problem}; remove one of them"
    if "\\t" in str(error.problem):
        return f"{place}: a tab; indent with spaces"
    problem = " ".join(str(error.problem).split())
    return (
        f"{place}: not valid YAML ({problem}); check the indentation, and put sentences that hold "
        "'{', ':' or '#' in quotes"
    )
