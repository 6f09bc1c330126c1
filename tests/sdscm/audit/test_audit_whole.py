"""Whole audits of tiny models: what is found, compared, controlled and refused."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sdscm import SDSCM, InputError, Spec, TabularLM
from sdscm.audit import Measure, audit
from sdscm.audit.controls.controls import ShuffledMechanisms
from sdscm.audit.controls.placebo import WEEKDAY, placebo_of, shown, with_placebo
from sdscm.audit.controls.planted import (
    direct_effect,
    planted_estimands,
    planted_lm,
    planted_spec,
    planted_value,
)
from sdscm.audit.plan import choose_phrasings, count_phrasings
from sdscm.lm import random_table
from sdscm.lm.interface import Choice, LanguageModel
from sdscm.spec import Phrasing, load_spec

Line = Callable[[BaseException], str]
QUICK: dict[str, Any] = {"units": 300, "panel": 20, "resamples": 500}


def stronger(add: float, id: str) -> TabularLM:
    """The planted model with a larger direct effect."""
    plain = planted_lm()

    def table(choice: Choice) -> Any:
        (scores,) = plain.score([choice])
        p = np.exp(scores.value)
        if "lamp" in choice.prefix and "up." in choice.context[1]:
            p = p + np.array([add, -add])
        return p

    return TabularLM(table, id=id)


@pytest.fixture(scope="module")
def planted() -> Spec:
    return planted_spec()


def test_the_planted_effects_are_what_their_docstring_says() -> None:
    """At a direct effect of 0.1, worked out on paper."""
    by_label = {each.label: planted_value(each, 0) for each in planted_estimands()}
    direct = direct_effect(0)
    assert direct == pytest.approx(0.1 - 0.004 * 11.5)
    assert by_label["total"] == pytest.approx(direct + 0.04 + 0.04 + 0.08)
    assert by_label["natural direct, not through fuse"] == pytest.approx(direct + 0.04)
    assert by_label["natural indirect through fuse"] == pytest.approx(0.04)
    assert by_label["mediated interaction with fuse"] == pytest.approx(0.08)
    assert by_label["controlled direct at fuse = cold"] == pytest.approx(direct)
    assert by_label["controlled direct at fuse = hot"] == pytest.approx(direct + 0.2)
    # P(wet | up) = 0.28 / 0.46, P(wet | down) = 0.12 / 0.54.
    assert by_label["spurious"] == pytest.approx(0.1 * (0.28 / 0.46 - 0.12 / 0.54))
    assert np.mean([direct_effect(k) for k in range(24)]) == pytest.approx(0.1)


@pytest.mark.parametrize("method", ["exact", "sample"])
def test_the_audit_finds_what_was_planted(planted: Spec, method: Any) -> None:
    found = audit(planted, planted_lm(), phrasings=8, method=method, smallest=0.05, **QUICK)
    checks = [each for each in found.controls if each.kind == "planted"]
    assert len(checks) == len(planted_estimands())
    assert all(each.passed for each in checks)
    (total,) = found.of("total")
    trials = [planted.phrased(number).choice["lamp"] for number in found.phrasings]
    assert len(set(trials)) == 8
    expected = np.mean([direct_effect(trial) for trial in trials]) + 0.16
    assert total.exact == (method == "exact")
    assert total.mean == pytest.approx(expected, abs=1e-9 if total.exact else 0.05)
    assert total.agreement == 1
    assert total.interval is not None
    assert total.interval.covers(expected)
    assert total.verdict() == "effect"
    assert total.split is not None
    # The panel's units differ by fuse and switch, and the phrasings by the planted effect alone.
    assert total.split.rest == pytest.approx(0, abs=1e-12)
    assert total.split.phrasings > 1e-5
    kinds = [each.kind for each in found.controls if each.kind != "planted"]
    assert kinds == ["placebo", "shuffled"]
    assert all(each.passed for each in found.controls)


def test_a_planted_effect_that_is_not_found_is_told(
    planted: Spec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "sdscm.audit.controls.controls.planted_lm", lambda: stronger(0.001, "planted")
    )
    found = audit(planted, planted_lm(), phrasings=5, **QUICK)
    passed = {each.finding.estimand.label: each.passed for each in found.controls}
    assert passed["controlled direct at fuse = hot"] is False
    assert passed["natural indirect through fuse"] is True


def test_a_placebo_that_matters_is_told(planted: Spec) -> None:
    plain = planted_lm()

    def table(choice: Choice) -> Any:
        context = tuple(each for each in choice.context if "Thursday" not in each)
        context = tuple(each for each in context if "Tuesday" not in each)
        (scores,) = plain.score([replace(choice, context=context)])
        p = np.exp(scores.value)
        return p + np.array([0.05, -0.05]) * ("Thursday" in " ".join(choice.context))

    options: dict[str, Any] = {**QUICK, "phrasings": 8}
    found = audit(planted, TabularLM(table), **options)
    (placebo,) = [each for each in found.controls if each.kind == "placebo"]
    assert placebo.finding.mean == pytest.approx(0.05)
    assert placebo.passed is False
    assert (placebo.finding.control, placebo.finding.treated) == ("Tuesday", "Thursday")
    found = audit(planted, TabularLM(table), smallest=0.06, **options)
    assert all(each.passed for each in found.controls if each.kind == "placebo")


def test_where_the_placebo_stands(clinic: Spec) -> None:
    spec = with_placebo(clinic)
    names = list(spec.order)
    assert names.index("placebo_weekday") == names.index("drug") - 1
    assert spec.treatment.name == "placebo_weekday"
    assert spec.parents("state") == ("age", "placebo_weekday", "drug", "pressure")
    assert spec.parents("pressure") == clinic.parents("pressure")
    with pytest.raises(InputError, match="rename"):
        with_placebo(spec)
    with pytest.raises(InputError, match="give a placebo without parents"):
        with_placebo(clinic, WEEKDAY.model_copy(update={"parents": ("age",)}))
    with pytest.raises(InputError, match="only one value"):
        with_placebo(clinic, WEEKDAY.model_copy(update={"values": ("Tuesday",)}))


@pytest.mark.parametrize("name", ["headache", "hiring"])
def test_scenarios_with_and_without_sentences_for_tuning_take_the_placebo(name: str) -> None:
    spec = load_spec(name)
    assert spec.split == (name == "headache")
    again = Spec.model_validate(with_placebo(spec).model_dump())
    assert again.treatment.name == WEEKDAY.name
    for variable in spec.variables:
        assert again.variable(variable.name).phrasings == variable.phrasings


def test_a_placebo_of_sentences(planted: Spec) -> None:
    told = ("The lamp was bought in {Ulm|Kiel}.", "Its shop stands in { Ulm | Kiel }.")
    placebo = placebo_of(*told, told[0])
    assert placebo.values == ("Ulm", "Kiel")
    assert shown(placebo) == (told[0], "Its shop stands in {Ulm|Kiel}.")
    plain = planted_lm()

    def table(choice: Choice) -> Any:
        context = tuple(each for each in choice.context if not each.endswith(("Ulm.", "Kiel.")))
        (scores,) = plain.score([replace(choice, context=context)])
        kiel, shop = ((word in " ".join(choice.context)) for word in ("Kiel.", "shop"))
        return np.exp(scores.value) + np.array([0.05, -0.05]) * (kiel + (kiel and shop))

    found = audit(planted, TabularLM(table), phrasings=8, placebo=placebo, **QUICK)
    assert found.placebo == placebo
    (control,) = [each for each in found.controls if each.kind == "placebo"]
    assert (control.finding.control, control.finding.treated) == ("Ulm", "Kiel")
    effects = [round(each.value, 6) for each in control.finding.effects]
    assert set(effects) == {0.05, 0.1}, "both wordings of the placebo are read"
    assert audit(planted, plain, phrasings=1, controls=False, **QUICK).placebo is None


@pytest.mark.parametrize(
    "sentences",
    [
        ["Filed today."],
        ["Filed on {Monday}."],
        ["Filed on {Monday|Monday}."],
        ["Filed on {Monday|}."],
        ["Filed on {a|b|c}."],
        ["Filed on {a} or {b}."],
        ["Filed on {a|b} in {c|d}."],
        ["Filed on {a|b}.", "On {b|a}."],
    ],
)
def test_sentences_that_make_no_placebo(sentences: list[str], one_line: Line) -> None:
    with pytest.raises(InputError) as caught:
        placebo_of(*sentences)
    message = one_line(caught.value)
    assert "placebo: '" in message
    assert "two" in message


def test_controls_have_verdicts_of_their_own(planted: Spec) -> None:
    found = audit(planted, [planted_lm(), stronger(0.03, "bright")], phrasings=8, **QUICK)
    by_kind: dict[str, list[Any]] = {}
    for each in found.controls:
        assert each.finding.tests is not None
        by_kind.setdefault(each.kind, []).append(each.finding.tests.no_effect)
    assert [p.holm for p in by_kind["placebo"]] == [1.0, 1.0]
    # The values of seven estimands, which are no family: only the two controlled effects are.
    planted_tests = dict(zip(planted_estimands(), by_kind["planted"], strict=True))
    least = 2 / 2**8
    for estimand, p in planted_tests.items():
        times = 2 if estimand.kind == "controlled direct" else 1
        assert (p.raw, p.holm) == pytest.approx((least, times * least)), estimand.label
    verdicts = {each.finding.verdict() for each in found.controls if each.kind == "planted"}
    assert verdicts == {"some effect"}


@pytest.mark.parametrize("seed", range(3))
def test_few_units_raise_no_false_alarm(planted: Spec, seed: int) -> None:
    options: dict[str, Any] = {**QUICK, "units": 5, "panel": 0, "method": "sample"}
    found = audit(planted, planted_lm(), phrasings=8, seed=seed, **options)
    assert all(each.passed for each in found.controls if each.kind == "planted")
    assert found.plan.units == 5


def test_shuffled_values_are_turned_in_half_of_the_contexts(clinic: Spec) -> None:
    scm = SDSCM(clinic, TabularLM(random_table(2)))
    plain = scm.exact().arrays.log_table("state")
    turned = []
    for seed in range(40):
        scm.mechanisms = ShuffledMechanisms(
            SDSCM(clinic, scm.lm).mechanisms, ["placebo"], ["statin"], seed
        )
        mixed = scm.exact().arrays.log_table("state")
        same = (mixed == plain).all(axis=(1, 3))
        crossed = (mixed == plain[:, ::-1]).all(axis=(1, 3))
        assert (same ^ crossed).all()
        turned.append(crossed.mean())
    assert abs(np.mean(turned) - 0.5) < 4 * 0.5 / math.sqrt(40 * 6)
    alone = SDSCM(clinic, scm.lm).exact().arrays.log_table("smoker")
    np.testing.assert_array_equal(scm.exact().arrays.log_table("smoker"), alone)


def test_models_side_by_side(planted: Spec) -> None:
    lms = [planted_lm(), stronger(0.03, "bright"), stronger(0.05, "glaring")]
    found = audit(planted, lms, phrasings=10, controls=False, smallest=0.01, **QUICK)
    assert [each.id for each in found.models] == ["planted", "bright", "glaring"]
    pairs = {(f.model, f.against): f for f in found.differences if f.estimand.kind == "total"}
    nothing = [f for f in found.differences if f.estimand.kind == "natural indirect"]
    assert [f.mean for f in nothing] == [0, 0, 0], "rounding makes no difference of models"
    gaps = {("bright", "planted"): 0.03, ("glaring", "planted"): 0.05, ("glaring", "bright"): 0.02}
    assert pairs.keys() == gaps.keys()
    for pair, gap in gaps.items():
        one = pairs[pair]
        assert one.mean == pytest.approx(gap, abs=1e-9)
        assert one.interval is not None
        # The same phrasings: what the models share does not blur their difference.
        assert one.interval.high - one.interval.low < 1e-9
        assert one.verdict() == "effect"
        alone = next(f for f in found.of("total", pair[0]))
        assert alone.interval is not None
        assert alone.interval.high - alone.interval.low > 0.01


def test_models_side_by_side_share_their_units(planted: Spec) -> None:
    lms = [planted_lm(), stronger(0.03, "bright")]
    found = audit(planted, lms, phrasings=6, controls=False, method="sample", **QUICK)
    (one,) = [each for each in found.differences if each.estimand.kind == "total"]
    assert one.mean == pytest.approx(0.03, abs=1e-9)
    assert all(each.standard_error < 1e-9 for each in one.effects)
    assert all(each.standard_error > 1e-3 for each in found.of("total", "bright")[0].effects)


def test_one_model_that_cannot_be_loaded(planted: Spec, one_line: Line) -> None:
    found = audit(planted, ["./nowhere", planted_lm()], phrasings=5, controls=False, **QUICK)
    assert [bool(each.error) for each in found.models] == [True, False]
    assert "nowhere" in found.models[0].error
    assert {each.model for each in found.findings} == {"planted"}
    assert found.differences == ()
    with pytest.raises(InputError) as caught:
        audit(planted, ["./nowhere", "./elsewhere"], controls=False)
    assert "elsewhere" in one_line(caught.value)


def test_one_phrasing_has_no_interval_and_no_test(planted: Spec) -> None:
    found = audit(planted, planted_lm(), phrasings=1, **QUICK)
    (total,) = found.of("total")
    assert total.interval is None
    assert total.tests is None
    assert total.split is None
    assert "one phrasing only" in total.refusal
    assert total.verdict() == "not judged"
    assert total.mean > 0.1
    null = [each.passed for each in found.controls if each.kind != "planted"]
    assert null == [None, None]


def test_four_phrasings_have_tests_but_no_interval(planted: Spec) -> None:
    (total,) = audit(planted, planted_lm(), phrasings=4, controls=False, **QUICK).of("total")
    assert total.interval is None
    assert "4 phrasings only" in total.refusal
    assert total.tests is not None
    assert total.tests.no_effect.raw == pytest.approx(2 / 2**4)
    assert total.tests.detectable == math.inf


def test_p_values_are_adjusted_over_contrasts_measures_and_models(planted: Spec) -> None:
    found = audit(
        planted,
        [planted_lm(), stronger(0.03, "bright")],
        contrasts=[("down", "up"), ("up", "down")],
        measures=["probability", "log-odds"],
        phrasings=6,
        controls=False,
        **QUICK,
    )
    totals = found.of("total")
    assert len(totals) == 8
    for each in totals:
        assert each.tests is not None
        assert each.tests.no_effect.raw == pytest.approx(1 / 32)
        assert each.tests.no_effect.holm == pytest.approx(8 / 32)
        assert each.tests.no_effect.hochberg == pytest.approx(1 / 32)
    assert [each.mean > 0 for each in totals] == [True, True, False, False] * 2
    gaps = [each for each in found.differences if each.estimand.kind == "total"]
    assert [each.tests.no_effect.holm for each in gaps if each.tests] == [4 / 32] * 4


def test_no_effect_is_a_finding(planted: Spec) -> None:
    """The season's effect on the fuse: only through the switch, and here smaller than 0.2."""
    found = audit(
        planted,
        planted_lm(),
        treatment="season",
        outcome="fuse",
        smallest=0.2,
        phrasings=None,
        controls=False,
        **QUICK,
    )
    # One phrasing each of season, switch and fuse: what the lamp is called tells them nothing.
    assert found.phrasings == (0,)
    (total,) = found.of("total")
    assert total.mean == pytest.approx(-0.4 * 0.4), "P(cold) falls as wet seasons switch on"
    found = audit(
        planted,
        planted_lm(),
        treatment="fuse",
        measures=["probability"],
        smallest=0.4,
        phrasings=8,
        controls=False,
        **QUICK,
    )
    (total,) = found.of("total")
    assert total.tests is not None
    assert total.tests.no_effect.raw == pytest.approx(2 / 2**8)
    assert total.verdict() == "no effect that matters"


@pytest.mark.parametrize("method", ["exact", "sample"])
def test_nobody_is_in_a_subgroup_that_cannot_be(planted: Spec, method: Any) -> None:
    season = planted.variable("season").model_copy(update={"distribution": (0.0, 1.0)})
    variables = [season if v.name == "season" else v for v in planted.variables]
    spec = planted.model_copy(update={"variables": tuple(variables)})
    options: dict[str, Any] = {**QUICK, "subgroups": ["season"], "method": method}
    found = audit(spec, planted_lm(), phrasings=2, controls=False, **options)
    assert [each.estimand.label for each in found.of("subgroup")] == ["total among season = wet"]
    assert found.of("interaction") == ()


def test_what_is_asked_twice_is_answered_once(planted: Spec) -> None:
    options: dict[str, Any] = {**QUICK, "phrasings": 6, "controls": False}
    twice = [("down", "up"), ("down", "up")]
    lms = [planted_lm(), stronger(0.03, "bright")]
    found = audit(planted, lms, contrasts=twice, held=[{"fuse": "hot"}] * 2, **options)
    assert len(found.of("total")) == len(found.of("controlled direct")) == 2
    (gap,) = [each for each in found.differences if each.estimand.kind == "total"]
    assert gap.tests is not None
    assert gap.tests.no_effect.holm == gap.tests.no_effect.raw


def test_a_value_that_never_occurs_leaves_the_spurious_part_undefined(planted: Spec) -> None:
    switch = planted.treatment.model_copy(update={"distribution": (1.0, 0.0)})
    variables = [switch if v.name == "switch" else v for v in planted.variables]
    spec = planted.model_copy(update={"variables": tuple(variables)})
    for method in ("exact", "sample"):
        found = audit(spec, planted_lm(), phrasings=5, controls=False, method=method, **QUICK)
        (spurious,) = found.of("spurious")
        assert spurious.tests is None
        assert "probability 0" in spurious.refusal
        (total,) = found.of("total")
        assert not total.refusal


def test_no_panel_no_split(planted: Spec) -> None:
    found = audit(planted, planted_lm(), phrasings=5, controls=False, **{**QUICK, "panel": 0})
    (total,) = found.of("total")
    assert total.split is None
    assert total.interval is not None
    assert found.models[0].facts == ()


def test_the_domain_mass_is_told(planted: Spec) -> None:
    found = audit(planted, planted_lm(), phrasings=5, controls=False, **QUICK)
    facts = {each.name: each for each in found.models[0].facts}
    assert facts.keys() == set(planted.order)
    assert facts["lamp"].mass == pytest.approx(1)
    assert facts["fuse"].largest > 0.5


def test_progress_counts_to_its_end(planted: Spec) -> None:
    seen: list[tuple[int, int]] = []
    audit(planted, planted_lm(), phrasings=5, progress=lambda *each: seen.append(each), **QUICK)
    assert seen == [(k, 15) for k in range(1, 16)]


def test_the_same_audit_twice(planted: Spec) -> None:
    options: dict[str, Any] = {**QUICK, "phrasings": 6, "method": "sample"}
    one, again = (audit(planted, planted_lm(), seed=5, **options) for _ in range(2))
    other = audit(planted, planted_lm(), seed=6, **options)
    assert one.findings == again.findings
    assert one.phrasings != other.phrasings


def test_phrasings_that_give_one_text_are_refused(clinic: Spec, one_line: Line) -> None:
    """Sentences that differ only in where they are cut would count as independent phrasings."""
    treatment, outcome = clinic.treatment.name, clinic.outcome.name
    cut = {
        treatment: ("Now {value}. So", "Now {value}."),
        outcome: ("she {value}", "So she {value}"),
    }
    spec = clinic.model_copy(
        update={
            "variables": tuple(
                each.model_copy(
                    update={
                        "parents": (treatment,) if each.name == outcome else (),
                        "phrasings": tuple(map(Phrasing.from_template, cut[each.name])),
                    }
                )
                for each in (clinic.treatment, clinic.outcome)
            )
        }
    )
    with pytest.raises(InputError) as caught:
        choose_phrasings(spec, None)
    assert "give the same text, 'Now" in one_line(caught.value)
    assert len(choose_phrasings(spec, 1)) == 1


def test_phrasings_are_drawn_where_the_outcome_can_tell(clinic: Spec) -> None:
    assert clinic.n_phrasings == 8
    assert count_phrasings(clinic) == 8
    everything = choose_phrasings(clinic, None)
    assert everything[0] == 0
    choices = {tuple(clinic.phrased(number).choice.values()) for number in everything}
    assert len(choices) == len(everything) == 8
    assert choose_phrasings(clinic, 20) == everything
    some = [choose_phrasings(clinic, 3, seed) for seed in range(30)]
    assert all(len(set(each)) == 3 for each in some)
    assert len(set(some)) == 30
    # Each choice is as likely as any other to be among the three.
    drawn = [tuple(clinic.phrased(n).choice.values()) for each in some for n in each]
    assert len(set(drawn)) == 8


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"contrasts": [("down", "left")]}, ["left", "up"]),
        ({"contrasts": [("up", "up")]}, ["'up'", "twice"]),
        ({"contrasts": [("up",)]}, ["two values"]),
        ({"contrasts": []}, ["at least one"]),
        ({"treatment": "lamp", "outcome": "season"}, ["is an ancestor"]),
        ({"measures": ["odds"]}, ["odds", "log-odds"]),
        ({"measures": ["probability", "log-odds"], "smallest": 0.1}, ["smallest", "scales"]),
        ({"smallest": {"log-odds": 0.1}}, ["log-odds", "probability"]),
        ({"smallest": -1.0}, ["positive"]),
        ({"level": 95}, ["level", "0.95"]),
        ({"resamples": 3}, ["resamples"]),
        ({"resamples": 10**9}, ["resamples", "1,000,000"]),
        ({"temperature": 0.0}, ["temperature", "positive"]),
        ({"temperature": math.nan}, ["temperature", "positive"]),
        ({"scoring": "guess"}, ["'guess'", "definition"]),
        ({"treatment": ""}, ["treatment: ''"]),
        ({"held": [{"season": "wet"}]}, ["held: 'season'", "fuse"]),
        ({"phrasings": 0}, ["phrasings = 0"]),
        ({"method": "guess"}, ["guess", "exact"]),
        ({"units": 1}, ["units = 1"]),
        ({"panel": 1}, ["panel = 1"]),
        ({"subgroups": ["fuse"]}, ["fuse"]),
        ({"method": "exact", "max_contexts": 1}, ["contexts"]),
    ],
)
def test_bad_input_is_told_before_the_model_is_asked(
    planted: Spec, options: Any, words: list[str], one_line: Line
) -> None:
    lm = planted_lm()
    with pytest.raises(InputError) as caught:
        audit(planted, lm, controls=False, **options)
    message = one_line(caught.value)
    assert all(word in message for word in words), message
    assert lm.scored == 0


def test_two_models_of_one_name(planted: Spec) -> None:
    with pytest.raises(InputError, match=r"'planted' is given twice; .* NAME=MODEL"):
        audit(planted, [planted_lm(), planted_lm()], phrasings=2, controls=False, **QUICK)
    named = {"base": planted_lm(), "tuned": planted_lm()}
    result = audit(planted, named, phrasings=2, controls=False, **QUICK)
    assert [model.id for model in result.models] == ["base", "tuned"]
    assert {finding.model for finding in result.findings} == {"base", "tuned"}


def test_controls_have_the_names_of_the_models(planted: Spec) -> None:
    named = {"base": planted_lm(), "tuned": planted_lm()}
    found = audit(planted, named, phrasings=2, **QUICK).controls
    names = {(each.kind, each.finding.model) for each in found if each.kind != "planted"}
    assert names == {(kind, name) for kind in ("placebo", "shuffled") for name in named}


def test_folders_of_one_name_are_told_apart_by_their_paths(planted: Spec, tmp_path: Path) -> None:
    """The shortest ends that differ: trainers write each run to a folder of the same name."""
    folders = [tmp_path / run / "final" for run in ("v1", "v2", "old/v1")] + [tmp_path / "other"]
    for folder in folders:
        folder.mkdir(parents=True)
    asked = []

    def load(name: str) -> LanguageModel:
        asked.append(name)
        if name.endswith("v2/final"):
            raise InputError("it cannot be loaded")
        return planted_lm()

    names = [str(folder) for folder in folders]
    result = audit(planted, names, phrasings=2, controls=False, load=load, **QUICK)
    parent = tmp_path.name
    found = [model.id for model in result.models]
    assert found == [f"{parent}/v1/final", "v2/final", "old/v1/final", "other"]
    assert asked == names
    assert [bool(model.error) for model in result.models] == [False, True, False, False]


def test_a_folder_and_a_model_of_the_hub_are_told_apart(
    planted: Spec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "models" / "gpt2").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    options: dict[str, Any] = {"phrasings": 2, "controls": False, **QUICK}
    names = ["models/gpt2", "gpt2"]
    result = audit(planted, names, load=lambda name: planted_lm(), **options)
    assert [model.id for model in result.models] == ["models/gpt2", "gpt2"]


def test_a_whole_path_begins_with_one_slash(planted: Spec, tmp_path: Path) -> None:
    """The path of the first folder is an end of the second's."""
    inner = tmp_path.joinpath(*tmp_path.parts[1:])
    inner.mkdir(parents=True)
    options: dict[str, Any] = {"phrasings": 2, "controls": False, **QUICK}
    names = [str(tmp_path), str(inner)]
    result = audit(planted, names, load=lambda name: planted_lm(), **options)
    assert result.models[0].id == tmp_path.as_posix()
    assert result.models[1].id == "/".join([tmp_path.name, *tmp_path.parts[1:]])


def test_measures_have_labels(planted: Spec) -> None:
    labels = [Measure.of(planted, kind).label for kind in ("probability", "log-odds", "category")]
    assert labels == ["P(on)", "log-odds(on)", "P(on)"]
    scored = Measure.of(planted, "expected-score", scores={"on": 2.0, "off": -1.0})
    assert scored.label == "expected score"
