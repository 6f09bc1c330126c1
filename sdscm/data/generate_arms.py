"""Make datasets of a treatment with several arms."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from sdscm.arguments import check_callback, check_whole, shown
from sdscm.data.generate import (
    cate_of,
    check_draws,
    check_noise,
    context_limit,
    covariates_of,
    determines_effects,
    progress_parts,
    propensities_of,
    provenance_of,
    with_noise,
)
from sdscm.data.multi_arm import ArmSetting, MultiArmDataset
from sdscm.errors import InputError
from sdscm.inference import monte_carlo
from sdscm.inference.enumeration import ExactArrays
from sdscm.inference.outcome import OutcomeFunction
from sdscm.literals import NoiseCoupling
from sdscm.sampling.interventions import code_of
from sdscm.sampling.sampler import OnUnits, Sampler


def make_multi_arm_dataset(
    sampler: Sampler,
    n: int,
    seed: int,
    *,
    outcome: OutcomeFunction,
    arms: Sequence[str] | None,
    hide: int | Sequence[str] | None,
    noise: float,
    noise_coupling: NoiseCoupling,
    cate_contexts: int | None,
    cate_draws: int,
    block: int,
    progress: OnUnits | None,
) -> MultiArmDataset:
    """Make a dataset of several arms; see `sdscm.SDSCM.multi_arm_dataset`."""
    chosen = arms_of(sampler, arms)
    if set(chosen) != set(_values(sampler)):
        sampler = sampler.restricted_to(chosen)
    spec = sampler.spec
    treatment, name = spec.treatment, spec.outcome.name
    covariates, hidden = covariates_of(spec, "hide", hide)
    check_whole("n", n, 1, "ask for a whole number of units, one or more")
    check_noise(noise, noise_coupling)
    check_draws(cate_draws)
    check_callback("progress", progress)
    share = progress_parts(progress, n, 1 + len(chosen))
    units = sampler.sample(n, seed, block=block, progress=share(0))
    potential, expected = [], []
    for part, value in enumerate(chosen, start=1):
        world = sampler.counterfactual(
            units, {treatment.name: value}, block=block, progress=share(part)
        )
        potential.append(outcome.value(world.log_probabilities[name], world.codes[name].to_numpy()))
        expected.append(outcome.mean(world.log_probabilities[name]))
    codes = [treatment.values.index(value) for value in chosen]
    arm_of = np.zeros(len(treatment.values), dtype=np.int8)
    arm_of[codes] = np.arange(len(codes))
    t = arm_of[units.codes[treatment.name].to_numpy()]
    if noise:
        scale = noise * float(np.stack(potential)[t, np.arange(n)].std())
        potential = with_noise(potential, scale, noise_coupling, seed)
    exact = ExactArrays(sampler.mechanisms, context_limit(cate_contexts, n))
    cates: dict[ArmSetting, np.ndarray] = {}
    observed = [c for c in covariates if c not in hidden]
    settings: dict[ArmSetting, list[str]] = {"all": covariates, "hidden": observed}
    for setting, given in settings.items():
        if not given:
            continue
        if determines_effects(spec, given):
            cates[setting] = np.stack([each - expected[0] for each in expected[1:]], axis=1)
            continue
        found = [
            cate_of(sampler, units, given, outcome, (chosen[0], value), exact, cate_draws, seed)
            for value in chosen[1:]
        ]
        means = [
            each.value if isinstance(each, monte_carlo.ConditionalEstimate) else each
            for each in found
        ]
        if all(each is not None for each in means):
            cates[setting] = np.stack(means, axis=1)  # type: ignore[arg-type]
    return MultiArmDataset(
        X=units.codes[covariates],
        t=t,
        potential_outcomes=np.stack(potential, axis=1),
        propensities=np.exp(propensities_of(sampler, units)[:, codes]),
        arms=chosen,
        labels=units.labels[covariates],
        exogenous=hidden,
        cates=cates,
        meta=provenance_of(
            sampler,
            seed,
            outcome,
            {"arms": list(chosen), "noise": noise}
            | {"noise_coupling": noise_coupling, "cate_draws": cate_draws},
        ),
    )


def _values(sampler: Sampler) -> tuple[str, ...]:
    """The values that the treatment can take."""
    drawn = sampler.mechanisms.treatments
    values = sampler.spec.treatment.values
    return values if drawn is None else tuple(values[code] for code in drawn)


def arms_of(sampler: Sampler, arms: Sequence[str] | None) -> tuple[str, ...]:
    """The arms, the reference first: by default all values of the treatment, in its order.

    Raises
    ------
    InputError
        If there are fewer than two, one is named twice, or is not a value of the treatment.
    """
    treatment = sampler.spec.treatment
    if arms is None:
        return _values(sampler)
    if isinstance(arms, str) or not isinstance(arms, Iterable):
        raise InputError(f"arms: {shown(arms)} is one value; give a list, the reference first")
    chosen = tuple(map(str, arms))
    for value in chosen:
        code_of(treatment, value, "arms")
        if chosen.count(value) > 1:
            raise InputError(f"arms: '{value}' is named twice; name it once")
    if len(chosen) < 2:
        raise InputError(f"arms: give two values of '{treatment.name}' or more")
    return chosen
