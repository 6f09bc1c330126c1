"""Sealed releases: the public part holds no function of the truth, and nobody can make it again."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import metrics
from benchmarks.archive.files import open_files, write_files
from benchmarks.archive.release import (
    MANIFEST,
    SUBMISSION,
    listed,
    manifest_bytes,
    open_release,
)
from benchmarks.cli.submission import predict, score
from benchmarks.datasets.source import Source
from benchmarks.execution.job_builder import categories, encoded
from benchmarks.experiment import run
from benchmarks.release.check import check_submission
from benchmarks.release.seal import (
    Sealed,
    Stated,
    guessable_origin,
    in_public_order,
    public_view,
    seal,
    sealed_parts,
    shared_units,
)
from benchmarks.release.verify import verify_release
from benchmarks.storage.manifest import Manifest
from sdscm.data.dataset import CausalDataset, Provenance
from sdscm.errors import InputError

COSTS = [each.name for each in metrics.registered() if each.group == "cost"]
PLACE = ["dataset", "setting", "rows", "estimator", "repetition"]
#: Numbers and words that no byte of a public part may show.
SECRET = 314159265358979323846264338327950288419
DIAL = 1.3719
SPEC = """\
name: moonbase
variables:
  - {name: crater, role: exogenous, values: [deep, flat, wide], distribution: [0.5, 0.3, 0.2],
     phrasings: ["Zyx: the crater of the {value} kind."]}
  - {name: crew, role: covariate, values: [few, many, none], parents: [crater],
     phrasings: ["Zyx: the crew is {value}.", "Zyx: crewed by {value}."]}
  - {name: drill, role: treatment, values: [manual, motor], parents: [crater, crew],
     phrasings: ["Zyx: it uses a {value} drill."]}
  - {name: ice, role: outcome, values: [found, missed], parents: [drill, crew, crater],
     phrasings: ["Zyx: ice was {value}."]}
outcome_value: found
"""


@dataclass(frozen=True)
class Challenge:
    """A sealed release, the run that it was made of, and the folder of both."""

    folder: Path
    manifest: Manifest
    datasets: dict[str, CausalDataset]
    sealed: Sealed

    @property
    def place(self) -> Path:
        return self.folder / "challenge-v1"


def fitted_in(runs: Path) -> Callable[[Path, Sequence[object]], object]:
    """The function that runs methods beside a release."""
    return lambda place, methods: run(
        place, workers=0, results_dir=None, runs_dir=runs, estimators=methods
    )


@pytest.fixture(scope="session")
def challenge(tmp_path_factory: pytest.TempPathFactory, tiny_lm: Path) -> Challenge:
    """Four datasets of a spec: two dials, which share no unit, and two phrasings."""
    folder = tmp_path_factory.mktemp("sealed")
    (folder / "moonbase.yaml").write_text(SPEC)
    entry = {"scenario": "moonbase.yaml", "lm": str(tiny_lm), "phrasings": 2, "n": 60}
    entry |= {"dials": {"effect": [1.0, DIAL]}, "temperature": 2.0}
    suite = {
        "name": "challenge",
        "seed": SECRET,
        "datasets": [entry],
        "estimators": ["LinReg", {"name": "RF", "params": {"n_estimators": 10}}, "Oracle"],
        "repetitions": 2,
        "board": {"resamples": 50},
    }
    (folder / "challenge.yaml").write_text(yaml.safe_dump(suite))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SDSCM_CACHE", str(folder / "cache"))
        path = folder / "challenge.yaml"
        run(path, workers=0, results_dir=None, runs_dir=folder / "runs", estimators=["Zero"])
    runs = folder / "runs"
    sealed = seal("challenge", folder / "challenge-v1", fitted_in(runs), version="1", runs_dir=runs)
    place = folder / "runs" / "challenge"
    manifest = Manifest.read(place)
    datasets = {source.name: source.load(place) for source in manifest.sources}
    return Challenge(folder, manifest, datasets, sealed)


def parts_of(challenge: Challenge, datasets: dict[str, CausalDataset]) -> dict[str, bytes]:
    """The public files that are made of other datasets of the run."""
    sources = [
        replace(source, fingerprint=datasets[source.name].fingerprint)
        for source in challenge.manifest.sources
    ]
    manifest = replace(challenge.manifest, sources=tuple(sources))
    return sealed_parts(manifest, datasets, Stated("challenge", "1")).public


def with_other_truth(dataset: CausalDataset, draw: np.random.Generator) -> CausalDataset:
    """The same X, t and y in another order of the rows; all else is drawn again."""
    n, size = len(dataset), 10.0 ** draw.integers(-3, 4)
    rows = draw.permutation(n)
    t, y = dataset.t[rows], dataset.y[rows]
    other = size * draw.normal(size=n) if draw.random() < 0.8 else np.full(n, float(y.mean()))

    def maybe(values: object) -> object:
        return values if draw.random() < 0.7 else None

    assert dataset.labels is not None
    return CausalDataset(
        X=dataset.X.iloc[rows].reset_index(drop=True),
        t=t,
        y0=np.where(t == 0, y, other),
        y1=np.where(t == 1, y, other),
        propensity=maybe(draw.random(n)),
        labels=dataset.labels.iloc[rows].reset_index(drop=True),
        text=maybe(pd.Series(draw.random(n).astype(str))),
        exogenous=dataset.exogenous,
        cates=maybe({"all": draw.normal(size=n), "hidden": draw.normal(size=n)}) or {},
        cate_errors=maybe({"hidden": draw.random(n)}) or {},
        known_ate=maybe(size),
        meta=Provenance(
            scenario=str(draw.random()),
            spec_hash=str(draw.random()),
            lm=str(draw.random()),
            phrasing=int(draw.integers(9)),
            seed=int(draw.integers(2**60)),
            options={"effect": draw.random(), "contrast": ["a", str(draw.random())]},
            versions={"torch": str(draw.random())},
        ),
    )


# --- no function of the truth


@settings(max_examples=15)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_public_bytes_do_not_depend_on_the_truth(challenge: Challenge, seed: int) -> None:
    draw = np.random.Generator(np.random.Philox(seed))
    changed = {
        name: with_other_truth(dataset, draw) for name, dataset in challenge.datasets.items()
    }
    public = open_release(challenge.place / "public")
    found = parts_of(challenge, changed)
    assert {*found} == {*public.files.sizes}
    assert [name for name in found if found[name] != public.files.read(name)] == []


def test_the_public_bytes_depend_on_the_outcomes(challenge: Challenge) -> None:
    """The test above can fail: one observed outcome changes the file and its hash."""
    name, dataset = next(iter(challenge.datasets.items()))
    y0, y1 = dataset.y0.copy(), dataset.y1.copy()
    (y1 if dataset.t[0] else y0)[0] += 1e-9
    changed = {**challenge.datasets, name: replace(dataset, y0=y0, y1=y1)}
    assert parts_of(challenge, changed) != parts_of(challenge, challenge.datasets)


def texts(place: Path) -> Iterator[tuple[str, str]]:
    """All files as text; tables decompressed, with their metadata."""
    for path in sorted(place.rglob("*")):
        if path.suffix == ".parquet":
            table = pq.read_table(path)
            yield path.name, f"{table.schema.metadata} {table.to_pydict()}"
        if path.is_file():
            yield path.name, f"{path} " + path.read_bytes().decode("latin-1")


def test_no_secret_is_in_the_public_bytes(challenge: Challenge) -> None:
    metas = [dataset.meta for dataset in challenge.datasets.values()]
    seeds = {SECRET, *(meta.seed for meta in metas)}
    words = {form for seed in seeds for form in (str(seed), f"{seed:x}", f"{seed:.6g}")}
    words |= {"moonbase", "Zyx", str(DIAL), "temperature", "overlap", "coupling"}
    words |= {metas[0].lm, metas[0].lm_revision, metas[0].spec_hash, "tiny", "torch"}
    words |= {each for source in challenge.manifest.sources for each in (source.name, source.lm)}
    words |= {dataset.fingerprint for dataset in challenge.datasets.values()}
    words |= {source.fingerprint for source in load_truth(challenge).values()}
    words |= {challenge.sealed.truth.digest, "cate:", "propensity"}
    shown = list(texts(challenge.place / "public"))
    assert len(shown) == 7 + 4
    found = [(name, word) for name, text in shown for word in words if word in text]
    assert found == []
    hidden = "".join(text for _, text in texts(challenge.place / "truth"))
    # The scan can find them: all but numbers in another form are in the truth.
    assert {"moonbase", "Zyx", str(SECRET), *map(str, seeds), "cate:"} <= {
        word for word in words if word in hidden
    }


def load_truth(challenge: Challenge) -> dict[str, Source]:
    content = challenge.sealed.truth.content["sources"]
    return {each["name"]: Source(**{**each, "place": tuple(each["place"])}) for each in content}


def test_no_true_number_is_in_a_public_table(challenge: Challenge) -> None:
    for name, source in load_truth(challenge).items():
        truth = source.load(challenge.place / "truth")
        public = pq.read_table(challenge.place / "public" / "datasets" / f"{name}.parquet")
        shown = {
            value
            for column in public.to_pydict().values()
            for value in column
            if isinstance(value, float)
        }
        counterfactual = np.where(truth.t == 1, truth.y0, truth.y1)
        assert truth.propensity is not None
        for values in (counterfactual, truth.propensity, *truth.cates.values(), truth.ite):
            assert not shown & {*values} - {*truth.y}


def test_the_names_are_neutral_and_the_boards_have_their_groups(challenge: Challenge) -> None:
    found = challenge.sealed.public.content["sources"]
    assert [each["name"] for each in found] == ["d001", "d002", "d003", "d004"]
    assert {each["entry"] for each in found} == {"e1"}
    assert {each["lm"] for each in found} == {""}
    # Both dials of a phrasing share its cluster.
    assert sorted(each["cluster"] for each in found) == ["c1", "c1", "c2", "c2"]
    originals = challenge.sealed.truth.content["sealed"]["datasets"]
    by_cluster = {each["cluster"]: set() for each in found}
    for each in found:
        by_cluster[each["cluster"]].add(originals[each["name"]]["cluster"])
    assert sorted(map(len, by_cluster.values())) == [1, 1]
    assert {each["name"] for each in originals.values()} == {*challenge.datasets}


def test_both_parts_are_verified(challenge: Challenge) -> None:
    public = verify_release(challenge.place / "public")
    assert (public.problems, public.files, public.cells) == ([], 7, 0)
    truth = verify_release(challenge.place / "truth", refit=3, workers=0)
    assert (truth.problems, truth.cells, truth.refitted) == ([], 4 * 2 * 4, 3)


def test_estimators_see_the_same_in_both_parts(challenge: Challenge) -> None:
    for name, source in load_truth(challenge).items():
        truth = source.load(challenge.place / "truth")
        public = CausalDataset.read_parquet(source.path(challenge.place / "public"))
        assert not public.effects_known
        assert public.meta == Provenance(scenario=name)
        for setting in ("all", "hidden"):
            one, other = truth.setting(setting), public.setting(setting)
            assert categories(one) == categories(other)
            assert categories(one)
            pd.testing.assert_frame_equal(encoded(one, "one-hot"), encoded(other, "one-hot"))
            pd.testing.assert_frame_equal(one.X, other.X, check_exact=True)
            pd.testing.assert_frame_equal(one.labels, other.labels)
            np.testing.assert_array_equal(one.t, other.t)
            np.testing.assert_array_equal(one.y, other.y)
        held_out = [source.held_out(each, 0.2) for each in (truth, public)]
        np.testing.assert_array_equal(*held_out)


def test_a_sneaked_in_truth_is_found(challenge: Challenge, tmp_path: Path) -> None:
    old = challenge.sealed.public
    files = {name: old.files.read(name) for name in old.files.sizes}
    source = load_truth(challenge)["d002"]
    dataset = CausalDataset.read_parquet(source.path(challenge.place / "public"))
    leaky = replace(dataset, cates={"all": dataset.y})
    name = source.path(Path()).as_posix()
    files[name] = leaky.to_parquet(tmp_path / "d002.parquet").read_bytes()
    content = json.loads(json.dumps(old.content))
    content["sources"][1]["fingerprint"] = leaky.fingerprint
    content["files"][name] = {
        "bytes": len(files[name]),
        "sha256": sha256(files[name]).hexdigest(),
    }
    write_files(files | {MANIFEST: manifest_bytes(content)}, tmp_path / "public")
    assert verify_release(tmp_path / "public").problems == [
        "d002: the public part holds a truth (cate:all)"
    ]


# --- order of the rows


def test_the_order_of_the_rows_is_one_of_many(confounded) -> None:
    dataset = confounded(0, 200)
    order = np.argsort(dataset.ite)
    by_effect = replace(
        dataset,
        X=dataset.X.iloc[order].reset_index(drop=True),
        t=dataset.t[order],
        y0=dataset.y0[order],
        y1=dataset.y1[order],
        propensity=None,
    )
    found = in_public_order(by_effect, "toy-v1")
    assert abs(np.corrcoef(np.arange(200), found.ite)[0, 1]) < 0.2
    assert abs(np.corrcoef(np.arange(200), found.X["u"])[0, 1]) < 0.2
    same = in_public_order(replace(dataset, propensity=None), "toy-v1")
    assert same.fingerprint == found.fingerprint


def test_columns_that_no_setting_shows_are_left_out(confounded) -> None:
    dataset = confounded(0, 50)
    assert list(public_view(dataset, ["hidden"]).X) == ["a", "b"]
    assert public_view(dataset, ["hidden"]).exogenous == ()
    assert list(public_view(dataset, ["all"]).X) == ["u", "a", "b"]
    assert public_view(dataset, ["all", "hidden"]).exogenous == ("u",)


# --- what others can make again


def metas(**options: object) -> dict[str, Provenance]:
    own = {"spec_hash": "h", "seed": SECRET}
    return {
        "secret": Provenance("moonbase", **own),
        "small": Provenance("moonbase", **{**own, "seed": 2**64 - 1}),
        "shipped": Provenance("marathon_confounder", **own),
        "simulation": Provenance("simulation linear", seed=SECRET),
        "fitted": Provenance("semi-synthetic x", seed=7, options={"fitted": "x"}),
        "table": Provenance("simulation notes.csv", seed=1),
        "leaky": Provenance("ihdp.csv", options={"leaks": ["'mu0' is the outcome"]}),
    }


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("secret", ""),
        ("small", f"its seed {2**64 - 1} can be guessed"),
        ("shipped", "everybody has the scenario 'marathon_confounder'"),
        ("simulation", "everybody has the formula"),
        ("fitted", "its seed 7 can be guessed"),
        ("table", ""),
        ("leaky", "may give away the truth ('mu0' is the outcome)"),
    ],
)
def test_data_that_others_can_make_again_are_named(confounded, name: str, words: str) -> None:
    dataset = replace(confounded(0, 20), meta=metas()[name])
    found = list(guessable_origin([Source("d", "e", "c")], {"d": dataset}))
    assert len(found) == bool(words)
    assert all(line.startswith("d: ") and words in line and "--guessable" in line for line in found)


def test_a_guessable_suite_is_refused_unless_the_organiser_says_so(
    runs: Path, tmp_path: Path
) -> None:
    given = {"fit": fitted_in(runs), "version": "1", "runs_dir": runs}
    with pytest.raises(InputError, match=r"^linear-r0: everybody has the formula"):
        seal("toy", tmp_path / "out", **given)
    assert not (tmp_path / "out").exists()
    with pytest.raises(InputError, match="name a folder"):
        seal("toy", tmp_path / "out.zip", guessable=True, **given)


def test_an_interrupted_call_leaves_nothing_and_can_be_made_again(
    make_suite, tmp_path: Path
) -> None:
    """The setting 'hidden' alone, too: the public part lacks the columns that it hides."""
    runs, out = tmp_path / "runs", tmp_path / "sealed"
    suite = make_suite(settings=["hidden"], holdout=0.2, estimators=["DiffInMeans"])
    given = {"workers": 0, "results_dir": None, "estimators": ["LinReg"]}
    run(suite, runs_dir=runs, **given)

    def stopped(place: Path, methods: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        seal("toy", out, stopped, version="1", runs_dir=runs, guessable=True)
    assert not out.exists()
    seal("toy", out, fitted_in(runs), version="1", runs_dir=runs, guessable=True)
    assert "X:u" in pq.read_schema(out / "truth" / "datasets" / "d001.parquet").names
    assert "X:u" not in pq.read_schema(out / "public" / "datasets" / "d001.parquet").names
    found = [
        run(out / part, runs_dir=tmp_path / part, **given).scores for part in ("public", "truth")
    ]
    estimates = [scores.loc[scores["estimator"] == "LinReg", "ate"].tolist() for scores in found]
    assert estimates[0] == estimates[1]
    assert len({*estimates[0]}) == 3


def flipped(dataset: CausalDataset) -> CausalDataset:
    return replace(dataset, t=1 - dataset.t)


@pytest.mark.parametrize(
    ("change", "shared"),
    [
        ("same seed", True),
        ("another seed", False),
        ("another scenario", False),
        ("one table", True),
        ("table with other treatments", True),
        ("half of that table", True),
        ("table with the same treatments", False),
        ("another table", False),
    ],
)
def test_shared_units_are_named(confounded, change: str, shared: bool) -> None:
    one, other = confounded(0, 80), confounded(1, 80)
    same = flipped(confounded(0, 80))
    sampled = Provenance("moonbase", spec_hash="h", seed=SECRET)
    fitted = Provenance("semi-synthetic x", seed=SECRET, options={"fitted": "x"})
    half = np.arange(80) % 2 == 0
    pair = {
        "same seed": (replace(one, meta=sampled), replace(other, meta=sampled)),
        "another seed": (replace(one, meta=sampled), replace(other, meta=replace(sampled, seed=1))),
        "another scenario": (
            replace(one, meta=sampled),
            replace(other, meta=replace(sampled, scenario="marsbase")),
        ),
        "one table": (replace(one, meta=fitted), replace(other, meta=replace(fitted, seed=1))),
        "table with other treatments": (one, same),
        "half of that table": (
            one,
            replace(
                same,
                X=same.X[half].reset_index(drop=True),
                t=same.t[half],
                y0=same.y0[half],
                y1=same.y1[half],
                propensity=None,
            ),
        ),
        "table with the same treatments": (one, replace(one, y1=one.y1 + 1)),
        "another table": (one, other),
    }[change]
    sources = [Source("one", "first", "c"), Source("other", "second", "c")]
    found = list(shared_units(sources, dict(zip(("one", "other"), pair, strict=True))))
    assert len(found) == shared
    assert all("'first' and 'second' share units (one and other)" in line for line in found)


def test_independent_units_with_few_covariate_values_are_not_shared() -> None:
    """The worst case for the rule: half as many units as combinations of values."""
    draw = np.random.Generator(np.random.Philox(0))
    datasets, sources = {}, []
    for number in range(20):
        X = pd.DataFrame(draw.integers(2, size=(256, 9)), columns=list("abcdefghi"))
        t, y = draw.integers(2, size=256), draw.normal(size=256)
        datasets[str(number)] = CausalDataset(X, t, y, y + 1, Provenance("x"))
        sources.append(Source(str(number), "e", "c"))
    assert list(shared_units(sources, datasets)) == []


# --- predictions without the truth, and their scores

PLUGIN = """\
import numpy as np
import estimators


@estimators.register("Noisy", summary="the difference in means with noise, and intervals")
class Noisy:
    def __init__(self, random_state=0):
        self.random_state = random_state

    def fit(self, X, t, y):
        self.draw_ = np.random.default_rng(self.random_state)
        self.effect_ = y[t == 1].mean() - y[t == 0].mean() + self.draw_.normal()
        return self

    def effect(self, X):
        names = X.attrs["categories"]
        return self.effect_ + X.iloc[:, 0].to_numpy() / 7 + len(names) * self.draw_.random(len(X))

    def effect_interval(self, X, alpha):
        return np.full(len(X), self.effect_ - alpha), np.full(len(X), self.effect_ + 1 / 3)

    def ite_interval(self, X, t, y, alpha):
        return self.effect_ - abs(y), self.effect_ + abs(y) + t

    def ate_interval(self, X, alpha):
        return self.effect_ - 0.1, self.effect_ + 0.1


@estimators.register("Mean", summary="the difference in means", estimand="ATE")
class Mean:
    def fit(self, X, t, y):
        self.effect_ = y[t == 1].mean() - y[t == 0].mean()
        return self

    def ate(self, X):
        return self.effect_
"""
NAMES = ["Noisy", "Mean"]


@pytest.fixture(scope="session")
def predicted(challenge: Challenge, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a participant: the public part and what a process makes of it alone."""
    folder = tmp_path_factory.mktemp("participant")
    shutil.copytree(challenge.place / "public", folder / "public")
    (folder / "mine.py").write_text(PLUGIN)
    # Truth, runs, spec and cache are not there while it runs.
    away = challenge.folder.rename(challenge.folder.with_name("away"))
    try:
        command = [sys.executable, "-m", "benchmarks", "predict", "public", "--plugin", "mine.py"]
        command += ["--estimators", ",".join(NAMES), "--out", "mine.zip", "--workers", "0"]
        environment = {**os.environ, "SDSCM_CACHE": str(folder / "cache")}
        ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    finally:
        away.rename(challenge.folder)
    assert ran.returncode == 0, ran.stderr
    return folder


def test_the_sealed_path_gives_the_scores_of_the_open_path(
    challenge: Challenge, predicted: Path, tmp_path: Path
) -> None:
    truth = challenge.place / "truth"
    given = {"workers": 0, "results_dir": None}
    sealed = run(truth, submissions=predicted / "mine.zip", runs_dir=tmp_path / "sealed", **given)
    plugins = [predicted / "mine.py"]
    opened = run(truth, estimators=NAMES, plugins=plugins, runs_dir=tmp_path / "open", **given)
    assert (sealed.computed, opened.computed) == (0, 4 * 2 * (2 + 1))
    assert sealed.own == opened.own == ("Noisy", "Mean")
    tables = []
    for result in (sealed, opened):
        scores = result.scores.drop(columns=COSTS)
        tables.append(scores.sort_values(PLACE).reset_index(drop=True))
    pd.testing.assert_frame_equal(*tables, check_exact=True)
    own = tables[0][tables[0]["estimator"].isin(NAMES)]
    assert {"fitted", "held-out"} <= {*own["rows"]}
    wanted = ["pehe", "cate_coverage", "ite_coverage", "ate_abs_error", "ate_coverage"]
    assert own.loc[own["estimator"] == "Noisy", wanted].notna().all(axis=None)
    assert own["pehe"].nunique() > 20
    for one, other in zip(sealed.boards, opened.boards, strict=True):
        assert one.group == other.group
        for metric, ranking in one.rankings.items():
            pd.testing.assert_frame_equal(ranking.ranks, other.rankings[metric].ranks)


def test_a_sealed_submission_is_checked_and_verified(challenge: Challenge, predicted: Path) -> None:
    path = predicted / "mine.zip"
    assert "scores.parquet" not in open_files(path).sizes
    for part, refit in (("public", 0), ("truth", 3)):
        found = check_submission(path, release=challenge.place / part, refit=refit, workers=0)
        assert (found.problems, found.cells, found.refitted) == ([], 24, refit)


def manifest_changed(
    place: Path, name: str, out: Path, more: dict[str, bytes], **changes: object
) -> Path:
    """A package with other keys in its manifest and more files, whose hashes are right."""
    old = open_files(place)
    files = {each: old.read(each) for each in old.sizes} | more
    content = {**json.loads(files.pop(name)), **changes}
    content["files"] = listed(files)
    return write_files(files | {name: manifest_bytes(content)}, out)


def test_another_truth_is_refused(challenge: Challenge, predicted: Path, tmp_path: Path) -> None:
    content = challenge.sealed.truth.content
    other = manifest_changed(
        *(challenge.place / "truth", MANIFEST, tmp_path / "truth", {}),
        sealed={**content["sealed"], "public": "0" * 64},
    )
    with pytest.raises(InputError, match="refused: made for another release") as caught:
        score(predicted / "mine.zip", truth=str(other), workers=0, runs=tmp_path / "r")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("change", ["of another public part", "with scores", "of other data"])
def test_another_submission_is_refused(
    challenge: Challenge, predicted: Path, tmp_path: Path, change: str
) -> None:
    path, truth = predicted / "mine.zip", challenge.place / "truth"
    release, more, words = json.loads(open_files(path).read(SUBMISSION))["release"], {}, ""
    if change == "of another public part":
        release, words = {**release, "sha256": "1" * 64}, "made for another release"
    elif change == "with scores":
        more = {"scores.parquet": open_files(truth).read("scores.parquet")}
        words = "scores.parquet: a submission to challenge-v1 has no scores"
    else:
        cells = pd.read_parquet(io.BytesIO(open_files(path).read("cells.parquet")))
        table = pq.read_table(io.BytesIO(open_files(path).read("cells.parquet")))
        place = table.schema.get_field_index("fingerprint")
        table = table.set_column(place, "fingerprint", pa.array(["0" * 32] * len(cells)))
        buffer = io.BytesIO()
        pq.write_table(table, buffer)
        more, words = {"cells.parquet": buffer.getvalue()}, "made from another dataset"
    forged = manifest_changed(path, SUBMISSION, tmp_path / "mine.zip", more, release=release)
    with pytest.raises(InputError, match=words) as caught:
        score(forged, truth=str(truth), workers=0, runs=tmp_path / "r")
    assert "\n" not in str(caught.value)


def test_the_parts_are_not_mistaken(
    challenge: Challenge, predicted: Path, made: Path, tmp_path: Path
) -> None:
    path = predicted / "mine.zip"
    for place in (challenge.place / "public", made):
        with pytest.raises(InputError, match="not the truth of a sealed release"):
            score(path, truth=str(place))
    with pytest.raises(InputError, match="'LinReg' is a method of challenge-v1"):
        predict(str(challenge.place / "public"), "LinReg", tmp_path / "out.zip")
    for place in (challenge.place / "truth", made):
        with pytest.raises(InputError, match="not the public part of a sealed release"):
            predict(str(place), "Mean", tmp_path / "out.zip")
