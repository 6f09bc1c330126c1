"""What a suite is: the data, the settings and the estimators of one set of runs."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import (
    BaseModel,
    Field,
    PositiveFloat,
    PositiveInt,
    PrivateAttr,
    ValidationError,
    field_validator,
    model_validator,
)

from benchmarks import metrics
from benchmarks.suite.entries import (
    Columns,
    Encoding,
    Entry,
    EstimatorEntry,
    FilesEntry,
    LMEntry,
    Model,
    Name,
    ScenarioEntry,
)
from sdscm.data.dataset import Setting
from sdscm.errors import InputError

__all__ = [
    "BoardOptions",
    "Columns",
    "EstimatorEntry",
    "FilesEntry",
    "LMEntry",
    "ScenarioEntry",
    "Suite",
    "columns_from",
    "load_suite",
    "shipped_suites",
]

Group = Literal["lm", "setting", "dataset"]


class BoardOptions(Model):
    """How cells are put together on a board.

    Attributes
    ----------
    by
        One board for each combination of these.
    columns
        Metrics to show, by name and in this order, each in the tables of its estimand and those of
        cost in all; by default the usual ones.
    rank_by
        Metrics to rank by: each makes a table of its estimand, ordered by it. In the table of all
        methods the first decides, and the next decide between those that lack the first.
    level
        Level of the bootstrap intervals; the tests of differences have the level one less that.
    resamples
        Number of resamples of the phrasings.
    """

    by: list[Group] = Field(default=["lm", "setting"])
    columns: list[str] | None = None
    rank_by: list[str] = Field(
        default=["pehe_sd", "ate_abs_error_sd", "ite_interval_score_sd"], min_length=1
    )
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

    @field_validator("by", "columns", "rank_by")
    @classmethod
    def _once(cls, value: list[str] | None) -> list[str] | None:
        for name in value or []:
            if (value or []).count(name) > 1:
                raise ValueError(f"'{name}' occurs twice; remove one of them")
        return value

    @field_validator("rank_by")
    @classmethod
    def _ordered(cls, value: list[str]) -> list[str]:
        for name in value:
            if metrics.get(name).better == "nominal":
                raise ValueError(f"'{name}' is best at a nominal value; rank by another metric")
        return value


class Suite(Model):
    """A named set of runs.

    Attributes
    ----------
    name
        Short name; it names folders.
    title
        A line for people.
    datasets
        See `ScenarioEntry` and `FilesEntry`.
    settings
        Which covariates the estimators see.
    encodings
        How the estimators see covariates that are categories: their ``codes`` as numbers, or
        ``one-hot``. With both, an estimator has two lines on the board.
    estimators
        See `EstimatorEntry`.
    holdout
        Share of each dataset's rows that no estimator is fitted on. Scores of these rows stand on
        boards of their own.
    alpha
        Intervals have level 1 - alpha.
    seed
        Every other seed derives from it.
    time_limit
        Seconds after which a cell is stopped.
    memory_limit
        GiB that a cell may take beside what its process held before; more is its failure. Linux
        alone enforces it.
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
    encodings: list[Encoding] = Field(default=["codes"], min_length=1)
    estimators: list[EstimatorEntry] = Field(min_length=1)
    holdout: float = Field(default=0.0, ge=0, le=0.9)
    alpha: float = Field(default=0.05, gt=0, lt=1)
    seed: int = Field(default=0, ge=0)
    time_limit: PositiveFloat = 300.0
    memory_limit: PositiveFloat = 8.0
    threads: PositiveInt = 1
    board: BoardOptions = Field(default_factory=BoardOptions)

    _folder: Path = PrivateAttr(Path())
    _origin: str = PrivateAttr("")
    _data: Path | None = PrivateAttr(None)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        _no_twins("datasets", [entry.title for entry in self.datasets], "name")
        _no_twins("estimators", [entry.title for entry in self.estimators], "label")
        _no_repeats("settings", self.settings)
        _no_repeats("encodings", self.encodings)
        for number, entry in enumerate(self.datasets):
            if isinstance(entry, ScenarioEntry):
                key = f"datasets[{number}]"
                _no_repeats(f"{key}.phrasings", entry.phrasing_numbers)
                _no_repeats(
                    f"{key}.lm", [" ".join([lm.name, lm.marks]).strip() for lm in entry.lms]
                )
                _no_repeats(f"{key}.n", entry.sizes)
                _no_repeats(f"{key}.seeds", entry.seeds or [])
                for dial, values in entry.knobs.items():
                    _no_repeats(f"{key}.knobs.{dial}", values if isinstance(values, list) else [])
        for number, entry in enumerate(self.datasets):
            columns = entry.columns if isinstance(entry, FilesEntry) else None
            hides = not isinstance(columns, Columns) or bool(columns.exogenous)
            if not hides and "hidden" in self.settings:
                raise ValueError(
                    f"datasets[{number}].columns: the setting 'hidden' hides nothing; name the "
                    "covariates to hide in 'exogenous', or set 'settings: [all]'"
                )
            if (
                "hidden" in self.settings
                and isinstance(columns, Columns)
                and columns.covariates
                and set(columns.covariates) <= set(columns.exogenous)
            ):
                raise ValueError(
                    f"datasets[{number}].columns: the setting 'hidden' leaves no covariate; take "
                    "one out of 'exogenous', or set 'settings: [all]'"
                )
        return self

    @property
    def folder(self) -> Path:
        """The folder that the suite's relative paths start from."""
        return self._folder

    @property
    def data(self) -> Path | None:
        """That folder, if the user named it."""
        return self._data

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


def load_suite(name_or_path: str | Path, data: str | Path | None = None) -> Suite:
    """Read a suite: a shipped one by name, or a YAML file.

    Parameters
    ----------
    name_or_path
        Which suite.
    data
        Folder that the suite's relative paths start from; by default that of its file, and the
        working folder for a shipped one.

    Raises
    ------
    InputError
        One line that names the file, the key and the fix.
    """
    if data is not None and not Path(data).is_dir():
        raise InputError(f"{data}: no such folder; --data names that of your tables")
    path = Path(name_or_path)
    if path.suffix in (".yaml", ".yml"):
        return _parse(_text(path), str(path), path.parent, data)
    if str(name_or_path) not in shipped_suites():
        raise InputError(
            f"unknown suite '{name_or_path}': choose one of {', '.join(shipped_suites())}, "
            "or give the path of a .yaml file"
        )
    file = resources.files("benchmarks") / "suites" / f"{name_or_path}.yaml"
    return _parse(file.read_text(encoding="utf-8"), str(name_or_path), Path(), data)


def columns_from(path: Path) -> Columns:
    """Read what the columns of a user's tables mean; an InputError names file, key and fix."""
    raw = _mapping(_text(path), str(path), "the meaning of columns", Columns)
    try:
        return Columns.model_validate(raw)
    except ValidationError as error:
        raise InputError(_one_line(str(path), error, Columns)) from None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not readable as text ({error})") from None


def _mapping(text: str, origin: str, what: str, model: type[BaseModel]) -> dict[str, Any]:
    try:
        raw = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        problem = " ".join(str(getattr(error, "problem", None) or error).split())
        raise InputError(f"{origin}: {where}not valid YAML ({problem})") from None
    except RecursionError:
        raise InputError(f"{origin}: is nested too deeply; remove the inner brackets") from None
    if not isinstance(raw, dict):
        raise InputError(f"{origin}: {what} is a mapping with the keys {_keys(model)}")
    return raw


def _parse(text: str, origin: str, folder: Path, data: str | Path | None) -> Suite:
    raw = _mapping(text, origin, "a suite", Suite)
    try:
        suite = Suite.model_validate(raw)
    except ValidationError as error:
        raise InputError(_one_line(origin, error, Suite)) from None
    suite._data = None if data is None else Path(data)
    suite._folder, suite._origin = suite._data or folder, origin
    return suite


def _keys(model: type[BaseModel]) -> str:
    return ", ".join(model.model_fields)


_MODELS: dict[str, type[BaseModel]] = {
    "scenario": ScenarioEntry,
    "lm": LMEntry,
    "files": FilesEntry,
    "columns": Columns,
    "estimators": EstimatorEntry,
    "board": BoardOptions,
}


#: What pydantic adds to the path of a complaint: kinds, which the user has written nowhere.
_KINDS = ("int", "str", "float", "constrained-int", "LMEntry", "Columns")


def _same_key(errors: Sequence[Any]) -> list[Any]:
    """The complaints about what the first one is about."""

    def place(error: Any) -> list[Any]:
        return [p for p in error["loc"] if p not in _KINDS and "[" not in str(p)]

    about = place(errors[0])
    return [each for each in errors if place(each)[: len(about)] == about]


def _one_line(origin: str, error: ValidationError, model: type[BaseModel]) -> str:
    """The first of pydantic's complaints as ``file: key: what is wrong and how to mend it``."""
    told = error.errors()
    # Where a mapping may be a text instead, pydantic complains of both.
    errors = [each for each in told if each["loc"][-1:] != ("str",)] or told
    # Where a key takes values of several kinds, that which the user's got farthest with.
    first = max(_same_key(errors), key=lambda each: len(each["loc"]))
    path = list(first["loc"])
    for part in path[:-1]:
        model = _MODELS.get(str(part), model)
    if path[:1] == ["datasets"] and len(path) > 2:
        del path[2]  # pydantic's tag for the kind of entry; the user has written no such key
    where = ""
    for part in path:
        if isinstance(part, int):
            where += f"[{part}]"
        elif part not in _KINDS and "[" not in part:
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
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return ": ".join(part for part in (origin, where, " ".join(what.split())) if part) + more
