"""Make datasets: both potential outcomes of each unit, and the true conditional effects."""

from __future__ import annotations

import importlib.metadata
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self, get_args

import networkx as nx
import numpy as np
import pandas as pd
from scipy.special import ndtri

from sdscm.arguments import (
    as_list,
    check_callback,
    check_choice,
    check_number,
    check_whole,
    names_of,
)
from sdscm.data.compliers import complier_cate
from sdscm.data.confounding import confounding_of_settings
from sdscm.data.dataset import CausalDataset, Provenance
from sdscm.data.settings import SETTING_INFOS
from sdscm.data.true_graph import as_seen, true_graph
from sdscm.errors import InputError
from sdscm.inference import monte_carlo
from sdscm.inference.confounding import HiddenConfounding
from sdscm.inference.enumeration import ExactArrays, TooLargeError
from sdscm.inference.outcome import OutcomeFunction
from sdscm.literals import NoiseCoupling, PostTreatment, Setting, TextPhrasing
from sdscm.sampling.interventions import contrast_of
from sdscm.sampling.mechanisms import instrument_of
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
    exclusion: float,
    text_phrasing: TextPhrasing,
    cate_contexts: int | None,
    cate_draws: int,
    hidden_confounding: bool,
    graph: bool,
    settings: Sequence[Setting],
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
    settings = as_list(settings)
    for setting in settings:
        check_choice("settings", setting, SETTING_INFOS)
    wanted = _Wanted.of(spec, covariates, settings)
    cate_contexts = context_limit(cate_contexts, n)
    check_noise(noise, noise_coupling)
    check_number("exclusion", exclusion, -math.inf, math.inf, "give a number, in SD(y)")
    check_choice("text_phrasing", text_phrasing, get_args(TextPhrasing))
    check_draws(cate_draws)
    check_callback("progress", progress)
    share = progress_parts(progress, n, 5 if wanted.instrument else 3)
    units = sampler.sample(n, seed, block=block, progress=share(0))
    name = spec.outcome.name
    potential, expected, treatments = [], [], []
    for part, value in enumerate((control, treated), start=1):
        world = sampler.counterfactual(
            units, {spec.treatment.name: value}, block=block, progress=share(part)
        )
        potential.append(outcome.value(world.log_probabilities[name], world.codes[name].to_numpy()))
        expected.append(outcome.mean(world.log_probabilities[name]))
    for part, value in enumerate(wanted.instrument_values, start=3):
        world = sampler.counterfactual(
            units, {wanted.instrument: value}, block=block, progress=share(part)
        )
        treatments.append((world.codes[spec.treatment.name] == code).to_numpy(dtype=np.int8))
    labels = units.labels
    t = (units.codes[spec.treatment.name] == code).to_numpy(dtype=np.int8)
    if treatments:
        z = units.codes[wanted.instrument].to_numpy()
        # Consistency, which fresh noise does not give.
        treatments = [np.where(z == value, t, each) for value, each in enumerate(treatments)]
    if exclusion:
        direct = exclusion * float(np.where(t == 1, potential[1], potential[0]).std())
        z = units.codes[instrument_of(spec).name].to_numpy()
        potential = [values + direct * z for values in potential]
    noise_scale = noise * float(np.where(t == 1, potential[1], potential[0]).std())
    if noise:
        potential = with_noise(potential, noise_scale, noise_coupling, seed)
    dataset = CausalDataset(
        X=units.codes[covariates],
        t=t,
        y0=potential[0],
        y1=potential[1],
        propensity=np.exp(propensities_of(sampler, units)[:, code]),
        labels=labels[covariates],
        text=units.text,
        exogenous=hidden,
        post_treatment=_in_both(covariates, spec.descendants(spec.treatment.name)),
        instrument=wanted.instrument,
        proxies=wanted.proxies,
        potential_treatments=np.stack(treatments, axis=1) if treatments else None,
        graph=_graph(spec, covariates, exclusion != 0) if graph else None,
        covariate_text=_covariate_text(units, wanted.sentences, text_phrasing, seed),
        meta=provenance_of(
            sampler,
            seed,
            outcome,
            {"contrast": list(contrast), "noise": noise}
            | {"noise_coupling": noise_coupling, "cate_draws": cate_draws}
            | ({"exclusion": exclusion} if exclusion else {})
            | ({"text_phrasing": text_phrasing} if text_phrasing != "shared" else {}),
        ),
    )
    exact = ExactArrays(sampler.mechanisms, cate_contexts)
    cates: dict[Setting, np.ndarray] = {}
    errors: dict[Setting, np.ndarray] = {}
    for setting, given in wanted.given(covariates, hidden).items():
        if dataset.post_treatment or not given:
            continue
        if determines_effects(spec, given):
            cates[setting] = expected[1] - expected[0]
            continue
        found = cate_of(sampler, units, given, outcome, contrast, exact, cate_draws, seed)
        if isinstance(found, monte_carlo.ConditionalEstimate):
            cates[setting], errors[setting] = found.value, found.standard_error
        elif found is not None:
            cates[setting] = found
    compliers = None
    if wanted.instrument and not dataset.post_treatment:
        given = wanted.given(covariates, hidden)["instrument"]
        compliers = complier_cate(sampler, units, given, outcome, contrast, exact)
    confounding: dict[Setting, HiddenConfounding] = {}
    if hidden_confounding:
        confounding = confounding_of_settings(
            exact,
            wanted.given(covariates, hidden),
            hidden,
            outcome,
            contrast,
            noise_scale**2,
            exclusion,
        )
    return replace(
        dataset,
        cates=cates,
        cate_errors=errors,
        complier_cate=compliers,
        hidden_confounding=confounding,
    )


def context_limit(cate_contexts: int | None, n: int) -> int:
    """The largest number of contexts of a mechanism that are scored for the truth."""
    if cate_contexts is None:
        # Contexts that are scored for the truth only must not cost more than the units.
        return min(max(10 * n, 500), 5_000)
    check_whole("cate_contexts", cate_contexts, 0)
    return cate_contexts


def check_noise(noise: float, coupling: NoiseCoupling) -> None:
    """Check the noise of the outcome; see `sdscm.SDSCM.dataset`."""
    check_number("noise", noise, 0, math.inf, "give a number from 0 (none) upwards, in SD(y)")
    check_choice("noise_coupling", coupling, get_args(NoiseCoupling))


def check_draws(cate_draws: int) -> None:
    """Check the number of draws of a Monte Carlo estimate of the CATE."""
    check_whole("cate_draws", cate_draws, 0, "give 0 for none, or 2 or more")
    if cate_draws == 1:
        raise InputError("cate_draws = 1: give 0 for none, or 2 or more")


@dataclass(frozen=True)
class _Wanted:
    """What the settings beside ``all`` and ``hidden`` need."""

    instrument: str = ""
    instrument_values: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()
    sentences: tuple[str, ...] = ()

    @classmethod
    def of(cls, spec: Spec, covariates: Sequence[str], settings: Sequence[Setting]) -> Self:
        """The parts of a spec; an InputError if it lacks one."""
        shows = {part for setting in settings for part in SETTING_INFOS[setting].shows}
        instrument = instrument_of(spec) if "instrument" in shows else None
        proxies = [v.name for v in spec.variables if v.role == "proxy" and v.name in covariates]
        if "proxies" in shows and not proxies:
            raise InputError(
                f"{spec.name}: the setting 'proxies' needs a variable with 'role: proxy'"
            )
        before = [c for c in covariates if c not in spec.descendants(spec.treatment.name)]
        return cls(
            instrument=instrument.name if instrument else "",
            instrument_values=instrument.values if instrument else (),
            proxies=tuple(proxies) if "proxies" in shows else (),
            sentences=tuple(before) if "text" in shows else (),
        )

    def given(self, covariates: list[str], hidden: Sequence[str]) -> dict[Setting, list[str]]:
        """The covariates of X in each setting whose CATE is not that of another setting."""
        observed = [c for c in covariates if c not in hidden]
        found: dict[Setting, list[str]] = {"all": covariates, "hidden": observed}
        if self.instrument:
            found["instrument"] = [c for c in observed if c != self.instrument]
        return found


def _covariate_text(
    units: Units, names: Sequence[str], phrasing: TextPhrasing, seed: int
) -> pd.Series | None:
    """The sentences of some variables of each unit; None if there are none.

    With ``each``, a unit has a random phrasing of each sentence: words vary, and the meaning does
    not. The draw depends on the seed, the unit and the variable only.
    """
    if not names:
        return None
    if phrasing == "shared":
        return units.text_of(names)
    columns = []
    for name in names:
        variable = units.phrased.spec.variable(name)
        draws = uniform_noise(seed, f"phrasing of {name}", 0, len(units), 1)[:, 0]
        chosen = (draws * len(variable.phrasings)).astype(int)
        columns.append(
            [
                variable.phrasings[which].sentence(variable.values[code])
                for which, code in zip(chosen, units.codes[name], strict=True)
            ]
        )
    return pd.Series([" ".join(row) for row in zip(*columns, strict=True)], name="text")


def _graph(spec: Spec, columns: Sequence[str], exclusion: bool) -> nx.DiGraph:
    """The DAG of a spec, with the arrow of a direct effect of the instrument on the outcome."""
    found = true_graph(
        {each.name: each.parents for each in spec.variables}, spec.treatment.name, spec.outcome.name
    )
    if exclusion:
        found.add_edge(instrument_of(spec).name, spec.outcome.name)
    return as_seen(found, columns)


def propensities_of(sampler: Sampler, units: Units) -> np.ndarray:
    """log P(treatment | parents), of shape (n, K), over units that defy the instrument or not."""
    name = sampler.spec.treatment.name
    if not sampler.mechanisms.dials.defiers:
        return units.log_probabilities[name]
    codes = {parent: units.codes[parent].to_numpy() for parent in sampler.spec.parents(name)}
    return sampler.mechanisms(name, codes, len(units))


def with_noise(
    potential: Sequence[np.ndarray], scale: float, coupling: str, seed: int
) -> list[np.ndarray]:
    """Add Gaussian noise of the standard deviation ``scale`` to all potential outcomes."""
    n = len(potential[0])
    draws = scale * ndtri(uniform_noise(seed, "noise of the outcome", 0, n, len(potential)))
    return [
        values + draws[:, 0 if coupling == "shared" else arm]
        for arm, values in enumerate(potential)
    ]


def determines_effects(spec: Spec, given: Sequence[str]) -> bool:
    """True if all parents of the outcome are given, so that the CATE is the expected effect."""
    return set(spec.parents(spec.outcome.name)) - {spec.treatment.name} <= set(given)


def cate_of(
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
    dials = sampler.mechanisms.dials
    return {
        "temperature": sampler.mechanisms.temperature,
        "scoring": sampler.mechanisms.scoring,
        "coupling": sampler.coupling,
        # Dials of the instrument only where they change something: older files lack them.
        **{name: getattr(dials, name) for name in ("overlap", "confounding", "effect")},
        **dials.of_instrument,
    }


def provenance_of(
    sampler: Sampler,
    seed: int,
    outcome: OutcomeFunction,
    more: Mapping[str, object],
) -> Provenance:
    """The provenance of a dataset; ``more``: its options beyond those of model and outcome."""
    options: Mapping[str, object] = {
        **model_options(sampler),
        "outcome": outcome.kind,
        "outcome_value": sampler.spec.outcome.values[outcome.code],
        "outcome_scores": dict(
            zip(sampler.spec.outcome.values, map(float, outcome.scores), strict=True)
        ),
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


def progress_parts(progress: OnUnits | None, n: int, count: int) -> Callable[[int], OnUnits | None]:
    """Callbacks for the passes over the units; each pass is an equal part of the whole."""
    if progress is None:
        return lambda part: None
    return lambda part: lambda done, _: progress((part * n + done) / count, n)


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""
