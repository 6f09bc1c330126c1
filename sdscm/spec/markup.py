"""Read the YAML and JSON of specs as plain data."""

from __future__ import annotations

import json
from typing import Any

from sdscm.errors import InputError
from sdscm.spec.fields import Unquoted
from sdscm.validation import UniqueKeyLoader, as_mapping
from sdscm.validation import parse_yaml as parse_plain_yaml

_NUMBER_LIKE = {f"tag:yaml.org,2002:{kind}" for kind in ("int", "float", "timestamp")}
_FIX = "begin with 'name:' and 'variables:'"


class _SpecLoader(UniqueKeyLoader):
    """Safe YAML that reads numbers and dates as text."""


_SpecLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in _NUMBER_LIKE]
    for first, resolvers in UniqueKeyLoader.yaml_implicit_resolvers.items()
}
_SpecLoader.add_constructor(
    "tag:yaml.org,2002:bool", lambda loader, node: Unquoted(str(node.value))
)


def parse_yaml(text: str, where: str) -> dict[str, Any]:
    """The mapping in a YAML text; raises as `sdscm.validation.parse_yaml` does."""
    return parse_plain_yaml(text, where, _FIX, _SpecLoader)


def parse_json(text: str, where: str) -> dict[str, Any]:
    """The mapping in a JSON text; raises as `parse_yaml` does."""
    try:
        data = json.loads(text, parse_float=str, object_pairs_hook=_without_duplicates)
    except json.JSONDecodeError as error:
        if not text.strip():
            return as_mapping(None, where, _FIX)
        raise InputError(
            f"{where}: line {error.lineno}, column {error.colno}: not valid JSON "
            f"({error.msg}); correct that line"
        ) from None
    except _DuplicateKeyError as error:
        raise InputError(f"{where}: {error}") from None
    except ValueError:  # Python reads 4,300 digits at most
        raise InputError(f"{where}: holds a number that is too long; put it in quotes") from None
    except RecursionError:
        raise InputError(f"{where}: is nested too deeply; remove the inner brackets") from None
    return as_mapping(data, where, _FIX)


class _DuplicateKeyError(ValueError):
    """A key occurs twice in one object."""


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for key, value in pairs:
        if key in data:
            raise _DuplicateKeyError(f"the key {key!r} occurs twice; remove one of them")
        data[key] = value
    return data
