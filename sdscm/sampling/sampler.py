"""Sample units of an SD-SCM: in the observed world, after interventions, and counterfactually."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, Self, get_args

import numpy as np
import pandas as pd

from sdscm.arguments import (
    check_callback,
    check_choice,
    check_seed,
    check_type,
    check_whole,
    shown,
)
from sdscm.display import html_card, html_facts
from sdscm.errors import InputError
from sdscm.graph_plot import graph_html
from sdscm.literals import DEFAULT_LM, Coupling
from sdscm.lm.interface import LanguageModel
from sdscm.lm.load import load_lm
from sdscm.number_format import counted
from sdscm.sampling.conditioning import matches, parse_given, weighted
from sdscm.sampling.dials import Dials
from sdscm.sampling.interventions import Do, check_do, code_of, parse_do
from sdscm.sampling.mechanisms import Mechanisms
from sdscm.sampling.noise import AbductedNoise, Noise, SeededNoise, posterior_gumbel, uniform_noise
from sdscm.sampling.units import Units, join
from sdscm.sampling.world import World
from sdscm.spec import Spec, load_spec

Conditioning = Literal["reject", "weight", "clamp"]
#: Called with the number of units done (a fraction counts) and the number of units asked for.
OnUnits = Callable[[float, int], None]

BLOCK = 512
_MAX_TRIES = 1000  # units drawn for each one that has the given values


class Sampler:
    """Samples units from a spec and a language model.

    The parameters, and the errors raised, are those of `sdscm.SDSCM`, which builds on this class.
    """

    def __init__(
        self,
        spec: Spec | str | Path,
        lm: LanguageModel | str | Path = DEFAULT_LM,
        *,
        phrasing: int = 0,
        temperature: float = 1.0,
        scoring: str = "definition",
        coupling: Coupling = "gumbel",
        overlap: float = 0.0,
        confounding: float = 1.0,
        effect: float = 1.0,
        strength: float = 1.0,
        defiers: float = 0.0,
        treatments: Sequence[str] | None = None,
    ) -> None:
        spec, lm = load_spec(spec), load_lm(lm)
        check_choice("coupling", coupling, get_args(Coupling))
        self.spec = spec
        self.lm = lm
        self.phrased = spec.phrased(phrasing)
        self.mechanisms = Mechanisms(
            self.phrased,
            lm,
            temperature=temperature,
            scoring=scoring,
            dials=Dials(overlap, confounding, effect, strength, defiers),
            treatments=None if treatments is None else _treatments(spec, treatments),
        )
        self.coupling: Coupling = coupling

    def __repr__(self) -> str:
        options = "".join(f", {name} {value}" for name, value in self._changed().items())
        return (
            f"<{type(self).__name__}: {self.spec.name} with {self.lm.id}, "
            f"phrasing {self.phrased.number}{options}>"
        )

    def _repr_html_(self) -> str:
        spec = self.spec
        facts = {
            "spec": f"{spec.name}, {counted(len(spec.variables), 'variable')}",
            "effect": f"{spec.treatment.name} → {spec.outcome.name}",
            "language model": self.lm.id,
            "phrasing": f"{self.phrased.number} of {spec.n_phrasings:,}",
            **self._changed(),
        }
        return html_card(
            f"{type(self).__name__}: {spec.name}", spec.title, html_facts(facts), graph_html(spec)
        )

    def _changed(self) -> dict[str, object]:
        """The options that differ from their defaults."""
        mechanisms, usual = self.mechanisms, Dials()
        found: dict[str, object] = {}
        if mechanisms.temperature != 1:
            found["temperature"] = mechanisms.temperature
        if mechanisms.scoring != "definition":
            found["scoring"] = mechanisms.scoring
        if self.coupling != "gumbel":
            found["coupling"] = self.coupling
        for name in ("overlap", "confounding", "effect", "strength", "defiers"):
            if (value := getattr(mechanisms.dials, name)) != getattr(usual, name):
                found[name] = value
        if mechanisms.treatments is not None:
            found["treatments"] = [self.spec.treatment.values[k] for k in mechanisms.treatments]
        return found

    def restricted_to(self, values: Sequence[str]) -> Self:
        """The same sampler, with the treatment drawn from these of its values only.

        Raises
        ------
        InputError
            If there are fewer than two different values, one is not in the domain, or one has
            weight 0.

        Examples
        --------
        >>> model = sdscm.SDSCM("commute", "tabular:0").restricted_to(["by bus", "by car"])
        >>> sorted(set(model.sample(50).labels["way"]))
        ['by bus', 'by car']
        """
        if len(self.spec.treatment.values) == 2:
            return self
        restricted = copy.copy(self)
        restricted.mechanisms = self.mechanisms.restricted_to(_treatments(self.spec, values))
        return restricted

    def sample(
        self,
        n: int,
        seed: int = 0,
        *,
        do: Do | None = None,
        given: Mapping[str, str] | None = None,
        how: Conditioning = "reject",
        first: int = 0,
        block: int = BLOCK,
        progress: OnUnits | None = None,
    ) -> Units:
        """Sample units from the observational distribution, or from an interventional one.

        Parameters
        ----------
        n
            Number of units.
        seed
            Seed of their noise. Unit i does not depend on n.
        do
            Intervention: for each target a value, one value a unit, a mapping from values to
            weights, or `sdscm.UNIFORM`.
        given
            Condition on these values of variables.
        how
            Method of conditioning. ``reject``: draw units until n have the given values; this
            samples the conditional distribution. ``weight``: set the variables to the given values
            and weight each unit by their probability (likelihood weighting); under
            ``Units.weights`` this is the same distribution. ``clamp``: set the variables without
            weights, so that their ancestors are not updated. For endogenous variables ``clamp``
            equals ``do``; for exogenous variables it chooses the population.
        first
            Number of the first unit; with ``reject``, of the first candidate.
        block
            Number of units that pass through the DAG together. It changes memory and speed, but
            no value.
        progress
            Called with the number of units done (a fraction counts) and n.

        Raises
        ------
        InputError
            If a target or a value is unknown, an exogenous variable is a target, ``how`` is
            unknown, or too few units have the given values (with ``weight``: no unit can).

        Examples
        --------
        >>> model = sdscm.SDSCM("headache", "tabular:0")
        >>> units = model.sample(4)
        >>> units.labels["relief"].tolist()
        ['a walk', 'a nap', 'a nap', 'a nap']
        >>> model.sample(4, do={"relief": "a nap"}).labels["relief"].tolist()
        ['a nap', 'a nap', 'a nap', 'a nap']
        >>> model.sample(4, given={"season": "winter"}).labels["season"].tolist()
        ['winter', 'winter', 'winter', 'winter']
        """
        check_whole("n", n, 1, "ask for a whole number of units, one or more")
        check_seed(seed)
        check_choice("conditioning", how, get_args(Conditioning))
        check_whole("first", first, 0)
        do = {} if do is None else do
        check_do(self.spec, do)
        evidence = parse_given(self.spec, {} if given is None else given, do)
        if evidence and how == "reject":
            return self._rejected(n, seed, do, evidence, first, block, progress)
        noise = SeededNoise(seed, np.arange(first, first + n))
        clamped = {name: np.full(n, code) for name, code in evidence.items()}
        units = self.run(noise, block, progress, do=parse_do(self.spec, do, n), clamped=clamped)
        if how == "weight" and evidence:
            return weighted(units, noise, evidence)
        set_ = [name for name in evidence if self.spec.variable(name).role != "exogenous"]
        return replace(units, do=(*units.do, *set_))

    def counterfactual(
        self, units: Units, do: Do, *, block: int = BLOCK, progress: OnUnits | None = None
    ) -> Units:
        """Sample the same units in the world where the targets are set to other values.

        Non-descendants of the targets keep their values. Descendants are drawn again. With
        ``coupling="gumbel"`` they keep the unit's own noise, so that ``do`` of the observed value
        returns the observed unit. With ``coupling="redraw"`` they get fresh noise. If a target is
        set to a distribution, its value is drawn independently of the observed one.

        If the units were sampled with ``given``, the result is a sample from the counterfactual
        distribution given that evidence, P(. under do | given). The evidence may be on descendants
        of the targets (abduction for evidence on a few variables; Pearl, "Causality", 2009,
        section 7.1). After ``how="weight"`` each unit has the weight ``Units.weights``::

            units = scm.sample(10_000, given={"state": "worsens"}, how="weight")
            world = scm.counterfactual(units, {"drug": "statin"})
            share = world.weights @ (world.labels["state"] == "recovers")

        Parameters
        ----------
        units
            Units in the observed world, sampled or abducted.
        do, block, progress
            As in `sample`.

        Raises
        ------
        InputError
            If a target is unknown or exogenous, or a value is not in its domain.

        Examples
        --------
        >>> model = sdscm.SDSCM("headache", "tabular:0")
        >>> units = model.sample(4, seed=1)
        >>> world = model.counterfactual(units, {"relief": "a nap"})
        >>> units.labels["relief"].tolist()
        ['a walk', 'a walk', 'a nap', 'a walk']
        >>> units.labels["feeling"].tolist()
        ['better', 'worse', 'worse', 'worse']
        >>> world.labels["feeling"].tolist()
        ['better', 'worse', 'worse', 'better']
        """
        check_type("units", units, Units, "give what sample or abduct returns")
        if units.do:
            raise InputError("counterfactual: give units of the observed world, sampled without do")
        if units.phrased != self.phrased or units.origin != self.mechanisms.identity:
            raise InputError(
                "counterfactual: these units were sampled from another spec, phrasing or model "
                f"({units.phrased.spec.name}, phrasing {units.phrased.number}; "
                f"{', '.join(map(str, units.origin))}); sample them here"
            )
        forced = parse_do(self.spec, do, len(units))
        touched = set(forced)
        for target in forced:
            touched.update(self.spec.descendants(target))
        kept = {
            name: (units.codes[name].to_numpy(), units.log_probabilities[name])
            for name in self.spec.order
            if name not in touched
        }
        redraw = self.coupling == "redraw"
        world = self.run(units.noise, block, progress, do=forced, kept=kept, redraw=redraw)
        return replace(world, log_weights=units.log_weights)

    def abduct(self, rows: pd.DataFrame, seed: int = 0, *, block: int = BLOCK) -> Units:
        """Infer the noise of units from their observed values.

        The noise is one draw from its posterior distribution given the row (truncated Gumbel
        variables). Counterfactuals of these units are therefore draws from the counterfactual
        distribution given the whole row (abduction, action, prediction; Pearl, "Causality", 2009,
        section 7.1).

        Parameters
        ----------
        rows
            One row for each unit, one column for each variable of the spec, with values as text.
        seed
            Seed of the draw.
        block
            As in `sample`.

        Raises
        ------
        InputError
            If a column is missing, or a value is not in its domain or impossible there.

        Examples
        --------
        >>> model = sdscm.SDSCM("headache", "tabular:0")
        >>> rows = model.sample(3).labels
        >>> units = model.abduct(rows)
        >>> units.labels.equals(rows)
        True
        >>> world = model.counterfactual(units, {"relief": "a walk"})
        >>> world.labels["relief"].tolist()
        ['a walk', 'a walk', 'a walk']
        """
        check_type("abduct", rows, pd.DataFrame, "give a DataFrame, a column for each variable")
        if self.mechanisms.dials.defiers:
            raise InputError(
                "abduct: a row does not say which unit defies the instrument; set defiers to 0"
            )
        check_seed(seed)
        missing = [name for name in self.spec.order if name not in rows.columns]
        if missing or not len(rows):
            what = f"no column '{missing[0]}'" if missing else "no rows"
            raise InputError(
                f"abduct: {what}; give a value for each of {', '.join(self.spec.order)}"
            )
        observed = {
            name: np.array([code_of(self.spec.variable(name), v, "abduct") for v in rows[name]])
            for name in self.spec.order
        }
        count = len(rows)
        prior = SeededNoise(seed, np.arange(count), "abducted:")
        units = self.run(prior, block, None, clamped=observed)
        noise = {}
        for name, codes in observed.items():
            logs = units.log_probabilities[name]
            impossible = np.flatnonzero(np.isneginf(logs[np.arange(count), codes]))
            if len(impossible):
                raise InputError(
                    f"abduct: row {impossible[0]}: '{rows[name].iloc[impossible[0]]}' has "
                    f"probability 0 for '{name}'; the row cannot come from this model"
                )
            uniform = uniform_noise(seed, f"abduct:{name}", 0, count, logs.shape[1] + 1)
            noise[name] = posterior_gumbel(logs, codes, uniform)
        return replace(units, noise=AbductedNoise(noise, prior))

    def run(
        self,
        noise: Noise,
        block: int = BLOCK,
        progress: OnUnits | None = None,
        *,
        do: Mapping[str, np.ndarray] | None = None,
        kept: Mapping[str, tuple[np.ndarray, np.ndarray]] | None = None,
        clamped: Mapping[str, np.ndarray] | None = None,
        redraw: bool = False,
    ) -> Units:
        """Assign all variables of the units in the order tau, block by block.

        `sample`, `counterfactual` and `abduct` call this method. For ``do``, ``kept``, ``clamped``
        and ``redraw`` see `sdscm.sampling.world.World`.
        """
        check_whole("block", block, 1, "take at least one unit at a time")
        check_callback("progress", progress)
        do, kept, clamped, n = do or {}, kept or {}, clamped or {}, len(noise)
        names, worlds = self.spec.order, []
        for begin in range(0, n, block):
            rows = slice(begin, min(begin + block, n))
            count = rows.stop - rows.start
            world = World(
                noise=noise.rows(rows),
                do={name: logs[rows] for name, logs in do.items()},
                kept={name: (codes[rows], logs[rows]) for name, (codes, logs) in kept.items()},
                clamped={name: codes[rows] for name, codes in clamped.items()},
                redraw=redraw,
            )
            for done, name in enumerate(names, start=1):
                if name in world.kept:
                    world.codes[name], world.logs[name] = world.kept[name]
                else:
                    world.assign(name, self._mechanism(name, world, count))
                if progress is not None:
                    progress(begin + done / len(names) * count, n)
            worlds.append(world)
        codes = {name: np.concatenate([world.codes[name] for world in worlds]) for name in names}
        logs = {name: np.concatenate([world.logs[name] for world in worlds]) for name in names}
        origin = self.mechanisms.identity
        return Units(self.phrased, pd.DataFrame(codes), logs, noise, tuple(do), origin=origin)

    def _mechanism(self, name: str, world: World, count: int) -> np.ndarray:
        """The mechanism of a variable in a world, of shape (count, size of its domain)."""
        share = self.mechanisms.dials.defiers
        if name != self.spec.treatment.name or not share:
            return self.mechanisms(name, world.codes, count)
        with np.errstate(divide="ignore"):
            logs = np.log([1 - share, share])
        # The same draw in all worlds of a unit.
        defies = (logs + world.noise.fresh("defies").gumbel(name, 2)).argmax(axis=1) == 1
        return self.mechanisms.of_units(world.codes, count, defies)

    def _rejected(
        self,
        n: int,
        seed: int,
        do: Do,
        evidence: Mapping[str, int],
        first: int,
        block: int,
        progress: OnUnits | None,
    ) -> Units:
        """Draw units until n of them have the given values."""
        if any(
            isinstance(t, (Sequence, np.ndarray, pd.Series)) and not isinstance(t, str)
            for t in do.values()
        ):
            raise InputError("given: with how='reject' give do one value for all units")
        # Rounds of a fixed size: `block` changes neither the units nor the number of tries.
        size = BLOCK
        parts: list[Units] = []
        ids: list[np.ndarray] = []
        found, drawn = 0, 0
        while found < n:
            if drawn >= _MAX_TRIES * max(found, 1) and drawn >= 4 * size:
                wanted = ", ".join(
                    f"{k} = {self.spec.variable(k).values[c]}" for k, c in evidence.items()
                )
                raise InputError(
                    f"given: only {found} of {drawn} units have {wanted}; "
                    "use how='weight', or give less"
                )
            noise = SeededNoise(seed, np.arange(first + drawn, first + drawn + size))
            units = self.run(noise, block, None, do=parse_do(self.spec, do, size))
            rows = np.flatnonzero(matches(units, evidence))[: n - found]
            parts.append(units.take(rows))
            ids.append(noise.ids[rows])
            found, drawn = found + len(rows), drawn + size
            if progress is not None:
                progress(found, n)
        return join(parts, SeededNoise(seed, np.concatenate(ids)))


def _treatments(spec: Spec, values: Sequence[str]) -> tuple[int, ...]:
    """Codes of the treatment's values that can be drawn, in the order of the domain."""
    treatment = spec.treatment
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise InputError(
            f"treatments: {shown(values)} is one value; give a list of two values of "
            f"'{treatment.name}' at least"
        )
    codes = sorted({code_of(treatment, value, "treatments") for value in values})
    if len(codes) < 2:
        raise InputError(f"treatments: give two values of '{treatment.name}' at least")
    if isinstance(treatment.distribution, tuple):
        for code in codes:
            if not treatment.distribution[code] > 0:
                raise InputError(
                    f"contrast: '{treatment.values[code]}' has weight 0 in "
                    f"'{treatment.name}'; contrast values that occur"
                )
    return tuple(codes)
