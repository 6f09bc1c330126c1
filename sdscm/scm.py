"""The sequence-driven structural causal model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from numbers import Integral
from typing import Literal

import numpy as np
import pandas as pd

from sdscm.data.dataset import CausalDataset
from sdscm.data.generate import make_dataset
from sdscm.errors import InputError
from sdscm.inference import monte_carlo
from sdscm.inference.enumeration import MAX_CONTEXTS, Enumeration
from sdscm.inference.monte_carlo import Estimate
from sdscm.inference.outcome import Outcome, OutcomeKind
from sdscm.lm.interface import LanguageModel
from sdscm.sampling.dials import Knobs
from sdscm.sampling.interventions import Do, code_of, parse_do
from sdscm.sampling.mechanisms import Mechanisms
from sdscm.sampling.noise import AbductedNoise, Noise, SeededNoise, posterior_gumbel, uniform_noise
from sdscm.sampling.units import Units
from sdscm.sampling.world import World
from sdscm.spec import Spec

Coupling = Literal["gumbel", "redraw"]
Conditioning = Literal["reject", "weight", "clamp"]
Progress = Callable[[float, int], None]

BLOCK = 512
_MAX_TRIES = 1000  # units drawn for one that fits


class SDSCM:
    """Any language model and any DAG make a sequence-driven structural causal model.

    The mechanism of each variable is the language model's distribution over the variable's domain,
    given the text of the parents and nothing else (Bynum and Cho, arXiv 2411.08019 v2, section 3).

    Parameters
    ----------
    spec
        The variables, their sentences, and the DAG.
    lm
        The language model.
    phrasing
        Number of the phrasing; see `sdscm.spec.PhrasedSpec`.
    temperature
        Divides the scores before they are normalised over a domain; 1 is the paper's. A small model
        is peaked at 1, so that most units are alike; a higher temperature spreads them out. Every
        mechanism, the outcome's too, is changed alike.
    scoring
        ``definition`` (whole sentence) or another one of `sdscm.sampling.scoring.SCORINGS`.
    coupling
        How a counterfactual meets the unit's noise: ``gumbel`` keeps it (Gumbel-max), ``redraw``
        draws descendants afresh, as the paper does.
    overlap, confounding, effect
        Dials of the benchmark's maker, see `sdscm.sampling.dials.Knobs`; by default nothing is
        changed.
    treatments
        Values of the treatment that can be drawn, two or more; by default all. Its mechanism is
        normalised over them (domain-restricted sampling; paper, section 3).

    Raises
    ------
    InputError
        If an option is not one of these.
    """

    def __init__(
        self,
        spec: Spec,
        lm: LanguageModel,
        *,
        phrasing: int = 0,
        temperature: float = 1.0,
        scoring: str = "definition",
        coupling: Coupling = "gumbel",
        overlap: float = 0.0,
        confounding: float = 1.0,
        effect: float = 1.0,
        treatments: Sequence[str] | None = None,
    ) -> None:
        if not isinstance(spec, Spec):
            raise InputError(f"SDSCM: {spec!r:.60} is no spec; give what sdscm.load_spec returns")
        if coupling not in ("gumbel", "redraw"):
            raise InputError(f"unknown coupling '{coupling}': choose gumbel or redraw")
        self.spec = spec
        self.lm = lm
        self.phrased = spec.phrased(phrasing)
        self.mechanisms = Mechanisms(
            self.phrased,
            lm,
            temperature=temperature,
            scoring=scoring,
            knobs=Knobs(overlap, confounding, effect),
            treatments=None if treatments is None else _treatments(spec, treatments),
        )
        self.coupling: Coupling = coupling

    def exact(self, max_contexts: int = MAX_CONTEXTS) -> Enumeration:
        """All distributions by enumeration, for specs with few contexts a variable."""
        return Enumeration(self.mechanisms, max_contexts)

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
        progress: Progress | None = None,
    ) -> Units:
        """Units of the observational distribution, or of an interventional one.

        Parameters
        ----------
        n
            Number of units.
        seed
            Seed of their noise. Unit i is the same whatever n is.
        do
            Intervention: for each target a value, one value a unit, a mapping from values to
            weights, or `sdscm.UNIFORM`.
        given
            Values that variables are to have. Not an intervention, unless clamped.
        how
            How units come to have them. ``reject``: draw until n fit, the true conditional
            distribution. ``weight``: set them and weight each unit by their probability (likelihood
            weighting), the same distribution under ``Units.weights``; the noise of what is set is
            drawn given the value. ``clamp``: set them and do not look back, so that what comes
            before them in the DAG is not updated: on endogenous variables this is ``do``, on
            exogenous ones it is a choice of the population.
        first
            Number of the first unit; with ``reject`` of the first candidate.
        block
            Units that are taken through the DAG together; it changes memory and speed, no value.
        progress
            Called with the units done (a fraction counts) and n.

        Raises
        ------
        InputError
            If a target or a value is unknown, an exogenous variable is a target, ``how`` is not one
            of the three, or too few units fit (with ``weight``: none can).
        """
        if not isinstance(n, Integral) or n < 1:
            raise InputError(f"n = {n}: ask for a whole number of units, one or more")
        if how not in ("reject", "weight", "clamp"):
            raise InputError(f"unknown conditioning '{how}': choose reject, weight or clamp")
        evidence = self._evidence(given or {}, do or {})
        if evidence and how == "reject":
            return self._rejected(n, seed, do or {}, evidence, first, block, progress)
        noise = SeededNoise(seed, np.arange(first, first + n))
        forced = parse_do(self.spec, do or {}, n)
        units = self.run(noise, block, progress, do=forced, clamped=_repeat(evidence, n))
        if how == "weight" and evidence:
            return _weighted(units, noise, evidence)
        set_ = [name for name in evidence if self.spec.variable(name).role != "exogenous"]
        return replace(units, do=(*units.do, *set_))

    def counterfactual(
        self, units: Units, do: Do, *, block: int = BLOCK, progress: Progress | None = None
    ) -> Units:
        """The same units, had the targets been set to other values.

        The targets' non-descendants stay as they are. Descendants are drawn again: with the units'
        own noise (``coupling="gumbel"``), so that ``do`` of the observed value gives the unit back,
        or with fresh noise (``redraw``). A target that is set to a distribution is drawn from it
        independently of its observed value.

        Of units that were sampled with ``given`` these are draws from the counterfactual
        distribution given just that evidence, P(. under do | given), which may lie behind the
        targets: abduction for evidence on a few variables (Pearl, "Causality", 2009, section 7.1).
        After ``how="weight"`` each counts with its ``Units.weights``::

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
        """
        if units.do:
            raise InputError("counterfactual: give units of the observed world, without a do")
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
        """Units for rows that come from elsewhere: their noise is inferred from their values.

        The noise is one draw from its posterior given the row (truncated Gumbel numbers), so that
        the units' counterfactuals are draws from the counterfactual distribution given all of the
        row (abduction, action, prediction; Pearl, "Causality", 2009, section 7.1).

        Parameters
        ----------
        rows
            One row a unit, one column a variable of the spec, with values as text.
        seed
            Seed of the draw.
        block
            As in `sample`.

        Raises
        ------
        InputError
            If a column is missing, or a value is not in its domain or impossible there.
        """
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

    def effect(
        self,
        draws: int = 10_000,
        seed: int = 0,
        *,
        outcome: OutcomeKind = "log-probability",
        outcome_value: str | None = None,
        scores: Mapping[str, float] | None = None,
        contrast: tuple[str, str] | None = None,
    ) -> Estimate:
        """The population average treatment effect (PATE), with its Monte Carlo standard error.

        For specs that are too large for ``exact()``; see `sdscm.inference.monte_carlo.effect`.
        For what the other arguments mean, see `dataset`.

        Raises
        ------
        InputError
            If an option is not one of these, or there are fewer than two draws.
        """
        chosen = Outcome.of(self.spec, outcome, outcome_value, scores)
        return monte_carlo.effect(self, chosen, draws, seed, contrast)

    def mean(
        self,
        draws: int = 10_000,
        seed: int = 0,
        *,
        do: Do | None = None,
        outcome: OutcomeKind = "log-probability",
        outcome_value: str | None = None,
        scores: Mapping[str, float] | None = None,
    ) -> Estimate:
        """The outcome's mean, observational or under ``do``, otherwise as `effect`."""
        chosen = Outcome.of(self.spec, outcome, outcome_value, scores)
        return monte_carlo.mean(self, chosen, draws, seed, do)

    def dataset(
        self,
        n: int,
        seed: int = 0,
        *,
        outcome: OutcomeKind = "log-probability",
        outcome_value: str | None = None,
        scores: Mapping[str, float] | None = None,
        contrast: tuple[str, str] | None = None,
        hide: int | Sequence[str] | None = None,
        cate_contexts: int | None = None,
        cate_draws: int = 0,
        block: int = BLOCK,
        progress: Progress | None = None,
    ) -> CausalDataset:
        """A dataset with both potential outcomes of each unit.

        The outcome is a number that is a function of the unit's text: by default log P(outcome =
        ``spec.outcome_value`` | parents) in the world where the treatment is set (paper, section
        4). It is consistent: the observed outcome is the one under the treatment received. (With
        ``coupling="redraw"`` that is y in a world whose mediators, variables between treatment and
        outcome, are drawn anew, whereas ``X`` shows them as they were observed.)

        Parameters
        ----------
        n, seed
            Number of units, and the seed of their noise.
        outcome
            ``log-probability`` (natural logarithm) or ``probability`` of one value,
            ``expected-score`` over the values, or the score of the sampled ``category``.
        outcome_value, scores
            The value in question, and a number for each value; see
            `sdscm.inference.outcome.Outcome.of`.
        contrast
            Values (control, treated) of the treatment; by default its first two. Where it has more,
            it is drawn from these two only.
        hide
            Which exogenous variables the setting ``hidden`` removes: how many, from the first on in
            the order tau, or their names; by default all.
        cate_contexts
            The true CATE given the covariates of a setting is enumerated where no mechanism has
            more contexts than this, by default ten for each unit, but at least 500 and at most
            5,000; 0 leaves it unknown where it is not the individual effect.
        cate_draws
            Where it cannot be enumerated, draws a unit of a weighted Monte Carlo estimate of it
            (`sdscm.inference.monte_carlo.cate`); 0 leaves it unknown.
        block, progress
            As in `sample`.

        Raises
        ------
        InputError
            If an option is not one of these.
        """
        return make_dataset(
            self,
            n,
            seed,
            outcome=Outcome.of(self.spec, outcome, outcome_value, scores),
            contrast=contrast,
            hide=hide,
            cate_contexts=cate_contexts,
            cate_draws=cate_draws,
            block=block,
            progress=progress,
        )

    def run(
        self,
        noise: Noise,
        block: int = BLOCK,
        progress: Progress | None = None,
        *,
        do: Mapping[str, np.ndarray] | None = None,
        kept: Mapping[str, tuple[np.ndarray, np.ndarray]] | None = None,
        clamped: Mapping[str, np.ndarray] | None = None,
        redraw: bool = False,
    ) -> Units:
        """Take units through all variables in the order tau, block after block.

        The ground floor of `sample`, `counterfactual` and `abduct`; see
        `sdscm.sampling.world.World` for what is forced, kept and clamped.
        """
        if block < 1:
            raise InputError(f"block = {block}: take at least one unit at a time")
        do, kept, clamped, n = do or {}, kept or {}, clamped or {}, len(noise)
        worlds = []
        for begin in range(0, n, block):
            rows = slice(begin, min(begin + block, n))
            world = World(
                noise=noise.rows(rows),
                do={name: logs[rows] for name, logs in do.items()},
                kept={name: (codes[rows], logs[rows]) for name, (codes, logs) in kept.items()},
                clamped={name: codes[rows] for name, codes in clamped.items()},
                redraw=redraw,
            )
            for done, name in enumerate(self.spec.order, start=1):
                if name in world.kept:
                    world.codes[name], world.logs[name] = world.kept[name]
                else:
                    count = rows.stop - rows.start
                    world.set(name, self.mechanisms(name, world.codes, count))
                if progress is not None:
                    share = done / len(self.spec.order)
                    progress(rows.start + share * (rows.stop - rows.start), n)
            worlds.append(world)
        names = self.spec.order
        codes = {name: np.concatenate([world.codes[name] for world in worlds]) for name in names}
        logs = {name: np.concatenate([world.logs[name] for world in worlds]) for name in names}
        origin = self.mechanisms.identity
        return Units(self.phrased, pd.DataFrame(codes), logs, noise, tuple(do), origin=origin)

    def _evidence(self, given: Mapping[str, str], do: Do) -> dict[str, int]:
        evidence = {}
        for name, value in given.items():
            if name not in self.spec.order:
                raise InputError(
                    f"given: '{name}' is no variable of '{self.spec.name}'; "
                    f"the variables are {', '.join(self.spec.order)}"
                )
            if name in do:
                raise InputError(f"given: '{name}' is set by do; it cannot be given as well")
            evidence[name] = code_of(self.spec.variable(name), value, "given")
        return evidence

    def _rejected(
        self,
        n: int,
        seed: int,
        do: Do,
        evidence: Mapping[str, int],
        first: int,
        block: int,
        progress: Progress | None,
    ) -> Units:
        """Draw units until n have the values that are given."""
        # Rounds of one size, so that the block decides neither the units nor whether there are any.
        size = BLOCK
        if any(
            isinstance(t, (Sequence, np.ndarray, pd.Series)) and not isinstance(t, str)
            for t in do.values()
        ):
            raise InputError("given: with how='reject' give do one value for all units")
        parts: list[Units] = []
        found, drawn = 0, 0
        while found < n:
            if drawn >= _MAX_TRIES * max(found, 1) and drawn >= 4 * size:
                fits = ", ".join(
                    f"{k} = {self.spec.variable(k).values[c]}" for k, c in evidence.items()
                )
                raise InputError(
                    f"given: only {found} of {drawn} units have {fits}; "
                    "use how='weight', or give less"
                )
            noise = SeededNoise(seed, np.arange(first + drawn, first + drawn + size))
            units = self.run(noise, block, None, do=parse_do(self.spec, do, size))
            fit = np.ones(size, dtype=bool)
            for name, code in evidence.items():
                fit &= units.codes[name].to_numpy() == code
            rows = np.flatnonzero(fit)[: n - found]
            parts.append(_take(units, rows))
            found, drawn = found + len(rows), drawn + size
            if progress is not None:
                progress(found, n)
        return _joined(parts)


def _treatments(spec: Spec, values: Sequence[str]) -> tuple[int, ...]:
    """The codes of the treatment's values that can be drawn, in the order of the domain."""
    treatment = spec.treatment
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


def _weighted(units: Units, noise: SeededNoise, evidence: Mapping[str, int]) -> Units:
    """Units that were given values, weighted by the probability of these."""
    values = {}
    weights = np.zeros(len(units))
    for name, code in evidence.items():
        logs = units.log_probabilities[name]
        weights += logs[:, code]
        first, size = int(noise.ids[0]), logs.shape[1]
        uniform = uniform_noise(noise.seed, f"given:{name}", first, len(units), size + 1)
        values[name] = noise.gumbel(name, size)
        possible = np.isfinite(logs[:, code])  # elsewhere the weight is 0
        codes = np.full(possible.sum(), code)
        values[name][possible] = posterior_gumbel(logs[possible], codes, uniform[possible])
    if np.isneginf(weights).all():
        given = ", ".join(f"{n} = {units.labels[n].iloc[0]}" for n in evidence)
        raise InputError(f"given: none of {len(units)} units can have {given}; give less")
    return replace(units, noise=AbductedNoise(values, noise), log_weights=weights)


def _repeat(codes: Mapping[str, int], n: int) -> dict[str, np.ndarray]:
    return {name: np.full(n, code) for name, code in codes.items()}


def _take(units: Units, rows: np.ndarray) -> Units:
    """Some of the units."""
    logs = {name: log[rows] for name, log in units.log_probabilities.items()}
    codes = units.codes.iloc[rows].reset_index(drop=True)
    noise = units.noise.rows(rows)
    return replace(units, codes=codes, log_probabilities=logs, noise=noise)


def _joined(parts: list[Units]) -> Units:
    """Parts of one sample, put together; their noise is seeded."""
    ids = [part.noise.ids for part in parts if isinstance(part.noise, SeededNoise)]
    assert isinstance(parts[0].noise, SeededNoise)
    names = parts[0].log_probabilities
    return replace(
        parts[0],
        codes=pd.concat([part.codes for part in parts], ignore_index=True),
        log_probabilities={
            name: np.concatenate([part.log_probabilities[name] for part in parts]) for name in names
        },
        noise=SeededNoise(parts[0].noise.seed, np.concatenate(ids)),
    )
