"""Read specs from files: shipped scenarios, and files of users."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from sdscm.errors import InputError
from sdscm.hints import kind_of
from sdscm.spec import checks, original
from sdscm.spec.markup import parse_json, parse_yaml
from sdscm.spec.model import Spec
from sdscm.spec.render import place_in_spec
from sdscm.spec.variable import Variable
from sdscm.validation import all_problems, input_error, read_text

_PARSERS: dict[str, Callable[[str, str], dict[str, Any]]] = {
    ".yaml": parse_yaml,
    ".yml": parse_yaml,
    ".json": parse_json,
}


def scenario_names() -> list[str]:
    """Names of the scenarios that are shipped with the project, sorted.

    Examples
    --------
    >>> "headache" in sdscm.scenario_names()
    True
    """
    shipped = files("sdscm").joinpath("scenarios").iterdir()
    return sorted(file.name[:-5] for file in shipped if file.name.endswith(".yaml"))


def load_spec(name_or_path: str | Path | Spec) -> Spec:
    """Read a spec.

    Parameters
    ----------
    name_or_path
        The name of a shipped scenario (``scenario_names()``), or the path of a ``.yaml``, ``.yml``
        or ``.json`` file. JSON may be in the original format of the reference code. A spec is
        returned as it is.

    Raises
    ------
    InputError
        One line that names the file, the variable, the problem and the fix.

    Examples
    --------
    >>> sdscm.load_spec("headache")
    <Spec: headache, 9 variables, relief → feeling, 16,457,990,640 phrasings>
    """
    if isinstance(name_or_path, Spec):
        return name_or_path
    if not isinstance(name_or_path, str | Path):
        raise InputError(
            f"spec: it is {kind_of(name_or_path)}; give the name of a scenario, the path of a YAML "
            "or JSON file, or a Spec"
        )
    if isinstance(name_or_path, str) and name_or_path in scenario_names():
        resource = files("sdscm").joinpath("scenarios", f"{name_or_path}.yaml")
        return spec_from_yaml(resource.read_text(encoding="utf-8"), f"{name_or_path}.yaml")
    path, where = Path(name_or_path), str(name_or_path)
    if not path.exists():
        raise InputError(_not_found(where))
    if path.suffix.lower() not in _PARSERS:
        raise InputError(
            f"{where}: is not a spec file; give a path that ends in .yaml, .yml or .json"
        )
    return _spec(_PARSERS[path.suffix.lower()](read_text(path), where), where)


def spec_from_yaml(text: str, where: str) -> Spec:
    """Read a spec from YAML text; errors are those of `load_spec` and name the text ``where``."""
    return _spec(parse_yaml(text, where), where)


def _spec(data: dict[str, Any], where: str) -> Spec:
    if original.is_original(data):
        data = original.convert(data, where)
    try:
        return Spec.model_validate(data)
    except ValidationError as error:
        raise input_error(error, data, where, Spec, place_in_spec) from None


def spec_problems(name_or_path: str | Path) -> list[str]:
    """All problems of a spec, one line each; empty if `load_spec` reads it.

    Problems between variables, such as a cycle, are found among the variables that are sound by
    themselves.

    Raises
    ------
    InputError
        If the file does not exist, or is no YAML or JSON.
    """
    where = str(name_or_path)
    try:
        load_spec(name_or_path)
        return []
    except InputError as error:
        path = Path(name_or_path)
        if path.suffix.lower() not in _PARSERS or not path.exists():
            raise
        data = _PARSERS[path.suffix.lower()](read_text(path), where)
        first = str(error)
    found: list[str] = []
    entries = data.get("variables")
    if original.is_original(data) or not isinstance(entries, list):
        return [first]
    sound: list[Variable] = []
    for place, entry in enumerate(entries):
        try:
            sound.append(Variable.model_validate(entry))
        except ValidationError as error:
            at = ("variables", place)
            found += all_problems(error, data, where, Variable, place_in_spec, at)
    others = {key: value for key, value in data.items() if key != "variables"}
    stand_in = {**others, "variables": []}
    try:
        Spec.model_validate(stand_in)
    except ValidationError as error:
        found += [
            line
            for line in all_problems(error, stand_in, where, Spec, place_in_spec)
            if "'variables' is empty" not in line
        ]
    outcome_value = data.get("outcome_value")
    value = str(outcome_value) if isinstance(outcome_value, str | int | float) else None
    together = checks.problems(sound, value) if sound else ()
    # Names of variables that are not sound are known, all the same.
    names = {each.get("name") for each in entries if isinstance(each, dict)}
    found += [f"{where}: {line}" for line in together if not _of_unsound(line, names, sound)]
    return found or [first]


def _of_unsound(line: str, names: set[Any], sound: list[Variable]) -> bool:
    """Whether a problem between variables is there only since another one is not sound."""
    unsound = names - {each.name for each in sound}
    missing_role = line.startswith("no variable is the ") and len(unsound) > 0
    return missing_role or any(f"its parent {name!r} is not" in line for name in unsound)


def _not_found(where: str) -> str:
    path, shipped = Path(where), scenario_names()
    siblings: list[str] = []
    if path.parent.is_dir():
        siblings = [str(one) for one in path.parent.iterdir() if one.suffix.lower() in _PARSERS]
    close = get_close_matches(where, [*shipped, *siblings], n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return (
        f"{where}: no such file or scenario; {hint}shipped scenarios: {', '.join(shipped)}; "
        "or give the path of a YAML or JSON file"
    )
