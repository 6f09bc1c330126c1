"""Boards of several arms: scores by hand, floors, what methods cannot see, records, the page."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest

import estimators
import sdscm
from benchmarks import arms
from benchmarks.arms.board import board, files, page
from benchmarks.arms.job import ArmAnswer, ArmJob, answer_record
from benchmarks.arms.methods import arm_methods
from benchmarks.arms.scores import ArmTruth, by_pair, score


def run(methods, **options):
    options = {"n": 80, "phrasings": 2, "workers": 0, "runs_dir": None} | options
    return arms.run(options.pop("scenarios", ["commute"]), "tabular:0", methods=methods, **options)


def test_scores_by_hand() -> None:
    truth = ArmTruth(np.array([[1.0, -2.0], [3.0, 4.0]]), np.array([2.0, 1.0]), sd=2.0)
    answer = ArmAnswer(np.array([[1.0, 2.0], [0.0, -4.0]]), np.array([2.0, -1.0]))
    # Errors (0, -3) and (4, -8); the policy takes arm 2 and the reference, the best 1 and 2.
    assert score(answer, truth) == pytest.approx(
        {
            "pehe_sd": (np.sqrt(4.5) + np.sqrt(40)) / 4,
            "ate_error_sd": (0 + 2) / 4,
            "policy_value_sd": (-2 + 0) / 4,
            "regret_sd": ((1 + 4) - (-2 + 0)) / 4,
        }
    )
    averages = score(ArmAnswer(None, answer.ates), truth)
    assert averages["ate_error_sd"] == 0.5
    assert np.isnan([averages[name] for name in ("pehe_sd", "policy_value_sd", "regret_sd")]).all()
    pairs = by_pair(answer, truth)
    assert [pair["ate_error_sd"] for pair in pairs] == [0, 1]
    assert [pair["true_ate"] for pair in pairs] == [2, 1]


def test_the_oracle_is_at_0_and_zero_is_the_reference_for_all() -> None:
    result = run(["Zero", "Oracle", "LinearT", "IPW (pairwise)"])
    for setting in ("all", "hidden"):
        records = {r["method"]: r for r in board(result, "commute", setting)}
        for name in ("pehe_sd", "ate_error_sd", "regret_sd"):
            assert records["Oracle"][name] == 0
        assert records["Zero"]["policy_value_sd"] == 0
        assert records["Zero"]["regret_sd"] == records["Oracle"]["policy_value_sd"] > 0
        assert np.isnan(records["Oracle"]["rank"])
        assert np.isnan(records["IPW (pairwise)"]["rank"])
        assert {records["Zero"]["rank"], records["LinearT"]["rank"]} == {1, 2}
    data = sdscm.SDSCM("commute", "tabular:0").multi_arm_dataset(5)
    found = result.arms[(result.arms["phrasing"] == 0) & (result.arms["setting"] == "all")]
    assert found["arm"].tolist() == list(data.arms)
    assert found[["share", "best"]].sum().tolist() == pytest.approx([1, 1])


SPY = """\
import gc, os, sys, types
from pathlib import Path

import numpy as np
import pandas as pd

import estimators

SKIPPED = types.ModuleType, types.FunctionType, types.FrameType, type


@estimators.register("Spy")
class Spy(estimators.Pairwise):
    "Keep all that its process can reach from the callers of fit: arrays, and texts."

    def fit(self, X, t, y, **shown):
        waiting, known, arrays, texts = [X, t, y, shown], set(), [], []
        frame = sys._getframe()
        while frame:
            waiting += frame.f_locals.values()
            frame = frame.f_back
        while waiting:
            thing = waiting.pop()
            if id(thing) in known or isinstance(thing, SKIPPED):
                continue
            known.add(id(thing))
            if isinstance(thing, np.ndarray):
                arrays.append(thing)
                waiting.append(thing.base)
            elif isinstance(thing, str):
                texts.append(thing)
            else:
                if isinstance(thing, pd.DataFrame):
                    texts += map(str, thing.columns)
                waiting += gc.get_referents(thing)
        columns = []
        for array in arrays:
            if array.dtype.kind in "fiu" and array.ndim:
                columns += [*array.reshape(len(array), -1).T, *array.reshape(-1, array.shape[-1])]
        columns = [each for each in columns if len(each) == len(X)]
        names = np.array([text for text in texts if len(text) < 50])
        np.savez(FILE, columns=np.array(columns, dtype=float), names=names)
        return super().fit(X, t, y)
"""


@pytest.mark.parametrize("setting", ["all", "hidden"])
def test_a_spy_finds_no_hidden_code_and_no_potential_outcome(
    setting, monkeypatch, tmp_path
) -> None:
    made = []
    usual = sdscm.SDSCM.multi_arm_dataset

    def kept(*args, **options):
        made.append(usual(*args, **options))
        return made[-1]

    monkeypatch.setattr(sdscm.SDSCM, "multi_arm_dataset", kept)
    plugin, file = tmp_path / "spy.py", tmp_path / "seen.npz"
    plugin.write_text(SPY.replace("FILE", repr(str(file))))
    estimators.load_plugin(plugin)
    options = {"phrasings": 1, "settings": [setting], "workers": 1, "plugins": [plugin]}
    cells = run(["Spy"], **options).cells
    assert cells["status"].tolist() == ["ok"], cells["reason"].tolist()
    (data,), seen = made, np.load(file)

    def found(values) -> bool:
        return bool((np.abs(seen["columns"] - values).max(axis=1) < 1e-12).any())

    shown = data.setting(setting)
    for name in data.X:
        assert found(data.X[name].to_numpy()) == (name in shown.X), name
        assert (name in seen["names"]) == (name in shown.X), name
    assert found(data.t)
    assert found(data.y)
    secrets = (data.potential_outcomes, data.effects, data.propensities, *data.cates.values())
    for values in np.concatenate(secrets, axis=1).T:
        assert not found(values)


def test_pairs_and_reference() -> None:
    usual = run(["LinearT"], phrasings=1, settings=["all"])
    other = run(["LinearT"], phrasings=1, settings=["all"], reference="by car")
    assert usual.pairs["arm"].tolist() == ["by bike", "by car"]
    assert other.pairs["arm"].tolist() == ["by bus", "by bike"]
    assert set(other.pairs["reference"]) == {"by car"}
    assert other.pairs["true_ate"][0] == pytest.approx(-usual.pairs["true_ate"][1], abs=1e-12)
    for result in (usual, other):
        assert result.pairs["pehe_sd"].mean() == pytest.approx(result.cells["pehe_sd"][0])


def test_records_are_reused_and_workers_change_nothing(tmp_path) -> None:
    methods = ["LinearT", "RF (pairwise)", "IPW (pairwise)", "Zero"]
    first = run(methods, runs_dir=tmp_path, phrasings=1)
    again = run(methods, runs_dir=tmp_path, phrasings=1)
    pd.testing.assert_frame_equal(first.cells, again.cells)  # with the same seconds
    there = run(methods, workers=1, phrasings=1)
    pd.testing.assert_frame_equal(
        first.cells.drop(columns="seconds"), there.cells.drop(columns="seconds")
    )
    record = next(tmp_path.rglob("commute/hidden/**/p0-lineart.json"))
    assert json.loads(record.read_text())["arms"] == ["by bus", "by bike", "by car"]


def test_the_key_of_a_record_hashes_the_seed_the_method_and_the_rows(monkeypatch, tmp_path) -> None:
    names = ["LinearT", "LinearT (pairwise)", "RF (pairwise)"]
    known = arm_methods(names)
    monkeypatch.setattr("benchmarks.arms.methods.code_of", lambda where: f"{where}, edited")
    edited = arm_methods(names)
    assert edited[0] == known[0]  # it does not use Pairwise
    X = pd.DataFrame({"a": [0.0, 1.0, 2.0]})
    job = ArmJob(known[0], X, np.array([0, 1, 2]), np.array([1.0, 2.0, 4.0]), seed=0)
    changes = [{"method": each} for each in (*known, *edited[1:])]
    changes += [{"X": X + 1}, {"X": X.rename(columns=str.upper)}]
    changes += [{"t": job.t[::-1]}, {"y": job.y[::-1]}, {"seed": 1}]
    jobs = [dataclasses.replace(job, **change) for change in changes]
    keys = [answer_record(tmp_path / "cell.json", each).key for each in jobs]
    assert len(set(keys)) == len(keys)


def test_the_seed_of_a_fit_is_that_of_its_place(monkeypatch) -> None:
    seeds = []
    monkeypatch.setattr(
        arms.experiment,
        "run_cells",
        lambda cells, ended, **options: seeds.extend(cell.job.seed for cell in cells),
    )
    run(["LinearT", "Zero"])
    assert len(set(seeds)) == len(seeds) == 8  # two settings, phrasings and methods
    run(["LinearT", "Zero"])
    assert seeds[8:] == seeds[:8]


def test_a_setting_without_covariates_is_skipped_with_a_reason() -> None:
    result = run(["LinearT", "Zero"], scenarios=["misinformation"], phrasings=1)
    rows = result.cells.set_index("setting")
    assert (rows.loc["hidden", "status"] == "skipped").all()
    assert rows.loc["hidden", "reason"].str.contains("nothing is left").all()
    assert (rows.loc["all", "status"] == "ok").all()
    sections = [section.title for section in page(result).parts]
    assert sections == ["misinformation, all", "Cells without effects", "Scores", "Methods"]


def test_an_arm_without_units_is_a_reason_to_skip(monkeypatch) -> None:
    usual = sdscm.SDSCM.multi_arm_dataset

    def two_arms(*args, **options):
        data = usual(*args, **options)
        return dataclasses.replace(data, t=data.t % 2)

    monkeypatch.setattr(sdscm.SDSCM, "multi_arm_dataset", two_arms)
    result = run(["LinearT", "Zero", "Oracle"], phrasings=1, settings=["all"])
    assert set(result.cells["status"]) == {"skipped"}
    assert set(result.cells["reason"]) == {"no unit has the arm 'by car'; take more units"}
    assert "Cells without effects" in [section.title for section in page(result).parts]


def test_files_hold_the_board() -> None:
    result = run(["LinearT", "Zero"], phrasings=1)
    found = files(result)
    assert set(found) == {"cells.csv", "pairs.csv", "arms.csv", "board.json"}
    boards = json.loads(found["board.json"])["boards"]
    assert [(each["scenario"], each["setting"]) for each in boards] == [
        ("commute", "all"),
        ("commute", "hidden"),
    ]
    assert [each["arm"] for each in boards[0]["arms"]] == ["by bus", "by bike", "by car"]
    assert boards[0]["board"][0]["rank"] == 1


def test_every_default_method_is_known() -> None:
    assert [method.name for method in arm_methods(arms.DEFAULT_METHODS)] == list(
        arms.DEFAULT_METHODS
    )


@pytest.mark.parametrize(
    ("methods", "options", "why"),
    [
        (["RF"], {}, r"write 'RF \(pairwise\)'"),
        (["Wald (pairwise)"], {}, "needs instrument"),
        (["Oracle (pairwise)"], {}, "gets the truth"),
        (["Lineart"], {}, "did you mean 'LinearT'"),
        (["Zero", "Zero"], {}, "named twice"),
        ([], {}, "methods: none"),
        (["Zero"], {"settings": ["text"]}, "settings"),
        (["Zero"], {"settings": []}, "settings: none"),
        (["Zero"], {"reference": "by boat"}, "'by boat' is not a value of 'way'"),
        (["Zero"], {"scenarios": ["headache"]}, "three or more"),
        (["Zero"], {"n": 0}, "n"),
    ],
)
def test_bad_options_are_one_line(one_line, methods, options, why) -> None:
    with pytest.raises(sdscm.InputError, match=why) as wrong:
        run(methods, **options)
    one_line(wrong.value)
