"""One line for a failed validation, in the words of the file that the user wrote."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from sdscm.errors import InputError
from sdscm.hints import did_you_mean
from sdscm.spec.checks import SpecProblem
from sdscm.spec.model import Role, Spec, Variable

_ROLES = ", ".join(Role.__args__)  # type: ignore[attr-defined]
_EXAMPLES = {
    "values": "[low, high]",
    "parents": "[age]",
    "phrasings": '["Her age is {value}."]',
    "variables": "the variables, each beginning with '- name:'",
}


def input_error(error: ValidationError, data: Any, where: str) -> InputError:
    """The first problem with its remedy, and how many more there are.

    Parameters
    ----------
    error
        From the validation of a ``Spec``.
    data
        What was validated.
    where
        The file, for the reader.
    """
    # A misspelt key is also a missing one; the misspelling is the better first line.
    found = sorted(error.errors(), key=lambda detail: detail["type"] != "extra_forbidden")
    others = len(found) - 1 + sum(_others(detail) for detail in found)
    more = f" (and {others} more problem{'s' * (others > 1)})" if others else ""
    return InputError(" ".join(f"{where}: {_line(found[0], data)}{more}".splitlines()))


def _others(detail: ErrorDetails) -> int:
    problem = detail.get("ctx", {}).get("error")
    return problem.others if isinstance(problem, SpecProblem) else 0


def _line(detail: ErrorDetails, data: Any) -> str:
    path = list(detail["loc"])
    subject = ""
    known: list[str] = list(Spec.model_fields)
    if len(path) >= 2 and path[0] == "variables" and isinstance(path[1], int):
        subject = f"variable {_name(data, path[1])}: "
        known = list(Variable.model_fields)
        path = path[2:]
    key = str(path[0]) if path else ""
    what = f"{key!r}" if key else ""
    if len(path) > 1 and isinstance(path[1], int):
        what += f" number {path[1] + 1}"
    return subject + _complaint(detail, key, what, known)


def _name(data: Any, index: int) -> str:
    entry = data["variables"][index]
    name = entry.get("name") if isinstance(entry, dict) else None
    return repr(name) if isinstance(name, str) and name.strip() else f"number {index + 1}"


def _complaint(detail: ErrorDetails, key: str, what: str, known: list[str]) -> str:
    kind = detail["type"]
    if kind == "value_error":
        return f"{what} {detail['ctx']['error']}".strip()
    if kind == "extra_forbidden":
        return f"unknown key {key!r}; {did_you_mean(key, known)}"
    if kind == "missing" and key == "role":
        return f"has no role; add 'role:' with one of {_ROLES}"
    if kind == "missing":
        return f"{what} is missing; add '{key}: {_EXAMPLES.get(key, '...')}'"
    if kind == "literal_error":
        return f"{what} is {detail['input']!r}; write one of {_ROLES}"
    if kind in ("tuple_type", "list_type"):
        return f"{what} is not a list; write {_EXAMPLES.get(key, '[..., ...]')}"
    if kind == "string_pattern_mismatch":
        return f"{what} is {detail['input']!r}; use letters, digits, '.', '_' and '-' only"
    if kind == "string_type":
        return f"{what} is not text; put it in quotes"
    if kind == "model_type" and key == "phrasings":
        return f"{what} is not a sentence; write a text with {{value}} in quotes"
    if kind == "model_type":
        return "is not a mapping; give it the keys name, role, values and phrasings"
    return f"{what} is not valid ({detail['msg']}); see the format in the help of sdscm.spec"
