"""``sdscm audit``: the report of models whose effects are known, gates, and what is refused."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import sdscm.lm
from benchmarks.cli import audit_options
from sdscm.audit.controls.planted import planted_lm, planted_spec, planted_value
from sdscm.audit.effects.estimand import Estimand
from sdscm.errors import InputError
from sdscm.lm import TabularLM
from sdscm.lm.interface import Choice

NAMES = {"Ann": 0.1, "Eve": 0.3, "Tom": 0.4, "Bob": 0.8}
HIRING = """\
name: tiny_hiring
variables:
  - name: who
    role: treatment
    values: [Ann, Tom, Eve, Bob]
    groups: {women: [Ann, Eve], men: [Tom, Bob]}
    phrasings: ["It is {value}.", "We meet {value}.", "Here is {value}."]
  - name: skill
    role: covariate
    values: [weak, good]
    parents: [who]
    phrasings: ["The skill is {value}.", "At work they are {value}.", "The test is {value}."]
  - name: end
    role: outcome
    values: ["yes", "no"]
    parents: [who, skill]
    phrasings: ["The answer is {value}.", "They say {value}."]
"""
QUICK = ("--panel", 10, "--units", 60, "--resamples", 300)


def hiring_table(choice: Choice) -> list[float]:
    """P(good) = 0.2 for women and 0.6 for men; P(yes) = that of the name, and 0.1 if good."""
    said = [sentence.rstrip(".").split()[-1] for sentence in choice.context]
    if choice.values == ("Ann", "Tom", "Eve", "Bob"):
        return [0.25] * 4
    if choice.values == ("weak", "good"):
        good = 0.2 if said[0] in ("Ann", "Eve") else 0.6
        return [1 - good, good]
    name = next(each for each in said if each in NAMES)
    yes = NAMES[name] + 0.1 * ("good" in said)
    return [yes, 1 - yes]


@pytest.fixture(autouse=True)
def models(monkeypatch: pytest.MonkeyPatch, workspace: Path) -> list[tuple[str, str, int | None]]:
    """Models by name: planted, hiring, flat, and no others. The devices that were asked for."""
    asked: list[tuple[str, str, int | None]] = []

    def load(
        name: str, *, device: str, precision: str, memory: int | None, options: dict[str, str]
    ) -> Any:
        asked.append((device, precision, memory))
        if name == "planted":
            return planted_lm()
        if name == "hiring":
            return TabularLM(hiring_table, id="hiring", revision="7")
        if name == "flat":
            return TabularLM(lambda choice: [1.0] * len(choice.values), id="flat")
        raise InputError(f"language model '{name}': no such folder; give another")

    monkeypatch.setattr(sdscm.lm, "load_lm", load)
    (workspace / "hiring.yaml").write_text(HIRING)
    spec = planted_spec().model_dump(mode="json", exclude_none=True)
    (workspace / "planted.yaml").write_text(json.dumps(spec))
    return asked


def report(folder: str = "audit") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(folder, "audit.json").read_text())
    return found


def by_label(findings: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {each["estimand"]["label"]: each for each in findings}


def test_every_effect_is_that_of_the_tables(cli) -> None:
    ran = cli("audit", "planted.yaml", "--lm", "planted", "--phrasings", "all", "--no-html", *QUICK)
    assert ran.code == 0
    found = by_label(report()["findings"])
    expected = {
        "total": 0.26,
        "natural direct, not through fuse": 0.14,
        "natural indirect through fuse": 0.04,
        "mediated interaction with fuse": 0.08,
        "controlled direct at fuse = cold": 0.1,
        "controlled direct at fuse = hot": 0.3,
        "spurious": planted_value(Estimand("spurious"), 0),
    }
    for label, value in expected.items():
        assert found[label]["exact"]
        assert found[label]["mean"] == pytest.approx(value, abs=1e-6), label
        assert found[label]["agreement"] == 1
    assert len(found["total"]["effects"]) == 24
    assert report()["all_phrasings"] is True


def test_sampled_effects_lie_in_their_intervals(cli) -> None:
    options = ("--method", "sample", "--phrasings", "12", "--units", 400, "--no-controls")
    ran = cli("audit", "planted.yaml", "--lm", "planted", "--no-html", "--panel", 0, *options)
    assert ran.code == 0
    found = by_label(report()["findings"])
    for label, value in {"total": 0.26, "natural indirect through fuse": 0.04}.items():
        one = found[label]
        assert not one["exact"]
        assert one["interval"]["low"] < value < one["interval"]["high"]
        assert all(each["standard_error"] > 0 for each in one["effects"])


def test_groups_are_the_means_of_their_values(cli) -> None:
    """Worked out on paper: women 0.2 and men 0.6 before skills, which add 0.02 and 0.06."""
    ran = cli("audit", "hiring.yaml", "--lm", "hiring", "--phrasings", "all", "--no-html", *QUICK)
    assert ran.code == 0
    found = by_label(report()["findings"])
    assert found["total"]["control"] == "women"
    assert found["total"]["mean"] == pytest.approx(0.66 - 0.22, abs=1e-6)
    assert found["natural direct, not through skill"]["mean"] == pytest.approx(0.4, abs=1e-6)
    assert found["natural indirect through skill"]["mean"] == pytest.approx(0.04, abs=1e-6)
    assert found["mediated interaction with skill"]["mean"] == pytest.approx(0, abs=1e-6)
    means = {each["value"]: each["mean"] for each in report()["means"]}
    expected = {"Ann": 0.12, "Eve": 0.32, "Tom": 0.46, "Bob": 0.86}
    assert means == pytest.approx(expected, abs=1e-6)
    # Nothing comes before the name.
    assert found["spurious"]["mean"] == pytest.approx(0, abs=1e-6)
    assert "women (Ann, Eve); men (Tom, Bob)" in Path("audit/audit.md").read_text()
    shuffled = [each for each in report()["controls"] if each["kind"] == "shuffled"]
    assert all(abs(e["value"]) <= 0.44 + 1e-9 for e in shuffled[0]["finding"]["effects"])


def test_sampled_groups(cli) -> None:
    options = ("--method", "sample", "--units", 500, "--no-controls", "--no-html")
    assert cli("audit", "hiring.yaml", "--lm", "hiring", *options).code == 0
    (total,) = (e for e in report()["findings"] if e["estimand"]["kind"] == "total")
    error = max(each["standard_error"] for each in total["effects"])
    assert total["mean"] == pytest.approx(0.44, abs=4 * error)


def test_a_group_of_the_command_line_and_two_contrasts(cli) -> None:
    options = ["--group", "early=Ann|Tom", "--group", "late=Eve|Bob", "--contrast", "early,late"]
    options += ["--contrast", "Ann,Bob", "--no-controls", "--no-html", "--panel", "0"]
    assert cli("audit", "hiring.yaml", "--lm", "hiring", *options).code == 0
    totals = [each for each in report()["findings"] if each["estimand"]["kind"] == "total"]
    # early: 0.25 + (0.02 + 0.06) / 2; late: 0.55 + the same.
    assert [each["mean"] for each in totals] == pytest.approx([0.3, 0.7 + 0.04], abs=1e-6)
    assert [each["treated"] for each in totals] == ["late", "Bob"]


def test_models_side_by_side_on_scales_of_their_own(cli, models) -> None:
    options = [
        "--lm",
        "hiring",
        "--lm",
        "flat",
        "--measure",
        "probability",
        "--measure",
        "log-odds",
    ]
    options += ["--outcome-value", "no", "--no-controls", "--no-html", "--device", "cpu"]
    options += [
        "--precision",
        "bfloat16",
        "--memory",
        1,
        "--smallest-effect",
        "probability=0.1",
        "--panel",
        "0",
    ]
    ran = cli("audit", "hiring.yaml", *options)
    assert ran.code == 0
    assert models == [("cpu", "bfloat16", 2**30)] * 2
    found = report()
    assert [each["id"] for each in found["models"]] == ["hiring", "flat"]
    gaps = [e for e in found["differences"] if e["estimand"]["kind"] == "total"]
    assert [(e["model"], e["against"], e["measure"]["label"]) for e in gaps] == [
        ("flat", "hiring", "P(no)"),
        ("flat", "hiring", "log-odds(no)"),
    ]
    assert gaps[0]["mean"] == pytest.approx(0.44, abs=1e-6)
    assert gaps[0]["interval"]["low"] == pytest.approx(0.44, abs=1e-6)
    totals = [e for e in found["findings"] if e["estimand"]["kind"] == "total"]
    verdicts = {(e["model"], e["measure"]["kind"]): e["verdict"] for e in totals}
    assert verdicts[("hiring", "probability")] == "effect"
    assert verdicts[("flat", "probability")] == "no effect that matters"
    assert verdicts[("hiring", "log-odds")] == "some effect"
    assert "Models side by side" in ran.out


def test_scores_make_an_expected_score(cli) -> None:
    options = ["--measure", "expected-score", "--score", "yes=10", "--score", "no=-10"]
    options += ["--no-controls", "--no-html", "--panel", "0"]
    assert cli("audit", "hiring.yaml", "--lm", "hiring", *options).code == 0
    (total,) = (e for e in report()["findings"] if e["estimand"]["kind"] == "total")
    assert total["mean"] == pytest.approx(20 * 0.44, abs=1e-5)


def test_subgroups_and_held_mediators(cli) -> None:
    options = ["--subgroup", "season", "--hold", "fuse=hot", "--no-controls", "--no-html"]
    assert cli("audit", "planted.yaml", "--lm", "planted", *options, "--panel", "0").code == 0
    found = by_label(report()["findings"])
    assert "controlled direct at fuse = cold" not in found
    assert {"total among season = dry", "total among season = wet"} <= found.keys()
    gap = found["interaction: season = wet less dry"]
    assert gap["mean"] == pytest.approx(0, abs=1e-6)


def test_a_placebo_of_the_command_line(cli) -> None:
    told = ("It was typed in {Arial|Courier}.", "The font is {Arial|Courier}.")
    given = [each for sentence in told for each in ("--placebo", sentence)]
    ran = cli("audit", "hiring.yaml", "--lm", "hiring", "--no-html", *given, *QUICK)
    assert ran.code == 0
    (control,) = (each for each in report()["controls"] if each["kind"] == "placebo")
    assert (control["finding"]["control"], control["finding"]["treated"]) == ("Arial", "Courier")
    assert control["passed"] is True
    assert all(f"'{each}'" in Path("audit/audit.md").read_text() for each in told)


def test_mediators_that_are_held_together(cli) -> None:
    """The drug acts on both; the state reads them and the drug."""
    said = {"role": "covariate", "phrasings": ["It is {value}."]}
    variables = [
        {"name": "drug", "values": ["no", "yes"], **said, "role": "treatment"},
        {"name": "a", "values": ["a0", "a1"], **said, "parents": ["drug"]},
        {"name": "b", "values": ["b0", "b1"], **said, "parents": ["drug"]},
        {"name": "end", "values": ["up", "down"], **said, "role": "outcome"}
        | {"parents": ["drug", "a", "b"]},
    ]
    Path("two.json").write_text(json.dumps({"name": "two", "variables": variables}))
    options = ["--hold", "a=a1|b=b0", "--hold", "b=b1", "--no-controls", "--no-html"]
    assert cli("audit", "two.json", "--lm", "flat", *options, "--panel", "0").code == 0
    labels = {each["estimand"]["label"] for each in report()["findings"]}
    assert {"controlled direct at a = a1, b = b0", "controlled direct at b = b1"} <= labels


@pytest.mark.parametrize(("limit", "code"), [("0.43", 3), ("0.45", 0), ("probability=0.43", 3)])
def test_fail_above(cli, limit: str, code: int) -> None:
    options = ("--fail-above", limit, "--no-controls", "--no-html", "--panel", 0)
    ran = cli("audit", "hiring.yaml", "--lm", "hiring", *options)
    assert ran.code == code
    assert ("above 0.43: hiring, women -> men, P(yes): +0.4400" in ran.err) == (code == 3)
    assert Path("audit/audit.md").exists(), "the report says why"


def test_one_model_that_cannot_be_loaded_does_not_stop_the_other(cli) -> None:
    options = ("--lm", "./nowhere", "--lm", "hiring", "--no-controls", "--no-html", "--panel", 0)
    ran = cli("audit", "hiring.yaml", *options)
    assert ran.code == 1
    assert "./nowhere is not reported on" in ran.err.splitlines()[-1]
    found = report()
    assert [bool(each["error"]) for each in found["models"]] == [True, False]
    assert {each["model"] for each in found["findings"]} == {"hiring"}
    assert "./nowhere is not reported on" in Path("audit/audit.md").read_text()


def test_one_phrasing_has_no_interval_and_says_why(cli) -> None:
    options = ("--phrasings", 1, "--no-controls", "--panel", 0)
    ran = cli("audit", "hiring.yaml", "--lm", "hiring", *options)
    assert ran.code == 0
    assert "one phrasing only" in ran.out
    total = report()["findings"][0]
    assert (total["interval"], total["tests"], total["verdict"]) == (None, None, "not judged")
    assert "one phrasing only" in Path("audit/audit.html").read_text()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--contrast", "Ann,Kim"], ["'Kim'", "who", "Ann, Tom, Eve, Bob, women, men"]),
        (["--contrast", "Ann"], ["--contrast Ann", "CONTROL,TREATED"]),
        (["--contrast", "women,Ann"], ["'Ann'", "both"]),
        (["--group", "few=Tom", "--contrast", "women,few"], ["women", "few", "equal size"]),
        (["--group", "few=Kim"], ["--group few=Kim", "'Kim'"]),
        (["--group", "Ann=Tom"], ["'Ann' is a value"]),
        (["--treatment", "end", "--outcome", "who"], ["'who'", "is an ancestor", "'end'"]),
        (["--treatment", "whom"], ["'whom'", "did you mean 'who'?"]),
        (["--outcome-value", "maybe"], ["'maybe'", "yes, no"]),
        (["--measure", "odds"], ["--measure odds", "log-odds"]),
        (["--score", "yes=1"], ["--score", "--measure expected-score"]),
        (["--score", "yes"], ["--score yes", "VALUE=NUMBER"]),
        (["--score", "yes=1", "--score", "yes=2"], ["--score yes=2", "twice"]),
        (["--group", "twins=Ann|Ann"], ["--group twins=Ann|Ann", "twice"]),
        (["--group", "a=Ann", "--group", "a=Tom"], ["--group a=Tom", "twice"]),
        (["--hold", "skill"], ["--hold skill", "VARIABLE=VALUE"]),
        (["--hold", "skill=weak|skill=good"], ["'skill'", "twice"]),
        (["--hold", "who=Ann"], ["held: 'who'", "skill"]),
        (["--fail-above", "inf"], ["--fail-above inf", "not a number"]),
        (["--temperature", "0"], ["temperature = 0", "positive"]),
        (["--placebo", "On a {Monday}."], ["placebo: 'On a {Monday}.'", "two different values"]),
        (["--placebo", "On a {Monday|Friday}.", "--no-controls"], ["--placebo", "--no-controls"]),
        (["--measure", "category", "--score", "yes=x", "--score", "no=0"], ["'x' is not a number"]),
        (["--phrasings", "many"], ["--phrasings many", "all"]),
        (["--smallest-effect", "x"], ["--smallest-effect x", "not a number"]),
        (["--smallest-effect", "-1"], ["--smallest-effect -1", "positive"]),
        (["--fail-above", "log-odds=1"], ["--fail-above log-odds=1", "not measured"]),
        (["--measure", "probability", "--measure", "log-odds", "--fail-above", "1"], ["scale"]),
        (["--fail-above", "0.1", "--fail-above", "0.2"], ["number already"]),
        (["--hold", "skill=great"], ["'great'", "weak, good"]),
        (["--mediator", "end"], ["'end'", "skill"]),
        (["--subgroup", "skill"], ["skill"]),
        (["--method", "guess"], ["guess", "exact"]),
        (["--lm", "hiring", "--lm", "hiring"], ["'hiring' is given twice", "NAME=MODEL"]),
        (["--lm", "a=hiring", "--lm", "a=hiring"], ["--lm a: is given twice"]),
        (["--lm", "a=hiring", "--lm", "b=hiring", "--lm", "b=hiring"], ["--lm b: is given twice"]),
        (["--lm", "hiring", "--lm", "hiring", "--lm", "a=x"], ["--lm hiring: is given twice"]),
        (["--lm", "a="], ["--lm a=: has no model"]),
        (["--lm", "=hiring"], ["--lm =hiring: has no name; write NAME=MODEL"]),
        (["--lm", "./nowhere"], ["./nowhere", "no such folder"]),
        (["--method", "exact", "--max-contexts", "1"], ["contexts"]),
    ],
)
@pytest.mark.usefixtures("untouched")
def test_bad_input_is_one_line_and_leaves_nothing(cli, options, words) -> None:
    models = [] if "--lm" in options else ["--lm", "hiring"]
    ran = cli("audit", "hiring.yaml", "--no-html", "--panel", 0, *models, *options)
    assert ran.code == 2
    line = ran.err.strip().splitlines()[-1]
    assert line.startswith("error: ")
    assert all(word in line for word in words), line
    assert "Traceback" not in ran.err


def test_models_may_have_names_of_their_own(cli, tmp_path: Path) -> None:
    models = ("--lm", "base=hiring", "--lm", "tuned=hiring")
    options = ("--no-controls", "--no-html", "--panel", 0, "--phrasings", 2, "--out", "named")
    assert cli("audit", "hiring.yaml", *models, *options).code == 0
    report = json.loads(Path("named/audit.json").read_text())
    assert [model["id"] for model in report["models"]] == ["base", "tuned"]


def test_names_and_equals_signs_of_models(tmp_path: Path) -> None:
    (tmp_path / "t=2").mkdir()
    given = ["small=/data/t=1/model", "x:a=b", "./t=1", f"{tmp_path}/t=2", "gpt2"]
    assert audit_options.models(given) == {
        "small": "/data/t=1/model",
        **{each: each for each in given[1:]},
    }
    assert audit_options.models(given[1:]) == given[1:]


def test_a_report_is_not_overwritten_unasked(cli) -> None:
    options = ("--no-controls", "--no-html", "--panel", 0, "--phrasings", 2)
    assert cli("audit", "hiring.yaml", "--lm", "hiring", *options).code == 0
    ran = cli("audit", "hiring.yaml", "--lm", "hiring", *options)
    assert ran.code == 2
    assert "--force" in ran.err
    assert cli("audit", "hiring.yaml", "--lm", "hiring", *options, "--force").code == 0


class Outline(HTMLParser):
    """Tags that must be closed, links within the page, and what it would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.sources: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        given = dict(attrs)
        if tag not in ("meta", "link", "img", "br", "source"):
            self.open.append(tag)
        self.ids += [given["id"]] if "id" in given else []
        self.links += [given["href"]] if tag == "a" else []
        self.sources += [given[key] for key in ("src", "srcset") if key in given]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_and_needs_nothing_else(cli) -> None:
    spec = HIRING.replace('"They say {value}."', '"They say <{value}>."')
    Path("hiring.yaml").write_text(spec)
    options = ("--phrasings", "all", "--smallest-effect", 0.05, *QUICK)
    ran = cli("audit", "hiring.yaml", "--lm", "hiring", "--lm", "flat", *options)
    assert ran.code == 0
    text = Path("audit/audit.html").read_text()
    page = Outline()
    page.feed(text)
    assert page.open == []
    assert len(set(page.ids)) == len(page.ids)
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
    assert page.sources
    assert 'class="summary"' in text, "a page of its own on paper"
    assert all(source.startswith("data:image/svg+xml;base64,") for source in page.sources)
    assert "http" not in re.sub(r"data:[^\"]*", "", text).replace("http-equiv", "")
    assert "&lt;[end]&gt;" in text, "the words of a scenario are no markup"
    markdown = Path("audit/audit.md").read_text()
    for told in ("women → men", "+0.4400", "Holm", "placebo", "Planted", "revision 7", "Seed"):
        assert told.lower() in text.lower(), told
        assert told.lower() in markdown.lower(), told
    for name in re.findall(r"\(figures/([^)]*)\)", markdown):
        assert (Path("audit/figures") / name).read_bytes().startswith(b"\x89PNG")
    for row in re.findall(r"^\|.*\|$", markdown, re.MULTILINE):
        assert "\n" not in row
    prompts = [each["prompt"] for each in report()["phrasings"]]
    assert len(set(prompts)) == 18
    assert all(prompt in text.replace("&lt;", "<").replace("&gt;", ">") for prompt in prompts)


def test_who_made_the_audit_and_why(cli) -> None:
    given = ("--author", "A. Nurse", "--purpose", "a check before release", "--date", "2026-01-31")
    options = ("--no-controls", "--no-html", "--panel", 0, "--phrasings", 2)
    assert cli("audit", "hiring.yaml", "--lm", "hiring", *options, *given).code == 0
    about = {"Date": "2026-01-31", "Author": "A. Nurse", "Purpose": "a check before release"}
    assert report()["about"] == about
    assert cli("audit", "hiring.yaml", "--lm", "hiring", *options, "--force").code == 0
    told = report()["about"]
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", told["Date"])
    assert told["Author"] == "not stated"


def test_the_same_audit_twice_is_the_same_report(cli) -> None:
    for folder in ("one", "two"):
        options = ("--out", folder, "--phrasings", 6, "--seed", 3, *QUICK)
        assert cli("audit", "hiring.yaml", "--lm", "hiring", *options).code == 0
    names = sorted(p.relative_to("one") for p in Path("one").rglob("*") if p.is_file())
    assert len(names) == 7
    for name in names:
        assert Path("one", name).read_bytes() == Path("two", name).read_bytes(), name


def test_models_of_transformers_of_which_one_is_broken(cli, tiny_lm, monkeypatch) -> None:
    """The broken one has a folder and fails at its first question only."""
    from sdscm.lm.load import load_lm

    monkeypatch.setattr(sdscm.lm, "load_lm", load_lm)
    Path("broken").mkdir()
    Path("broken/config.json").write_text("{}")
    options = ("--phrasings", "all", "--no-html", *QUICK)
    ran = cli("audit", "study.yaml", "--lm", "broken", "--lm", tiny_lm, *options)
    assert ran.code == 1
    assert "broken is not reported on: " in ran.err
    found = report()
    assert [each["id"] for each in found["models"]] == ["broken", "tiny"]
    assert {each["model"] for each in found["findings"]} == {"tiny"}
    assert found["versions"].keys() >= {"python", "sdscm", "torch", "transformers"}
    assert {each["name"] for each in found["models"][1]["facts"]} == {
        "age",
        "smoker",
        "drug",
        "state",
    }
