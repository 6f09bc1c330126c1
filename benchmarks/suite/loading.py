"""Read suites, and what the columns of a user's tables mean, from YAML."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from benchmarks.suite.entries import Columns, EstimatorEntry, FilesEntry, LMEntry, ScenarioEntry
from benchmarks.suite.model import BoardOptions, Suite
from sdscm.errors import InputError


def shipped_suites() -> list[str]:
    """Names of the suites that come with the package."""
    folder = resources.files("benchmarks") / "suites"
    return sorted(f.name.removesuffix(".yaml") for f in folder.iterdir() if ".yaml" in f.name)


def load_suite(name_or_path: str | Path, data: str | Path | None = None) -> Suite:
    """Read a suite: a shipped one by name, or a YAML file.

    Parameters
    ----------
    name_or_path
        Which suite.
    data
        Folder that the suite's relative paths start from; by default that of its file, and the
        working folder for a shipped one.

    Raises
    ------
    InputError
        One line that names the file, the key and the fix.
    """
    if data is not None and not Path(data).is_dir():
        raise InputError(f"{data}: no such folder; --data names that of your tables")
    path = Path(name_or_path)
    if path.suffix in (".yaml", ".yml"):
        return _parse(_text(path), str(path), path.parent, data)
    if str(name_or_path) not in shipped_suites():
        raise InputError(
            f"unknown suite '{name_or_path}': choose one of {', '.join(shipped_suites())}, "
            "or give the path of a .yaml file"
        )
    file = resources.files("benchmarks") / "suites" / f"{name_or_path}.yaml"
    return _parse(file.read_text(encoding="utf-8"), str(name_or_path), Path(), data)


def columns_from(path: Path) -> Columns:
    """Read what the columns of a user's tables mean; an InputError names file, key and fix."""
    raw = _mapping(_text(path), str(path), "the meaning of columns", Columns)
    try:
        return Columns.model_validate(raw)
    except ValidationError as error:
        raise InputError(_one_line(str(path), error, Columns)) from None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not readable as text ({error})") from None


def _mapping(text: str, origin: str, what: str, model: type[BaseModel]) -> dict[str, Any]:
    try:
        raw = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        problem = " ".join(str(getattr(error, "problem", None) or error).split())
        raise InputError(f"{origin}: {where}not valid YAML ({problem})") from None
    except RecursionError:
        raise InputError(f"{origin}: is nested too deeply; remove the inner brackets") from None
    if not isinstance(raw, dict):
        raise InputError(f"{origin}: {what} is a mapping with the keys {_keys(model)}")
    return raw


def _parse(text: str, origin: str, folder: Path, data: str | Path | None) -> Suite:
    raw = _mapping(text, origin, "a suite", Suite)
    try:
        suite = Suite.model_validate(raw)
    except ValidationError as error:
        raise InputError(_one_line(origin, error, Suite)) from None
    suite._data = None if data is None else Path(data)
    suite._folder, suite._origin = suite._data or folder, origin
    return suite


def _keys(model: type[BaseModel]) -> str:
    return ", ".join(model.model_fields)


_MODELS: dict[str, type[BaseModel]] = {
    "scenario": ScenarioEntry,
    "lm": LMEntry,
    "files": FilesEntry,
    "columns": Columns,
    "estimators": EstimatorEntry,
    "board": BoardOptions,
}


#: What pydantic adds to the path of a complaint: kinds, which the user has written nowhere.
_KINDS = ("int", "str", "float", "constrained-int", "LMEntry", "Columns")


def _same_key(errors: Sequence[Any]) -> list[Any]:
    """The complaints about what the first one is about."""

    def place(error: Any) -> list[Any]:
        return [p for p in error["loc"] if p not in _KINDS and "[" not in str(p)]

    about = place(errors[0])
    return [each for each in errors if place(each)[: len(about)] == about]


def _one_line(origin: str, error: ValidationError, model: type[BaseModel]) -> str:
    """The first of pydantic's complaints as ``file: key: what is wrong and how to mend it``."""
    told = error.errors()
    # Where a mapping may be a text instead, pydantic complains of both.
    errors = [each for each in told if each["loc"][-1:] != ("str",)] or told
    # Where a key takes values of several kinds, that which the user's got farthest with.
    first = max(_same_key(errors), key=lambda each: len(each["loc"]))
    path = list(first["loc"])
    for part in path[:-1]:
        model = _MODELS.get(str(part), model)
    if path[:1] == ["datasets"] and len(path) > 2:
        del path[2]  # pydantic's tag for the kind of entry; the user has written no such key
    where = ""
    for part in path:
        if isinstance(part, int):
            where += f"[{part}]"
        elif part not in _KINDS and "[" not in part:
            where += f".{part}" if where else part
    value = first.get("input")
    match first["type"]:
        case "extra_forbidden":
            what = f"unknown key; the keys here are {_keys(model)}"
        case "missing":
            what = "this key is needed; add it"
        case "value_error":
            what = str(first["ctx"]["error"])
        case "string_pattern_mismatch":
            what = f"'{value}' must be letters, digits, '_', '.' or '-', since it names a folder"
        case _:
            what = f"{first['msg'][0].lower()}{first['msg'][1:]}, but it is {value!r}"
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return ": ".join(part for part in (origin, where, " ".join(what.split())) if part) + more
