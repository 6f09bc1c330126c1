"""A variable of a spec."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from sdscm.hints import did_you_mean
from sdscm.number_format import counted
from sdscm.spec import fields
from sdscm.spec.phrasing import Phrasing
from sdscm.validation import raise_first

Role = Literal["exogenous", "covariate", "instrument", "mediator", "proxy", "treatment", "outcome"]
Text = Annotated[str, BeforeValidator(fields.text)]
Distribution = Literal["lm", "uniform"] | tuple[float, ...]
Groups = tuple[tuple[Text, tuple[Text, ...]], ...]


class Variable(BaseModel):
    """A text variable with a finite domain.

    Attributes
    ----------
    name
        Unique in its spec.
    role
        ``exogenous`` variables are the set U of the paper: covariates that the setting ``hidden``
        removes. All others are the observed set V: ``covariate``, ``treatment``, ``outcome``, and
        covariates of which the spec states more, which is checked by the DAG: an ``instrument``, a
        ``mediator``, a ``proxy`` of a hidden confounder (see `sdscm.spec.identification`).
    values
        The domain: at least two different texts, or one under fixed weights. The first values of
        the treatment are the control and the treated value; if it has more, a dataset contrasts two
        of them.
    parents
        Names of the parents in the DAG.
    phrasings
        Interchangeable sentences that state the value: a list, or two lists, ``tuning`` and
        ``scored``. Authors look at data of the first only while they choose words and dials. All
        datasets are made with the second. With a split, every variable has both.
    tuning
        The sentences of ``phrasings`` for tuning.
    distribution
        ``lm``: the language model's distribution given the parents. ``uniform``, or one weight for
        each value, with sum 1: independent of the parents.
    groups
        Named sets of values that an audit contrasts, such as names of women and of men; a mapping
        in a file. They change no data.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Text
    role: Role
    values: tuple[Text, ...] = Field(examples=["[low, high]"])
    parents: tuple[Text, ...] = Field(default=(), examples=["[age]"])
    phrasings: tuple[Phrasing, ...] = Field(
        examples=['["Her age is {value}."]'],
        json_schema_extra={
            "takes": "a list of sentences with `{value}`, or `{tuning: [...], scored: [...]}`"
        },
    )
    tuning: tuple[Phrasing, ...] = Field(
        default=(), json_schema_extra={"takes": "a part of `phrasings`"}
    )
    distribution: Distribution = Field(
        default="lm",
        json_schema_extra={"takes": "`lm`, `uniform`, a list of weights, or a mapping of them"},
    )
    groups: Groups = Field(default=(), json_schema_extra={"takes": "a mapping of lists of values"})

    @field_validator("groups", mode="before")
    @classmethod
    def _groups_of_mapping(cls, groups: Any) -> Any:
        return fields.groups(groups)

    @field_validator("parents", mode="before")
    @classmethod
    def _no_parents(cls, parents: Any) -> Any:
        return () if parents is None else parents

    @model_validator(mode="before")
    @classmethod
    def _two_lists(cls, data: Any) -> Any:
        return fields.split_phrasings(data)

    @model_validator(mode="before")
    @classmethod
    def _weights_in_order(cls, data: Any) -> Any:
        if isinstance(data, dict) and isinstance(data.get("distribution"), dict):
            weights = fields.weights_in_order(data["distribution"], data.get("values"))
            return {**data, "distribution": weights}
        return data

    @field_validator("distribution", mode="before")
    @classmethod
    def _known_distribution(cls, distribution: Any) -> Any:
        return fields.distribution(distribution)

    @model_validator(mode="after")
    def _sound(self) -> Self:
        raise_first(_problems(self))
        return self


def _problems(variable: Variable) -> Iterator[str]:
    """Problems of one variable."""
    values = variable.values
    if not variable.name.strip():
        yield "'name' is empty; write its text"
    if any(not value.strip() for value in values):
        yield "'values' holds an empty value; remove it or write its text"
    for value in repeated([value.strip() for value in values]):
        yield f"'values' holds {value!r} twice; remove one of them"
    weights = variable.distribution if isinstance(variable.distribution, tuple) else None
    if weights is not None and len(weights) != len(values):
        yield (
            f"'distribution' has {counted(len(weights), 'weight')} for "
            f"{counted(len(values), 'value')}; "
            "give one weight for each value"
        )
    if variable.role == "treatment" and len(values) < 2:
        yield (
            f"is the treatment and has {counted(len(values), 'value')}; "
            "give two or more: the control, then the treated"
        )
    elif not values or (len(values) < 2 and weights is None):
        yield (
            f"has {counted(len(values), 'value')}; "
            "give at least two, or fixed weights to a single one"
        )
    if variable.role == "outcome" and variable.distribution != "lm":
        yield "is the outcome and has a fixed distribution; remove 'distribution' or write lm"
    if not variable.phrasings:
        yield "has no phrasings; add at least one sentence with {value}"
    # Copies of a sentence would count as independent phrasings in intervals and tests.
    phrasings = (*variable.tuning, *variable.phrasings)
    sentences = [
        tuple(plain(phrasing.sentence(value)) for value in values) for phrasing in phrasings
    ]
    for place, each in enumerate(sentences):
        if values and each in sentences[:place]:
            yield (
                f"'phrasings' holds {phrasings[place].template!r} twice (numbers "
                f"{sentences.index(each) + 1} and {place + 1} give the same sentences); remove one "
                "of them"
            )
    for parent in repeated(variable.parents):
        yield f"'parents' holds {parent!r} twice; remove one of them"
    if variable.name in variable.parents:
        yield "is its own parent; remove it from its 'parents'"
    yield from _group_problems(variable)


def _group_problems(variable: Variable) -> Iterator[str]:
    for name in repeated([name for name, _ in variable.groups]):
        yield f"'groups' holds {name!r} twice; rename one of them"
    for name, members in variable.groups:
        if name in variable.values:
            yield f"'groups' holds {name!r}, which is one of its values; rename the group"
        if not members:
            yield f"'groups' has no value in {name!r}; add one"
        for value in members:
            if value not in variable.values:
                hint = did_you_mean(value, variable.values)
                yield f"'groups' holds {value!r} in {name!r}, which is not among its values; {hint}"
        for value in repeated(members):
            yield f"'groups' holds {value!r} twice in {name!r}; remove one of them"


def plain(text: str) -> str:
    """The text with single spaces and composed letters: equal for texts that look equal."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def repeated(texts: Sequence[str]) -> list[str]:
    """The texts that occur more than once."""
    return [text for text, count in Counter(texts).items() if count > 1]
