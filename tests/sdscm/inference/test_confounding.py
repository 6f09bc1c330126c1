"""The strength of hidden confounding against closed forms, and against sums over all worlds."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

from sdscm import SDSCM, CausalDataset, HiddenConfounding, TabularLM
from sdscm.data.settings import SETTING_INFOS
from sdscm.inference.confounding import hidden_confounding
from sdscm.inference.outcome import OutcomeFunction
from sdscm.spec import spec_from_yaml

SETTINGS = ("all", "hidden", "randomised", "instrument", "text", "proxies")
#: One hidden and one observed covariate, both binary and independent.
PAIR = """\
name: pair
variables:
  - {name: mood, role: exogenous, values: [glad, sad], distribution: [0.4, 0.6],
     phrasings: ["She is {value}."]}
  - {name: town, role: covariate, values: [Rome, Oslo], distribution: [0.3, 0.7],
     phrasings: ["She lives in {value}."]}
  - {name: pill, role: treatment, values: [sugar, drug], parents: [mood, town],
     phrasings: ["She takes {value}."]}
  - {name: state, role: outcome, values: [well, ill], parents: [mood, town, pill],
     phrasings: ["She feels {value}."]}
"""
#: A proxy of the hidden covariate, an instrument, a mediator, and a covariate beside all others.
TRIAL = """\
name: trial
variables:
  - {name: mood, role: exogenous, values: [glad, calm, sad], distribution: [0.3, 0.3, 0.4],
     phrasings: ["She is {value}."]}
  - {name: diary, role: proxy, values: [sunny, gloomy], parents: [mood],
     phrasings: ["Her diary is {value}."]}
  - {name: shoes, role: covariate, values: [red, blue, green], distribution: [0.2, 0.3, 0.5],
     phrasings: ["Her shoes are {value}."]}
  - {name: town, role: covariate, values: [Rome, Oslo], distribution: [0.3, 0.7],
     phrasings: ["She lives in {value}."]}
  - {name: lot, role: instrument, values: [white, black], distribution: [0.5, 0.5],
     phrasings: ["Her lot is {value}."]}
  - {name: pill, role: treatment, values: [sugar, drug], parents: [mood, town, lot],
     phrasings: ["She takes {value}."]}
  - {name: sleep, role: mediator, values: [light, deep], parents: [pill],
     phrasings: ["Her sleep is {value}."]}
  - {name: state, role: outcome, values: [well, ill], parents: [mood, town, pill, sleep],
     phrasings: ["She feels {value}."]}
"""
DRUG = {("glad", "Rome"): 0.2, ("glad", "Oslo"): 0.4, ("sad", "Rome"): 0.5, ("sad", "Oslo"): 0.9}
WELL = {"glad": 0.8, "sad": 0.3}


def _pair(choice) -> list[float]:
    context = " ".join(choice.context)
    mood, town = ("sad" if "sad" in context else "glad"), ("Oslo" if "Oslo" in context else "Rome")
    if choice.prefix == "She takes ":
        second = DRUG[mood, town]
    else:  # of being ill
        second = 1 - WELL[mood] - 0.1 * ("drug" in context)
    return [1 - second, second]


def _trial(choice) -> list[float]:
    context = " ".join(choice.context)
    sad, calm, oslo = (word in context for word in ("sad", "calm", "Oslo"))
    second = {
        "Her diary is ": 0.2 + 0.6 * sad + 0.1 * calm,
        "She takes ": 0.2 + 0.3 * sad + 0.1 * calm + 0.1 * oslo + 0.25 * ("black" in context),
        "Her sleep is ": 0.35 + 0.35 * ("drug" in context),
        "She feels ": 0.3
        + 0.2 * sad
        - 0.15 * ("deep" in context)
        + 0.1 * oslo
        + 0.15 * ("drug" in context),
    }[choice.prefix]
    return [1 - second, second]


def _model(text: str, chance, **options) -> SDSCM:
    name = chance.__name__.removeprefix("_")
    return SDSCM(spec_from_yaml(text, name), TabularLM(chance, id=name), **options)


def test_closed_forms_of_two_binary_covariates():
    model = _model(PAIR, _pair)
    outcome = OutcomeFunction.of(model.spec, "probability")
    found = hidden_confounding(model.exact().arrays, ["town"], ["mood"], outcome)
    sad = 0.6
    short = {town: 0.4 * DRUG["glad", town] + 0.6 * DRUG["sad", town] for town in ("Rome", "Oslo")}
    shares = {"Rome": 0.3, "Oslo": 0.7}
    ratios = [e / (1 - e) * (1 - short[town]) / short[town] for (_, town), e in DRUG.items()]
    assert found.gamma == pytest.approx(max(max(r, 1 / r) for r in ratios), abs=1e-9)
    # Var(e | town) of a binary mood is P(sad) P(glad) (difference)^2.
    spread = {town: DRUG["sad", town] - DRUG["glad", town] for town in shares}
    explained = sum(p * sad * (1 - sad) * spread[town] ** 2 for town, p in shares.items())
    left = sum(p * short[town] * (1 - short[town]) for town, p in shares.items())
    assert found.treatment_r2 == pytest.approx(explained / left, abs=1e-9)
    one = sum(p / (short[town] * (1 - short[town])) for town, p in shares.items())
    both = sum(
        shares[town] * (sad if mood == "sad" else 1 - sad) / (e * (1 - e))
        for (mood, town), e in DRUG.items()
    )
    assert found.riesz_r2 == pytest.approx(1 - one / both, abs=1e-9)
    # Mood, town and pill determine the probability, so mood explains all that is left ...
    assert found.outcome_r2 == pytest.approx(1, abs=1e-9)
    # ... but not the category: its variance within a mood is p (1 - p).
    category = OutcomeFunction.of(model.spec, "category")
    found = hidden_confounding(model.exact().arrays, ["town"], ["mood"], category)
    explained = noise = 0.0
    for town, t in product(shares, (0, 1)):
        weights = {
            mood: shares[town]
            * (sad if mood == "sad" else 1 - sad)
            * (DRUG[mood, town] if t else 1 - DRUG[mood, town])
            for mood in WELL
        }
        well = {mood: p + 0.1 * t for mood, p in WELL.items()}
        mean = sum(w * well[m] for m, w in weights.items()) / sum(weights.values())
        explained += sum(w * (well[m] - mean) ** 2 for m, w in weights.items())
        noise += sum(w * well[m] * (1 - well[m]) for m, w in weights.items())
    assert found.outcome_r2 == pytest.approx(explained / (explained + noise), abs=1e-9)


def test_gamma_is_the_larger_of_both_directions():
    """A rare mood that lowers the odds moves them further down than the usual one moves them up."""
    chances = {"glad": 0.5, "sad": 0.1}
    found = {}
    for flipped in (False, True):

        def pill(choice, flipped=flipped):
            sad = "sad" in " ".join(choice.context)
            if choice.prefix != "She takes ":
                return [0.5, 0.5]
            second = chances["sad" if sad else "glad"]
            return [second, 1 - second] if flipped else [1 - second, second]

        text = PAIR.replace("[0.4, 0.6]", "[0.9, 0.1]")
        model = SDSCM(spec_from_yaml(text, "pair"), TabularLM(pill, id=f"pill {flipped}"))
        outcome = OutcomeFunction.of(model.spec, "probability")
        exact = model.exact().arrays
        found[flipped] = hidden_confounding(exact, ["town"], ["mood"], outcome).gamma
    short = 0.9 * 0.5 + 0.1 * 0.1
    assert found[False] == pytest.approx(short / (1 - short) * 0.9 / 0.1, abs=1e-9)
    assert found[True] == pytest.approx(found[False], abs=1e-9)


def _by_worlds(model: SDSCM, shown, hidden, kind: str, noise: float) -> HiddenConfounding:
    """The definitions, as weighted means over every combination of values."""
    spec, joint = model.spec, model.exact().arrays.joint()
    rows = pd.DataFrame(np.array(list(product(*map(range, joint.shape)))), columns=spec.order)
    rows["p"] = joint.reshape(-1)
    t, y = spec.treatment.name, spec.outcome.name
    chance = np.exp(model.exact().arrays.log_table(y))[..., spec.outcome_code]
    value = chance[tuple(rows[name] for name in spec.parents(y))]
    rows["y"] = {
        "probability": value,
        "log-probability": np.log(value),
        "category": (rows[y] == spec.outcome_code).astype(float),
    }[kind]

    def mean(of: np.ndarray, given: list[str]) -> np.ndarray:
        sums = rows.assign(top=rows["p"] * of).groupby(given)[["top", "p"]].transform("sum")
        return (sums["top"] / sums["p"]).to_numpy()

    full = [*shown, *hidden]
    short, long = mean(rows[t], list(shown)), mean(rows[t], full)
    g_short, g_long = mean(rows["y"], [t, *shown]), mean(rows["y"], [t, *full])
    p = rows["p"].to_numpy()
    ratio = long / (1 - long) * (1 - short) / short
    left = p @ (rows["y"] - g_short) ** 2 + noise
    inverse = [p @ (1 / (e * (1 - e))) for e in (short, long)]
    return HiddenConfounding(
        gamma=float(np.maximum(ratio, 1 / ratio).max()),
        outcome_r2=float(p @ (g_long - g_short) ** 2 / left),
        treatment_r2=float(p @ (long - short) ** 2 / (p @ (rows[t] - short) ** 2)),
        riesz_r2=float(1 - inverse[0] / inverse[1]),
    )


@pytest.mark.parametrize("kind", ["probability", "log-probability", "category"])
@pytest.mark.parametrize("shown", ["diary shoes town lot", "diary town", "town", "shoes lot town"])
def test_brute_force_over_all_worlds(kind, shown):
    model = _model(TRIAL, _trial, confounding=1.5)
    outcome = OutcomeFunction.of(model.spec, kind)
    shown = shown.split()
    found = hidden_confounding(model.exact().arrays, shown, ["mood"], outcome, noise_variance=0.05)
    expected = _by_worlds(model, shown, ["mood"], kind, 0.05)
    assert vars(found) == pytest.approx(vars(expected), abs=1e-9)
    assert found.gamma > 1.2
    assert min(found.outcome_r2, found.treatment_r2, found.riesz_r2) > 0.001


def test_nothing_is_known_where_adjustment_does_not_identify_or_the_spec_is_large():
    model = _model(TRIAL, _trial)
    outcome = OutcomeFunction.of(model.spec)
    exact = model.exact().arrays
    assert hidden_confounding(exact, ["town", "diary"], ["shoes"], outcome) is None
    assert hidden_confounding(exact, ["town", "sleep"], ["mood"], outcome) is None
    few = model.exact(max_contexts=3).arrays
    assert hidden_confounding(few, ["town"], ["mood"], outcome) is None


@pytest.fixture(scope="module")
def data() -> CausalDataset:
    return _model(TRIAL, _trial).dataset(300, settings=SETTINGS, hidden_confounding=True, noise=0.5)


def test_the_strength_in_each_setting(data, tmp_path):
    plain = _model(TRIAL, _trial).dataset(300, settings=SETTINGS)
    model, variance = _model(TRIAL, _trial), 0.25 * float(plain.y.var())
    kind = "log-probability"
    shown = list(data.setting("hidden").X)
    hidden = _by_worlds(model, shown, ["mood"], kind, variance)
    without = [name for name in shown if name != "lot"]
    expected = {
        "hidden": hidden,
        "text": hidden,
        "proxies": hidden,
        "instrument": _by_worlds(model, without, ["mood"], kind, variance),
        "all": HiddenConfounding(),
        "randomised": HiddenConfounding(),
    }
    assert set(expected) == set(SETTING_INFOS)
    again = CausalDataset.read_parquet(data.to_parquet(tmp_path / "data.parquet"))
    for setting, strength in expected.items():
        view = again.setting(setting)
        assert vars(view.hidden_confounding[setting]) == pytest.approx(vars(strength), abs=1e-9)
    assert again.fingerprint == data.fingerprint


def test_a_dataset_that_was_not_asked_is_as_before(data, tmp_path):
    plain = _model(TRIAL, _trial).dataset(300, settings=SETTINGS, noise=0.5)
    np.testing.assert_array_equal(plain.y, data.y)
    assert plain.hidden_confounding == {}
    assert plain.fingerprint != data.fingerprint
    path = plain.to_parquet(tmp_path / "plain.parquet")
    assert b"hidden_confounding" not in path.read_bytes()


def test_an_instrument_with_a_direct_effect_is_a_confounder():
    model = _model(TRIAL, _trial)
    found = model.dataset(100, settings=SETTINGS, hidden_confounding=True, exclusion=0.3)
    assert set(found.hidden_confounding) == {"all", "hidden"}
    shown = model.dataset(100, post_treatment="show", hidden_confounding=True)
    assert shown.hidden_confounding == {}
