"""Say for each setting if the DAG identifies the effect there, and how."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sdscm.arguments import check_choice
from sdscm.data.generate import covariates_of
from sdscm.data.settings import SETTING_INFOS
from sdscm.errors import InputError
from sdscm.literals import PostTreatment, Setting
from sdscm.sampling.mechanisms import instrument_of
from sdscm.spec import Spec
from sdscm.spec.identification import Identification, identification, proxies

#: Ways to identify an effect; empty if the DAG gives none.
Means = Literal["", "randomisation", "back door", "sentences", "front door", "instrument"]

_RANDOMISED = ("ATE", "randomisation", (), "identified; the treatment is randomised")


@dataclass(frozen=True)
class IdentifiedEffect:
    """Describe if the DAG identifies the effect of a spec in a setting.

    Attributes
    ----------
    setting
        The setting.
    possible
        False if the spec has no variable for the role that the setting needs, or if the setting
        leaves no covariate.
    effect
        ``ATE``, or ``LATE`` if only the effect of the compliers is identified; empty if neither is.
    by
        How it is identified: by a back-door set that is shown as codes, or as ``sentences``; by
        ``randomisation``; by a ``front door``; by an ``instrument``, if no unit is a defier.
    names
        The back-door set, the mediators of the front door, or the instrument.
    sentence
        All of this in words.

    Examples
    --------
    >>> sdscm.identified_in(sdscm.load_spec("headache"), "text").by
    'sentences'
    """

    setting: Setting
    possible: bool
    effect: Literal["", "ATE", "LATE"]
    by: Means
    names: tuple[str, ...]
    sentence: str


def identified_in(
    spec: Spec,
    setting: Setting,
    *,
    hide: int | Sequence[str] | None = None,
    post_treatment: PostTreatment = "hide",
    exclusion: float = 0.0,
    defiers: float = 0.0,
    confounding: float = 1.0,
) -> IdentifiedEffect:
    """Say if the DAG of a spec identifies the effect in a setting, by d-separation, and how.

    Parameters
    ----------
    spec
        The spec.
    setting
        The setting; see `sdscm.SETTING_INFOS`.
    hide, post_treatment, exclusion
        As in `sdscm.SDSCM.dataset`.
    defiers, confounding
        As in `sdscm.SDSCM`. An effect of the instrument on the outcome, or defiers, leave nothing
        identified in ``instrument`` (Angrist, Imbens and Rubin 1996). A treatment without
        confounding is randomised.

    Raises
    ------
    InputError
        If the setting is unknown, or ``hide`` names other variables than exogenous ones.

    Examples
    --------
    >>> spec = sdscm.load_spec("headache")
    >>> sdscm.identified_in(spec, "all").sentence
    'identified; adjust for monday'
    >>> sdscm.identified_in(spec, "hidden").sentence
    'not identified by adjustment'
    >>> sdscm.identified_in(spec, "proxies").possible
    False
    """
    check_choice("setting", setting, SETTING_INFOS)
    info = SETTING_INFOS[setting]
    covariates, hidden = covariates_of(spec, post_treatment, hide)
    after = spec.descendants(spec.treatment.name)
    before = [name for name in covariates if name not in after]
    observed = [name for name in before if name not in hidden]

    def found(*arguments: object) -> IdentifiedEffect:
        return IdentifiedEffect(setting, *arguments)  # type: ignore[arg-type]

    def given(names: Sequence[str]) -> Identification:
        return identification(spec.graph, spec.treatment.name, spec.outcome.name, names)

    if info.hides and not observed:
        return found(False, "", "", (), "not possible: no covariate is left")
    if info.randomised:
        if len(before) < len(covariates):
            why = "not possible: X shows effects of the treatment, which a new draw would change"
            return found(False, "", "", (), why)
        return found(True, *_RANDOMISED)
    if "instrument" in info.shows:
        try:
            instrument = instrument_of(spec).name
        except InputError:
            why = (
                "needs one variable with the role instrument, two values, and an arrow to the "
                "treatment"
            )
            return found(False, "", "", (), f"not possible: it {why}")
        if confounding == 0:
            return found(True, *_RANDOMISED)
        seen = given([name for name in observed if name != instrument])
        if seen.adjustment is None:
            fixed = given(observed).instruments.get(instrument)
            return found(True, *_by_instrument(instrument, fixed, exclusion, defiers))
        by, names, text = _by_adjustment(seen, False)
        return found(True, "ATE", by, names, text)
    if "proxies" in info.shows and not any(v.role == "proxy" for v in spec.variables):
        return found(False, "", "", (), "not possible: no variable has the role proxy")
    if confounding == 0:
        return found(True, *_RANDOMISED)
    seen = given(observed if info.hides else before)
    if seen.adjustment is None and "text" in info.shows and given(before).adjustment is not None:
        names = given(before).adjustment or ()
        text = f"identified; the sentences state what to adjust for: {', '.join(names)}"
        return found(True, "ATE", "sentences", names, text)
    shows_mediators = post_treatment == "show" and set(seen.front_door) <= set(covariates)
    by, names, text = _by_adjustment(seen, shows_mediators)
    if not by and "proxies" in info.shows:
        names_of = (spec.graph, spec.treatment.name, spec.outcome.name, observed)
        measured = [f"{name} (of {', '.join(of)})" for name, of in proxies(*names_of).items()]
        text = (
            f"{text}; the proxies {', '.join(measured)} identify the effect under further "
            "conditions only (Miao, Geng and Tchetgen Tchetgen 2018)"
        )
    return found(True, "ATE" if by else "", by, names, text)


def _by_adjustment(
    seen: Identification, shows_mediators: bool
) -> tuple[Means, tuple[str, ...], str]:
    """Means, names and words for the back door, and else for the front door."""
    if seen.adjustment is not None:
        text = "identified without adjustment"
        if seen.adjustment:
            text = f"identified; adjust for {', '.join(seen.adjustment)}"
        if not seen.all_adjust:
            text += ", not for all that is shown: that opens a path"
        return "back door", seen.adjustment, text
    text = "not identified by adjustment"
    if not seen.front_door:
        return "", (), text
    text += f"; by the front door of {', '.join(seen.front_door)}"
    if shows_mediators:
        return "front door", seen.front_door, text
    return "", (), f"{text}, if X shows it ('post_treatment: show')"


def _by_instrument(
    instrument: str, given: Sequence[str] | None, exclusion: float, defiers: float
) -> tuple[Literal["", "LATE"], Means, tuple[str, ...], str]:
    """Effect, means, names and words for an instrument; ``given`` is what must be held fixed."""
    broken = []
    if exclusion:
        broken.append(f"{instrument} changes the outcome by itself")
    if defiers:
        broken.append("some units are defiers")
    if given is None:  # if `hide` leaves confounders of the instrument out
        broken.append(f"{instrument} is not an instrument given what is shown")
    if broken:
        return "", "", (), f"not identified: {' and '.join(broken)}"
    fixed = f" given {', '.join(given)}" if given else ""
    text = f"LATE identified by the instrument {instrument}{fixed}, if no unit is a defier"
    return "LATE", "instrument", (instrument,), text
