"""``sdscm generate`` writes what the library makes, and says what it is."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import sdscm


@pytest.fixture
def model(tiny_lm):
    """The study as the library has it."""
    return sdscm.SDSCM(sdscm.load_spec("study.yaml"), sdscm.load_lm(str(tiny_lm)), temperature=5)


def rows_of(summary: str) -> dict[str, str]:
    """What stands behind each name of a printed list of pairs."""
    lines = [line.strip().split("  ", 1) for line in summary.splitlines() if line.startswith("  ")]
    return {name: value.strip() for name, value in lines}


def test_dataset_is_the_library_s(cli, tiny_lm, model):
    options = ["--lm", tiny_lm, "--units", 30, "--seed", 7, "--temperature", 5]
    ran = cli("generate", "study.yaml", *options, "--out", "new/data.parquet")
    assert (ran.code, ran.err) == (0, "")
    read = sdscm.CausalDataset.read_parquet("new/data.parquet")
    assert read.fingerprint == model.dataset(30, 7).fingerprint
    assert read.meta.lm == "tiny"
    assert read.meta.seed == 7


def test_summary_holds_the_facts(cli, tiny_lm, model):
    options = ["--lm", tiny_lm, "--units", 30, "--seed", 7, "--temperature", 5]
    ran = cli("generate", "study.yaml", *options, "--out", "data.csv")
    facts = sdscm.facts(model.dataset(30, 7))
    first, rows = ran.out.splitlines()[0], rows_of(ran.out)
    assert first == "data.csv: 30 rows of statin_study from tiny, phrasing 0, seed 7"
    assert rows["treated"] == f"{facts.treated:.0%}"
    assert rows["SATE"] == f"{facts.sate:.3f}"
    assert rows["naive contrast"].startswith(f"{facts.naive:.3f}")
    assert ("sign flips" in rows["naive contrast"]) == facts.sign_flip
    assert rows["SD(ITE) / SD(y)"] == f"{facts.heterogeneity:.3f}"
    assert rows["problems"] == ("; ".join(facts.problems) or "none")


def test_every_option_reaches_the_library(cli, tiny_lm):
    options = ["--phrasing", 3, "--scoring", "value", "--coupling", "redraw"]
    options += ["--measure", "probability", "--temperature", 4]
    assert cli("generate", "study.yaml", "--lm", tiny_lm, "--units", 20, *options).code == 0
    meta = sdscm.CausalDataset.read_parquet("data.parquet").meta
    assert meta.phrasing == 3
    wanted = {"temperature": 4, "scoring": "value", "coupling": "redraw", "outcome": "probability"}
    assert {key: meta.options[key] for key in wanted} == wanted


def test_scores_make_a_numeric_outcome(cli, tiny_lm, model):
    options = [
        "--lm",
        tiny_lm,
        "--units",
        20,
        "--seed",
        7,
        "--temperature",
        5,
        "--cate-contexts",
        0,
    ]
    options += ["--measure", "expected-score", "--score", "recovers=10", "--score", "worsens=-2.5"]
    assert cli("generate", "study.yaml", *options).code == 0
    read = sdscm.CausalDataset.read_parquet("data.parquet")
    scores = {"recovers": 10.0, "worsens": -2.5}
    made = model.dataset(20, 7, outcome="expected-score", scores=scores, cate_contexts=0)
    assert read.fingerprint == made.fingerprint
    assert set(read.cates) == {"all"}


def test_csv_has_the_rows_of_parquet(cli, tiny_lm):
    options = ["--lm", tiny_lm, "--units", 20, "--temperature", 5, "--out"]
    assert cli("generate", "study.yaml", *options, "data.csv").code == 0
    assert cli("generate", "study.yaml", *options, "data.parquet").code == 0
    dataset = sdscm.CausalDataset.read_parquet("data.parquet")
    read = pd.read_csv("data.csv")
    whole = dataset.to_frame()
    assert list(read) == [*whole.columns, "label:age", "label:smoker"]
    assert np.array_equal(read[whole.columns].to_numpy(), whole.to_numpy(dtype=float))
    assert list(read["label:age"]) == list(dataset.labels["age"])


def test_overwrites_only_by_force(cli, tiny_lm, data):
    before = data.read_bytes()
    options = ["--lm", tiny_lm, "--units", 10, "--temperature", 5]
    assert cli("generate", "study.yaml", *options).code == 2
    assert data.read_bytes() == before
    assert cli("generate", "study.yaml", *options, "--force").code == 0
    assert len(sdscm.CausalDataset.read_parquet(data)) == 10


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_do_writes_interventional_units(suffix, cli, tiny_lm, model):
    out = f"units{suffix}"
    options = ["--lm", tiny_lm, "--units", 25, "--seed", 3, "--temperature", 5, "--out", out]
    ran = cli("generate", "study.yaml", *options, "--do", "drug=statins", "--do", "smoker=no!")
    assert ran.code == 0
    assert ran.out.endswith("do(drug = statins, smoker = no!)\n")
    read = pd.read_parquet(out) if suffix == ".parquet" else pd.read_csv(out)
    units = model.sample(25, 3, do={"drug": "statins", "smoker": "no!"})
    for name in model.spec.order:
        assert list(read[f"label:{name}"]) == list(units.labels[name])
        assert list(read[f"code:{name}"]) == list(units.codes[name])
    assert list(read["text"]) == list(units.text)
    assert set(read["label:drug"]) == {"statins"}
    assert set(read["label:age"]) == {"young", "older"}


def test_bar_shows_rows_in_a_terminal_only(cli, tiny_lm, monkeypatch):
    command = [
        "generate",
        "study.yaml",
        "--lm",
        tiny_lm,
        "--units",
        40,
        "--temperature",
        5,
        "--force",
    ]
    assert cli(*command).err == ""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    ran = cli(*command)
    assert "rows" in ran.err
    assert "40/40" in ran.err
    assert "40/40" not in ran.out


@pytest.mark.parametrize(
    ("old", "new", "note"),
    [
        (["-n", "12"], ["--units", "12"], "note: -n is now --units\n"),
        (["-n12"], ["--units", "12"], "note: -n is now --units\n"),
        (
            ["--outcome", "probability"],
            ["--measure", "probability"],
            "note: --outcome probability is now --measure probability\n",
        ),
        (
            ["--outcome=category"],
            ["--measure=category"],
            "note: --outcome category is now --measure category\n",
        ),
        (
            ["--contrast", "statins", "placebo"],
            ["--contrast", "statins,placebo"],
            "note: --contrast CONTROL TREATED is now --contrast CONTROL,TREATED\n",
        ),
    ],
)
def test_old_forms_work_with_a_note(old, new, note, cli, tiny_lm):
    options = ["--lm", tiny_lm, "--temperature", 5, "--cate-contexts", 0, "--force"]
    made = []
    for form, printed in ((new, ""), (old, note)):
        units = [] if "12" in "".join(form) else ["--units", 12]
        ran = cli("generate", "study.yaml", *options, *units, *form)
        assert (ran.code, ran.err) == (0, printed)
        made.append(sdscm.CausalDataset.read_parquet("data.parquet").fingerprint)
    assert made[0] == made[1]


def test_another_treatment_and_outcome(cli, tiny_lm):
    options = ["--lm", tiny_lm, "--units", 20, "--temperature", 5]
    ran = cli("generate", "study.yaml", *options, "--treatment", "smoker")
    assert (ran.code, ran.err) == (0, "")
    assert list(sdscm.CausalDataset.read_parquet("data.parquet").X) == ["age"]
    ran = cli(
        *("generate", "study.yaml", *options, "--treatment", "smoker", "--force"),
        *("--post-treatment", "show"),
    )
    assert "shows post-treatment covariates: drug" in ran.out
    assert "shows post-treatment covariates: drug" in cli("inspect", "data.parquet").out
    ran = cli("generate", "study.yaml", *options, "--outcome", "states")
    assert (ran.code, "did you mean 'state'?" in ran.err) == (2, True)
    study = Path("study.yaml").read_text()
    Path("study.yaml").write_text(study.replace("[age, smoker, drug]", "[age]"))
    ran = cli(
        "generate", "study.yaml", *options, "--treatment", "smoker", "--outcome", "drug", "--force"
    )
    assert (ran.code, ran.err) == (0, "")
    assert list(sdscm.CausalDataset.read_parquet("data.parquet").X) == ["age", "state"]


@pytest.mark.parametrize("do", [[], ["--do", "drug=statins"]], ids=["dataset", "units"])
def test_a_dry_run_counts_and_asks_no_model(cli, do):
    """The values of a variable's two parents leave few contexts: units of all kinds are seen."""
    options = ["--lm", "no-such-model", "--units", 400, "--dry-run"]
    ran = cli("generate", "study.yaml", *options, *do)
    assert ran.code == 0
    # age: 1; smoker: 2 ages; drug: 2 x 2; state: 2 x 2 x 2, or with one drug only.
    contexts = 1 + 2 + 4 + (4 if do else 8)
    assert f"no-such-model would score about {contexts} contexts with {2 * contexts} texts" in (
        ran.out
    )
    assert not Path("data.parquet").exists()


def test_the_strength_of_hidden_confounding_is_in_the_file_and_shown(cli):
    options = ["--lm", "tabular:0", "--units", 50, "--hidden-confounding"]
    ran = cli("generate", "headache", *options)
    found = sdscm.CausalDataset.read_parquet("data.parquet").hidden_confounding["hidden"]
    row = rows_of(ran.out)["confounding in 'hidden'"]
    assert row.startswith(f"Gamma {found.gamma:.3g}; partial R² of outcome {found.outcome_r2:.2f}")
    assert rows_of(cli("inspect", "data.parquet").out)["confounding in 'hidden'"] == row
    refused = cli("generate", "headache", *options, "--do", "relief=a nap", "--force")
    assert refused.code == 2
    assert "--hidden-confounding" in refused.err


def test_a_file_can_be_made_for_an_instrument_and_texts(cli):
    options = ["--lm", "tabular:0", "--units", 60, "--settings", "instrument,text"]
    dials = ["--strength", 3, "--defiers", 0.1]
    ran = cli("generate", "training", *options, *dials, "--out", "data.parquet")
    assert (ran.code, ran.err) == (0, "")
    made = sdscm.SDSCM("training", "tabular:0", strength=3, defiers=0.1)
    expected = made.dataset(60, settings=["instrument", "text"])
    read = sdscm.CausalDataset.read_parquet("data.parquet")
    assert read.fingerprint == expected.fingerprint
    np.testing.assert_array_equal(read.compliers, expected.compliers)
    assert "first-stage F" in cli("inspect", "data.parquet").out
    wrong = cli("generate", "training", "--lm", "tabular:0", "--settings", "instruments", "--force")
    assert wrong.code == 2
    assert "unknown setting 'instruments': choose one of all, hidden" in wrong.err
