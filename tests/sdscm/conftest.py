"""Shared by the tests of sdscm: a private cache folder, small specs, the embedded model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import product
from typing import Any

import numpy as np
import pytest

from sdscm.lm import Choice
from sdscm.lm.backends.tabular import ProbabilityTable
from sdscm.spec import Spec


class ByHand:
    """A small SD-SCM in plain Python: all rows one by one, their probabilities multiplied.

    Written apart from the engine; it shares with it the spec and the table of probabilities.
    """

    def __init__(
        self,
        spec: Spec,
        table: ProbabilityTable,
        *,
        overlap: float = 0.0,
        confounding: float = 1.0,
        effect: float = 1.0,
    ) -> None:
        self.spec = spec
        self.table = table
        self.overlap, self.confounding, self.effect = overlap, confounding, effect
        self._known: dict[tuple[Any, ...], list[float]] = {}

    def mechanism(self, name: str, row: Mapping[str, int]) -> list[float]:
        """P(variable | parents) under the dials."""
        parents = self.spec.parents(name)
        key = (name, *(row[parent] for parent in parents))
        if key not in self._known:
            p = self._plain(name, row)
            treatment = self.spec.treatment.name
            if name == treatment:
                p = _shares([each**self.confounding for each in p])
                p = [(1 - self.overlap) * each + self.overlap / len(p) for each in p]
            elif treatment in parents:
                control = self._plain(name, {**row, treatment: 0})
                both = zip(control, p, strict=True)
                p = _shares([c ** (1 - self.effect) * q**self.effect for c, q in both])
            self._known[key] = p
        return self._known[key]

    def _plain(self, name: str, row: Mapping[str, int]) -> list[float]:
        variable = self.spec.variable(name)
        if variable.distribution == "uniform":
            return [1 / len(variable.values)] * len(variable.values)
        if not isinstance(variable.distribution, str):
            return list(variable.distribution)
        context = []
        for parent in self.spec.parents(name):
            value = self.spec.variable(parent).values[row[parent]]
            context.append(self.spec.variable(parent).phrasings[0].sentence(value))
        place = variable.phrasings[0]
        choice = Choice(tuple(context), place.prefix, variable.values, place.suffix)
        return _shares(list(self.table(choice)))

    def rows(
        self, do: Mapping[str, Mapping[int, float]] | None = None
    ) -> Iterator[tuple[dict[str, int], float]]:
        """Every row (code of each variable) with its probability, or that under ``do``.

        ``do`` holds for each target weights of its codes (truncated factorisation; Pearl,
        "Causality", 2009, equation 1.37).
        """
        do = do or {}
        names = self.spec.order
        for codes in product(*(range(len(self.spec.variable(name).values)) for name in names)):
            row = dict(zip(names, codes, strict=True))
            p = 1.0
            for name, code in row.items():
                p *= do[name].get(code, 0.0) if name in do else self.mechanism(name, row)[code]
            yield row, p

    def marginal(
        self, names: Any, do: Mapping[str, Mapping[int, float]] | None = None
    ) -> np.ndarray:
        """P(names | do), one axis a name."""
        found = np.zeros([len(self.spec.variable(name).values) for name in names])
        for row, p in self.rows(do):
            found[tuple(row[name] for name in names)] += p
        return found

    def cate(self, outcome: Callable[[list[float]], float], given: Any) -> np.ndarray:
        """E[Y1 - Y0 | given] of an outcome that is a function of the outcome's mechanism.

        Without a look at worlds: the mean of the treated world less that of the control world, in
        each the rows that have what is given (variables that the treatment does not change).
        """
        treatment, name = self.spec.treatment.name, self.spec.outcome.name
        sizes = [len(self.spec.variable(each).values) for each in given]
        means = []
        for code in (0, 1):
            total, weight = np.zeros(sizes), np.zeros(sizes)
            for row, p in self.rows({treatment: {code: 1.0}}):
                cell = tuple(row[each] for each in given)
                total[cell] += p * outcome(self.mechanism(name, row))
                weight[cell] += p
            means.append(total / weight)
        return means[1] - means[0]


def _shares(weights: list[float]) -> list[float]:
    total = sum(weights)
    return [float(weight / total) for weight in weights]


@pytest.fixture(scope="session")
def by_hand() -> type[ByHand]:
    """The oracle of everything that can be enumerated."""
    return ByHand


@pytest.fixture(scope="session")
def bits() -> Callable[[Any], list[bytes]]:
    """Scores as bytes: equal only if every bit is."""

    def of(scores: Any) -> list[bytes]:
        arrays = [(s.sentence, s.value, s.sentence_tokens, s.value_tokens) for s in scores]
        return [b"".join(array.tobytes() for array in four) for four in arrays]

    return of


@pytest.fixture(scope="session")
def fixed_row_bits() -> None:
    """Skip the test where the engine's scores depend on the batch in their last bits.

    The engine promises equal bits on processors where the bits of a row of a matrix product do not
    depend on the other rows. This holds for oneDNN with AVX-512, AVX2 and SSE4.1, and for MKL with
    AVX-512, but for example not for MKL with ``MKL_CBWR=COMPATIBLE``.
    """
    import torch

    from sdscm.lm.engine.products import products

    generator = torch.Generator().manual_seed(0)
    with products(torch.device("cpu"), "float32"), torch.inference_mode():
        for inner in (64, 128, 192, 256):
            a = torch.randn(80, inner, generator=generator)
            for outer in (64, 192, 1000):
                b = torch.randn(inner, outer, generator=generator)
                for rows in (slice(0, 16), slice(5, 21), slice(3, 60)):
                    if not torch.equal((a @ b)[rows], a[rows] @ b):
                        pytest.skip("here the bits of a row of a product depend on other rows")


@pytest.fixture(scope="session")
def random_spec() -> Callable[[int], Spec]:
    """A random DAG of five or six variables, some of them drawn by fixed weights, for a seed."""

    def make(seed: int) -> Spec:
        generator = np.random.default_rng(seed)
        causes = ["exogenous"] * generator.integers(1, 3)
        others = ["covariate", "treatment", "outcome", *["covariate"] * generator.integers(0, 2)]
        roles = [*causes, *generator.permutation(others)]
        variables: list[dict[str, Any]] = []
        for role in roles:
            before = [v["name"] for v in variables if role != "exogenous" or v["role"] == role]
            size = 2 if role == "treatment" else int(generator.integers(2, 4))
            weights: Any = "lm"
            if role != "outcome" and generator.random() < 0.2:
                weights = list(generator.dirichlet(np.ones(size)))
            variables.append(
                {
                    "name": f"v{len(variables)}",
                    "role": str(role),
                    "values": [f"{len(variables)}{letter}" for letter in "abc"[:size]],
                    "parents": [name for name in before if generator.random() < 0.6],
                    "phrasings": ["Now {value}."],
                    "distribution": weights,
                }
            )
        return Spec.model_validate({"name": "random", "variables": variables})

    return make
