"""Read the JSON format of the reference code (lbynum/sequence-driven-scms).

The flag ``exogenous`` gives the role exogenous, ``index_of_intervention`` the treatment,
``index_of_outcome`` the outcome; every other variable is a covariate. ``parent_indices: null``
means no parents. An ``intervention_choice``, the index or the text of a value, fixes the variable
at that value: it becomes a distribution with all weight on it.
"""

from __future__ import annotations

from typing import Any

from sdscm.errors import InputError

_VARIABLES = "setup_sequence_sample_space"


def is_original(data: dict[str, Any]) -> bool:
    """True if the data are in the original format."""
    return _VARIABLES in data


def convert(data: dict[str, Any], where: str) -> dict[str, Any]:
    """The same spec in the format of this project, not yet validated.

    Raises
    ------
    InputError
        If a key is missing or an index is not that of a variable.
    """
    entries = _get(data, _VARIABLES, list, where)
    treatment = _index(data, "index_of_intervention", len(entries), where)
    outcome = _index(data, "index_of_outcome", len(entries), where)
    if treatment == outcome:
        raise InputError(
            f"{where}: 'index_of_intervention' and 'index_of_outcome' are both {outcome}; "
            "point them at two variables"
        )
    if data.get("intervention_choices", [0, 1]) != [0, 1]:
        raise InputError(
            f"{where}: 'intervention_choices' is {data['intervention_choices']!r}; list the "
            "control first in the treatment's 'candidate_set', the treated second, and write [0, 1]"
        )
    names = [_name(entry, index, where) for index, entry in enumerate(entries)]
    special = {treatment: "treatment", outcome: "outcome"}
    return {
        "name": _get(data, "experiment_name", str, where),
        "variables": [
            _variable(entry, special.get(index), names, f"{where}: variable {names[index]!r}")
            for index, entry in enumerate(entries)
        ],
    }


def _variable(entry: Any, role: str | None, names: list[str], where: str) -> dict[str, Any]:
    values = _get(entry, "candidate_set", list, where)
    parents = entry.get("parent_indices")
    if parents is not None and not isinstance(parents, list):
        raise InputError(f"{where}: 'parent_indices' is {parents!r}; write a list, such as [0, 1]")
    exogenous = _get(entry, "exogenous", bool, where)
    variable = {
        "name": entry["variable_name"],
        "role": role or ("exogenous" if exogenous else "covariate"),
        "values": values,
        "parents": [
            names[_position(parent, "parent_indices", len(names), where)]
            for parent in parents or []
        ],
        "phrasings": _get(entry, "possible_prefix_suffix_pairs", list, where),
    }
    choice = entry.get("intervention_choice")
    if choice is not None:
        code = values.index(choice) if choice in values else choice
        code = _position(code, "intervention_choice", len(values), where)
        variable["distribution"] = [float(place == code) for place in range(len(values))]
    return variable


def _name(entry: Any, index: int, where: str) -> str:
    return str(_get(entry, "variable_name", str, f"{where}: variable number {index + 1}"))


def _index(data: dict[str, Any], key: str, count: int, where: str) -> int:
    return _position(_get(data, key, int, where), key, count, where)


def _position(index: Any, key: str, count: int, where: str) -> int:
    if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < count:
        raise InputError(f"{where}: {key!r} is {index!r}; write an index from 0 to {count - 1}")
    return index


def _get(data: Any, key: str, kind: type, where: str) -> Any:
    value = data.get(key) if isinstance(data, dict) else None
    if not isinstance(value, kind):
        raise InputError(
            f"{where}: {key!r} is missing or of another type; add a JSON {_JSON_NAMES[kind]}"
        )
    return value


_JSON_NAMES = {list: "array", bool: "true or false", int: "integer", str: "string"}
