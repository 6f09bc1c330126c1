"""Data enter a run in one place: from a spec and a language model, or from files."""

from __future__ import annotations

import inspect
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import yaml

import sdscm
from benchmarks.datasets import prepare, sampling
from benchmarks.datasets.truth import truth_of
from benchmarks.execution.cells import seed_of
from benchmarks.progress import Silent
from benchmarks.provenance.hashing import derive_seed
from benchmarks.suite.loading import load_suite
from benchmarks.suite.model import Suite
from sdscm.data.dataset import CausalDataset, Provenance
from sdscm.errors import InputError
from sdscm.lm import Choice


def suite_of(folder: Path, entry: dict[str, object], **changes: object) -> Suite:
    content = {"name": "s", "datasets": [entry], "estimators": ["LinReg"]} | changes
    (folder / "s.yaml").write_text(yaml.safe_dump(content))
    return load_suite(folder / "s.yaml")


def prepared(suite: Suite, folder: Path) -> list[prepare.Source]:
    requests = prepare.requests(suite)
    return [source for source, _ in prepare.prepare(requests, folder, Silent())]


@pytest.fixture
def engine(monkeypatch, confounded) -> list[tuple]:
    """A stand-in for the engine that notes what it is asked for."""
    asked: list[tuple] = []

    class FakeSDSCM:
        __signature__ = inspect.signature(sdscm.SDSCM)

        def __init__(self, spec, lm, *, phrasing=0, **options) -> None:
            self.args = (spec.name, lm.id, phrasing, options)

        def dataset(self, n: int, seed: int, *, outcome: str, progress, **_) -> CausalDataset:
            progress(n / 2, n)
            asked.append((*self.args, n, seed, outcome))
            meta = Provenance("toy", "spec", self.args[1], "rev", self.args[2], seed)
            return replace(confounded(seed % 1000, n), meta=meta)

    sampling.language_model.cache_clear()
    monkeypatch.setattr(
        sdscm,
        "load_spec",
        lambda name: SimpleNamespace(
            name=name,
            content_hash="h",
            exogenous=("u",),
            covariates=("u", "x"),
            treatment=SimpleNamespace(name="t"),
            descendants=lambda name: ("y",),
            phrased=lambda k: SimpleNamespace(choice={"u": k}),
        ),
    )
    monkeypatch.setattr(
        sdscm, "load_lm", lambda name, **options: SimpleNamespace(id=name, revision="1")
    )
    monkeypatch.setattr(sdscm, "SDSCM", FakeSDSCM)
    yield asked
    sampling.language_model.cache_clear()


def test_a_scenario_gives_phrasings_times_replicates(tmp_path, engine) -> None:
    entry = {
        "scenario": "toy",
        "lm": ["a", "b"],
        "phrasings": [1, 4],
        "replicates": 2,
        "n": 30,
        "temperature": 3.0,
        "options": {"coupling": "redraw"},
    }
    suite = suite_of(tmp_path, entry)
    found = prepared(suite, tmp_path / "run")
    assert len(found) == len(engine) == 8
    assert {(a[0], a[1], a[2], a[4]) for a in engine} == {
        ("toy", lm, phrasing, 30) for lm in "ab" for phrasing in (1, 4)
    }
    assert all(a[3] == {"temperature": 3.0, "coupling": "redraw"} for a in engine)
    assert len({source.name for source in found}) == 8
    # Language models are compared on the same noise; phrasings and replicates have their own.
    assert len({a[5] for a in engine}) == 4
    assert {s.cluster for s in found} == {"toy, phrasing 1", "toy, phrasing 4"}
    assert [s.lm for s in found] == ["a"] * 4 + ["b"] * 4
    assert [source.name for source in found[:4]] == [
        f"toy-p{phrasing}-r{replicate}-a" for phrasing in (1, 4) for replicate in (0, 1)
    ]
    assert len({source.place for source in found}) == 4, "language models share seeds"
    again = prepared(suite, tmp_path / "run")
    assert again == found
    assert len(engine) == 8
    assert derive_seed(*found[0].place, "all", "RF") == seed_of(found[0], "all", "RF")


def test_a_secret_seed_gives_each_dataset_a_long_seed_of_its_own(tmp_path, engine) -> None:
    """Seeds of 31 bits can be tried, and units in two datasets show both of their outcomes."""
    entry = {"scenario": "toy", "lm": ["a", "b"], "phrasings": 2, "n": [30, 40]}
    entries = [{**entry, "dials": {"effect": [1, 2]}}, {**entry, "name": "again"}]
    entries.append({"simulation": "linear", "n": [30, 40], "replicates": 2})
    found = prepared(suite_of(tmp_path, {}, seed=2**64, datasets=entries), tmp_path / "run")
    seeds = {source.load(tmp_path / "run").meta.seed for source in found}
    assert len(seeds) == len(found) == 16 + 8 + 4
    assert min(seeds) > 2**100
    other = prepared(suite_of(tmp_path, {}, seed=2**64 - 1, datasets=entries), tmp_path / "other")
    seeds = {source.load(tmp_path / "other").meta.seed for source in other}
    assert max(seeds) < 2**31
    assert len(seeds) == 2 + 2  # of the phrasings, and of the replicates of the simulation


def test_names_and_places_have_no_bits_of_the_data(tmp_path, engine) -> None:
    suite = suite_of(tmp_path, {"scenario": "toy", "phrasings": [4], "n": 30})
    (source,) = prepared(suite, tmp_path / "run")
    assert source.name == "toy-p4-r0"
    assert source.place == (0, "toy", 4, 0, 30)
    assert source.path(tmp_path / "run").name == "toy-p4-r0.parquet"


def test_files_of_one_stem_are_told_apart(tmp_path, confounded) -> None:
    for number, folder in enumerate("ab"):
        confounded(number).to_parquet(tmp_path / folder / "x.parquet")
    suite = suite_of(tmp_path, {"name": "mine", "files": ["a/*", "b/*"]})
    found = prepared(suite, tmp_path / "run")
    assert [source.name for source in found] == ["mine-x", "mine-x (2)"]
    assert [source.place for source in found] == [(0, "mine", "x"), (0, "mine", "x (2)")]


def test_a_dataset_that_a_killed_run_left_without_its_note_is_made_again(tmp_path, engine) -> None:
    suite = suite_of(tmp_path, {"scenario": "toy"})
    (source,) = prepared(suite, tmp_path / "run")
    path = source.path(tmp_path / "run")
    path.with_name(f"{path.name}.made-from").unlink()
    prepared(suite, tmp_path / "run")
    assert len(engine) == 2


@pytest.mark.parametrize("damage", [b"", b"\xff\xfe\x00"])
def test_a_damaged_note_means_that_the_dataset_is_made_again(tmp_path, engine, damage) -> None:
    suite = suite_of(tmp_path, {"scenario": "toy"})
    (source,) = prepared(suite, tmp_path / "run")
    path = source.path(tmp_path / "run")
    note = path.with_name(f"{path.name}.made-from")
    whole = note.read_bytes()
    note.write_bytes(damage)
    assert prepared(suite, tmp_path / "run") == [source]
    assert len(engine) == 2
    assert note.read_bytes() == whole


def test_other_options_make_other_datasets(tmp_path, engine) -> None:
    for temperature in (1.0, 2.0):
        suite = suite_of(tmp_path, {"scenario": "toy", "temperature": temperature})
        prepared(suite, tmp_path / "run")
    assert len(engine) == 2


def test_every_combination_of_n_and_dials_is_a_dataset(tmp_path, engine) -> None:
    entry = {
        "scenario": "toy",
        "n": [20, 30],
        "dials": {"overlap": [0, 0.5], "confounding": 2},
        "seeds": [11, 12],
    }
    found = prepared(suite_of(tmp_path, entry), tmp_path / "run")
    assert {(a[3]["overlap"], a[3]["confounding"], a[4], a[5]) for a in engine} == {
        (overlap, 2, n, seed) for overlap in (0, 0.5) for n in (20, 30) for seed in (11, 12)
    }
    assert len(found) == 8
    assert {s.cluster for s in found} == {"toy, phrasing 0"}
    assert sum(s.name.endswith("-n20-overlap0.5") for s in found) == 2
    assert not any("confounding" in s.name for s in found)


def test_how_a_language_model_computes_is_told_apart(tmp_path, engine, monkeypatch) -> None:
    asked = []

    def load(name, **options):
        asked.append((name, options))
        return SimpleNamespace(id=name, revision=str(options))

    monkeypatch.setattr(sdscm, "load_lm", load)
    lms = ["a", {"name": "a", "precision": "bfloat16", "revision": "v2"}]
    found = prepared(suite_of(tmp_path, {"scenario": "toy", "lm": lms}), tmp_path / "run")
    assert asked == [("a", {}), ("a", {"revision": "v2", "precision": "bfloat16"})]
    assert [s.lm for s in found] == ["a", "a (v2, bfloat16)"]
    assert len({s.name for s in found}) == 2


def test_a_spec_beside_the_suite_is_found(tmp_path, engine) -> None:
    (tmp_path / "own.yaml").write_text("")
    prepared(suite_of(tmp_path, {"scenario": "own.yaml"}), tmp_path / "run")
    assert engine[0][0] == str(tmp_path / "own.yaml")


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_tables_of_a_user_with_a_mapping(tmp_path, kind: str) -> None:
    for number in range(2):
        frame = pd.DataFrame(
            {
                "treated": [0, 1, 0, 1],
                "age": [1.0, 2, 3, 4],
                "hid": [0.0, 1, 1, 0],
                "control": [0.0, 0, 0, number],
                "active": [1.0, 1, 2, 2],
                "note": list("abcd"),
            }
        )
        path = tmp_path / f"data{number}.{kind}"
        _ = frame.to_csv(path, index=False) if kind == "csv" else frame.to_parquet(path)
    columns = {
        "treatment": "treated",
        "y0": "control",
        "y1": "active",
        "covariates": ["age", "hid"],
        "exogenous": ["hid"],
    }
    entry = {"name": "mine", "files": f"data*.{kind}", "columns": columns}
    found = prepared(suite_of(tmp_path, entry), tmp_path / "run")
    assert len({source.cluster for source in found}) == 2
    dataset = found[1].load(tmp_path / "run")
    assert dataset.setting("hidden").X.columns.tolist() == ["age"]
    np.testing.assert_array_equal(dataset.ite, [1, 1, 2, 1])
    assert dataset.t.tolist() == [0, 1, 0, 1]


def test_datasets_that_sdscm_wrote_keep_their_provenance(tmp_path, confounded) -> None:
    meta = Provenance("toy", spec_hash="h", lm="lm", phrasing=7)
    replace(confounded(1), meta=meta).to_parquet(tmp_path / "a.parquet")
    replace(confounded(2), meta=meta).to_parquet(tmp_path / "b.parquet")
    suite = suite_of(tmp_path, {"name": "mine", "files": "*.parquet"})
    found = prepared(suite, tmp_path / "run")
    assert {(s.cluster, s.lm) for s in found} == {("toy, phrasing 7", "lm")}
    assert found[0].load(tmp_path / "run").meta == meta


@pytest.mark.parametrize(
    ("entry", "part"),
    [
        ({"name": "m", "files": "none*.csv"}, "no file matches"),
        ({"name": "m", "files": "data.csv"}, "name the columns of treatment"),
        ({"name": "m", "files": "broken.parquet"}, "not a readable Parquet file"),
        (
            {"name": "m", "files": "data.csv", "columns": {"treatment": "t", "y0": "a", "y1": "b"}},
            "no column",
        ),
        ({"name": "m", "files": "bare.parquet"}, "'hidden' hides nothing"),
    ],
)
def test_bad_files_give_one_line(tmp_path, confounded, entry: dict[str, object], part: str) -> None:
    (tmp_path / "data.csv").write_text("t,y0\n0,1\n1,2\n")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 half")
    replace(confounded(1), exogenous=()).to_parquet(tmp_path / "bare.parquet")
    settings = ["all", "hidden"] if "bare" in str(entry) else ["all"]
    with pytest.raises(InputError) as caught:
        prepared(suite_of(tmp_path, entry, settings=settings), tmp_path / "run")
    assert part in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "run").exists()


def test_the_target_is_the_cate_where_it_is_known(confounded) -> None:
    dataset = confounded(1)
    smooth = dataset.ite + 1.0
    known = replace(dataset, cates={"hidden": smooth}, cate_errors={})
    assert truth_of(known, "hidden").target == "CATE"
    np.testing.assert_array_equal(truth_of(known, "hidden").effect, smooth)
    np.testing.assert_array_equal(truth_of(known, "hidden").ite, dataset.ite)
    assert truth_of(known, "all").target == "ITE"
    np.testing.assert_array_equal(truth_of(known, "all").effect, dataset.ite)
    assert truth_of(dataset, "all").sd == pytest.approx(dataset.y.std(ddof=0))


def test_an_unknown_option_is_told_before_anything_is_made(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(sampling, "language_model", lambda name: sdscm.TabularLM(even))
    entry = {"scenario": "marathon_confounder", "options": {"colour": 1}}
    with pytest.raises(InputError, match=r"s\.yaml: marathon_confounder: options: .*'colour'"):
        prepared(suite_of(tmp_path, entry), tmp_path / "run")
    for wrong, told in (
        ({"scenario": "nowhere"}, r"s\.yaml: nowhere: scenario: .*nowhere"),
        ({"options": {"scoring": "mine"}}, r"s\.yaml: marathon_confounder: .*mine"),
        ({"dataset": {"colour": 1}}, r"s\.yaml: marathon_confounder: dataset: .*'colour'"),
    ):
        suite = suite_of(tmp_path, {"scenario": "marathon_confounder", **wrong})
        with pytest.raises(InputError, match=told):
            prepared(suite, tmp_path / "run")


def test_a_language_model_that_is_not_there_is_told_with_its_place(tmp_path) -> None:
    suite = suite_of(tmp_path, {"scenario": "marathon_confounder", "lm": str(tmp_path / "none")})
    with pytest.raises(InputError, match=r"s\.yaml: marathon_confounder: lm: .*none"):
        prepared(suite, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def even(choice: Choice) -> np.ndarray:
    """Weights that depend on the length of the context, so that variables depend on parents."""
    weight = np.arange(len(choice.values)) * len(" ".join(choice.context)) % 7
    return np.exp(weight / 7)


def test_the_true_engine_on_a_known_model(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(sampling, "language_model", lambda name: sdscm.TabularLM(even))
    entry = {"scenario": "breast_cancer", "phrasings": 2, "n": 40, "outcome": "probability"}
    told: list[float] = []

    class Counting(Silent):
        def advance(self, step: str, amount: float = 1, failed: bool = False) -> None:
            told.append(amount)

    requests = prepare.requests(suite_of(tmp_path, entry))
    first = list(prepare.prepare(requests, tmp_path / "run", Counting()))
    assert sum(told) == pytest.approx(80)
    assert len(told) > 2
    source, dataset = first[0]
    assert dataset.meta.options["outcome"] == "probability"
    assert dataset.meta.phrasing == 0
    assert source.load(tmp_path / "run").fingerprint == dataset.fingerprint


def test_phrasings_that_say_the_same_are_one_cluster(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(sampling, "language_model", lambda name: sdscm.TabularLM(even))
    text = """
name: few
variables:
  - {name: age, role: exogenous, values: [young, old], phrasings: ["A {value}.", "B {value}."]}
  - {name: sex, role: covariate, values: [f, m], phrasings: ["C {value}."]}
  - {name: drug, role: treatment, values: [a, b], parents: [age], phrasings: ["D {value}."]}
  - {name: state, role: outcome, values: [x, y], parents: [age, drug], phrasings: ["E {value}."]}
"""
    (tmp_path / "few.yaml").write_text(text)
    suite = suite_of(tmp_path, {"scenario": "few.yaml", "phrasings": 6, "n": 20})
    found = prepared(suite, tmp_path / "run")
    choices = [sdscm.load_spec(tmp_path / "few.yaml").phrased(k).choice["age"] for k in range(6)]
    assert len({source.cluster for source in found}) == len(set(choices)) == 2
    for one, choice in zip(found, choices, strict=True):
        for other, same in zip(found, choices, strict=True):
            assert (one.cluster == other.cluster) == (choice == same)


@pytest.mark.parametrize(
    ("role", "part"),
    [("covariate", "hides nothing"), ("exogenous", "leaves no pre-treatment covariate")],
)
def test_a_setting_that_hides_nothing_or_all_is_told_first(
    tmp_path, monkeypatch, role: str, part: str
) -> None:
    monkeypatch.setattr(sampling, "language_model", lambda name: pytest.fail("nothing is loaded"))
    text = f"""
name: bare
variables:
  - {{name: age, role: {role}, values: [young, old], phrasings: ["A {{value}}."]}}
  - {{name: drug, role: treatment, values: [a, b], parents: [age], phrasings: ["D {{value}}."]}}
  - {{name: state, role: outcome, values: [x, y], parents: [drug], phrasings: ["E {{value}}."]}}
"""
    (tmp_path / "bare.yaml").write_text(text)
    suite = suite_of(tmp_path, {"scenario": "bare.yaml"}, settings=["all", "hidden"])
    with pytest.raises(InputError, match=part):
        prepared(suite, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_options_of_the_dataset_reach_it(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(sampling, "language_model", lambda name: sdscm.TabularLM(even))
    entry = {
        "scenario": "tea_or_coffee",
        "n": 20,
        "outcome": "expected-score",
        "dataset": {"scores": {"well": 2, "badly": 0, "lightly": 1}, "hide": ["monday"]},
    }
    suite = suite_of(tmp_path, entry)
    (source,) = prepared(suite, tmp_path / "run")
    dataset = source.load(tmp_path / "run")
    assert dataset.exogenous == ("monday",)
    assert dataset.meta.options["outcome_scores"] == {"well": 2, "badly": 0, "lightly": 1}
    entry["dataset"] = {"colour": 1}
    with pytest.raises(InputError, match="dataset: unknown option 'colour'; choose among"):
        prepared(suite_of(tmp_path, entry), tmp_path / "other")


def test_other_hidden_covariates_are_another_dataset(tmp_path, confounded) -> None:
    """A file is read anew when the suite hides another column of it."""
    frame = confounded(1).to_frame()
    names = [c for c in frame.columns if c not in ("t", "y", "y0", "y1", "ite", "propensity")]
    frame[[*names, "t", "y0", "y1"]].to_csv(tmp_path / "d.csv", index=False)
    hidden = []
    for name in names[:2]:
        columns = {"treatment": "t", "y0": "y0", "y1": "y1", "exogenous": [name]}
        entry = {"name": "mine", "files": "d.csv", "columns": columns}
        (source,) = prepared(suite_of(tmp_path, entry), tmp_path / "run")
        hidden.append(set(source.load(tmp_path / "run").setting("hidden").X.columns))
    assert hidden == [set(names) - {names[0]}, set(names) - {names[1]}]
