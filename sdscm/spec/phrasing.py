"""One way to say the value of a variable."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

PLACE = "{value}"


class Phrasing(BaseModel):
    """The text before and after the value; pydantic also reads it from a template.

    A pair ``(prefix, suffix)`` is read too: the original format writes it so.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    prefix: str
    suffix: str

    @model_validator(mode="before")
    @classmethod
    def _from_template_or_pair(cls, data: Any) -> Any:
        if isinstance(data, str):
            prefix, suffix = split_template(data)
            return {"prefix": prefix, "suffix": suffix}
        if isinstance(data, list | tuple) and len(data) == 2:
            return {"prefix": data[0], "suffix": data[1]}
        if isinstance(data, dict) and set(data) != {"prefix", "suffix"}:
            raise ValueError(
                "is read by YAML as a mapping, not as a sentence; put the sentence in quotes"
            )
        return data

    @classmethod
    def from_template(cls, template: str) -> Phrasing:
        """Parse a sentence that holds ``{value}`` exactly once.

        Raises
        ------
        pydantic.ValidationError
            If ``{value}`` is missing or stands more than once.
        """
        return cls.model_validate(template)

    @property
    def template(self) -> str:
        """The sentence with ``{value}`` in the place of the value."""
        return f"{self.prefix}{PLACE}{self.suffix}"

    def sentence(self, value: str) -> str:
        """The sentence that says this value."""
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
