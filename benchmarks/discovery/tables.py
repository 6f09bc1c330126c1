"""Make the table that discovery methods see, and the truth behind it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd

from benchmarks.discovery.pairwise import pairwise_scores
from benchmarks.discovery.scores import GraphTruth
from benchmarks.provenance.hashing import derive_seed, digest, digest_bytes
from sdscm.inference.enumeration import ExactArrays, TooLargeError
from sdscm.sampling.sampler import OnUnits
from sdscm.scm import SDSCM

#: Largest number of states of a joint distribution that is passed to a method.
MAX_STATES = 5_000_000


@dataclass(frozen=True, eq=False)
class DiscoveryTable:
    """Rows of an SD-SCM, and what methods may be shown beside them.

    Attributes
    ----------
    scenario, phrasing
        Its place.
    codes : DataFrame of shape (n, p)
        The observed variables, in the order tau.
    truth
        The DAG.
    shown
        By need (see `benchmarks.discovery.registry.Need`): ``dag``, ``joint`` and ``pairwise``.
    missing
        Why a need is not there, by need.
    """

    scenario: str
    phrasing: int
    codes: pd.DataFrame
    truth: GraphTruth
    shown: Mapping[str, Any] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)

    def anonymous(self, needs: tuple[str, ...], seed: int) -> AnonymousTable:
        """Hide names and order: the order tau is a causal order, and names are hints."""
        order = np.random.default_rng(seed).permutation(self.codes.shape[1])
        names = [f"V{number + 1}" for number in range(len(order))]
        new_name = {
            str(self.codes.columns[old]): new for old, new in zip(order, names, strict=True)
        }
        shown: dict[str, Any] = {}
        for need in needs:
            thing = self.shown[need]
            if need == "dag":
                # Sorted, since the order of its nodes is a causal order, too.
                hidden = sorted(set(thing) - set(new_name))
                to = new_name | {old: f"H{number + 1}" for number, old in enumerate(hidden)}
                shown[need] = nx.DiGraph()
                shown[need].add_nodes_from(sorted(to.values()))
                shown[need].add_edges_from(sorted((to[a], to[b]) for a, b in thing.edges))
            elif need == "joint":
                # A copy: a view would show the order tau, and its writes would reach other methods.
                shown[need] = np.array(thing.transpose(order), order="C")
            else:
                shown[need] = pd.DataFrame(thing.to_numpy()[np.ix_(order, order)], names, names)
        codes = self.codes.iloc[:, order].set_axis(names, axis=1)
        return AnonymousTable(codes.reset_index(drop=True), shown, tuple(map(int, order)))


@dataclass(frozen=True, eq=False)
class AnonymousTable:
    """A table without names; ``order[k]`` is the place of its column k in the true table."""

    codes: pd.DataFrame
    shown: Mapping[str, Any]
    order: tuple[int, ...]

    @property
    def content(self) -> str:
        """Hash of all that a method sees."""
        parts = [digest_bytes(np.ascontiguousarray(self.codes.to_numpy(np.int64)).tobytes())]
        for need, thing in sorted(self.shown.items()):
            if need == "dag":
                parts.append(digest(sorted(map(list, thing.edges))))
            else:
                parts.append(digest_bytes(np.ascontiguousarray(np.asarray(thing)).tobytes()))
        return digest([list(self.codes.shape), *parts])


def make_table(
    scm: SDSCM,
    n: int,
    seed: int,
    *,
    hidden: bool,
    needs: frozenset[str],
    max_contexts: int,
    progress: OnUnits | None = None,
) -> DiscoveryTable:
    """Sample the rows of a phrasing, and compute what methods need.

    Parameters
    ----------
    scm
        The model.
    n, seed
        Number of rows, and the seed of the run.
    hidden
        Remove the exogenous variables.
    needs
        Needs of the methods; others are not computed.
    max_contexts
        Mechanisms with more contexts are not enumerated.
    progress
        Called with the number of sampled rows and n.
    """
    spec, phrasing = scm.spec, scm.phrased.number
    observed = tuple(name for name in spec.order if not (hidden and name in spec.exogenous))
    units = scm.sample(n, derive_seed(seed, "discovery", spec.name, phrasing), progress=progress)
    shown: dict[str, Any] = {"dag": spec.graph}
    missing: dict[str, str] = {}
    if "joint" in needs:
        try:
            shown["joint"] = _joint(scm.exact(max_contexts).arrays, observed)
        except TooLargeError as error:
            missing["joint"] = str(error)
    if "pairwise" in needs:
        shown["pairwise"] = pairwise_scores(scm.lm, observed)
    return DiscoveryTable(
        spec.name,
        phrasing,
        units.codes[list(observed)],
        GraphTruth(spec.graph, observed),
        shown,
        missing,
    )


def _joint(exact: ExactArrays, observed: tuple[str, ...]) -> np.ndarray:
    states = math.prod(len(exact.spec.variable(name).values) for name in observed)
    if states > MAX_STATES:
        raise TooLargeError(
            f"{exact.spec.name}: the joint distribution has {states:,} states, more than "
            f"{MAX_STATES:,}"
        )
    return exact.marginal(observed)
