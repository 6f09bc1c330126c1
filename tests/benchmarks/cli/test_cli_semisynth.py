"""``sdscm semisynth`` and suites with ``semisynth:``: data, boards, and one line for odd tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import yaml

import benchmarks
from benchmarks.datasets import prepare
from sdscm.data.dataset import CausalDataset
from sdscm.data.semisynth import fit_models

ASK = ("semisynth", "table.csv", "--treatment", "drug", "--outcome", "y")
N = 120
SUITE = {
    "name": "like-mine",
    "datasets": [
        {
            "semisynth": {
                "table": "table.csv",
                "treatment": "drug",
                "outcome": "y",
                "treated": "new",
                "exogenous": ["age"],
                "learner": "linear",
            },
            "n": [60, 120],
            "replicates": 2,
            "dials": {"confounding": [0, 1], "noise": 0.5},
        }
    ],
    "estimators": ["DiffInMeans", "LinReg"],
    "holdout": 0,
    "board": {"resamples": 20},
}


@pytest.fixture(autouse=True)
def table(workspace) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    age = rng.normal(50, 10, N).round(1)
    drug = np.where(rng.random(N) < 1 / (1 + np.exp(-(age - 50) / 10)), "new", "old")
    frame = pd.DataFrame(
        {
            "age": age,
            "town": rng.choice(["Oslo", "Rome"], N),
            "drug": drug,
            "y": (age / 10 + (drug == "new") + rng.normal(size=N)).round(3),
        }
    )
    frame.to_csv(workspace / "table.csv", index=False)
    return frame


def test_it_writes_datasets_and_says_what_they_rest_on(cli, table, workspace):
    ran = cli(*ASK, "--treated", "new", "--exogenous", "age", "--replicates", 2, "--seed", 3)
    assert (ran.code, ran.err) == (0, "")
    for text in ("out of fold", "model of the outcome", "R2 0.", "AUC 0.", "SD(ITE) / SD(y)"):
        assert text in ran.out
    assert "rests on these models" in ran.out
    files = sorted((workspace / "semisynth").iterdir())
    assert [file.name for file in files] == ["table-3.parquet", "table-4.parquet"]
    one, two = map(CausalDataset.read_parquet, files)
    for made in (one, two):
        assert list(made.X["age"]) == list(table["age"])
        assert list(made.labels["town"]) == list(table["town"])
        assert (made.contrast, made.exogenous) == (("old", "new"), ("age",))
        np.testing.assert_allclose(made.ite, made.cates["all"], atol=1e-12)
    assert not np.array_equal(one.t, two.t)
    before = files[0].read_bytes()
    again = cli(*ASK, "--treated", "new", "--seed", 3)
    assert (again.code, again.err.count("\n")) == (2, 1)
    assert "semisynth/table-3.parquet: exists already" in again.err
    assert files[0].read_bytes() == before
    dials = ("--confounding", 0, "--effect", 0, "--noise", 0, "--units", 50, "--bootstrap")
    assert cli(*ASK, "--seed", 3, "--learner", "linear", "--force", *dials).code == 0
    made = CausalDataset.read_parquet(files[0])
    assert set(made.propensity.round(12)) == {0.5}
    assert (len(made), np.abs(made.ite).max()) == (50, 0)


def write_suite(workspace, **changes) -> None:
    (workspace / "mine.yaml").write_text(yaml.safe_dump(SUITE | changes))


def test_a_suite_ends_in_a_board_and_keeps_its_datasets(cli, workspace, monkeypatch, no_figures):
    write_suite(workspace)
    fits = []
    monkeypatch.setattr(
        prepare, "fit_models", lambda *given: fits.append(given) or fit_models(*given)
    )
    ran = cli("benchmark", "mine.yaml", "--workers", 0)
    assert ran.code == 0
    assert "Cells run now: 32 of 32" in ran.out
    assert len(fits) == 1
    board = (workspace / "results" / "like-mine" / "leaderboard.md").read_text()
    assert "models fitted to table.csv (treatment: linear, AUC" in board
    found = benchmarks.leaderboard("mine.yaml", results_dir=None)
    assert set(found.facts["noise"]) == {0.5}
    rows = found.facts.set_index("dataset")
    assert rows.loc["table-r1-n60-confounding0", "confounding"] == pytest.approx(0, abs=1e-9)
    # Sizes and dials of a replicate share the units, and replicates are independent.
    wanted = prepare.requests(benchmarks.load_suite("mine.yaml"))
    assert len({request.source.cluster for request in wanted}) == 2
    assert cli("benchmark", "mine.yaml", "--workers", 0).out.endswith("run now: 0 of 32.\n")
    assert len(fits) == 1


def test_what_decides_the_data_is_in_their_hash(workspace, table):
    def hashes(**changes) -> list[str]:
        entry = dict(SUITE["datasets"][0])
        entry["semisynth"] = entry["semisynth"] | changes.pop("models", {})
        write_suite(workspace, datasets=[entry | changes])
        wanted = prepare.requests(benchmarks.load_suite("mine.yaml"))
        return [each.content_hash for each in wanted]

    usual = hashes()
    assert len(set(usual)) == len(usual) == 8
    assert hashes() == usual
    for changes in (
        {"models": {"learner": "boosted"}},
        {"models": {"treated": "old"}},
        {"rows": "bootstrap"},
        {"noise_coupling": "independent"},
        {"seeds": [5, 6], "replicates": 1},
    ):
        assert set(hashes(**changes)).isdisjoint(usual)
    table["age"] += 1
    table.to_csv(workspace / "table.csv", index=False)
    assert set(hashes()).isdisjoint(usual)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"drug": "new"}, "'drug' has 1 value"),
        ({"drug": ["new"] * 4 + ["old"] * (N - 4)}, "the treatment is new in 4 of 120 rows"),
        ({"y": ["good", "bad"] * (N // 2)}, "'y' is not numeric"),
        ({"y": [None, *range(N - 1)]}, "'y' has no finite number in 1 of 120 rows"),
        ({"y": 2}, "the outcome 'y' has the same value in each row"),
        ({"y": [1] * 3 + [0] * (N - 3)}, "the outcome is 1 in 3 of 120 rows"),
        ({"town": [None, *["Oslo"] * (N - 1)]}, "'town' is empty in 1 of 120 rows"),
        ({"town": [f"street {k}" for k in range(N)]}, "'town' has 120 different texts"),
        ({"age": "drug"}, "copy"),
    ],
)
def test_odd_tables_are_one_line(cli, table, workspace, changes, message):
    for name, values in changes.items():
        table[name] = table["drug"] if isinstance(values, str) and values == "drug" else values
    table.to_csv(workspace / "table.csv", index=False)
    write_suite(workspace)
    before = sorted(workspace.rglob("*"))
    for command in (ASK, ("benchmark", "mine.yaml", "--workers", 0)):
        ran = cli(*command)
        assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
        assert "table.csv" in ran.err
        assert message in ran.err
        assert "--" not in ran.err or command is ASK
    assert sorted(workspace.rglob("*")) == before


def test_five_rows_and_odd_columns(cli, table, workspace):
    table.assign(same=1, age2=table["age"]).to_csv(workspace / "table.csv", index=False)
    assert cli(*ASK, "--learner", "linear").code == 0
    table.groupby("drug").head(3).to_csv(workspace / "table.csv", index=False)
    ran = cli(*ASK, "--force")
    assert (ran.code, ran.out) == (2, "")
    assert "the treatment is new in 3 of 6 rows" in ran.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--exogenous", "height"), "no column 'height'; correct 'exogenous' in the options"),
        (("--units", "121"), "121 units: the table has 120 rows"),
        (("--overlap", "2"), "overlap = 2.0: give a share between 0 and 1"),
        (("--treated", "newer"), "--treated newer: the values of 'drug' are"),
        (("--out", "table.csv"), "--out"),
    ],
)
def test_bad_options_are_one_line(cli, untouched, options, message):
    ran = cli(*ASK, *options)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert message in ran.err


@pytest.mark.parametrize(
    ("changes", "models", "message"),
    [
        ({"dials": {"noise": [1, 1]}}, {}, "datasets[0].dials.noise: '1.0' occurs twice"),
        ({"dials": {"noise": -1}}, {}, "dials: noise -1.0: give a number of 0"),
        ({"dials": {"overlap": 2}}, {}, "dials: overlap = 2.0: give a share"),
        ({"n": 200}, {}, "200 units: the table has 120 rows"),
        ({}, {"exogenous": []}, "the setting 'hidden' hides nothing"),
        ({}, {"exogenous": ["age", "town"]}, "the setting 'hidden' leaves no covariate"),
        ({}, {"treated": "newer"}, "treated newer: the values of 'drug' are"),
        ({}, {"table": "none.csv"}, "none.csv: no such file"),
        ({"seeds": [1]}, {}, "'replicates' and 'seeds' exclude each other"),
    ],
)
def test_bad_entries_are_one_line(cli, workspace, changes, models, message):
    entry = SUITE["datasets"][0] | changes
    write_suite(workspace, datasets=[entry | {"semisynth": entry["semisynth"] | models}])
    ran = cli("benchmark", "mine.yaml", "--workers", 0)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert message in ran.err
    assert "mine.yaml" in ran.err
