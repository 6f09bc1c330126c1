"""Convert errors of YAML and pydantic to one line that names the file, the key and the fix.

The readers of specs and suites use it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from sdscm.errors import InputError
from sdscm.hints import did_you_mean

KeyPath = Sequence[str | int]


class Problems(ValueError):
    """Several problems that a validator found; the text is that of the first."""

    def __init__(self, first: str, *rest: str) -> None:
        super().__init__(first)
        self.first, self.rest = first, rest


def raise_first(problems: Iterable[str]) -> None:
    """Raise `Problems` if there is any problem."""
    found = list(problems)
    if found:
        raise Problems(*found)


def read_text(path: Path) -> str:
    """The text of a file in UTF-8.

    Raises
    ------
    InputError
        If the file does not exist, or is not UTF-8 text.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: is not UTF-8 text; save it in UTF-8") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); check the path") from None


class _DuplicateKeyError(yaml.constructor.ConstructorError):
    """A key occurs twice in one mapping; plain YAML would ignore the first."""


#: Largest number of values in a file, with each alias written out; a suite of 1,000 datasets that
#: lists a thousand columns for each reaches it.
_MOST_VALUES = 1_000_000
#: Longest line of a message; what is longer repeats a value of the user.
_LONGEST = 600


class UniqueKeyLoader(yaml.SafeLoader):
    """Safe YAML in which a key occurs once in a mapping.

    A pair of surrogates that stands for one character, as JSON escapes write it, is that character.
    ``=`` and ``<<`` are texts, unless ``<<`` is a key, which merges another mapping.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in seen:
                raise _DuplicateKeyError(
                    None, None, f"the key {key.value!r} occurs twice", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


def _construct_text(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> str:
    text = str(loader.construct_scalar(node))
    if any("\ud800" <= character <= "\udfff" for character in text):
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    return text


for _kind in ("str", "value", "merge"):
    UniqueKeyLoader.add_constructor(f"tag:yaml.org,2002:{_kind}", _construct_text)


def _count_nodes(node: yaml.Node, counts: dict[int, float]) -> float:
    """Count nodes with each alias written out; infinite if a node is inside itself."""
    if not isinstance(node, yaml.CollectionNode):
        return 1
    if id(node) not in counts:
        counts[id(node)] = math.inf  # until it is known
        inside = chain(*node.value) if isinstance(node, yaml.MappingNode) else node.value
        counts[id(node)] = 1 + sum(_count_nodes(each, counts) for each in inside)
    return counts[id(node)]


def parse_yaml(
    text: str, where: str, fix: str, loader: type[yaml.SafeLoader] = UniqueKeyLoader
) -> dict[str, Any]:
    """The mapping in a YAML text.

    Parameters
    ----------
    where
        Name of the file, for the message.
    fix
        Advice if the text holds no mapping, such as "begin with 'name:'".

    Raises
    ------
    InputError
        If the text is not YAML, holds a key twice, holds no mapping, or has aliases that expand to
        more than a million values.
    """
    try:
        reader = loader(text)
        node = reader.get_single_node()
        size = 0 if node is None else _count_nodes(node, {})
        if size > _MOST_VALUES:  # before they are built, since that may take all memory
            found = f"expand to {size:.2g} values" if size < math.inf else "refer to themselves"
            raise InputError(
                f"{where}: its lists, mappings and aliases ('*name') {found}; a file may hold "
                f"{_MOST_VALUES:,}"
            )
        data = None if node is None else reader.construct_document(node)
    except yaml.YAMLError as error:
        raise InputError(f"{where}: {_yaml_problem(error)}") from None
    except RecursionError:
        raise InputError(f"{where}: is nested too deeply; remove the inner brackets") from None
    except InputError:
        raise
    except (ValueError, LookupError, AttributeError) as error:  # the value does not suit its tag
        problem = str(error).partition(";")[0]
        if isinstance(error, AttributeError | LookupError):
            problem = "it does not suit its tag"
        raise InputError(
            f"{where}: holds a date, a number or another tagged value that cannot be read "
            f"({problem}); put it in quotes"
        ) from None
    return as_mapping(data, where, fix)


def as_mapping(data: Any, where: str, fix: str) -> dict[str, Any]:
    """``data``, or an InputError if it is not a mapping."""
    if data is None:
        raise InputError(f"{where}: is empty; {fix}")
    if not isinstance(data, dict):
        kind = "list" if isinstance(data, list) else "single value"
        raise InputError(f"{where}: holds a {kind}, not a mapping; {fix}")
    return data


def _yaml_problem(error: yaml.YAMLError) -> str:
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return f"not valid YAML ({' '.join(str(error).split())}); remove that character"
    mark = error.problem_mark
    place = f"line {mark.line + 1}, column {mark.column + 1}"
    if isinstance(error, _DuplicateKeyError):
        return f"{place}: {error.problem}; remove one of them"
    if mark.buffer is not None and mark.buffer[mark.pointer] == "\t":
        return f"{place}: a tab; indent with spaces"
    if error.problem == "found unhashable key":
        return f"{place}: a key is a list or a mapping; write a text, and put it in quotes"
    problem = " ".join(str(error.problem).split())
    return (
        f"{place}: not valid YAML ({problem}); check the indentation, and put sentences that hold "
        "'{', ':' or '#' in quotes"
    )


def dotted_place(path: KeyPath, data: Any) -> str:
    """The place of a key as ``datasets[0].name: ``."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in path]
    return f"{''.join(parts).removeprefix('.')}: " if parts else ""


def input_error(
    error: ValidationError,
    data: Any,
    where: str,
    model: type[BaseModel],
    place: Callable[[KeyPath, Any], str] = dotted_place,
) -> InputError:
    """The first problem with its fix, and the number of further problems.

    Parameters
    ----------
    error
        Raised by the validation of ``model``.
    data
        The data that were validated.
    where
        Name of the file.
    place
        Function that describes a path in the data; its text comes before the problem.
    """
    found = _deepest(error, data)
    # A misspelt key is also a missing key: the misspelling comes first.
    path, first = min(found, key=lambda each: each[1]["type"] != "extra_forbidden")
    if first["type"] == "extra_forbidden":
        path = path[:-1]
    others = len(found) - 1 + sum(_others(detail) for _, detail in found)
    more = f" (and {others} more problem{'s' * (others > 1)})" if others else ""
    line = f"{place(path, data)}{_problem(first, _model_at(model, first['loc']))}{more}"
    return InputError(_shortened(" ".join(f"{where}: {line}".splitlines())))


def all_problems(
    error: ValidationError,
    data: Any,
    where: str,
    model: type[BaseModel],
    place: Callable[[KeyPath, Any], str] = dotted_place,
    at: KeyPath = (),
) -> list[str]:
    """Every problem with its fix, one line each; the arguments are those of `input_error`.

    ``at`` is the place in ``data`` of the part that was validated.
    """
    part = data
    for key in at:
        part = part[key]
    lines = []
    for path, detail in _deepest(error, part):
        whole = [*at, *(path[:-1] if detail["type"] == "extra_forbidden" else path)]
        problem = detail.get("ctx", {}).get("error")
        texts = [problem.first, *problem.rest] if isinstance(problem, Problems) else [None]
        for text in texts:
            said = text or _problem(detail, _model_at(model, detail["loc"]))
            lines.append(_shortened(" ".join(f"{where}: {place(whole, data)}{said}".splitlines())))
    return lines


def _deepest(error: ValidationError, data: Any) -> list[tuple[list[str | int], ErrorDetails]]:
    """The errors with their paths in the data, one for each path.

    A key that takes values of several types has an error for each; the deepest says most.
    """
    found = [(_written(detail, data), detail) for detail in error.errors()]
    found = [
        (path, detail)
        for path, detail in found
        if not any(len(path) < len(other) and other[: len(path)] == path for other, _ in found)
    ]
    firsts = {tuple(path): (path, detail) for path, detail in reversed(found)}
    return list(reversed(firsts.values()))


def _shortened(line: str) -> str:
    """The line, without the middle if it is very long: the end says how to mend the problem."""
    if len(line) <= _LONGEST:
        return line
    return f"{line[: _LONGEST // 2]} ... {line[-_LONGEST // 2 :]}"


def _written(detail: ErrorDetails, data: Any) -> list[str | int]:
    """The part of an error's path that the user wrote: without the types that pydantic adds."""
    path: list[str | int] = []
    for part in detail["loc"]:
        try:
            data = data[part]
        except (LookupError, TypeError):
            continue
        path.append(part)
    return [*path, detail["loc"][-1]] if detail["type"] == "missing" else path


def _others(detail: ErrorDetails) -> int:
    problem = detail.get("ctx", {}).get("error")
    return len(problem.rest) if isinstance(problem, Problems) else 0


def _model_at(model: type[BaseModel], path: KeyPath) -> type[BaseModel]:
    """The model that the last key of a path belongs to."""
    candidates = [model]
    for part in path[:-1]:
        named = [each for each in candidates if each.__name__ == part]
        if named:
            candidates = named
            continue
        fields = [each.model_fields[part] for each in candidates if part in each.model_fields]
        inner = [inside for field in fields for inside in _models(field.annotation)]
        candidates = inner or candidates
    return candidates[0]


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)


def _problem(detail: ErrorDetails, model: type[BaseModel]) -> str:
    kind, value = detail["type"], detail["input"]
    key = next((part for part in reversed(detail["loc"]) if part in model.model_fields), "")
    if kind == "value_error":
        return str(detail["ctx"]["error"])
    if kind == "extra_forbidden":
        key = str(detail["loc"][-1])
        return f"unknown key {key!r}; {did_you_mean(key, model.model_fields)}"
    if kind == "missing":
        return f"is missing; add '{key}: {_example(model, str(key))}'"
    if kind == "literal_error":
        return f"is {value!r}; write {detail['ctx']['expected']}"
    if kind in ("tuple_type", "list_type"):
        return f"is not a list; write {_example(model, str(key), '[..., ...]')}"
    if kind == "string_pattern_mismatch":
        return f"is {value!r}; use letters, digits, '.', '_' and '-' only"
    if kind == "string_unicode" and isinstance(value, str):
        return f"is {value!a}, half of a character; write the character itself, or both halves"
    if kind in ("string_type", "string_unicode"):
        return "is not text; put it in quotes"
    if kind in ("model_type", "model_attributes_type"):
        inner = next(_models(model.model_fields[key].annotation), model) if key else model
        required = [name for name, field in inner.model_fields.items() if field.is_required()]
        return f"is not a mapping; give it the keys {', '.join(required)}"
    return f"{detail['msg'][0].lower()}{detail['msg'][1:]}, but it is {_plain(value)}"


def _plain(value: Any) -> str:
    return str(value) if isinstance(value, date) else repr(value)


def _example(model: type[BaseModel], key: str, otherwise: str = "...") -> str:
    """An example of the value of a key: the field's own, or one of its choices."""
    field = model.model_fields.get(key)
    if field is None:
        return otherwise
    if field.examples:
        return str(field.examples[0])
    choices = get_args(field.annotation) if get_origin(field.annotation) is Literal else ()
    return f"one of {', '.join(map(str, choices))}" if choices else otherwise
