"""A user's tables: a folder, a mapping, and as much truth as there is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import benchmarks
from benchmarks.datasets.facts import entry_lines, fact_table
from benchmarks.datasets.source import Source
from benchmarks.datasets.truth import truth_of
from benchmarks.datasets.user_tables import read_files
from benchmarks.suite.entries import Columns, FilesEntry
from benchmarks.suite.model import Suite
from sdscm.data.dataset import CausalDataset
from sdscm.data.diagnostics import facts
from sdscm.errors import InputError

FRAME = pd.DataFrame(
    {
        "drug": ["a", "b", "a", "b"],
        "town": ["Ulm", "Bonn", "Bonn", "Kiel"],
        "age": [30.0, 40, 50, 60],
        "gain": [1.0, 5, 3, 9],
        "tau": [1.0, 2, 3, 4],
    }
)
MAPPING = {"treatment": "drug", "outcome": "gain", "covariates": ["town", "age"]}


def read(folder: Path, **changes: object) -> list[CausalDataset]:
    columns = Columns.model_validate(MAPPING | changes)
    entry = FilesEntry(name="mine", files=["*.csv", "*.parquet"], columns=columns)
    return [dataset for _, dataset in read_files(entry, folder)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    FRAME.to_csv(tmp_path / "one.csv", index=False)
    FRAME.assign(town="Kiel").to_parquet(tmp_path / "two.parquet")
    return tmp_path


def test_an_outcome_with_effects_gives_both_potential_outcomes(folder: Path) -> None:
    dataset, _ = read(folder, effect="tau", categorical=["town"])
    np.testing.assert_array_equal(dataset.t, [0, 1, 0, 1])
    np.testing.assert_array_equal(dataset.y, FRAME["gain"])
    np.testing.assert_array_equal(dataset.ite, FRAME["tau"])
    np.testing.assert_array_equal(dataset.y0, [1, 3, 3, 5])
    assert dataset.effects_known


def test_codes_mean_the_same_in_every_file(folder: Path) -> None:
    one, two = read(folder, categorical=["town"])
    np.testing.assert_array_equal(one.X["town"], [2, 0, 0, 1])
    np.testing.assert_array_equal(two.X["town"], [1, 1, 1, 1])
    assert one.labels is not None
    assert one.labels["town"].tolist() == FRAME["town"].tolist()
    assert one.labels.columns.tolist() == ["town"]


def test_data_from_the_world_keep_what_is_known(folder: Path, tmp_path: Path) -> None:
    dataset, _ = read(folder, categorical=["town"], ate=2.5, exogenous=["town"])
    assert not dataset.effects_known
    assert np.isnan(dataset.ite).all()
    assert dataset.sate == 2.5
    np.testing.assert_array_equal(dataset.y, FRAME["gain"])
    back = CausalDataset.read_parquet(dataset.to_parquet(tmp_path / "kept" / "d.parquet"))
    assert (back.sate, back.fingerprint) == (2.5, dataset.fingerprint)
    np.testing.assert_array_equal(back.y, FRAME["gain"])
    assert back.setting("hidden").X.columns.tolist() == ["age"]
    assert np.isnan(read(folder, categorical=["town"])[0].sate)


def test_a_mapping_may_stand_in_a_file(folder: Path) -> None:
    (folder / "columns.yaml").write_text(
        "treatment: drug\noutcome: gain\ncategorical: [town]\ncovariates: [town, age]\n"
    )
    entry = FilesEntry(name="mine", files="*.csv", columns="columns.yaml")
    ((path, dataset),) = read_files(entry, folder)
    assert path.name == "one.csv"
    assert dataset.X.columns.tolist() == ["town", "age"]
    (folder / "columns.yaml").write_text("treatment: drug\ngain: y\n")
    with pytest.raises(InputError, match=r"columns\.yaml: unknown key 'gain'; "):
        list(read_files(entry, folder))


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"categorical": ["village"]}, "no column 'village'; correct 'categorical' in the suite's"),
        ({"treatment": "pill"}, "no column 'pill'; correct 'treatment' in the suite's 'columns'"),
        ({"treatment": "town", "covariates": ["age"]}, "two values, but 'town' has 3"),
        ({}, "'town' is not numeric; add it to 'categorical'"),
        ({"covariates": ["age", "gain"]}, "'gain' cannot be a covariate"),
        ({"outcome": "town", "covariates": ["age"]}, "'town' is not numeric; 'outcome' in"),
        ({"covariates": []}, "there are no covariates"),
        ({"covariates": ["age", "age"]}, "has 'age' twice"),
        (
            {"covariates": ["age"], "exogenous": ["tau"]},
            "'exogenous' in the suite's",
        ),
        ({"covariates": ["age"], "categorical": ["town"]}, "is in 'categorical' in the suite's"),
        ({"covariates": ["age"], "effect": "gain"}, "'gain' is 'outcome' and 'effect'"),
        ({"covariates": ["age"], "propensity": "age"}, "'age' cannot be a covariate"),
        ({"covariates": ["tau"], "propensity": "age"}, "values outside of 0 to 1"),
    ],
)
def test_bad_mappings_give_one_line(folder: Path, changes: dict[str, object], part: str) -> None:
    with pytest.raises(InputError) as caught:
        read(folder, **changes)
    assert part in str(caught.value)
    assert "\n" not in str(caught.value)


def test_gaps_in_an_outcome_are_told(tmp_path: Path) -> None:
    FRAME.assign(gain=[1.0, np.nan, 2, 3]).to_csv(tmp_path / "one.csv", index=False)
    with pytest.raises(InputError, match=r"one\.csv: 'gain' has no finite number in 1 of 4 rows"):
        read(tmp_path, covariates=["age"])


@pytest.mark.parametrize(("column", "value"), [("age", np.nan), ("age", np.inf), ("drug", None)])
def test_gaps_elsewhere_are_told(tmp_path: Path, column: str, value: object) -> None:
    FRAME.assign(**{column: [value, *FRAME[column][1:]]}).to_csv(tmp_path / "one.csv", index=False)
    with pytest.raises(InputError, match=rf"one\.csv: .*'{column}' .*remove these"):
        read(tmp_path, covariates=["age"])


@pytest.mark.parametrize(
    ("column", "what"), [("gain", "the outcome"), ("tau", "the effect"), ("y0", "the outcome un")]
)
def test_the_truth_by_another_name_is_no_covariate(tmp_path: Path, column: str, what: str) -> None:
    """With potential outcomes, the observed one is in many tables, and no key may name it."""
    y0 = FRAME["gain"] - FRAME["tau"] * (FRAME["drug"] == "b")
    frame = FRAME[["drug", "age"]].assign(y0=y0, y1=y0 + FRAME["tau"])
    mapping: dict[str, object] = {"treatment": "drug", "y0": "y0", "y1": "y1"}

    def found(frame: pd.DataFrame) -> list[CausalDataset]:
        frame.to_csv(tmp_path / "one.csv", index=False)
        columns = Columns.model_validate(mapping)
        entry = FilesEntry(name="mine", files="*.csv", columns=columns)
        return [dataset for _, dataset in read_files(entry, tmp_path)]

    assert found(frame)[0].X.columns.tolist() == ["age"]
    secret = y0 if column == "y0" else FRAME[column]
    with pytest.raises(InputError, match=rf"the column 'seen' is {what}.* name the covariates"):
        found(frame.assign(seen=secret))
    mapping["covariates"] = ["age", "seen"]
    assert found(frame.assign(seen=secret))[0].X.columns.tolist() == ["age", "seen"]


def test_a_folder_with_brackets_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "data [2024]"
    folder.mkdir()
    FRAME.to_csv(folder / "one [1].csv", index=False)
    assert len(read(folder, covariates=["age"])) == 1
    entry = FilesEntry(
        name="mine",
        files="data [2024]/one [1].csv",
        columns=Columns.model_validate(MAPPING | {"covariates": ["age"]}),
    )
    ((path, _),) = read_files(entry, tmp_path)
    assert path == folder / "one [1].csv"


def test_ordered_categories_keep_their_order(tmp_path: Path) -> None:
    sizes = pd.Categorical(["low", "high", "mid", "low"], ["low", "mid", "high"], ordered=True)
    arms = pd.Categorical(["placebo", "drug"] * 2, ["placebo", "drug"], ordered=True)
    FRAME.assign(town=sizes, drug=arms).to_parquet(tmp_path / "one.parquet")
    FRAME.assign(town="low", drug=arms).to_parquet(tmp_path / "two.parquet")
    one, two = read(tmp_path, categorical=["town"])
    assert one.X["town"].tolist() == [0, 2, 1, 0]
    assert two.X["town"].tolist() == [0, 0, 0, 0]
    assert one.t.tolist() == two.t.tolist() == [0, 1, 0, 1]


def test_an_order_counts_for_all_files(tmp_path: Path) -> None:
    """No file has all values; one has no order, and one has another order."""
    order = ["low", "mid", "high"]
    for name, towns in (("a", "low high high low"), ("b", "mid high mid mid")):
        sizes = pd.Categorical(towns.split(), order, ordered=True)
        FRAME.assign(town=sizes).to_parquet(tmp_path / f"{name}.parquet")
    FRAME.assign(town="mid").to_csv(tmp_path / "c.csv", index=False)
    plain, one, two = read(tmp_path, categorical=["town"])
    assert one.X["town"].tolist() == [0, 2, 2, 0]
    assert two.X["town"].tolist() == [1, 2, 1, 1]
    assert plain.X["town"].tolist() == [1, 1, 1, 1]
    other = pd.Categorical(["low"] * 4, order[::-1], ordered=True)
    FRAME.assign(town=other).to_parquet(tmp_path / "d.parquet")
    with pytest.raises(
        InputError, match=r"d\.parquet: the categories of 'town' are high, mid, low"
    ):
        read(tmp_path, categorical=["town"])


@pytest.mark.parametrize("column", ["town", "drug"])
def test_lists_are_one_line(tmp_path: Path, column: str) -> None:
    FRAME.assign(**{column: [[1], [2], [1], [2]]}).to_parquet(tmp_path / "one.parquet")
    with pytest.raises(InputError, match=rf"one\.parquet: '{column}' holds lists or values of"):
        read(tmp_path, categorical=["town"])


@pytest.mark.parametrize(("mark", "name"), [(";", "semicolons"), ("\t", "tabs")])
def test_other_separators_than_commas_are_told(tmp_path: Path, mark: str, name: str) -> None:
    FRAME.to_csv(tmp_path / "one.csv", index=False, sep=mark)
    with pytest.raises(InputError, match=rf"one\.csv: {name} separate its columns; save it with"):
        read(tmp_path)


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_other_encodings_than_utf_8_are_told(tmp_path: Path, encoding: str) -> None:
    FRAME.assign(town="Köln").to_csv(tmp_path / "one.csv", index=False, encoding=encoding)
    with pytest.raises(InputError, match=r"one\.csv: is not UTF-8 text; save it in UTF-8"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("name", "shown"), [(" drug", "' drug'"), ("drug\ufeff", r"'drug\\ufeff'")]
)
def test_names_with_letters_that_nobody_sees_are_in_quotes(
    tmp_path: Path, name: str, shown: str
) -> None:
    FRAME.rename(columns={"drug": name}).to_parquet(tmp_path / "one.parquet")
    with pytest.raises(InputError, match=f"no column 'drug'.*the columns are {shown}, town, age"):
        read(tmp_path)


def test_all_columns_with_gaps_are_named(tmp_path: Path) -> None:
    FRAME.assign(age=np.nan, tau=[1, np.nan, 2, 3]).to_csv(tmp_path / "one.csv", index=False)
    with pytest.raises(
        InputError, match=r"'age' has no .* in 4 of 4 rows, 'tau' has no .* in 1 of 4"
    ):
        read(tmp_path, covariates=["age", "tau"])


def written(frame: pd.DataFrame, folder: Path, suffix: str) -> list[CausalDataset]:
    folder = folder / suffix
    folder.mkdir()
    if suffix == "csv":
        frame.to_csv(folder / "one.csv")
    else:
        frame.to_parquet(folder / "one.parquet")
    columns = Columns(treatment="drug", outcome="gain", categorical=["town"])
    entry = FilesEntry(name="mine", files=f"one.{suffix}", columns=columns)
    return [dataset for _, dataset in read_files(entry, folder)]


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"town": ["None", "NA", "nan", "null"]},
        {"town": ["1", "2", "10", "NA"]},
        {"town": [10, 9, 1, 2]},
        {"town": ["10", "9", "1", "2"]},
        {"town": [1.0, 2.0, 1.0, 10.0]},
        {"town": pd.to_datetime(["2020-01-02", "2019-05-05"] * 2)},
        {"town": [True, False, True, False]},
        {"drug": ["None", "aspirin"] * 2},
        {"drug": ["9", "10"] * 2},
        {"drug": pd.array([1, 2] * 2, dtype="Int64")},
        {"age": pd.array([True, False, True, True], dtype="boolean")},
        {"Unnamed: 0": range(4)},
    ],
    ids=str,
)
def test_csv_and_parquet_give_the_same_dataset(tmp_path: Path, change: dict) -> None:
    frame = FRAME.drop(columns="tau").assign(**change)
    (csv,), (parquet,) = (written(frame, tmp_path, suffix) for suffix in ("csv", "parquet"))
    assert csv.fingerprint == parquet.fingerprint
    assert csv.contrast == parquet.contrast
    assert csv.X.columns.tolist() == ["town", "age"]
    pd.testing.assert_frame_equal(csv.labels, parquet.labels, check_dtype=False)
    if "town" in change and not isinstance(change["town"], pd.Index):
        assert set(csv.labels["town"]) == {str(town).removesuffix(".0") for town in change["town"]}


@pytest.mark.parametrize("index", ["id", None])
def test_an_index_is_a_covariate_only_if_it_has_a_name(tmp_path: Path, index: str | None) -> None:
    frame = FRAME.drop(columns="tau").set_index(pd.Index([7, 3, 9, 1], name=index))
    (csv,), (parquet,) = (written(frame, tmp_path, suffix) for suffix in ("csv", "parquet"))
    assert csv.fingerprint == parquet.fingerprint
    assert csv.X.columns.tolist() == [*[index] * (index is not None), "town", "age"]


def test_folders_are_no_columns(tmp_path: Path) -> None:
    (tmp_path / "age=5").mkdir()
    FRAME.to_parquet(tmp_path / "age=5" / "one.parquet")
    (dataset,) = read(tmp_path / "age=5", covariates=["age"])
    assert dataset.X["age"].tolist() == FRAME["age"].tolist()


@pytest.mark.parametrize(
    ("second", "said"),
    [
        ([1, 2], "the treatment is 1 or 2, but a or b in .*one.csv; give all files one coding"),
        (["A", "b"], "the treatment is A or b, but a or b in"),
        (["b", "c"], "the treatment is b or c, but a or b in"),
        ([False, True], "the treatment is False or True, but a or b in"),
    ],
)
def test_files_of_an_entry_have_one_coding(tmp_path: Path, second: list, said: str) -> None:
    FRAME.to_csv(tmp_path / "one.csv", index=False)
    FRAME.assign(drug=second * 2).to_csv(tmp_path / "two.csv", index=False)
    with pytest.raises(InputError, match=rf"two\.csv: {said}"):
        read(tmp_path, covariates=["age"])


def test_an_order_of_the_treatment_counts_for_all_files(tmp_path: Path) -> None:
    order = pd.CategoricalDtype(["b", "a"], ordered=True)
    FRAME.assign(drug=FRAME["drug"].astype(order)).to_parquet(tmp_path / "one.parquet")
    FRAME.to_csv(tmp_path / "two.csv", index=False)
    found = read(tmp_path, covariates=["age"])
    assert [dataset.contrast for dataset in found] == [("b", "a")] * 2
    assert [dataset.t.tolist() for dataset in found] == [[1, 0, 1, 0]] * 2
    FRAME.assign(drug=FRAME["drug"].astype("category").cat.as_ordered()).to_parquet(
        tmp_path / "three.parquet"
    )
    with pytest.raises(InputError, match=r"the categories of 'drug' are .*; give all files one"):
        read(tmp_path, covariates=["age"])


def test_written_datasets_of_an_entry_have_one_coding(tmp_path: Path) -> None:
    for name, arms in (("one", ["a", "b"]), ("two", ["c", "b"])):
        frame = FRAME.assign(drug=arms * 2)
        CausalDataset.from_frame(
            frame, treatment="drug", outcome="gain", covariates=["age"]
        ).to_parquet(tmp_path / f"{name}.parquet")
    entry = FilesEntry(name="mine", files="*.parquet")
    with pytest.raises(InputError, match=r"two\.parquet: the treatment is b or c, but a or b in"):
        list(read_files(entry, tmp_path))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("age,drug,gain,age\n1,0,1,2\n2,1,2,3\n", "two columns are called 'age'"),
        ("age,drug,gain\n1,0,1,\n2,1,2,\n", "the rows have more cells than the header"),
        ("age,drug,gain\n1,0,\nNA,1,2\n", "'gain' has no .* in 1 of 2 rows, 'age' has no"),
        ("age,drug,gain\n1,0,2020-01-01\n2,1,2020-01-02\n", "'gain' is not numeric"),
    ],
)
def test_damaged_csv_files(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "one.csv").write_text(text)
    with pytest.raises(InputError, match=rf"one\.csv: {said}"):
        read(tmp_path, covariates=["age"])


@pytest.mark.parametrize("copy", [{"no": "yes", "yes": "no"}, {"no": "A", "yes": "B"}])
def test_a_treatment_written_in_other_words_is_no_covariate(tmp_path: Path, copy: dict) -> None:
    drug = ["no", "yes"] * 20
    frame = pd.DataFrame({"drug": drug, "gain": np.arange(40) ** 2 % 17, "age": np.arange(40) % 7})
    frame.assign(town=[copy[each] for each in drug]).to_csv(tmp_path / "one.csv", index=False)
    with pytest.raises(InputError, match=r"one\.csv: the column 'town' is a copy of the treatment"):
        read(tmp_path, covariates=None, categorical=["town"])
    (dataset,) = read(tmp_path, covariates=["town"], categorical=["town"])
    assert facts(dataset).leaks == ("'town' is a copy of the treatment",)


def test_the_page_of_own_tables(run_snippets, tmp_path: Path) -> None:
    """Its mapping in YAML gives the truth that it makes in Python."""
    page = Path(__file__).parents[3] / "docs" / "how-to" / "table.md"
    parts = ["python", *["shell"] * 3, "like-trial.yaml", "shell", "columns.yaml", "shell"]
    assert run_snippets(page) == parts
    assert (tmp_path / "estimates" / "estimate.html").is_file()
    assert len([*(tmp_path / "like-trial").iterdir()]) == 2
    assert "arXiv 2605.10430" in (tmp_path / "results/like-trial/leaderboard.md").read_text()
    assert "LinReg" in (tmp_path / "results/own-data/leaderboard.md").read_text()
    entry = FilesEntry(name="mine", files="trial.csv", columns="columns.yaml")
    ((_, dataset),) = read_files(entry, tmp_path)
    table = pd.read_csv(tmp_path / "trial.csv")
    np.testing.assert_allclose(dataset.cate, table["mu1"] - table["mu0"])
    np.testing.assert_array_equal(dataset.y, table["y_factual"])
    assert truth_of(dataset, "all").target == "CATE"
    assert truth_of(dataset, "all").sate == pytest.approx(dataset.ite.mean())


SHOWS = """
import estimators


class Shows:
    def fit(self, X, t, y):
        kinds = {name: kind.kind for name, kind in X.dtypes.items()}
        raise ValueError(f"{type(X).__name__} {kinds} {X.attrs}")

    def effect(self, X):
        return X["age"]


estimators.register("Shows")(Shows)
"""


@pytest.mark.parametrize("workers", [0, 1])
@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        (
            "codes",
            "DataFrame {'town': 'f', 'age': 'f'} "
            "{'categories': {'town': {0: 'Bonn', 1: 'Kiel', 2: 'Ulm'}}}",
        ),
        ("one-hot", "DataFrame {'town=Kiel': 'f', 'town=Ulm': 'f', 'age': 'f'} {}"),
    ],
)
def test_what_a_plugin_gets(folder: Path, encoding: str, shown: str, workers: int) -> None:
    (folder / "two.parquet").unlink()
    pd.concat([FRAME] * 5).to_csv(folder / "one.csv", index=False)
    (folder / "shows.py").write_text(SHOWS)
    (folder / "mine.yaml").write_text(
        "name: mine\n"
        "datasets: [{name: mine, files: '*.csv', columns: {treatment: drug, outcome: gain,"
        " covariates: [town, age], categorical: [town], effect: tau}}]\n"
        f"settings: [all]\nestimators: [Shows]\nencodings: [{encoding}]\n"
    )
    result = benchmarks.run(
        folder / "mine.yaml",
        plugins=[folder / "shows.py"],
        workers=workers,
        runs_dir=folder / "runs",
        results_dir=None,
    )
    assert result.cells["reason"].unique().tolist() == [f"ValueError: {shown}"]


@pytest.mark.parametrize(
    ("known", "line"),
    [
        ({}, "; the true effects are not known."),
        ({"ate": 2.5}, "only the true average effect is known."),
        ({"effect": "tau"}, "effects vary by "),
    ],
)
def test_a_run_claims_what_is_known_only(folder: Path, known: dict[str, object], line: str) -> None:
    datasets = read(folder, categorical=["town"], **known)
    sources = [Source(name=str(n), entry="mine", cluster="", place=()) for n in (0, 1)]
    table = fact_table(sources, dict(zip("01", datasets, strict=True)))
    (said,) = entry_lines(table, lambda _: ["all"])
    assert line in said
    assert ("effects vary" in said) == ("effect" in known)
    assert "does not vary" not in said
    assert "–" not in said


def test_a_table_with_an_instrument_runs_in_its_setting(tmp_path):
    rng = np.random.default_rng(0)
    z, x = rng.integers(0, 2, 200), rng.normal(size=200)
    t = z * (rng.random(200) < 0.7)
    y = t + x + 0.1 * rng.normal(size=200)
    pd.DataFrame({"z": z, "x": x, "t": t, "y": y}).to_csv(tmp_path / "t.csv", index=False)
    columns = {"treatment": "t", "outcome": "y", "ate": 1.0, "instrument": "z"}
    content = {
        "name": "iv",
        "datasets": [{"name": "own", "files": str(tmp_path / "t.csv"), "columns": columns}],
        "settings": ["all", "instrument"],
        "estimators": ["LinReg", "Wald"],
    }
    suite = Suite.model_validate(content)
    result = benchmarks.run(suite, workers=0, runs_dir=tmp_path, results_dir=None)
    fitted = result.scores[result.scores["rows"] == "fitted"]
    assert fitted[["estimator", "setting", "status"]].values.tolist() == [
        ["LinReg", "all", "ok"],
        ["LinReg", "instrument", "ok"],
        ["Wald", "instrument", "ok"],
    ]
    assert (fitted["ate_abs_error"] < 0.2).all()
