"""A tiny model with known (planted) effects, which an audit must find."""

from __future__ import annotations

import yaml

from sdscm.audit.effects.estimand import Estimand
from sdscm.lm.backends.tabular import TabularLM
from sdscm.lm.interface import Choice
from sdscm.spec import Spec

_TRIALS = 24  # phrasings; each has its own effect


_SPEC = """
name: planted
title: An effect that was planted
variables:
  - {name: season, role: exogenous, values: [dry, wet], distribution: [0.6, 0.4],
     phrasings: ["The season is {value}."]}
  - {name: switch, role: treatment, values: [down, up], parents: [season],
     phrasings: ["The switch is {value}."]}
  - {name: fuse, role: covariate, values: [cold, hot], parents: [switch],
     phrasings: ["The fuse is {value}."]}
  - {name: lamp, role: outcome, values: ["on", "off"], parents: [season, switch, fuse]}
"""


def planted_spec() -> Spec:
    """Season -> switch -> fuse -> lamp, with season -> lamp and switch -> lamp as well."""
    content = yaml.safe_load(_SPEC)
    content["variables"][-1]["phrasings"] = [
        f"In trial {k} the lamp is {{value}}." for k in range(_TRIALS)
    ]
    return Spec.model_validate(content)


SWITCH_UP = {"dry": 0.3, "wet": 0.7}
FUSE_HOT = {"down": 0.2, "up": 0.6}


def planted_lm() -> TabularLM:
    """P(on) = 0.1 + direct effect (up) + 0.1 (hot) + 0.2 (up and hot) + 0.1 (wet)."""

    def table(choice: Choice) -> list[float]:
        said = [sentence.rstrip(".").split()[-1] for sentence in choice.context]
        for variable, ones in (("switch", SWITCH_UP), ("fuse", FUSE_HOT)):
            if choice.prefix.startswith(f"The {variable}"):
                return [1 - ones[said[0]], ones[said[0]]]
        direct = direct_effect(int(choice.prefix.split()[2]))
        up, hot, wet = said[1] == "up", said[2] == "hot", said[0] == "wet"
        on = 0.1 + direct * up + 0.1 * hot + 0.2 * (up and hot) + 0.1 * wet
        return [on, 1 - on]

    return TabularLM(table, id="planted", revision="1")


def direct_effect(trial: int) -> float:
    """Return the planted effect of the switch with a cold fuse in a trial: 0.1 on average."""
    return 0.1 + 0.004 * (trial - (_TRIALS - 1) / 2)


def planted_estimands() -> tuple[Estimand, ...]:
    """List the estimands with known values."""
    through = ("fuse",)
    return (
        Estimand("total"),
        Estimand("natural direct", mediators=through),
        Estimand("natural indirect", mediators=through),
        Estimand("mediated interaction", mediators=through),
        Estimand("controlled direct", held=(("fuse", "cold"),)),
        Estimand("controlled direct", held=(("fuse", "hot"),)),
        Estimand("spurious"),
    )


def planted_value(estimand: Estimand, trial: int) -> float:
    """Compute the planted effect of up against down on P(on) from the tables."""
    direct, hot = direct_effect(trial), FUSE_HOT
    if estimand.kind == "controlled direct":
        return direct + 0.2 * (dict(estimand.held)["fuse"] == "hot")
    if estimand.kind == "spurious":
        # Wet seasons are associated with the switch, and add 0.1 to P(on).
        p_wet = {
            value: 0.4 * wet / (0.4 * wet + 0.6 * dry)
            for value, wet, dry in (
                ("up", SWITCH_UP["wet"], SWITCH_UP["dry"]),
                ("down", 1 - SWITCH_UP["wet"], 1 - SWITCH_UP["dry"]),
            )
        }
        return 0.1 * (p_wet["up"] - p_wet["down"])
    natural = {
        "natural direct": direct + 0.2 * hot["down"],
        "natural indirect": 0.1 * (hot["up"] - hot["down"]),
        "mediated interaction": 0.2 * (hot["up"] - hot["down"]),
    }
    return natural.get(estimand.kind, sum(natural.values()))
