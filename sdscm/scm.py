"""The sequence-driven structural causal model."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd

from sdscm.dataset import CausalDataset, Provenance
from sdscm.errors import InputError
from sdscm.lm.interface import LanguageModel
from sdscm.mechanisms import Mechanisms
from sdscm.spec import Spec
from sdscm.units import Units
from sdscm.world import World

Coupling = Literal["gumbel", "redraw"]
Outcome = Literal["log-probability", "probability"]
Do = Mapping[str, "str | Sequence[str] | np.ndarray | pd.Series"]
Progress = Callable[[float, int], None]

_BLOCK = 256


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
        ``definition`` (whole sentence), ``per-token`` (its mean) or ``value`` (no suffix).
    coupling
        How a counterfactual meets the unit's noise: ``gumbel`` keeps it (Gumbel-max), ``redraw``
        draws descendants afresh, as the paper does.

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
    ) -> None:
        if coupling not in ("gumbel", "redraw"):
            raise InputError(f"unknown coupling '{coupling}': choose gumbel or redraw")
        self.spec = spec
        self.lm = lm
        self.phrased = spec.phrased(phrasing)
        self.mechanisms = Mechanisms(self.phrased, lm, temperature=temperature, scoring=scoring)
        self.coupling: Coupling = coupling

    def sample(
        self,
        n: int,
        seed: int = 0,
        *,
        do: Do | None = None,
        first: int = 0,
        block: int = _BLOCK,
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
            Intervention: for each target a value, or one value a unit.
        first
            Number of the first unit.
        block
            Units that are taken through the DAG together; it changes memory and speed, no value.
        progress
            Called with the units done (a fraction counts) and n.
        """
        forced = self._codes_of(do or {}, n)
        blocks = []
        for begin in range(0, _positive(n), block):
            count = min(block, n - begin)
            part = {name: codes[begin : begin + count] for name, codes in forced.items()}
            worlds = [World(do=part)]
            report = None if progress is None else _shifted(progress, begin, count, n)
            self._advance(worlds, seed, first + begin, count, report)
            blocks.append(worlds[0])
        return self._units(blocks, seed, first, forced)

    def counterfactual(
        self, units: Units, do: Do, *, block: int = _BLOCK, progress: Progress | None = None
    ) -> Units:
        """The same units, had the targets been set to other values.

        The targets' non-descendants stay as they are. Descendants are drawn again: with the units'
        own noise (``coupling="gumbel"``), so that ``do`` of the observed value gives the unit back,
        or with fresh noise (``redraw``).

        Parameters
        ----------
        units
            Units in the observed world.
        do
            For each target a value, or one value a unit.
        block, progress
            As in `sample`.

        Raises
        ------
        InputError
            If a target is unknown or exogenous, or a value is not in its domain.
        """
        if units.do:
            raise InputError("counterfactual: give units of the observed world, without a do")
        forced = self._codes_of(do, len(units))
        blocks = []
        for begin in range(0, len(units), block):
            count = min(block, len(units) - begin)
            rows = slice(begin, begin + count)
            part = {name: codes[rows] for name, codes in forced.items()}
            world = World(
                do=part, kept=self._kept(units, rows, part), redraw=self.coupling == "redraw"
            )
            report = None if progress is None else _shifted(progress, begin, count, len(units))
            self._advance([world], units.seed, units.first + begin, count, report)
            blocks.append(world)
        return self._units(blocks, units.seed, units.first, forced)

    def dataset(
        self,
        n: int,
        seed: int = 0,
        *,
        outcome: Outcome = "log-probability",
        block: int = _BLOCK,
        progress: Progress | None = None,
    ) -> CausalDataset:
        """A dataset with both potential outcomes of each unit.

        The outcome is log P(outcome = ``spec.outcome_value`` | parents), or that probability, in
        the world where the treatment is set (paper, section 4): a number that is a function of the
        unit's text. It is consistent: the observed outcome is the one under the treatment received.

        Parameters
        ----------
        n, seed
            Number of units, and the seed of their noise.
        outcome
            ``log-probability`` (natural logarithm) or ``probability``.
        block, progress
            As in `sample`.
        """
        if outcome not in ("log-probability", "probability"):
            raise InputError(f"unknown outcome '{outcome}': choose log-probability or probability")
        spec, treatment = self.spec, self.spec.treatment
        share = _thirds(progress, n)
        units = self.sample(n, seed, block=block, progress=share(0))
        worlds = [
            self.counterfactual(units, {treatment.name: value}, block=block, progress=share(1 + i))
            for i, value in enumerate(treatment.values[:2])
        ]
        column = spec.outcome_code
        y0, y1 = (world.log_probabilities[spec.outcome.name][:, column] for world in worlds)
        if outcome == "probability":
            y0, y1 = np.exp(y0), np.exp(y1)
        covariates = list(spec.covariates)
        return CausalDataset(
            X=units.codes[covariates],
            t=units.codes[treatment.name].to_numpy(dtype=np.int8),
            y0=y0,
            y1=y1,
            propensity=np.exp(units.log_probabilities[treatment.name][:, 1]),
            labels=units.labels[covariates],
            text=units.text,
            exogenous=spec.exogenous,
            meta=self._provenance(seed, outcome),
        )

    def _provenance(self, seed: int, outcome: Outcome) -> Provenance:
        libraries = ("sdscm", "numpy", "torch", "transformers")
        return Provenance(
            scenario=self.spec.name,
            spec_hash=self.spec.content_hash,
            lm=self.lm.id,
            lm_revision=self.lm.revision,
            phrasing=self.phrased.number,
            seed=seed,
            options={
                "temperature": self.mechanisms.temperature,
                "scoring": self.mechanisms.scoring,
                "coupling": self.coupling,
                "outcome": outcome,
            },
            versions={name: _version(name) for name in libraries},
        )

    def _advance(
        self, worlds: list[World], seed: int, first: int, count: int, progress: Progress | None
    ) -> None:
        """Take worlds of ``count`` units through all variables in the order tau."""
        order = self.spec.order
        for done, name in enumerate(order):
            variable = self.spec.variable(name)
            for world in worlds:
                if name in world.kept:
                    world.codes[name], world.logs[name] = world.kept[name]
                    continue
                logs = self.mechanisms(name, world.codes, count)
                world.logs[name] = logs
                if name in world.do:
                    world.codes[name] = world.do[name]
                else:
                    noise = world.noise(name, len(variable.values), seed, first, count)
                    world.codes[name] = (logs + noise).argmax(axis=1)
            if progress is not None:
                progress((done + 1) * count / len(order), count)

    def _codes_of(self, do: Do, n: int) -> dict[str, np.ndarray]:
        """An intervention in codes, one a unit."""
        forced = {}
        for name, values in do.items():
            if name not in self.spec.order:
                raise InputError(
                    f"do: '{name}' is no variable of '{self.spec.name}'; "
                    f"the variables are {', '.join(self.spec.order)}"
                )
            variable = self.spec.variable(name)
            if variable.role == "exogenous":
                raise InputError(f"do: '{name}' is exogenous; only endogenous variables can be set")
            labels = [values] * n if isinstance(values, str) else list(values)
            if len(labels) != n:
                raise InputError(f"do: '{name}' has {len(labels)} values for {n} units")
            places = {value: code for code, value in enumerate(variable.values)}
            unknown = next((label for label in labels if label not in places), None)
            if unknown is not None:
                raise InputError(
                    f"do: '{unknown}' is no value of '{name}'; "
                    f"its values are {', '.join(variable.values)}"
                )
            forced[name] = np.array([places[label] for label in labels])
        return forced

    def _kept(
        self, units: Units, rows: slice, targets: Mapping[str, np.ndarray]
    ) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """What an intervention leaves alone: everything but the targets and their descendants."""
        touched = set(targets)
        for target in targets:
            touched.update(self.spec.descendants(target))
        return {
            name: (units.codes[name].to_numpy()[rows], units.log_probabilities[name][rows])
            for name in self.spec.order
            if name not in touched
        }

    def _units(
        self, blocks: list[World], seed: int, first: int, do: Mapping[str, np.ndarray]
    ) -> Units:
        order = self.spec.order
        codes = {name: np.concatenate([world.codes[name] for world in blocks]) for name in order}
        logs = {name: np.concatenate([world.logs[name] for world in blocks]) for name in order}
        return Units(self.phrased, pd.DataFrame(codes), logs, seed, first, do)


def _positive(n: int) -> int:
    if n < 1:
        raise InputError(f"n = {n}: ask for at least one unit")
    return n


def _shifted(progress: Progress, begin: int, count: int, n: int) -> Progress:
    return lambda done, _: progress(begin + done, n)


def _thirds(progress: Progress | None, n: int) -> Callable[[int], Progress | None]:
    """Progress of one of three passes over the units as a part of the whole."""
    if progress is None:
        return lambda part: None
    return lambda part: lambda done, _: progress((part * n + done) / 3, n)


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""
