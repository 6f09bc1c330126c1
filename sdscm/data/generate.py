"""Make datasets: both potential outcomes of each unit, and the true conditional effects."""

from __future__ import annotations

import importlib.metadata
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import get_args

import numpy as np
from scipy.special import ndtri

from sdscm.arguments import check_callback, check_choice, check_number, check_whole, names_of
from sdscm.data.dataset import SETTINGS, CausalDataset, Provenance, Setting
from sdscm.errors import InputError
from sdscm.inference import monte_carlo
from sdscm.inference.enumeration import ExactArrays, TooLargeError
from sdscm.inference.outcome import OutcomeFunction
from sdscm.literals import NoiseCoupling, PostTreatment
from sdscm.sampling.interventions import contrast_of
from sdscm.sampling.noise import uniform_noise
from sdscm.sampling.sampler import OnUnits, Sampler
from sdscm.sampling.units import Units
from sdscm.spec import Spec


def make_dataset(
    sampler: Sampler,
    n: int,
    seed: int,
    *,
    outcome: OutcomeFunction,
    contrast: tuple[str, str] | None,
    hide: int | Sequence[str] | None,
    post_treatment: PostTreatment,
    noise: float,
    noise_coupling: NoiseCoupling,
    cate_contexts: int | None,
    cate_draws: int,
    block: int,
    progress: OnUnits | None,
) -> CausalDataset:
    """Make a dataset; see `sdscm.SDSCM.dataset`."""
    control, treated = contrast = contrast_of(sampler.spec, contrast)
    sampler = sampler.restricted_to(contrast)
    spec = sampler.spec
    code = spec.treatment.values.index(treated)
    covariates, hidden = covariates_of(spec, post_treatment, hide)
    check_whole("n", n, 1, "ask for a whole number of units, one or more")
    if cate_contexts is None:
        # Contexts that are scored for the truth only must not cost more than the units.
        cate_contexts = min(max(10 * n, 500), 5_000)
    else:
        check_whole("cate_contexts", cate_contexts, 0)
    check_number("noise", noise, 0, math.inf, "give a number from 0 (none) upwards, in SD(y)")
    check_choice("noise_coupling", noise_coupling, get_args(NoiseCoupling))
    check_whole("cate_draws", cate_draws, 0, "give 0 for none, or 2 or more")
    if cate_draws == 1:
        raise InputError("cate_draws = 1: give 0 for none, or 2 or more")
    check_callback("progress", progress)
    share = _thirds(progress, n)
    units = sampler.sample(n, seed, block=block, progress=share(0))
    name = spec.outcome.name
    potential, expected = [], []
    for part, value in enumerate((control, treated), start=1):
        world = sampler.counterfactual(
            units, {spec.treatment.name: value}, block=block, progress=share(part)
        )
        potential.append(outcome.value(world.log_probabilities[name], world.codes[name].to_numpy()))
        expected.append(outcome.mean(world.log_probabilities[name]))
    labels = units.labels
    t = (units.codes[spec.treatment.name] == code).to_numpy(dtype=np.int8)
    if noise:
        potential = _with_noise(potential, t, noise, noise_coupling, seed)
    dataset = CausalDataset(
        X=units.codes[covariates],
        t=t,
        y0=potential[0],
        y1=potential[1],
        propensity=np.exp(units.log_probabilities[spec.treatment.name][:, code]),
        labels=labels[covariates],
        text=units.text,
        exogenous=hidden,
        post_treatment=_in_both(covariates, spec.descendants(spec.treatment.name)),
        meta=_provenance(
            sampler,
            seed,
            outcome,
            contrast,
            {"noise": noise, "noise_coupling": noise_coupling, "cate_draws": cate_draws},
        ),
    )
    exact = ExactArrays(sampler.mechanisms, cate_contexts)
    cates: dict[Setting, np.ndarray] = {}
    errors: dict[Setting, np.ndarray] = {}
    for setting in SETTINGS:
        given = covariates if setting == "all" else [c for c in covariates if c not in hidden]
        if dataset.post_treatment or not given:
            continue
        if set(spec.parents(name)) - {spec.treatment.name} <= set(given):
            # All parents of the outcome are given, and the treatment changes none.
            cates[setting] = expected[1] - expected[0]
            continue
        found = _cate(sampler, units, given, outcome, contrast, exact, cate_draws, seed)
        if isinstance(found, monte_carlo.ConditionalEstimate):
            cates[setting], errors[setting] = found.value, found.standard_error
        elif found is not None:
            cates[setting] = found
    return replace(dataset, cates=cates, cate_errors=errors)


def _with_noise(
    potential: Sequence[np.ndarray], t: np.ndarray, noise: float, coupling: str, seed: int
) -> list[np.ndarray]:
    """Add Gaussian noise to both potential outcomes; its SD is ``noise`` times SD(y) without it."""
    scale = noise * float(np.where(t == 1, potential[1], potential[0]).std())
    draws = scale * ndtri(uniform_noise(seed, "noise of the outcome", 0, len(t), 2))
    arms = (0, 0) if coupling == "shared" else (0, 1)
    return [values + draws[:, arm] for values, arm in zip(potential, arms, strict=True)]


def _cate(
    sampler: Sampler,
    units: Units,
    given: Sequence[str],
    outcome: OutcomeFunction,
    contrast: tuple[str, str],
    exact: ExactArrays,
    draws: int,
    seed: int,
) -> np.ndarray | monte_carlo.ConditionalEstimate | None:
    """CATE given pre-treatment covariates, exact or estimated; None if it is unknown."""
    spec = sampler.spec
    sources = set(spec.parents(spec.outcome.name)) - {spec.treatment.name}
    needed = {spec.outcome.name, *given, *sources}
    needed |= {name for each in (*given, *sources) for name in spec.ancestors(each)}
    try:
        if not exact.feasible(sorted(needed - {spec.treatment.name})):
            raise TooLargeError(f"{spec.name}: too many contexts for a table of each variable")
        table = exact.effect(outcome.mean(exact.log_table(spec.outcome.name)), given, contrast)
        return np.asarray(table[tuple(units.codes[name].to_numpy() for name in given)])
    except TooLargeError:
        if not draws:
            return None
    return monte_carlo.cate(sampler, units, given, outcome, draws, seed, contrast)


def covariates_of(
    spec: Spec,
    post_treatment: PostTreatment = "hide",
    hide: int | Sequence[str] | None = None,
) -> tuple[list[str], tuple[str, ...]]:
    """List the covariates of X, and those of them that the setting ``hidden`` removes.

    Parameters are as in `sdscm.SDSCM.dataset`.

    Raises
    ------
    InputError
        If a parameter has an unknown value.
    """
    check_choice("post_treatment", post_treatment, get_args(PostTreatment))
    after = _in_both(spec.covariates, spec.descendants(spec.treatment.name))
    covariates = [c for c in spec.covariates if post_treatment == "show" or c not in after]
    return covariates, _hidden(spec.exogenous, hide)


def _in_both(names: Sequence[str], others: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in names if name in others)


def _hidden(exogenous: tuple[str, ...], hide: int | Sequence[str] | None) -> tuple[str, ...]:
    if hide is None:
        return exogenous
    if isinstance(hide, int):
        if not 0 <= hide <= len(exogenous):
            raise InputError(
                f"hide = {hide}: give at most {len(exogenous)}, the number of exogenous variables"
            )
        return exogenous[:hide]
    names = names_of("hide", hide)
    unknown = [name for name in names if name not in exogenous]
    if unknown:
        raise InputError(
            f"hide: '{unknown[0]}' is not exogenous; choose among {', '.join(exogenous)}"
        )
    return tuple(name for name in exogenous if name in names)


def model_options(sampler: Sampler) -> dict[str, object]:
    """Options of an SD-SCM by name, without spec, language model and phrasing."""
    return {
        "temperature": sampler.mechanisms.temperature,
        "scoring": sampler.mechanisms.scoring,
        "coupling": sampler.coupling,
        **asdict(sampler.mechanisms.dials),
    }


def _provenance(
    sampler: Sampler,
    seed: int,
    outcome: OutcomeFunction,
    contrast: tuple[str, str],
    more: Mapping[str, object],
) -> Provenance:
    options: Mapping[str, object] = {
        **model_options(sampler),
        "outcome": outcome.kind,
        "outcome_value": sampler.spec.outcome.values[outcome.code],
        "outcome_scores": dict(
            zip(sampler.spec.outcome.values, map(float, outcome.scores), strict=True)
        ),
        "contrast": list(contrast),
        **more,
    }
    libraries = ("sdscm", "numpy", "torch", "transformers")
    return Provenance(
        scenario=sampler.spec.name,
        spec_hash=sampler.spec.content_hash,
        lm=sampler.lm.id,
        lm_revision=sampler.lm.revision,
        phrasing=sampler.phrased.number,
        seed=int(seed),
        options=options,
        versions={library: _version(library) for library in libraries},
    )


def _thirds(progress: OnUnits | None, n: int) -> Callable[[int], OnUnits | None]:
    """Callbacks for the three passes over the units; each pass is a third of the whole."""
    if progress is None:
        return lambda part: None
    return lambda part: lambda done, _: progress((part * n + done) / 3, n)


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""
