"""The strength of hidden confounding in each setting of a dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sdscm.inference.confounding import HiddenConfounding, hidden_confounding
from sdscm.inference.enumeration import ExactArrays
from sdscm.inference.outcome import OutcomeFunction
from sdscm.literals import Setting


def confounding_of_settings(
    exact: ExactArrays,
    given: Mapping[Setting, Sequence[str]],
    hidden: Sequence[str],
    outcome: OutcomeFunction,
    contrast: tuple[str, str],
    noise_variance: float,
    exclusion: float,
) -> dict[Setting, HiddenConfounding]:
    """The strength of hidden confounding in each setting where it is known.

    ``given`` has the covariates of X in each setting, and ``hidden`` those that a setting other
    than ``all`` hides. The instrument is neither shown as a covariate nor hidden. If it has a
    direct effect (``exclusion``), it is a confounder itself, and the strength without it in X is
    unknown.
    """
    found: dict[Setting, HiddenConfounding] = {}
    for setting, shown in given.items():
        if setting == "instrument" and exclusion:
            continue
        others = [name for name in hidden if name not in shown]
        strength = hidden_confounding(exact, shown, others, outcome, contrast, noise_variance)
        if strength is not None:
            found[setting] = strength
    return found
