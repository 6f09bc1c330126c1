"""Settings against brute force: what is shown, the strata of the instrument, the LATE."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from sdscm import SDSCM, CausalDataset, InputError, TabularLM
from sdscm.data.settings import SETTING_INFOS
from sdscm.inference.enumeration import ExactArrays
from sdscm.spec import spec_from_yaml

TRIAL = """\
name: trial
variables:
  - {name: mood, role: exogenous, values: [glad, sad], distribution: [0.4, 0.6],
     phrasings: ["She is {value}."]}
  - {name: diary, role: proxy, values: [sunny, gloomy], parents: [mood],
     phrasings: ["Her diary is {value}."]}
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
#: P(second value | context), a different one for each context; the drug is rarer after a black lot
#: for sad people in Oslo, who are the defiers.
ALL = ("all", "hidden", "randomised", "instrument", "text", "proxies")


def _chance(choice) -> float:
    context = " ".join(choice.context)
    if choice.prefix == "Her diary is ":
        return 0.9 if "sad" in context else 0.2
    if choice.prefix == "She takes ":
        base = 0.2 + 0.3 * ("sad" in context) + 0.1 * ("Oslo" in context)
        change = -0.25 if "sad" in context and "Oslo" in context else 0.35
        return base + change * ("black" in context)
    if choice.prefix == "Her sleep is ":
        return 0.7 if "drug" in context else 0.35
    effect = 0.2 + 0.1 * ("sad" in context) - 0.05 * ("Oslo" in context)
    base = 0.3 - 0.1 * ("sad" in context) + 0.05 * ("deep" in context)
    return base + effect * ("drug" in context)


def _lm() -> TabularLM:
    return TabularLM(lambda choice: [1 - _chance(choice), _chance(choice)], id="trial")


def _trial(**options) -> SDSCM:
    return SDSCM(spec_from_yaml(TRIAL, "trial"), _lm(), **options)


@pytest.fixture(scope="module")
def data() -> CausalDataset:
    return _trial().dataset(3_000, settings=ALL)


def _log_odds(data: CausalDataset, lot: int) -> np.ndarray:
    """Log-odds of the drug for each unit, computed from the formula above."""
    sad, oslo = data.X["mood"].to_numpy() == 1, data.X["town"].to_numpy() == 1
    p = 0.2 + 0.3 * sad + 0.1 * oslo + np.where(sad & oslo, -0.25, 0.35) * lot
    return np.log(p / (1 - p))


def test_strata_follow_from_the_noise_of_each_unit(data):
    """The Gumbel-max draw of two values is: log-odds plus a logistic number above 0."""
    units = _trial().sample(3_000)
    noise = units.noise.gumbel("pill", 2)
    logistic = noise[:, 1] - noise[:, 0]
    margin = np.stack([_log_odds(data, z) + logistic for z in (0, 1)], axis=1)
    clear = np.abs(margin) > 1e-9  # elsewhere the rounding of a processor decides
    assert clear.mean() > 0.999
    np.testing.assert_array_equal(data.potential_treatments[clear], (margin > 0)[clear])
    observed = data.potential_treatments[np.arange(len(data)), data.X["lot"]]
    np.testing.assert_array_equal(observed, data.t)
    sad_in_oslo = (data.X["mood"] == 1) & (data.X["town"] == 1)
    defiers = (data.potential_treatments == (1, 0)).all(axis=1)
    assert defiers.any()
    assert not defiers[~sad_in_oslo].any()
    assert not data.compliers[sad_in_oslo].any()
    assert data.late == data.ite[data.compliers].mean()


@pytest.mark.parametrize("coupling", ["gumbel", "redraw"])
def test_effect_of_compliers_by_hand(coupling):
    """E[y1 - y0 | town, complier], as a sum over mood and sleep, to 1e-12."""
    model = _trial(coupling=coupling)
    data = model.dataset(200, settings=("instrument",), outcome="probability")
    view = data.setting("instrument")
    assert list(view.X) == ["diary", "town"]

    def chance(variable: str, context: str) -> float:
        choice = type("C", (), {"context": (context,), "prefix": variable})
        return _chance(choice)

    def mean(mood: str, town: str, pill: str) -> float:
        """Mean P(well): the outcome's first value."""
        deep = chance("Her sleep is ", pill)
        found = 0.0
        for sleep, weight in (("deep", deep), ("light", 1 - deep)):
            found += weight * (1 - chance("She feels ", f"{mood} {town} {pill} {sleep}"))
        return found

    for row in range(0, 200, 7):
        town = ["Rome", "Oslo"][view.X["town"].iloc[row]]
        gloomy = view.X["diary"].iloc[row] == 1
        top = bottom = 0.0
        for mood, prior in (("glad", 0.4), ("sad", 0.6)):
            seen = chance("Her diary is ", mood)
            weight = prior * (seen if gloomy else 1 - seen)
            low, high = (chance("She takes ", f"{mood} {town} {lot}") for lot in ("white", "black"))
            # Fresh noise decides the treatment under the other lot.
            weight *= max(high - low, 0) if coupling == "gumbel" else high * (1 - low)
            top += weight * (mean(mood, town, "drug") - mean(mood, town, "sugar"))
            bottom += weight
        assert data.complier_cate[row] == pytest.approx(top / bottom, abs=1e-12)


def test_effects_of_compliers_agree_with_the_sample():
    data = _trial().dataset(40_000, settings=("instrument",), outcome="probability")
    compliers = data.compliers
    groups = pd.DataFrame({"truth": data.complier_cate, "ite": data.ite})[compliers]
    for truth, part in groups.groupby(groups["truth"].round(9)):
        error = part["ite"].std() / np.sqrt(len(part))
        assert part["ite"].mean() == pytest.approx(truth, abs=4 * error)


def test_strength_and_defiers_change_the_strata():
    at = {s: _trial(strength=s).dataset(2_000, settings=("instrument",)) for s in (0.0, 1.0, 3.0)}
    none = at[0.0].potential_treatments
    np.testing.assert_array_equal(none[:, 0], none[:, 1])
    assert np.isnan(at[0.0].late)
    assert at[3.0].compliers.mean() > at[1.0].compliers.mean() > 0.1
    turned = _trial(defiers=1.0).dataset(2_000, settings=("instrument",))
    np.testing.assert_array_equal(
        turned.potential_treatments, at[1.0].potential_treatments[:, ::-1]
    )
    half = _trial(defiers=0.5).dataset(2_000, settings=("instrument",))
    own = (half.potential_treatments == at[1.0].potential_treatments).all(axis=1)
    swapped = (half.potential_treatments == turned.potential_treatments).all(axis=1)
    assert (own | swapped).all()
    assert 0.45 < own[~(own & swapped)].mean() < 0.55
    # The exact propensity is the mean over units that defy and others.
    assert half.propensity.mean() == pytest.approx(half.t.mean(), abs=0.04)


def test_exact_mechanism_of_the_dials():
    """Strength s multiplies the difference of the log-odds by s, and keeps their mean."""
    usual, strong = (ExactArrays(_trial(strength=s).mechanisms) for s in (1.0, 2.5))
    odds = [np.diff(e.log_table("pill"))[..., 0] for e in (usual, strong)]
    np.testing.assert_allclose(odds[1].mean(axis=2), odds[0].mean(axis=2), atol=1e-12)
    np.testing.assert_allclose(
        odds[1][..., 1] - odds[1][..., 0], 2.5 * (odds[0][..., 1] - odds[0][..., 0]), atol=1e-12
    )
    mixed = np.exp(ExactArrays(_trial(defiers=0.3).mechanisms).log_table("pill"))
    table = np.exp(usual.log_table("pill"))
    np.testing.assert_allclose(mixed, 0.7 * table + 0.3 * table[:, :, ::-1], atol=1e-12)


def test_exclusion_adds_a_direct_effect_to_both_outcomes():
    plain, violated = (_trial().dataset(500, exclusion=e) for e in (0.0, 0.7))
    z = plain.X["lot"].to_numpy()
    direct = 0.7 * plain.y.std()
    np.testing.assert_allclose(violated.y0, plain.y0 + direct * z, atol=1e-12)
    np.testing.assert_allclose(violated.ite, plain.ite, atol=1e-12)


def test_each_setting_shows_what_it_says(data):
    views = {name: data.setting(name) for name in ALL}
    assert {name: list(view.X) for name, view in views.items()} == {
        "all": ["mood", "diary", "town", "lot"],
        "hidden": ["diary", "town", "lot"],
        "randomised": ["mood", "diary", "town", "lot"],
        "instrument": ["diary", "town"],
        "text": ["diary", "town", "lot"],
        "proxies": ["diary", "town", "lot"],
    }
    for name, view in views.items():
        assert tuple(view.shown) == SETTING_INFOS[name].shows
    np.testing.assert_array_equal(views["instrument"].shown["instrument"], data.X["lot"])
    assert list(views["proxies"].shown["proxies"]) == ["diary"]
    text = views["text"].shown["text"]
    assert text.str.contains("She is (?:glad|sad). Her diary is ").all()
    assert not text.str.contains("takes|sleep|feels").any()


def test_texts_determine_the_effect_and_proxies_do_not(data):
    np.testing.assert_array_equal(data.setting("text").cate, data.cates["all"])
    np.testing.assert_array_equal(data.setting("proxies").cate, data.cates["hidden"])
    # Given the town and the diary, the lot is independent of the mood.
    np.testing.assert_allclose(data.setting("instrument").cate, data.cates["hidden"], atol=1e-12)


def test_randomised_units_keep_their_outcomes(data):
    view = data.setting("randomised")
    np.testing.assert_array_equal(view.y, np.where(view.t == 1, data.y1, data.y0))
    assert view.sate == data.sate
    assert (view.propensity == 0.5).all()
    assert view.text is None
    assert abs(np.corrcoef(view.t, data.propensity)[0, 1]) < 4 / np.sqrt(len(data))
    assert np.corrcoef(data.t, data.propensity)[0, 1] > 0.2
    for column in data.X:
        share = view.t[data.X[column] == 1].mean() - view.t[data.X[column] == 0].mean()
        assert abs(share) < 4 / np.sqrt(len(data) / 4)
    assert abs(data.t[data.X["mood"] == 1].mean() - data.t[data.X["mood"] == 0].mean()) > 0.05


def test_usual_datasets_know_nothing_of_other_settings():
    usual = _trial().dataset(50)
    assert "text" in _trial().dataset(50, settings="text").setting("text").shown
    more = _trial().dataset(50, settings=ALL)
    pd.testing.assert_frame_equal(usual.X, more.X)
    assert usual.fingerprint != more.fingerprint
    assert usual.potential_treatments is None
    assert usual.instrument == ""
    assert usual.proxies == ()
    for name in ("instrument", "text", "proxies"):
        with pytest.raises(InputError, match=f"made without the setting '{name}'"):
            usual.setting(name)
    with pytest.raises(InputError, match="made without"):
        _ = usual.compliers


def test_settings_survive_a_file(data, tmp_path):
    read = CausalDataset.read_parquet(data.to_parquet(tmp_path / "data.parquet"))
    assert read.fingerprint == data.fingerprint
    for name in ALL:
        one, other = data.setting(name), read.setting(name)
        assert one.fingerprint == other.fingerprint
        for part in one.shown:
            np.testing.assert_array_equal(
                np.asarray(one.shown[part]), np.asarray(other.shown[part])
            )


@pytest.mark.parametrize("part", ["potential_treatments", "complier_cate", "covariate_text"])
def test_the_fingerprint_covers_each_part(data, part):
    values = getattr(data, part)
    changed = values.copy()
    changed[0] = "other" if part == "covariate_text" else 1 - np.asarray(values[0])
    assert replace(data, **{part: changed}).fingerprint != data.fingerprint


def test_fresh_noise_keeps_the_observed_treatment():
    data = _trial(coupling="redraw").dataset(500, settings=("instrument",))
    observed = data.potential_treatments[np.arange(500), data.X["lot"]]
    np.testing.assert_array_equal(observed, data.t)


@pytest.mark.parametrize(
    ("scenario", "options", "settings", "words"),
    [
        ("headache", {}, ("instrument",), "is 0 .none."),
        ("headache", {}, ("proxies",), "role: proxy|role 'proxy'|'role: proxy'"),
        ("headache", {"strength": 2.0}, ("all",), "is 0 .none."),
        ("commute", {}, ("instrument",), "has 4 values"),
        ("headache", {}, ("secret",), "settings"),
    ],
)
def test_a_spec_without_the_part_is_refused(scenario, options, settings, words):
    with pytest.raises(InputError, match=words):
        SDSCM(scenario, "tabular:0", **options).dataset(20, settings=settings)


def test_defiers_cannot_be_abducted():
    model = _trial(defiers=0.2)
    with pytest.raises(InputError, match="set defiers to 0"):
        model.abduct(model.sample(2).labels)


def test_randomised_needs_both_outcomes():
    frame = pd.DataFrame({"x": [0.0, 1, 2, 3], "t": [0, 1, 0, 1], "y": [1.0, 2, 3, 4]})
    data = CausalDataset.from_frame(frame, treatment="t", outcome="y")
    with pytest.raises(InputError, match="both potential outcomes"):
        data.setting("randomised")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"instrument": "moon"}, "no covariate 'moon'"),
        ({"proxies": ("diary", "moon")}, "no covariate 'moon'"),
        ({"potential_treatments": np.full((60, 2), 3)}, "is not 0 or 1"),
    ],
)
def test_a_file_with_wrong_parts_is_refused(change, words, tmp_path):
    data = replace(_trial().dataset(60, settings=ALL), **change)
    with pytest.raises(InputError, match=words):
        CausalDataset.read_parquet(data.to_parquet(tmp_path / "data.parquet"))


def test_sentences_of_each_unit_vary_and_mean_the_same():
    model = SDSCM("training", "tabular:0")
    one, each = (
        model.dataset(300, settings=("text",), text_phrasing=phrasing)
        for phrasing in ("shared", "each")
    )
    pd.testing.assert_frame_equal(one.X, each.X)
    np.testing.assert_array_equal(one.y, each.y)
    variable = model.spec.variable("friend")
    known = {
        phrasing.sentence(value): value
        for phrasing in variable.phrasings
        for value in variable.values
    }
    meant = [
        {value for sentence, value in known.items() if text.startswith(f"{sentence} ")}
        for text in each.covariate_text
    ]
    assert [{label} for label in each.labels["friend"]] == meant
    labels = each.labels["friend"]
    first = {
        text.partition(label)[0] for text, label in zip(each.covariate_text, labels, strict=True)
    }
    assert len(first) > 5
    again = model.dataset(100, settings=("text",), text_phrasing="each")
    assert list(again.covariate_text) == list(each.covariate_text[:100])


def test_the_graph_says_what_a_setting_shows(data, tmp_path):
    asked = _trial().dataset(200, settings=ALL, graph=True)
    again = CausalDataset.read_parquet(asked.to_parquet(tmp_path / "data.parquet"))
    assert again.fingerprint == asked.fingerprint
    edges = set(spec_from_yaml(TRIAL, "trial").graph.edges)
    beside = {"instrument": {"lot": "instrument"}, "proxies": {"diary": "proxy"}}
    for setting in ALL:
        for made in (asked, again):
            view = made.setting(setting)
            seen = view.graph
            into = {edge for edge in edges if edge[1] == "pill" and setting == "randomised"}
            assert set(seen.edges) == edges - into
            roles = {name: role for name, role in seen.nodes(data="role") if role != "covariate"}
            expected = {"pill": "treatment", "state": "outcome", **beside.get(setting, {})}
            assert roles == expected
            observed = {name for name, each in seen.nodes(data="observed") if each}
            assert observed == {*view.X, *expected}
    assert "mood" in asked.setting("hidden").graph


def test_a_graph_has_the_direct_effect_of_the_instrument():
    direct = _trial().dataset(50, exclusion=0.5, graph=True)
    assert direct.graph.has_edge("lot", "state")


def test_without_a_graph_a_dataset_is_as_before(data, tmp_path):
    plain, asked = (_trial().dataset(200, graph=graph) for graph in (False, True))
    np.testing.assert_array_equal(plain.y, asked.y)
    assert plain.graph is None
    assert plain.setting("hidden").graph is None
    assert plain.fingerprint != asked.fingerprint
    assert plain.meta == asked.meta
    assert b'"graph"' not in plain.to_parquet(tmp_path / "plain.parquet").read_bytes()
