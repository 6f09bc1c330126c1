"""Specs: the tuple (V, U, G, tau) of an SD-SCM, with one or with all of its phrasings.

Source: Bynum and Cho, "Language Models as Causal Effect Generators", arXiv 2411.08019 v2,
section 3.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING, Annotated, Any, Self

import networkx as nx
from pydantic import BaseModel, ConfigDict, Field, model_validator

from sdscm.arguments import check_whole, shown
from sdscm.display import html_card, html_note, html_table, listed
from sdscm.errors import InputError
from sdscm.hints import did_you_mean
from sdscm.number_format import NONE, counted
from sdscm.spec import checks, graph, identification
from sdscm.spec.identification import Identification
from sdscm.spec.phrasing import Phrasing, draw_index
from sdscm.spec.variable import Text, Variable
from sdscm.validation import raise_first

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Spec(BaseModel):
    """A causal graph over text variables, without the mechanisms.

    Attributes
    ----------
    name
        Letters, digits, ``.``, ``_`` and ``-``, since it is part of file names.
    title, description, source
        Text for readers; it changes no data.
    variables
        The variables in any order, with one treatment and one outcome.
    outcome_value
        The value of the outcome whose log-probability is the continuous outcome; None for the
        first.

    Raises
    ------
    pydantic.ValidationError
        If the parts do not make an SD-SCM. ``load_spec`` raises an InputError of one line instead.

    Examples
    --------
    >>> spec = sdscm.load_spec("headache")
    >>> spec.order
    ('monday', 'diary', 'season', 'day', 'sleep', 'weather', 'work', 'relief', 'feeling')
    >>> spec.exogenous
    ('monday',)
    >>> spec.common_causes
    ('monday',)
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[Text, Field(pattern=r"^[A-Za-z0-9._-]+$")]
    title: str = ""
    description: str = ""
    source: str = ""
    variables: tuple[Variable, ...] = Field(
        examples=["the variables, each beginning with '- name:'"]
    )
    outcome_value: Text | None = None

    @model_validator(mode="after")
    def _sound(self) -> Self:
        raise_first(checks.problems(self.variables, self.outcome_value))
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

        The order of the file if it is topological, otherwise the topological order that is smallest
        by position in the file.
        """
        return graph.topological_order(self.graph)

    @cached_property
    def _parents(self) -> dict[str, tuple[str, ...]]:
        return {variable.name: self._in_order(variable.parents) for variable in self.variables}

    @cached_property
    def treatment(self) -> Variable:
        """The treatment; its first values are the control and the treated value."""
        return next(variable for variable in self.variables if variable.role == "treatment")

    @cached_property
    def outcome(self) -> Variable:
        """The variable on which the effect is measured."""
        return next(variable for variable in self.variables if variable.role == "outcome")

    @property
    def outcome_code(self) -> int:
        """Position of ``outcome_value`` in the outcome's domain."""
        value = self.outcome_value
        return 0 if value is None else self.outcome.values.index(value)

    @property
    def exogenous(self) -> tuple[str, ...]:
        """Names of the exogenous variables, in the order tau."""
        return tuple(name for name in self.order if self.variable(name).role == "exogenous")

    @property
    def covariates(self) -> tuple[str, ...]:
        """Names of all variables but the treatment and the outcome, in the order tau."""
        special = {self.treatment.name, self.outcome.name}
        return tuple(name for name in self.order if name not in special)

    @property
    def common_causes(self) -> tuple[str, ...]:
        """Names with a path to the treatment, and one to the outcome that avoids it, in order."""
        found = identification.common_causes(self.graph, self.treatment.name, self.outcome.name)
        return self._in_order(found)

    def identified(self, *, hidden: bool) -> Identification:
        """The criteria of the DAG with all covariates before the treatment, or without U.

        Examples
        --------
        >>> spec = sdscm.load_spec("headache")
        >>> spec.identified(hidden=False).adjustment
        ('monday',)
        >>> spec.identified(hidden=True).adjustment is None
        True
        """
        after = {*self.descendants(self.treatment.name), *(self.exogenous if hidden else ())}
        shown = [name for name in self.covariates if name not in after]
        return identification.identification(
            self.graph, self.treatment.name, self.outcome.name, shown
        )

    @property
    def n_phrasings(self) -> int:
        """Number of phrased specs: the product of the variables' numbers of phrasings."""
        return math.prod(len(variable.phrasings) for variable in self.variables)

    @cached_property
    def content_hash(self) -> str:
        """Hash of everything that changes the data, 32 hexadecimal digits.

        Name, title, description, source, groups and sentences for tuning change no data and are
        left out.
        """
        content = {
            "variables": [
                {
                    **self.variable(name).model_dump(mode="json", exclude={"groups", "tuning"}),
                    "parents": self.parents(name),
                }
                for name in self.order
            ],
            "outcome_code": self.outcome_code,
        }
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return blake2b(canonical.encode(), digest_size=16).hexdigest()

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A validated copy with other fields; pydantic's own copy would keep the cached hash."""
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        return type(self).model_validate({**fields, **(update or {})})

    def variable(self, name: str) -> Variable:
        """The variable with this name; raises an InputError with a hint if there is none.

        Examples
        --------
        >>> spec = sdscm.load_spec("headache")
        >>> spec.variable("relief").values
        ('a walk', 'a nap')
        """
        if not isinstance(name, str) or name not in self._by_name:
            hint = did_you_mean(str(name), self._by_name)
            raise InputError(f"spec {self.name!r} has no variable {shown(name)}; {hint}")
        return self._by_name[name]

    def parents(self, name: str) -> tuple[str, ...]:
        """Names of the parents of a variable, in the order tau.

        Examples
        --------
        >>> spec = sdscm.load_spec("headache")
        >>> spec.parents("relief")
        ('monday', 'weather', 'work')
        """
        return self._parents[self.variable(name).name]

    def descendants(self, name: str) -> tuple[str, ...]:
        """Names of all descendants of a variable, without itself, in the order tau.

        Examples
        --------
        >>> spec = sdscm.load_spec("headache")
        >>> spec.descendants("season")
        ('weather', 'relief', 'feeling')
        """
        return self._in_order(nx.descendants(self.graph, self.variable(name).name))

    def ancestors(self, name: str) -> tuple[str, ...]:
        """Names of all ancestors of a variable, without itself, in the order tau.

        Examples
        --------
        >>> spec = sdscm.load_spec("headache")
        >>> spec.ancestors("relief")
        ('monday', 'season', 'day', 'weather', 'work')
        """
        return self._in_order(nx.ancestors(self.graph, self.variable(name).name))

    @property
    def split(self) -> bool:
        """True if some sentences are for tuning, and others are scored."""
        return any(variable.tuning for variable in self.variables)

    def for_tuning(self) -> Self:
        """The spec with its sentences for tuning as phrasings; the spec itself without a split.

        Examples
        --------
        >>> spec = sdscm.load_spec("headache")
        >>> spec.variable("season").phrasings[0].template
        'It is {value}.'
        >>> spec.for_tuning().variable("season").phrasings[0].template
        'The season is {value}.'
        """
        if not self.split:
            return self
        variables = tuple(
            variable.model_copy(update={"phrasings": variable.tuning, "tuning": ()})
            for variable in self.variables
        )
        return self.model_copy(update={"variables": variables})

    def phrased(self, number: int) -> PhrasedSpec:
        """The spec with one phrasing of each variable; number 0 takes the first of each.

        Examples
        --------
        >>> spec = sdscm.load_spec("headache")
        >>> spec.phrased(3).sentence("relief", 0)
        'This Thursday Maria chose a walk.'
        """
        return PhrasedSpec(self, number)

    def __repr__(self) -> str:
        return f"<Spec: {self.name}, {self._about}>"

    __str__ = __repr__

    @property
    def _about(self) -> str:
        effect = f"{self.treatment.name} → {self.outcome.name}"
        count = counted(len(self.variables), "variable")
        return f"{count}, {effect}, {counted(self.n_phrasings, 'phrasing')}"

    def _repr_html_(self) -> str:
        from sdscm.graph_plot import graph_html  # imports NumPy

        rows = [
            (each.name, each.role, listed(each.values), ", ".join(self.parents(each.name)) or NONE)
            for each in map(self.variable, self.order)
        ]
        table = html_table(["variable", "role", "values", "parents"], rows)
        return html_card(
            f"Spec: {self.name}", self._about, html_note(self.title), table, graph_html(self)
        )

    def plot(self) -> Figure:
        """Draw the DAG: a matplotlib figure, which a notebook shows and ``savefig`` writes.

        Raises
        ------
        MissingExtraError
            If matplotlib is not installed.

        Examples
        --------
        >>> spec = sdscm.load_spec("headache")
        >>> spec.plot().savefig("graph.svg")
        """
        from sdscm.graph_plot import draw_graph  # imports NumPy

        return draw_graph(self)

    def _in_order(self, names: set[str] | tuple[str, ...]) -> tuple[str, ...]:
        members = set(names)
        return tuple(name for name in self.order if name in members)


@dataclass(frozen=True)
class PhrasedSpec:
    """A spec with one phrasing of each variable: the text that a language model reads.

    Number 0 takes the first phrasing of every variable. Any other number draws a phrasing of each
    variable uniformly. The draw depends on the number and the name of the variable only, not on
    other variables or the machine. Draws are independent, so two numbers can give the same choice,
    and often do in a spec with few phrasings (``Spec.n_phrasings``).

    Attributes
    ----------
    spec
    number
        0, 1, 2, ...
    choice
        Index of the chosen phrasing of each variable, in the order tau.

    Raises
    ------
    InputError
        If the number is negative.

    Examples
    --------
    >>> phrased = sdscm.load_spec("headache").phrased(1)
    >>> phrased
    <PhrasedSpec: headache, phrasing 1 of 16,457,990,640>
    >>> phrased.sentence("season", 0)
    'Maria can see that it is spring.'
    """

    spec: Spec
    number: int
    choice: dict[str, int] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        check_whole("phrasing", self.number, 0, "a phrasing's number is 0, 1, 2, ...")
        counts = {name: len(self.spec.variable(name).phrasings) for name in self.spec.order}
        choice = {name: draw_index(self.number, name, count) for name, count in counts.items()}
        object.__setattr__(self, "choice", choice)

    def __repr__(self) -> str:
        return (
            f"<PhrasedSpec: {self.spec.name}, phrasing {self.number} of {self.spec.n_phrasings:,}>"
        )

    def _repr_html_(self) -> str:
        rows = [
            (name, self.phrasing(name).template, listed(self.spec.variable(name).values))
            for name in self.spec.order
        ]
        return html_card(
            f"PhrasedSpec: {self.spec.name}",
            f"phrasing {self.number} of {self.spec.n_phrasings:,}",
            html_table(["variable", "sentence", "values"], rows),
        )

    def phrasing(self, name: str) -> Phrasing:
        """The chosen phrasing of a variable.

        Examples
        --------
        >>> phrased = sdscm.load_spec("headache").phrased(1)
        >>> phrased.phrasing("relief").template
        'After lunch on Thursday, Maria took {value}.'
        """
        return self.spec.variable(name).phrasings[self.choice[name]]

    def sentence(self, name: str, code: int) -> str:
        """The sentence that states that a variable has the value with this code.

        Examples
        --------
        >>> phrased = sdscm.load_spec("headache").phrased(0)
        >>> phrased.sentence("weather", 2)
        'The weather is windy.'
        """
        return self.phrasing(name).sentence(self.spec.variable(name).values[code])

    def context(self, name: str, codes: Mapping[str, int]) -> str:
        """Parent-only concatenation: the parents' sentences in the order tau, joined by a space.

        Empty without parents. ``codes`` holds at least the codes of the parents. Source: arXiv
        2411.08019 v2, section 3.

        Examples
        --------
        >>> phrased = sdscm.load_spec("headache").phrased(0)
        >>> phrased.context("weather", {"season": 3})
        'It is winter.'
        """
        return self._joined(self.spec.parents(name), codes)

    def text(self, codes: Mapping[str, int]) -> str:
        """The sentences of all variables in the order tau, joined by a space.

        Examples
        --------
        >>> phrased = sdscm.load_spec("headache").phrased(0)
        >>> phrased.text(dict.fromkeys(phrased.spec.order, 0)).split(". ")[-1]
        'An hour later she felt better.'
        """
        return self._joined(self.spec.order, codes)

    def _joined(self, names: tuple[str, ...], codes: Mapping[str, int]) -> str:
        return " ".join(self.sentence(name, codes[name]) for name in names)
