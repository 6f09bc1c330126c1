"""The model of a suite: datasets, settings, estimators and boards of one set of runs."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import (
    Field,
    PositiveFloat,
    PositiveInt,
    PrivateAttr,
    field_validator,
    model_validator,
)

from benchmarks import metrics
from benchmarks.archive.release import Release
from benchmarks.interface import IV_TARGETS
from benchmarks.suite.entries import (
    Encoding,
    Entry,
    EstimatorEntry,
    Model,
    Name,
    PaperEntry,
    refuse_repeats,
)
from sdscm.data.dataset import Setting
from sdscm.display import shortened
from sdscm.errors import InputError
from sdscm.number_format import counted

Group = Literal["lm", "setting", "dataset"]


class BoardOptions(Model):
    """Options of the boards: how scores of cells are combined.

    Attributes
    ----------
    by
        Keys with one board for each combination of their values (and of the targets). ``dataset``
        is the entry of ``datasets``. Without it, a board averages over scenarios; without ``lm``,
        over language models, and says so.
    columns
        Names of the metrics to show, in this order. A metric is shown in the tables of its
        estimand, a metric of cost in all tables. By default a standard selection.
    rank_by
        Metrics to rank by: methods are ordered by the average of their ranks on each dataset.
        Each metric orders a table of its estimand. The table of all methods is
        ordered by the first metric; methods without it follow, ordered by the next metric.
    level
        Level of the intervals; tests of differences have the level ``1 - level``.
    resamples
        Number of bootstrap resamples of the phrasings, for the intervals of means.
    """

    by: list[Group] = Field(default=["lm", "dataset", "setting"])
    columns: list[str] | None = None
    rank_by: list[str] = Field(
        default=["pehe_sd", "ate_abs_error_sd", "ite_interval_score_sd"], min_length=1
    )
    level: float = Field(default=0.95, gt=0, lt=1)
    resamples: PositiveInt = 2000

    @field_validator("columns", "rank_by")
    @classmethod
    def _known(cls, value: list[str] | None) -> list[str] | None:
        for name in value or []:
            metrics.find(name)
        return value

    @field_validator("by", "columns", "rank_by")
    @classmethod
    def _once(cls, value: list[str] | None) -> list[str] | None:
        refuse_repeats("", value or [])
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
        Short name, also the name of folders.
    title
        Title in one line.
    datasets
        See `ScenarioEntry`, `FilesEntry`, `SemisynthEntry`, `PaperEntry` and `SimulationEntry`.
    settings
        What the estimators see: all covariates, or without the exogenous ones (``hidden``), or one
        of the other settings of `sdscm.SETTING_INFOS`. A method that needs what a setting does not
        show has no cells there.
    encodings
        Encoding of categorical covariates for the estimators: ``codes`` (numbers) or ``one-hot``.
        With both, an estimator has two rows on the board.
    estimators
        See `EstimatorEntry`.
    holdout
        Share of the rows of each dataset that no estimator is fitted on. Their scores are on
        separate boards; those of the rows with new covariate values are also apart. With 0 no row
        is held out.
    repetitions
        Number of seeds with which a stochastic method is fitted on each dataset. Methods that are
        deterministic, or costly (more than five seconds for 1,000 rows), are fitted once; the key
        of the same name in `EstimatorEntry` changes that for a costly one.
    alpha
        Intervals have level 1 - alpha.
    seed
        All other seeds derive from it. A seed of 2**64 or more is for sealed releases: the seed of
        each dataset then has 128 bits, and no two datasets share units.
    time_limit
        Time limit of a cell, in seconds.
    memory_limit
        Memory limit of a cell in GiB, in addition to the memory of its process. Enforced on Linux
        only.
    threads
        Number of threads of a cell. It belongs to the suite and not to the machine, because sums
        in another order differ in the last digits.
    predictions
        ``keep`` the predictions of each cell in addition to its scores, or ``drop`` them. Without
        predictions a run takes much less space, but a metric that is added or changed later has no
        score for the cells that are done.
    records
        File of packed records, relative to the suite's file. Its records count as done. The file
        need not exist.
    board
        See `BoardOptions`.

    Examples
    --------
    >>> suite = benchmarks.Suite.model_validate(
    ...     {
    ...         "name": "tiny",
    ...         "datasets": [{"scenario": "headache", "lm": "tabular:0", "n": 100}],
    ...         "estimators": ["DiffInMeans", "LinReg"],
    ...     }
    ... )
    >>> suite
    <Suite: tiny, 2 estimators on headache (all, hidden)>
    """

    name: Name
    title: str = ""
    datasets: list[Entry] = Field(min_length=1)
    settings: list[Setting] = Field(default=["all", "hidden"], min_length=1)
    encodings: list[Encoding] = Field(default=["codes"], min_length=1)
    estimators: list[EstimatorEntry] = Field(min_length=1)
    holdout: float = Field(default=0.2, ge=0, le=0.9)
    repetitions: PositiveInt = 5
    alpha: float = Field(default=0.05, gt=0, lt=1)
    seed: int = Field(default=0, ge=0)
    time_limit: PositiveFloat = 300.0
    memory_limit: PositiveFloat = 8.0
    threads: PositiveInt = 1
    predictions: Literal["keep", "drop"] = "keep"
    records: str | None = None
    board: BoardOptions = Field(default_factory=BoardOptions)

    _folder: Path = PrivateAttr(Path())
    _file_folder: Path = PrivateAttr(Path())
    _origin: str = PrivateAttr("")
    _data: Path | None = PrivateAttr(None)
    _share: float | None = PrivateAttr(None)
    _release: Release | None = PrivateAttr(None)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        titles = [entry.title for entry in self.datasets]
        refuse_repeats("datasets", titles, "give one of them a 'name'")
        titles = [entry.title for entry in self.estimators]
        refuse_repeats("estimators", titles, "give one of them a 'label'")
        refuse_repeats("settings", self.settings)
        refuse_repeats("encodings", self.encodings)
        for name in self.board.rank_by:
            if metrics.get(name).target in IV_TARGETS and "instrument" not in self.settings:
                raise ValueError(f"board.rank_by: '{name}' needs the setting 'instrument'")
        for number, entry in enumerate(self.datasets):
            entry.check(f"datasets[{number}]", self.settings)
            refuse_repeats(f"datasets[{number}].settings", entry.settings or [])
            for setting in entry.settings or []:
                if setting not in self.settings:
                    raise ValueError(
                        f"datasets[{number}].settings: '{setting}' is not a setting of the suite; "
                        "add it to the suite's 'settings', or remove it here"
                    )
        return self

    def __repr__(self) -> str:
        methods = counted(len(self.estimators), "estimator")
        entries = ", ".join(entry.title for entry in self.datasets)
        return (
            f"<Suite: {self.name}, {methods} on {shortened(entries)} ({', '.join(self.settings)})>"
        )

    __str__ = __repr__

    def with_share(self, share: float) -> Suite:
        """Return the suite with another share of the paper's datasets.

        Raises
        ------
        InputError
            If the suite has none of these datasets, or the share is not above 0 and at most 1.
        """
        if not 0 < share <= 1:
            raise InputError(f"--share: the share is {share:g}; give a number above 0, up to 1")
        if not any(isinstance(entry, PaperEntry) for entry in self.datasets):
            raise InputError(f"--share: {self.origin} has none of the paper's datasets")
        entries = [
            entry.model_copy(update={"paper": entry.paper.model_copy(update={"share": share})})
            if isinstance(entry, PaperEntry)
            else entry
            for entry in self.datasets
        ]
        changed = self.model_copy(update={"datasets": entries})
        changed._share = share
        return changed

    def settings_of(self, entry: str) -> list[Setting]:
        """Return the settings of the datasets of an entry, given by its title, in order."""
        own = next((each.settings for each in self.datasets if each.title == entry), None)
        return [setting for setting in self.settings if own is None or setting in own]

    @property
    def share(self) -> float | None:
        """Share that was given to `with_share`, or None."""
        return self._share

    @property
    def folder(self) -> Path:
        """Folder that the suite's relative paths start from."""
        return self._folder

    @property
    def records_path(self) -> Path | None:
        """File of packed records; it is found beside the suite's file, wherever the data are."""
        return None if self.records is None else self._file_folder / self.records

    @property
    def data(self) -> Path | None:
        """The folder, if the user named it with ``--data``; else None."""
        return self._data

    @property
    def release(self) -> Release | None:
        """The release that holds the datasets and the reference results; None for other suites."""
        return self._release

    @property
    def origin(self) -> str:
        """Name or path of the suite, as the user wrote it."""
        return self._origin or self.name
