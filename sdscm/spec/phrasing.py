"""Phrasings: the sentences that state the value of a variable."""

from __future__ import annotations

import json
import re
from hashlib import blake2b
from typing import Annotated, Any

from numpy.random import Philox
from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator

from sdscm.spec import fields

PLACE = "{value}"
#: Stands for the value while braces of other templates are looked for.
_MARK = "\0"
_OTHER_PLACE = re.compile(
    r"\{\s*\0\s*\}"  # {{value}}
    r"|\{%.*?%\}|\{#.*?#\}|\{\{[^{}]*\}\}"  # Jinja: {% if x %}, {# note #}, {{ x | upper }}
    # str.format: {}, {0}, {name.part[0]!r:.2f}; but not { }, {1, 2} and {x: 1} of code.
    r"|\{(?!\s+\})\s*[\w.\[\]]*(![rsa])?(:[^\s{}\0]*)?\s*\}",
    re.DOTALL,
)
#: Braces of formulas are text: x^{2}, x_{i}, \\frac{1}{2}.
_FORMULA = re.compile(r"(?:[\^_]|\\[A-Za-z]+)(?:\{[^{}\0]*\})+")


class Phrasing(BaseModel):
    """The text before and after the value.

    pydantic also reads it from a template, or from a pair ``(prefix, suffix)`` as in the original
    format. In these two forms braces of other templates, such as ``{name}``, are refused. A mapping
    of ``prefix`` and ``suffix`` is taken as it is.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    prefix: Annotated[str, BeforeValidator(fields.text)]
    suffix: Annotated[str, BeforeValidator(fields.text)]

    @model_validator(mode="before")
    @classmethod
    def _from_template_or_pair(cls, data: Any) -> Any:
        if isinstance(data, str):
            data = split_template(data)
        if isinstance(data, list | tuple) and len(data) == 2:
            _refuse_other_places(*map(str, data))
            return {"prefix": data[0], "suffix": data[1]}
        if isinstance(data, dict) and set(data) != {"prefix", "suffix"}:
            raise ValueError(
                "is read by YAML as a mapping, not as a sentence; put the sentence in quotes"
            )
        if isinstance(data, dict) and any(PLACE in str(text) for text in data.values()):
            raise ValueError(f"holds {PLACE} in 'prefix' or 'suffix', which stand around the value")
        if not isinstance(data, dict | Phrasing):
            raise ValueError("is not a sentence; write a text with {value} in quotes")
        return data

    @classmethod
    def from_template(cls, template: str) -> Phrasing:
        """Parse a sentence that contains ``{value}`` exactly once.

        Raises
        ------
        pydantic.ValidationError
            If ``{value}`` is missing or occurs more than once.
        """
        return cls.model_validate(template)

    @property
    def template(self) -> str:
        """The sentence with ``{value}`` in place of the value."""
        return f"{self.prefix}{PLACE}{self.suffix}"

    def sentence(self, value: str) -> str:
        """The sentence that states this value."""
        return f"{self.prefix}{value}{self.suffix}"


def split_template(template: str) -> tuple[str, str]:
    """The text before and after the one ``{value}`` of a template."""
    count = template.count(PLACE)
    if count == 0:
        raise ValueError(f"{template!r} has no place for the value; write {PLACE} where it belongs")
    if count > 1:
        raise ValueError(f"{template!r} holds {PLACE} {count} times; keep one of them")
    prefix, _, suffix = template.partition(PLACE)
    return prefix, suffix


def _refuse_other_places(prefix: str, suffix: str) -> None:
    """Raise a ValueError for braces that a language model would read."""
    other = _OTHER_PLACE.search(_FORMULA.sub("", f"{prefix}{_MARK}{suffix}"))
    if other:
        raise ValueError(
            f"{prefix + PLACE + suffix!r} holds {other[0].replace(_MARK, PLACE)}, and the language "
            f"model would read its braces; the only field is {PLACE}. If the braces belong to the "
            "text, write the phrasing as a mapping of prefix and suffix"
        )


def draw_index(number: int, name: str, count: int) -> int:
    """A uniform index below ``count`` that depends on number and name only; 0 for number 0.

    NumPy guarantees the raw 64-bit output of Philox, but not the methods of ``Generator``. Scaling
    the output has a bias below count / 2**64.
    """
    if number == 0:
        return 0
    digest = blake2b(json.dumps([number, name]).encode(), digest_size=16).digest()
    raw = int(Philox(key=int.from_bytes(digest, "little")).random_raw())
    return raw * count >> 64
