"""Write a spec as YAML, in the layout of the shipped scenarios."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from pydantic import ValidationError

from sdscm.spec import Phrasing, Spec, Variable, spec_from_yaml

#: Width of a line; lists of values and parents are folded beyond it.
_WIDTH = 100
_Sentence = str | dict[str, str]


def document(
    name: str, variables: Sequence[Mapping[str, Any]], notes: Sequence[str] = (), **texts: str
) -> str:
    """The YAML text of a spec.

    Parameters
    ----------
    name
    variables
        Keys and values of each variable, as in a spec file; those that are None or empty are left
        out.
    notes
        Lines of comment at the top.
    texts
        ``title``, ``description``, ``source``.

    Raises
    ------
    InputError
        If the text is not a spec, with the variable and the fix.
    """
    head = [f"# {note}".rstrip() for note in notes]
    head += [_line(key, value) for key, value in {"name": name, **texts}.items() if value]
    blocks = [_variable(dict(each)) for each in variables]
    text = "\n".join([*head, "", "variables:", "\n\n".join(blocks)]) + "\n"
    spec_from_yaml(text, name)
    return text


def as_document(spec: Spec, notes: Sequence[str] = ()) -> str:
    """The YAML text of a spec that was read or made before."""
    variables = []
    for variable in spec.variables:
        groups = {key: list(members) for key, members in variable.groups}
        weights = variable.distribution
        variables.append(
            {
                "name": variable.name,
                "role": variable.role,
                "values": list(variable.values),
                "distribution": None
                if weights == "lm"
                else weights
                if isinstance(weights, str)
                else list(weights),
                "parents": list(variable.parents),
                "phrasings": _templates(variable),
                "groups": groups,
            }
        )
    texts = {key: getattr(spec, key) for key in ("title", "description", "source")}
    return document(spec.name, variables, notes, **texts, outcome_value=spec.outcome_value or "")


def _templates(variable: Variable) -> list[_Sentence] | dict[str, list[_Sentence]]:
    scored = [_template(each) for each in variable.phrasings]
    tuning = [_template(each) for each in variable.tuning]
    return {"tuning": tuning, "scored": scored} if tuning else scored


def _template(phrasing: Phrasing) -> _Sentence:
    """The template, or the mapping that keeps braces which a template must not hold."""
    try:
        Phrasing.from_template(phrasing.template)
    except ValidationError:
        return phrasing.model_dump()
    return phrasing.template


def _variable(fields: dict[str, Any]) -> str:
    lines = [_line(key, value) for key, value in fields.items() if value not in (None, [], {})]
    return "\n".join(
        f"{'  - ' if place == 0 else '    '}{line}"
        for place, line in enumerate("\n".join(lines).split("\n"))
    )


def _line(key: str, value: Any) -> str:
    """A key and its value: sentences one a line, other lists on one line."""
    if key == "phrasings" and isinstance(value, Mapping):
        return "\n".join([f"{key}:", *(_sentences(f"  {each}", value[each]) for each in value)])
    if key == "phrasings":
        return _sentences(key, value)
    flow = not isinstance(value, str)
    text = yaml.safe_dump(
        {key: value},
        default_flow_style=None if flow else False,
        width=_WIDTH,
        allow_unicode=True,
        sort_keys=False,
    )
    return text.rstrip("\n")


def _sentences(key: str, sentences: Sequence[_Sentence]) -> str:
    indent = " " * (len(key) - len(key.lstrip()) + 2)
    return "\n".join([f"{key}:", *(f"{indent}- {_quoted(each)}" for each in sentences)])


def _quoted(text: _Sentence) -> str:
    """A text in double quotes, or a mapping of them, on one line."""
    dumped = yaml.safe_dump(
        text, default_style='"', default_flow_style=True, width=10**9, allow_unicode=True
    )
    return dumped.rstrip("\n")
