"""The tuple (V, U, G, tau) of an SD-SCM: variables with their domains, sentences and parents.

Source: Bynum and Cho, "Language Models as Causal Effect Generators", arXiv
2411.08019 v2, section 3.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import cached_property
from hashlib import blake2b
from typing import Annotated, Any, Literal, Self

import networkx as nx
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from sdscm.hints import did_you_mean
from sdscm.spec import checks, graph
from sdscm.spec.phrased import PhrasedSpec
from sdscm.spec.phrasing import Phrasing

Role = Literal["exogenous", "covariate", "treatment", "outcome"]
Text = Annotated[str, BeforeValidator(checks.text)]
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
        removes. ``covariate``, ``treatment`` and ``outcome`` are the observed set V.
    values
        The domain, at least two different texts (one is enough under fixed weights). The treatment
        has the control, then the treated value; where it has more, datasets contrast two of them.
    parents
        Names of the parents in the DAG.
    phrasings
        Interchangeable sentences for the value.
    distribution
        ``lm``: given the parents, by the language model. ``uniform``, or one weight for each value
        (they sum to 1): without a look at the parents.
    groups
        Named sets of values, such as several names of women and of men, that an audit contrasts; a
        mapping in a file. They change no data.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Text
    role: Role
    values: tuple[Text, ...]
    parents: tuple[Text, ...] = ()
    phrasings: tuple[Phrasing, ...]
    distribution: Distribution = "lm"
    groups: Groups = ()

    @field_validator("groups", mode="before")
    @classmethod
    def _groups_of_mapping(cls, groups: Any) -> Any:
        return checks.groups(groups)

    @field_validator("parents", mode="before")
    @classmethod
    def _no_parents(cls, parents: Any) -> Any:
        return () if parents is None else parents

    @model_validator(mode="before")
    @classmethod
    def _weights_in_order(cls, data: Any) -> Any:
        if isinstance(data, dict) and isinstance(data.get("distribution"), dict):
            weights = checks.weights_in_order(data["distribution"], data.get("values"))
            return {**data, "distribution": weights}
        return data

    @field_validator("distribution", mode="before")
    @classmethod
    def _known_distribution(cls, distribution: Any) -> Any:
        return checks.distribution(distribution)

    @model_validator(mode="after")
    def _sound(self) -> Self:
        checks.raise_first(checks.variable_problems(self))
        return self


class Spec(BaseModel):
    """A causal graph over text variables, whose mechanisms a language model will fill in.

    Attributes
    ----------
    name
        Letters, digits, ``.``, ``_`` and ``-``: it names files.
    title, description, source
        For readers; they change no data.
    variables
        In any order; one treatment and one outcome among them.
    outcome_value
        The outcome's value whose log-probability is the continuous outcome; the first if None.

    Raises
    ------
    pydantic.ValidationError
        If the parts do not make an SD-SCM. ``load_spec`` tells the same in one line.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[Text, Field(pattern=r"^[A-Za-z0-9._-]+$")]
    title: str = ""
    description: str = ""
    source: str = ""
    variables: tuple[Variable, ...]
    outcome_value: Text | None = None

    @model_validator(mode="after")
    def _sound(self) -> Self:
        checks.raise_first(checks.spec_problems(self))
        return self

    @cached_property
    def _by_name(self) -> dict[str, Variable]:
        return {variable.name: variable for variable in self.variables}

    @cached_property
    def graph(self) -> nx.DiGraph:
        """The DAG over the variables' names."""
        return graph.build({variable.name: variable.parents for variable in self.variables})

    @cached_property
    def order(self) -> tuple[str, ...]:
        """The topological order tau of all names.

        The order of the file where that is topological, else the topological order that is
        smallest by place in the file.
        """
        return graph.topological_order(self.graph)

    @cached_property
    def _parents(self) -> dict[str, tuple[str, ...]]:
        return {variable.name: self._in_order(variable.parents) for variable in self.variables}

    @cached_property
    def treatment(self) -> Variable:
        """The variable whose effect is asked for; values (control, treated)."""
        return next(variable for variable in self.variables if variable.role == "treatment")

    @cached_property
    def outcome(self) -> Variable:
        """The variable on which the effect is measured."""
        return next(variable for variable in self.variables if variable.role == "outcome")

    @property
    def outcome_code(self) -> int:
        """The place of ``outcome_value`` in the outcome's domain."""
        value = self.outcome_value
        return 0 if value is None else self.outcome.values.index(value)

    @property
    def exogenous(self) -> tuple[str, ...]:
        """Names of the exogenous variables, in the order tau."""
        return tuple(name for name in self.order if self.variable(name).role == "exogenous")

    @property
    def covariates(self) -> tuple[str, ...]:
        """Names of all but the treatment and the outcome, the exogenous included, in order tau."""
        special = {self.treatment.name, self.outcome.name}
        return tuple(name for name in self.order if name not in special)

    @property
    def n_phrasings(self) -> int:
        """How many phrased specs there are: the product of the variables' numbers of phrasings."""
        return math.prod(len(variable.phrasings) for variable in self.variables)

    @cached_property
    def content_hash(self) -> str:
        """Hash of everything that changes the data, 32 hexadecimal digits.

        The spec's name, title, description, source and groups change nothing and are left out.
        """
        content = {
            "variables": [
                {
                    **self.variable(name).model_dump(mode="json", exclude={"groups"}),
                    "parents": self.parents(name),
                }
                for name in self.order
            ],
            "outcome_code": self.outcome_code,
        }
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return blake2b(canonical.encode(), digest_size=16).hexdigest()

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy with other fields, validated anew; pydantic's own would keep the old hash."""
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        return type(self).model_validate({**fields, **(update or {})})

    def variable(self, name: str) -> Variable:
        """The variable of this name; ``KeyError`` with a hint if there is none."""
        try:
            return self._by_name[name]
        except KeyError:
            hint = did_you_mean(name, self._by_name)
            raise KeyError(f"spec {self.name!r} has no variable {name!r}; {hint}") from None

    def parents(self, name: str) -> tuple[str, ...]:
        """Names of the parents of a variable, in the order tau."""
        return self._parents[self.variable(name).name]

    def descendants(self, name: str) -> tuple[str, ...]:
        """Names of all descendants of a variable, itself left out, in the order tau."""
        return self._in_order(graph.descendants(self.graph, self.variable(name).name))

    def ancestors(self, name: str) -> tuple[str, ...]:
        """Names of all ancestors of a variable, itself left out, in the order tau."""
        return self._in_order(graph.ancestors(self.graph, self.variable(name).name))

    def phrased(self, number: int) -> PhrasedSpec:
        """The spec with one phrasing for each variable; 0 takes the first of each."""
        return PhrasedSpec(self, number)

    def _in_order(self, names: set[str] | tuple[str, ...]) -> tuple[str, ...]:
        members = set(names)
        return tuple(name for name in self.order if name in members)
