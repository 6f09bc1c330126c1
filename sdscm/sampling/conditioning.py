"""Conditions on the values of variables: evidence, and weights of units that are set to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from sdscm.arguments import shown
from sdscm.errors import InputError
from sdscm.sampling.interventions import Do, code_of, variable_of
from sdscm.sampling.noise import AbductedNoise, SeededNoise, posterior_gumbel, uniform_noise
from sdscm.sampling.units import Units
from sdscm.spec import Spec


def parse_given(spec: Spec, given: Mapping[str, str], do: Do) -> dict[str, int]:
    """Code of the given value of each variable.

    Raises
    ------
    InputError
        If a variable or a value is unknown, or ``do`` sets the variable.
    """
    if not isinstance(given, Mapping):
        raise InputError(f"given: {shown(given)} gives no value; write {{'variable': 'value'}}")
    evidence = {}
    for name, value in given.items():
        variable = variable_of(spec, name, "given")
        if name in do:
            raise InputError(f"given: '{name}' is set by do; it cannot be given as well")
        evidence[name] = code_of(variable, value, "given")
    return evidence


def matches(units: Units, evidence: Mapping[str, int]) -> np.ndarray:
    """True for each unit that has all the given values, of shape (n,)."""
    fit = np.ones(len(units), dtype=bool)
    for name, code in evidence.items():
        fit &= units.codes[name].to_numpy() == code
    return fit


def weighted(units: Units, noise: SeededNoise, evidence: Mapping[str, int]) -> Units:
    """Weight units that were set to the evidence by the probability of the evidence.

    The noise of a variable that was set is drawn given its value.

    Raises
    ------
    InputError
        If the evidence has probability 0 for every unit.
    """
    values = {}
    weights = np.zeros(len(units))
    for name, code in evidence.items():
        logs = units.log_probabilities[name]
        weights += logs[:, code]
        first, size = int(noise.ids[0]), logs.shape[1]
        uniform = uniform_noise(noise.seed, f"given:{name}", first, len(units), size + 1)
        values[name] = noise.gumbel(name, size)
        possible = np.isfinite(logs[:, code])  # the other units have weight 0
        codes = np.full(possible.sum(), code)
        values[name][possible] = posterior_gumbel(logs[possible], codes, uniform[possible])
    if np.isneginf(weights).all():
        given = ", ".join(f"{n} = {units.labels[n].iloc[0]}" for n in evidence)
        raise InputError(f"given: none of {len(units)} units can have {given}; give less")
    return replace(units, noise=AbductedNoise(values, noise), log_weights=weights)
