"""The mechanisms of an SD-SCM: P(variable | parents) for rows of parents."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from typing import Self

import numpy as np

from sdscm.arguments import check_choice, check_number
from sdscm.errors import InputError
from sdscm.lm.interface import Choice, LanguageModel
from sdscm.sampling.dials import Dials
from sdscm.sampling.scoring import SCORINGS, domain_log_probabilities
from sdscm.spec import PhrasedSpec, Spec, Variable


class Mechanisms:
    """The language model's distribution of each variable, given the text of its parents only.

    Parameters
    ----------
    phrased
        The phrased spec.
    lm
        The language model.
    temperature
        Divisor of the scores before they are normalised over a domain.
    scoring
        Name of a scoring; see `sdscm.sampling.scoring.SCORINGS`.
    dials
        Changes of the mechanisms of the treatment and its children; none by default.
    treatments
        Codes of the treatment's values to which its mechanism is restricted (domain-restricted
        sampling; paper, section 3). Default: all.

    Raises
    ------
    InputError
        If the temperature is not a positive number, or the scoring is unknown.
    """

    def __init__(
        self,
        phrased: PhrasedSpec,
        lm: LanguageModel,
        *,
        temperature: float = 1.0,
        scoring: str = "definition",
        dials: Dials | None = None,
        treatments: tuple[int, ...] | None = None,
    ) -> None:
        tiny = np.finfo(float).smallest_subnormal
        check_number("temperature", temperature, tiny, np.inf, "it must be a positive number")
        check_choice("scoring", scoring, SCORINGS)
        self.phrased = phrased
        self.lm = lm
        self.temperature = temperature
        self.scoring = scoring
        self.dials = dials or Dials()
        self.treatments = treatments
        if self.dials.of_instrument:
            instrument_of(phrased.spec)

    def restricted_to(self, treatments: tuple[int, ...]) -> Self:
        """The same mechanisms, with the treatment drawn from these codes only."""
        restricted = copy.copy(self)
        restricted.treatments = treatments
        return restricted

    def with_dials(self, dials: Dials) -> Self:
        """The same mechanisms with other dials."""
        changed = copy.copy(self)
        changed.dials = dials
        return changed

    @property
    def identity(self) -> tuple[str | float, ...]:
        """Text of all settings that the distributions depend on, except the phrased spec."""
        dials = f"{self.dials.overlap} {self.dials.confounding} {self.dials.effect}"
        for name, value in self.dials.of_instrument.items():
            dials += f" {name} {value}"
        if self.treatments is not None:
            dials += f" treatments {self.treatments}"
        return self.lm.id, self.lm.revision, self.temperature, self.scoring, dials

    def __call__(self, name: str, codes: Mapping[str, np.ndarray], count: int) -> np.ndarray:
        """log P(variable | parents), of shape (count, size of the domain).

        Parameters
        ----------
        name
            The variable.
        codes
            For each parent (and possibly others), the codes of its values, of shape (count,).
        count
            Number of rows. Rows with equal parents are scored once.

        Raises
        ------
        InputError
            If a text is too long for the language model; the message names the variable.
        """
        treatment = self.phrased.spec.treatment.name
        if name == treatment:
            own = self._of_treatment(codes, count)
            if not self.dials.defiers:
                return own
            return self.dials.mixed(own, self._of_treatment(self.other_instrument(codes), count))
        if treatment not in self.phrased.spec.parents(name) or self.dials.effect == 1:
            return self._of_model(name, codes, count)
        control = self._of_model(name, {**codes, treatment: np.zeros(count, dtype=np.int64)}, count)
        if self.dials.effect == 0:
            return control
        return self.dials.child(self._of_model(name, codes, count), control)

    def of_units(
        self, codes: Mapping[str, np.ndarray], count: int, defies: np.ndarray
    ) -> np.ndarray:
        """The treatment's mechanism of units that defy the instrument or not, as ``__call__``.

        ``defies`` is a boolean array of shape (count,).
        """
        name = instrument_of(self.phrased.spec).name
        read = np.where(defies, self.other_instrument(codes)[name], codes[name])
        return self._of_treatment({**codes, name: read}, count)

    def other_instrument(self, codes: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The same codes, with the other value of the instrument."""
        name = instrument_of(self.phrased.spec).name
        return {**codes, name: 1 - codes[name]}

    def _of_treatment(self, codes: Mapping[str, np.ndarray], count: int) -> np.ndarray:
        """The treatment's mechanism, from that of the language model."""
        name = self.phrased.spec.treatment.name
        logs = self._of_model(name, codes, count)
        if self.dials.strength != 1:
            others = self._of_model(name, self.other_instrument(codes), count)
            logs = self.dials.instrument(logs, np.stack([logs, others]))
        if self.treatments is None:
            return self.dials.treatment(logs)
        among = logs[:, self.treatments]
        among = self.dials.treatment(among - np.logaddexp.reduce(among, axis=1, keepdims=True))
        restricted = np.full_like(logs, -np.inf)
        restricted[:, self.treatments] = among
        return restricted

    def _of_model(self, name: str, codes: Mapping[str, np.ndarray], count: int) -> np.ndarray:
        """The mechanism of the spec and the language model, without dials."""
        spec = self.phrased.spec
        variable = spec.variable(name)
        size = len(variable.values)
        if variable.distribution == "uniform":
            return np.full((count, size), -np.log(size))
        if not isinstance(variable.distribution, str):
            with np.errstate(divide="ignore"):
                return np.tile(np.log(np.array(variable.distribution)), (count, 1))
        distinct, where = self._distinct(name, codes, count)
        try:
            score = SCORINGS[self.scoring](self.lm, [self.choice(name, row) for row in distinct])
        except InputError as error:
            raise InputError(f"{spec.name}: variable '{name}': {error}") from None
        return domain_log_probabilities(score, self.temperature)[where]

    def mass(self, name: str, codes: Mapping[str, np.ndarray], count: int) -> np.ndarray:
        """Total probability that the language model gives to the domain, of shape (count,).

        The sum over the values of P(value | context, prefix). If one value begins with another,
        both count. NaN for a variable whose distribution is not ``lm``.
        """
        if self.phrased.spec.variable(name).distribution != "lm":
            return np.full(count, np.nan)
        distinct, where = self._distinct(name, codes, count)
        scores = self.lm.score([self.choice(name, row) for row in distinct])
        return np.array([np.exp(each.value).sum() for each in scores])[where]

    def _distinct(
        self, name: str, codes: Mapping[str, np.ndarray], count: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """The distinct rows of a variable's parents, and the position of each unit's row."""
        spec = self.phrased.spec
        parents = spec.parents(name)
        rows = np.zeros((count, len(parents)), dtype=np.int64)
        for column, parent in enumerate(parents):
            rows[:, column] = codes[parent]
        sizes = [len(spec.variable(parent).values) for parent in parents]
        if not parents or math.prod(sizes) > np.iinfo(np.int64).max:
            distinct, where = np.unique(rows, axis=0, return_inverse=True)
            return distinct, where.reshape(-1)
        # One number for each row: sorting numbers is much faster than sorting rows.
        numbers = np.ravel_multi_index(tuple(rows.T), tuple(sizes))
        found, where = np.unique(numbers, return_inverse=True)
        return np.stack(np.unravel_index(found, tuple(sizes)), axis=1), where

    def choice(self, name: str, parent_codes: np.ndarray) -> Choice:
        """The question to the language model for one row of parents, in the order tau."""
        phrasing = self.phrased.phrasing(name)
        parents = self.phrased.spec.parents(name)
        return Choice(
            context=tuple(
                self.phrased.sentence(parent, int(code))
                for parent, code in zip(parents, parent_codes, strict=True)
            ),
            prefix=phrasing.prefix,
            values=self.phrased.spec.variable(name).values,
            suffix=phrasing.suffix,
        )


def instrument_of(spec: Spec) -> Variable:
    """The instrument of a spec: the only variable with this role, a parent of the treatment.

    Raises
    ------
    InputError
        If there is none, or several, or it does not have two values.
    """
    found = [variable for variable in spec.variables if variable.role == "instrument"]
    if len(found) != 1:
        many = ", ".join(variable.name for variable in found) or "none"
        raise InputError(
            f"{spec.name}: the number of variables with 'role: instrument' is {len(found)} "
            f"({many}); give this role to one variable"
        )
    (instrument,) = found
    if len(instrument.values) != 2 or instrument.name not in spec.parents(spec.treatment.name):
        raise InputError(
            f"{spec.name}: the instrument '{instrument.name}' has {len(instrument.values)} values "
            f"and the parents of '{spec.treatment.name}' are "
            f"{', '.join(spec.parents(spec.treatment.name)) or 'none'}; it must have two values, "
            "and be a parent of the treatment"
        )
    return instrument
