"""Identification by setting, on graphs whose answers are in the literature."""

import pytest

from sdscm import InputError, identified_in
from sdscm.spec import Spec, spec_from_yaml

ROLES = {"u": "exogenous", "p": "proxy", "z": "instrument", "m": "mediator"}


def spec_of(**parents: str) -> Spec:
    """A spec of variables a, ..., with the parents of each as letters; t and y are the last two."""
    roles = ROLES | {"t": "treatment", "y": "outcome"}
    lines = [
        f"  - {{name: {name}, role: {roles.get(name, 'covariate')}, values: [low, high], "
        f"parents: [{', '.join(of)}], phrasings: ['The {name} is {{value}}.']}}"
        for name, of in parents.items()
    ]
    return spec_from_yaml("\n".join(["name: graph", "variables:", *lines]), "graph")


CONFOUNDED = {"u": "", "x": "", "t": "ux", "y": "tux"}
TRIAL = {"u": "", "x": "", "z": "", "t": "uxz", "y": "tux"}
PROXY = {"u": "", "x": "", "p": "u", "t": "ux", "y": "tux"}
COLLIDER = {"u": "", "z": "", "x": "uz", "t": "xz", "y": "tu"}
FRONT = {"u": "", "x": "", "t": "u", "m": "t", "y": "mu"}


@pytest.mark.parametrize(
    ("parents", "setting", "effect", "by", "names"),
    [
        (CONFOUNDED, "all", "ATE", "back door", ("u", "x")),
        (CONFOUNDED, "hidden", "", "", ()),
        (CONFOUNDED, "randomised", "ATE", "randomisation", ()),
        (CONFOUNDED, "text", "ATE", "sentences", ("u", "x")),
        (PROXY, "proxies", "", "", ()),
        (TRIAL, "instrument", "LATE", "instrument", ("z",)),
        ({**TRIAL, "t": "xz"}, "instrument", "ATE", "back door", ("x",)),
        ({**CONFOUNDED, "y": "tx"}, "hidden", "ATE", "back door", ("x",)),
        ({**CONFOUNDED, "y": "tx"}, "text", "ATE", "back door", ("x",)),
        ({**CONFOUNDED, "t": ""}, "hidden", "ATE", "back door", ()),
        (FRONT, "hidden", "", "", ()),
        # Only x and z together block the back doors, and X has no z in this setting.
        (COLLIDER, "instrument", "LATE", "instrument", ("z",)),
        (COLLIDER, "hidden", "ATE", "back door", ("z", "x")),
    ],
)
def test_means_of_each_setting(parents, setting, effect, by, names):
    found = identified_in(spec_of(**parents), setting)
    assert (found.effect, found.by, found.names, found.possible) == (effect, by, names, True)


def test_a_front_door_needs_mediators_that_are_shown():
    hidden = identified_in(spec_of(**FRONT), "hidden")
    assert hidden.sentence.endswith("front door of m, if X shows it ('post_treatment: show')")
    shown = identified_in(spec_of(**FRONT), "hidden", post_treatment="show")
    assert (shown.effect, shown.by, shown.names) == ("ATE", "front door", ("m",))


def test_an_instrument_whose_assumptions_fail_identifies_nothing():
    spec = spec_of(**TRIAL)
    assert identified_in(spec, "instrument").sentence == (
        "LATE identified by the instrument z, if no unit is a defier"
    )
    for options in ({"exclusion": 0.5}, {"defiers": 0.1}):
        found = identified_in(spec, "instrument", **options)
        assert (found.effect, found.possible) == ("", True)
        assert found.sentence.startswith("not identified: ")


def test_the_confounder_of_an_instrument_must_be_held_fixed():
    spec = spec_of(u="", w="", z="w", t="uz", y="tuw")
    assert "the instrument z given w," in identified_in(spec, "instrument").sentence


def test_hide_decides_which_causes_are_hidden():
    spec = spec_of(**CONFOUNDED)
    assert identified_in(spec, "hidden", hide=0).names == ("u", "x")
    with pytest.raises(InputError, match="'x' is not exogenous"):
        identified_in(spec, "hidden", hide=["x"])


@pytest.mark.parametrize(
    ("setting", "parents"),
    [
        ("instrument", CONFOUNDED),
        ("proxies", CONFOUNDED),
        ("hidden", {"u": "", "t": "u", "y": "tu"}),
    ],
)
def test_settings_that_a_spec_cannot_have(setting, parents):
    found = identified_in(spec_of(**parents), setting)
    assert not found.possible
    assert found.sentence.startswith("not possible: ")


def test_a_treatment_is_not_randomised_under_its_own_effects():
    spec = spec_of(**FRONT)
    assert not identified_in(spec, "randomised", post_treatment="show").possible
    assert identified_in(spec, "randomised").possible
    with pytest.raises(InputError, match="'secret'"):
        identified_in(spec, "secret")
