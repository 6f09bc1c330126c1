"""``sdscm calibrate`` prints what is asked and reached, and writes a suite that loads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

import sdscm
from benchmarks.suite.loading import load_suite
from sdscm.calibration.solve import Difficulty
from sdscm.inference.outcome import OutcomeFunction
from sdscm.lm.backends.tabular import TabularLM, random_table


@pytest.fixture(autouse=True)
def lm(monkeypatch: pytest.MonkeyPatch) -> Iterator[TabularLM]:
    """Load this model instead of the embedded one."""
    model = TabularLM(random_table(1))
    monkeypatch.setattr(sdscm, "load_lm", lambda *_, **__: model)
    return model


@pytest.fixture
def split(workspace: Path) -> Path:
    """The study with other sentences for tuning than those that are scored."""

    def both(found: re.Match[str]) -> str:
        scored = re.sub(r'"(?=\w)', '"Today: ', found[1])
        return f"phrasings: {{tuning: {found[1]}, scored: {scored}}}"

    path = workspace / "specs" / "split.yaml"
    path.parent.mkdir()
    text = (workspace / "study.yaml").read_text()
    path.write_text(re.sub(r"phrasings: (\[.*\])", both, text))
    assert sdscm.load_spec(str(path)).split
    return path


def shown(out: str, name: str) -> list[float]:
    """The numbers of a target's row."""
    (line,) = (line for line in out.splitlines() if line.startswith(name))
    return [
        float(word) for word in re.findall(r"[-+]?[\d.]+|–", line.removeprefix(name)) if word != "–"
    ]


def test_the_written_suite_has_the_dials(cli, split, lm):
    asked = ["--target", "effective_n=0.9", "--target", "noise_share=0.3"]
    ran = cli("calibrate", split, *asked, "--phrasings", 2, "--out", "suites.yaml")
    assert (ran.code, ran.err) == (0, "")
    (entry,) = load_suite("suites.yaml").datasets
    assert entry.scenario == "specs/split.yaml"
    assert entry.phrasing_numbers
    assert entry.dataset == {"noise": pytest.approx((0.3 / 0.7) ** 0.5, abs=0.01)}
    dials = {"temperature": entry.temperature, **entry.dials, **entry.dataset}
    spec = sdscm.load_spec(str(split))
    outcome = OutcomeFunction.of(spec)
    scored = Difficulty(spec, lm, entry.phrasing_numbers, 300, outcome)(dials)
    row = shown(ran.out, "effective_n")
    assert row[:2] == [0.9, pytest.approx(0.9, abs=0.01)]
    assert row[3:] == [
        pytest.approx(scored.mean["effective_n"], abs=6e-4),
        pytest.approx(scored.error["effective_n"], abs=6e-4),
        pytest.approx(scored.mean["effective_n"] - 0.9, abs=6e-4),
    ]
    assert "2 phrasings (enumerated)" in ran.out
    assert "no sentences for tuning" not in ran.out
    assert sdscm.load_spec(Path("suites.yaml").parent / entry.scenario).split


def test_tuning_never_sees_the_scored_sentences(cli, split, monkeypatch):
    seen: set[str] = set()
    table = random_table(1)

    def watched(choice):
        seen.update(choice.context)
        return table(choice)

    monkeypatch.setattr(sdscm, "load_lm", lambda *_, **__: TabularLM(watched))
    asked = ["--target", "effective_n=0.9"]
    assert cli("calibrate", split, *asked, "--scored", 0).code == 0
    assert any(text.startswith("The patient") for text in seen)
    assert not any(text.startswith("Today: ") for text in seen)
    assert cli("calibrate", split, *asked).code == 0
    assert any(text.startswith("Today: ") for text in seen)


def test_the_entry_is_printed_without_a_file(cli, split):
    ran = cli(
        "calibrate", split, "--target", "effective_n=0.9", "--scored", 0, "--measure", "probability"
    )
    assert ran.code == 0
    (entry,) = yaml.safe_load(ran.out.partition("Entry of a suite\n")[2])
    assert entry["outcome"] == "probability"
    assert entry["dials"]["overlap"] > 0
    assert "–" in ran.out


def test_without_a_split_other_phrasings_are_held_out(cli, workspace):
    ran = cli(
        "calibrate",
        "study.yaml",
        "--target",
        "effective_n=0.9",
        "--phrasings",
        2,
        "--out",
        "s.yaml",
    )
    assert ran.code == 0
    (line,) = (line for line in ran.out.splitlines() if "no sentences for tuning" in line)
    (entry,) = load_suite("s.yaml").datasets
    assert line.endswith("measured on " + ", ".join(map(str, entry.phrasing_numbers)))
    tuned = line.partition("phrasings ")[2].partition(" and")[0].split(", ")
    assert len(tuned) == 2
    assert not set(tuned) & set(map(str, entry.phrasing_numbers))
    all_ = cli("calibrate", "study.yaml", "--target", "effective_n=0.9")
    assert "measured on no others" in all_.out


def test_out_of_reach_is_exit_1_and_writes_nothing(cli, workspace):
    asked = ["--target", "noise_share=0.95", "--dial", "temperature=1", "--dial", "effect=1"]
    ran = cli("calibrate", "study.yaml", *asked, "--out", "s.yaml")
    assert ran.code == 1
    (line,) = (line for line in ran.out.splitlines() if line.startswith("noise_share=0.95"))
    assert "nearest value found is 0.900" in line
    assert "noise 3 (end of its range)" in line
    assert not (workspace / "s.yaml").exists()
    assert cli("calibrate", "study.yaml", *asked, "--dial", "noise=0:6").code == 0


def test_targets_that_exclude_each_other_are_told(cli):
    asked = ["--target", "propensity_q05=0.5", "--target", "effective_n=0.6"]
    ran = cli("calibrate", "study.yaml", *asked, "--dial", "temperature=1", "--phrasings", 1)
    assert ran.code == 1
    assert "reached alone" in ran.out
    assert "not with the other targets" in ran.out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("", ["--target", "NAME=VALUE"]),
        ("--target bias", ["--target bias", "NAME=VALUE"]),
        ("--target bias=much", ["--target bias=much", "'much' is not a number"]),
        ("--target biass=1", ["biass=1", "did you mean 'bias'"]),
        ("--target treated=1.4", ["treated=1.4", "0 to 1"]),
        ("--target bias=.1 --target bias=.2", ["'bias' is set twice"]),
        ("--target bias=.1 --dial warmth=2", ["--dial warmth=2", "temperature"]),
        ("--target bias=.1 --dial effect=1:", ["--dial effect=1:", "not a number"]),
        ("--target bias=.1 --dial effect=2:1", ["--dial effect=2:1", "LOW first"]),
        ("--target treated=.1 --dial noise=0:1", ["noise=0:1", "none of the targets"]),
        ("--target bias=.1 --phrasings 0", ["'--phrasings'"]),
        ("--target bias=.1 --out s.csv", ["--out s.csv", ".yaml"]),
        ("--target bias=.1 --out study.yaml", ["study.yaml: exists already", "--force"]),
    ],
)
def test_bad_input_is_one_line(options, words, cli, lm):
    ran = cli("calibrate", "study.yaml", *options.split())
    assert (ran.code, ran.out) == (2, "")
    (line,) = ran.err.splitlines()
    assert all(word in line for word in words), line
    assert lm.scored == 0
