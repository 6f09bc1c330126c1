"""Exact distributions by enumeration, for specs whose mechanisms have few contexts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import product

import networkx as nx
import numpy as np
from numpy.typing import ArrayLike

from sdscm.errors import InputError
from sdscm.hints import did_you_mean
from sdscm.inference.elimination import Factor, Scope, elimination_path, sum_product
from sdscm.sampling.interventions import FixedTarget, check_do, contrast_of, variable_of, weights_of
from sdscm.sampling.mechanisms import Mechanisms
from sdscm.spec import Spec

MAX_CONTEXTS = 20_000
_MAX_STATES = 50_000_000


class TooLargeError(InputError):
    """The spec is too large for exact enumeration."""


def check_given(spec: Spec, given: Sequence[str]) -> None:
    """Raise an InputError if a given variable is unknown, named twice, or not a covariate."""
    for name in given:
        if name not in spec.order:
            raise InputError(
                f"given: '{name}' is not a variable of '{spec.name}'; "
                f"{did_you_mean(name, spec.order)}"
            )
        if name in (spec.treatment.name, spec.outcome.name):
            raise InputError(f"given: '{name}' is the {spec.variable(name).role}; give covariates")
        if list(given).count(name) > 1:
            raise InputError(f"given: '{name}' is named twice; name it once")


def refuse_descendants(spec: Spec, given: Sequence[str]) -> None:
    """Check as `check_given`; also raise an InputError if the treatment changes a covariate."""
    check_given(spec, given)
    after = set(spec.descendants(spec.treatment.name)) & set(given)
    if after:
        raise InputError(
            f"{spec.name}: {', '.join(sorted(after))}: an effect of the treatment cannot "
            "be given in a CATE; give covariates that come before it"
        )


class ExactArrays:
    """All distributions of an SD-SCM without sampling error, as NumPy arrays.

    The mechanism of each variable is tabulated over all values of its parents. Every quantity is
    then a sum over products of these tables (truncated factorisation; Pearl, "Causality", 2009,
    section 1.3).

    Parameters
    ----------
    mechanisms
        The mechanisms of the SD-SCM.
    max_contexts
        Largest number of contexts to score for one variable.
    """

    def __init__(self, mechanisms: Mechanisms, max_contexts: int = MAX_CONTEXTS) -> None:
        self.mechanisms = mechanisms
        self.spec = mechanisms.phrased.spec
        self.max_contexts = max_contexts
        self._tables: dict[str, np.ndarray] = {}

    def contexts(self, name: str) -> int:
        """Number of contexts of a variable: the product of its parents' domain sizes."""
        return math.prod(self._size(parent) for parent in self.spec.parents(name))

    def feasible(self, names: Sequence[str] | None = None) -> bool:
        """True if the mechanisms of these variables (by default all) can be tabulated."""
        wanted = self.spec.order if names is None else names
        return all(self.contexts(name) <= self.max_contexts for name in wanted)

    def log_table(self, name: str) -> np.ndarray:
        """log P(variable | parents), of shape (one axis a parent in the order tau, domain size).

        Raises
        ------
        TooLargeError
            If the variable has more contexts than ``max_contexts``.
        """
        if name not in self._tables:
            self._check_contexts(name)
            count = self.contexts(name)
            sizes = [self._size(parent) for parent in self.spec.parents(name)]
            rows = np.array(list(product(*map(range, sizes))), dtype=np.int64).reshape(count, -1)
            codes = dict(zip(self.spec.parents(name), rows.T, strict=True))
            logs = self.mechanisms(name, codes, count)
            self._tables[name] = logs.reshape(*sizes, self._size(name))
        return self._tables[name]

    def marginal(
        self, names: Sequence[str], do: Mapping[str, FixedTarget] | None = None
    ) -> np.ndarray:
        """P(names), or P(names | do(...)), of shape (domain size of each name).

        Parameters
        ----------
        names
            Variables, in the order of the axes; none gives 1.
        do
            For each target a value, or a distribution over its domain; see
            `sdscm.sampling.interventions`.
        """
        return self._sum(list(names), self._weights({} if do is None else do), [])

    def conditional(
        self,
        name: str,
        given: Sequence[str],
        do: Mapping[str, FixedTarget] | None = None,
    ) -> np.ndarray:
        """P(name | given), of shape (domain size of each given, domain size of name).

        NaN where the given values have probability 0.
        """
        joint = self.marginal([*given, name], do)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(joint / joint.sum(axis=-1, keepdims=True))

    def joint(self) -> np.ndarray:
        """P(all variables), one axis a variable in the order tau."""
        return self.marginal(self.spec.order)

    def mean(
        self,
        outcome: ArrayLike,
        given: Sequence[str] = (),
        do: Mapping[str, FixedTarget] | None = None,
        weights: Mapping[Scope, np.ndarray] | None = None,
    ) -> np.ndarray:
        """E[outcome | given, do(...)], of shape (domain size of each given).

        Parameters
        ----------
        outcome
            A function of the outcome variable's parents: an array with one axis for each parent in
            the order tau, such as ``log_table(outcome)[..., k]``.
        given, do
            As in `conditional`.
        weights
            Weights of units, as functions of some variables: the mean is over the units of which
            they are the probability, such as compliers.
        """
        parents = self.spec.parents(self.spec.outcome.name)
        targets = self._weights({} if do is None else do)
        weights = weights or {}
        values = np.asarray(outcome, dtype=float)
        sizes = tuple(self._size(parent) for parent in parents)
        if values.shape != sizes:
            raise InputError(
                f"exact: the outcome has shape {values.shape}, but it is a function of "
                f"{', '.join(parents) or 'no parents'}, of shape {sizes}; take for example "
                f"log_table('{self.spec.outcome.name}')[..., 0]"
            )
        total = self._sum(list(given), targets, [(parents, values), *weights.items()])
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(total / self._sum(list(given), targets, list(weights.items())))

    def effect(
        self,
        outcome: ArrayLike,
        given: Sequence[str] = (),
        contrast: tuple[str, str] | None = None,
        weights: Mapping[Scope, np.ndarray] | None = None,
    ) -> np.ndarray:
        """E[Y(treated) - Y(control) | given], of shape (domain size of each given).

        Without given covariates this is the population average effect (PATE), else the CATE.

        Parameters
        ----------
        outcome
            As in `mean`.
        given
            Covariates that the treatment does not change.
        contrast
            Values (control, treated) of the treatment; by default its first two.
        weights
            As in `mean`.

        Raises
        ------
        InputError
            If a covariate is a descendant of the treatment: it has different values under treatment
            and control.
        """
        treatment = self.spec.treatment
        control, treated = contrast_of(self.spec, contrast)
        refuse_descendants(self.spec, given)
        high = self.mean(outcome, given, {treatment.name: treated}, weights)
        return high - self.mean(outcome, given, {treatment.name: control}, weights)

    def _size(self, name: str) -> int:
        return len(self.spec.variable(name).values)

    def _weights(self, do: Mapping[str, FixedTarget]) -> dict[str, np.ndarray]:
        check_do(self.spec, do)
        return {name: weights_of(self.spec, name, to) for name, to in do.items()}

    def _sum(
        self,
        names: list[str],
        do: Mapping[str, np.ndarray],
        tables: Sequence[Factor],
    ) -> np.ndarray:
        """The product of all tables, summed over all variables but ``names``."""
        self._check_names(names)
        needed = self._relevant({*names, *(name for scope, _ in tables for name in scope)}, set(do))
        scopes = {n: (n,) if n in do else (*self.spec.parents(n), n) for n in needed}
        # Check the size before a mechanism is scored, which may take hours.
        for name in needed:
            if name not in do:
                self._check_contexts(name)
        sizes = {name: self._size(name) for name in self.spec.order}
        path, states = elimination_path(
            [(), *scopes.values(), *(scope for scope, _ in tables)], names, sizes
        )
        if states > _MAX_STATES:
            raise TooLargeError(
                f"{self.spec.name}: the sum needs a table of {states:.1e} states, more than "
                f"{_MAX_STATES:.1e}; ask about fewer variables, or sample"
            )
        factors = [
            (scopes[name], do[name] if name in do else np.exp(self.log_table(name)))
            for name in needed
        ]
        return sum_product([((), np.array(1.0)), *factors, *tables], path, names)

    def _check_contexts(self, name: str) -> None:
        count = self.contexts(name)
        if count > self.max_contexts:
            raise TooLargeError(
                f"{self.spec.name}: '{name}' has {count:,} contexts, more than "
                f"{self.max_contexts:,}; sample instead, or give it fewer parents"
            )

    def _check_names(self, names: Sequence[str]) -> None:
        for name in names:
            variable_of(self.spec, name, "exact")
            if list(names).count(name) > 1:
                raise InputError(f"exact: '{name}' is asked for twice; name it once")

    def _relevant(self, names: set[str], targets: set[str]) -> list[str]:
        """``names`` and their ancestors in the mutilated graph, in the order tau."""
        graph = self.spec.graph.copy()
        graph.remove_edges_from(list(graph.in_edges(targets)))
        found = names.union(*(nx.ancestors(graph, name) for name in names))
        return [name for name in self.spec.order if name in found]
