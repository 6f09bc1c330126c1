"""What a suite is: the data, the settings and the estimators of one set of runs."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    PositiveFloat,
    PositiveInt,
    PrivateAttr,
    Tag,
    ValidationError,
    field_validator,
    model_validator,
)

from benchmarks import metrics
from sdscm.dataset import Setting
from sdscm.errors import InputError
from sdscm.lm import DEFAULT_LM
from sdscm.outcomes import OutcomeKind

Group = Literal["lm", "setting", "dataset"]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ScenarioEntry(_Model):
    """Datasets to sample from a spec and a language model: ``phrasings`` x ``replicates`` of them.

    Attributes
    ----------
    scenario
        Name of a shipped scenario, or path of a spec, relative to the suite's file.
    name
        What the board calls it; by default the scenario.
    lm
        One language model or several, each as ``sdscm.load_lm`` takes it.
    phrasings
        A count (the first so many), or the numbers of the phrasings.
    replicates
        Datasets of each phrasing, with different seeds.
    n
        Units of a dataset.
    temperature, options
        Keyword arguments of ``sdscm.SDSCM``, the knobs among them.
    outcome, dataset
        What y is, and other keyword arguments of ``SDSCM.dataset``: ``outcome_value``, ``scores``,
        ``contrast``, ``hide``, ``cate_contexts``, ``cate_draws``.
    """

    scenario: str
    name: Name | None = None
    lm: str | list[str] = DEFAULT_LM
    phrasings: PositiveInt | list[Annotated[int, Field(ge=0)]] = 1
    replicates: PositiveInt = 1
    n: PositiveInt = 500
    temperature: PositiveFloat = 1.0
    outcome: OutcomeKind = "log-probability"
    options: dict[str, Any] = {}
    dataset: dict[str, Any] = {}

    @property
    def title(self) -> str:
        return self.name or Path(self.scenario).stem

    @property
    def lms(self) -> list[str]:
        return [self.lm] if isinstance(self.lm, str) else self.lm

    @property
    def phrasing_numbers(self) -> list[int]:
        if isinstance(self.phrasings, int):
            return list(range(self.phrasings))
        return self.phrasings


class Columns(_Model):
    """Which column of a user's table is what; see ``CausalDataset.from_frame``."""

    treatment: str
    y0: str
    y1: str
    covariates: list[str] | None = None
    exogenous: list[str] = []
    propensity: str | None = None


class FilesEntry(_Model):
    """Data brought by the user, one dataset a file.

    Attributes
    ----------
    files
        Paths or patterns of Parquet or CSV files, relative to the suite's file.
    name
        What the board calls it.
    columns
        What the columns mean; leave it out for files that ``CausalDataset.to_parquet`` wrote.
    """

    files: str | list[str]
    name: Name
    columns: Columns | None = None

    @property
    def title(self) -> str:
        return self.name

    @property
    def patterns(self) -> list[str]:
        return [self.files] if isinstance(self.files, str) else self.files


def _kind(entry: Any) -> str:
    keys = entry if isinstance(entry, dict) else getattr(entry, "__dict__", {})
    return "files" if "files" in keys else "scenario"


Entry = Annotated[
    Annotated[ScenarioEntry, Tag("scenario")] | Annotated[FilesEntry, Tag("files")],
    Discriminator(_kind),
]


class EstimatorEntry(_Model):
    """A registered estimator, with parameters of its own and a label for the board."""

    name: str
    params: dict[str, Any] = {}
    label: str | None = None

    @property
    def title(self) -> str:
        return self.label or self.name

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value


class BoardOptions(_Model):
    """How cells are put together on a board.

    Attributes
    ----------
    by
        One board for each combination of these.
    columns
        Metrics to show, by name and in this order; by default the usual ones.
    rank_by
        Metrics to rank by; the first orders the board, the next those that lack the first.
    level, resamples
        Level of the bootstrap intervals, and the number of resamples of the phrasings.
    """

    by: list[Group] = ["lm", "setting"]
    columns: list[str] | None = None
    rank_by: list[str] = Field(default=["pehe_sd", "ate_abs_error_sd"], min_length=1)
    level: float = Field(default=0.95, gt=0, lt=1)
    resamples: PositiveInt = 2000

    @field_validator("columns", "rank_by")
    @classmethod
    def _known(cls, value: list[str] | None) -> list[str] | None:
        known = metrics.names()
        for name in value or []:
            if name not in known:
                raise ValueError(f"unknown metric '{name}': choose among {', '.join(known)}")
        return value

    @field_validator("rank_by")
    @classmethod
    def _ordered(cls, value: list[str]) -> list[str]:
        for name in value:
            if metrics.get(name).better == "nominal":
                raise ValueError(f"'{name}' is best at a nominal value; rank by another metric")
        return value


class Suite(_Model):
    """A named set of runs.

    Attributes
    ----------
    name, title
        Short name (it names folders), and a line for people.
    datasets
        See `ScenarioEntry` and `FilesEntry`.
    settings
        Which covariates the estimators see.
    estimators
        See `EstimatorEntry`.
    alpha
        Intervals have level 1 - alpha.
    seed
        Every other seed derives from it.
    time_limit
        Seconds after which a cell is stopped.
    threads
        Threads of a cell. A number of the suite, not of the machine, since sums in another order
        differ in the last digits.
    board
        See `BoardOptions`.
    """

    name: Name
    title: str = ""
    datasets: list[Entry] = Field(min_length=1)
    settings: list[Setting] = Field(default=["all", "hidden"], min_length=1)
    estimators: list[EstimatorEntry] = Field(min_length=1)
    alpha: float = Field(default=0.05, gt=0, lt=1)
    seed: int = Field(default=0, ge=0)
    time_limit: PositiveFloat = 300.0
    threads: PositiveInt = 1
    board: BoardOptions = Field(default_factory=BoardOptions)

    _folder: Path = PrivateAttr(Path())
    _origin: str = PrivateAttr("")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        _no_twins("datasets", [entry.title for entry in self.datasets], "name")
        _no_twins("estimators", [entry.title for entry in self.estimators], "label")
        _no_repeats("settings", self.settings)
        for number, entry in enumerate(self.datasets):
            if isinstance(entry, ScenarioEntry):
                _no_repeats(f"datasets[{number}].phrasings", entry.phrasing_numbers)
                _no_repeats(f"datasets[{number}].lm", entry.lms)
        for number, entry in enumerate(self.datasets):
            columns = entry.columns if isinstance(entry, FilesEntry) else None
            if columns is not None and not columns.exogenous and "hidden" in self.settings:
                raise ValueError(
                    f"datasets[{number}].columns: the setting 'hidden' hides nothing; name the "
                    "covariates to hide in 'exogenous', or set 'settings: [all]'"
                )
        return self

    @property
    def folder(self) -> Path:
        """The folder that the suite's relative paths start from."""
        return self._folder

    @property
    def origin(self) -> str:
        """How the user named the suite."""
        return self._origin or self.name


def _no_twins(key: str, titles: list[str], mend: str) -> None:
    for title in titles:
        if titles.count(title) > 1:
            raise ValueError(f"{key}: '{title}' occurs twice; give one of them a '{mend}'")


def _no_repeats(key: str, values: Sequence[Any]) -> None:
    for value in values:
        if list(values).count(value) > 1:
            raise ValueError(f"{key}: '{value}' occurs twice; remove one of them")


def shipped_suites() -> list[str]:
    """Names of the suites that come with the package."""
    folder = resources.files("benchmarks") / "suites"
    return sorted(f.name.removesuffix(".yaml") for f in folder.iterdir() if ".yaml" in f.name)


def load_suite(name_or_path: str | Path) -> Suite:
    """Read a suite: a shipped one by name, or a YAML file.

    Raises
    ------
    InputError
        One line that names the file, the key and the fix.
    """
    path = Path(name_or_path)
    if path.suffix in (".yaml", ".yml"):
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise InputError(f"{path}: no such file") from None
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{path}: not readable as text ({error})") from None
        return _parse(text, str(path), path.parent)
    if str(name_or_path) not in shipped_suites():
        raise InputError(
            f"unknown suite '{name_or_path}': choose one of {', '.join(shipped_suites())}, "
            "or give the path of a .yaml file"
        )
    file = resources.files("benchmarks") / "suites" / f"{name_or_path}.yaml"
    return _parse(file.read_text(encoding="utf-8"), str(name_or_path), Path())


def _parse(text: str, origin: str, folder: Path) -> Suite:
    try:
        raw = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        problem = " ".join(str(getattr(error, "problem", None) or error).split())
        raise InputError(f"{origin}: {where}not valid YAML ({problem})") from None
    if not isinstance(raw, dict):
        raise InputError(f"{origin}: a suite is a mapping with the keys {_keys(Suite)}")
    try:
        suite = Suite.model_validate(raw)
    except ValidationError as error:
        raise InputError(_one_line(origin, error)) from None
    suite._folder, suite._origin = folder, origin
    return suite


def _keys(model: type[BaseModel]) -> str:
    return ", ".join(model.model_fields)


_MODELS: dict[str, type[BaseModel]] = {
    "scenario": ScenarioEntry,
    "files": FilesEntry,
    "columns": Columns,
    "estimators": EstimatorEntry,
    "board": BoardOptions,
}


def _one_line(origin: str, error: ValidationError) -> str:
    """The first of pydantic's complaints as ``file: key: what is wrong and how to mend it``."""
    first = error.errors()[0]
    path = list(first["loc"])
    model: type[BaseModel] = Suite
    for part in path[:-1]:
        model = _MODELS.get(str(part), model)
    if path[:1] == ["datasets"] and len(path) > 2:
        del path[2]  # pydantic's tag for the kind of entry; the user has written no such key
    where = ""
    for part in path:
        if isinstance(part, int):
            where += f"[{part}]"
        elif part not in ("int", "str", "constrained-int") and "[" not in part:
            where += f".{part}" if where else part
    value = first.get("input")
    match first["type"]:
        case "extra_forbidden":
            what = f"unknown key; the keys here are {_keys(model)}"
        case "missing":
            what = "this key is needed; add it"
        case "value_error":
            what = str(first["ctx"]["error"])
        case "string_pattern_mismatch":
            what = f"'{value}' must be letters, digits, '_', '.' or '-', since it names a folder"
        case _:
            what = f"{first['msg'][0].lower()}{first['msg'][1:]}, but it is {value!r}"
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    return ": ".join(part for part in (origin, where, " ".join(what.split())) if part) + more
