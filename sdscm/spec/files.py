"""Read specs from files: shipped scenarios, and files of users."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from sdscm.errors import InputError
from sdscm.spec import original
from sdscm.spec.markup import parse_json, parse_yaml
from sdscm.spec.model import Spec
from sdscm.spec.render import place_in_spec
from sdscm.validation import input_error, read_text

_PARSERS: dict[str, Callable[[str, str], dict[str, Any]]] = {
    ".yaml": parse_yaml,
    ".yml": parse_yaml,
    ".json": parse_json,
}


def scenario_names() -> list[str]:
    """Names of the scenarios that are shipped with the project, sorted."""
    shipped = files("sdscm").joinpath("scenarios").iterdir()
    return sorted(file.name[:-5] for file in shipped if file.name.endswith(".yaml"))


def load_spec(name_or_path: str | Path) -> Spec:
    """Read a spec.

    Parameters
    ----------
    name_or_path
        The name of a shipped scenario (``scenario_names()``), or the path of a ``.yaml``, ``.yml``
        or ``.json`` file. JSON may be in the original format of the reference code.

    Raises
    ------
    InputError
        One line that names the file, the variable, the problem and the fix.
    """
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
