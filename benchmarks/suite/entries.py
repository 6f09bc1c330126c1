"""Entries of a suite: the sources of its datasets, and its estimators."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from math import inf
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    FiniteFloat,
    PositiveFloat,
    PositiveInt,
    SerializerFunctionWrapHandler,
    Tag,
    model_serializer,
    model_validator,
)

from sdscm.data.table_checks import contradiction
from sdscm.errors import InputError
from sdscm.literals import (
    DEFAULT_LM,
    Learner,
    NoiseCoupling,
    OutcomeKind,
    PostTreatment,
    Precision,
    Setting,
    TableRows,
)
from sdscm.sampling.dials import Dials

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
Encoding = Literal["codes", "one-hot"]
Dial = Literal["overlap", "confounding", "effect", "strength", "defiers"]


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _not_given(value: Any) -> bool:
    """Leave a key out of manifests, so that those of before and after it are equal."""
    return value is None


class DatasetEntry(Model):
    """Base class of the entries of ``datasets``; each kind of source has a subclass.

    Attributes
    ----------
    settings
        Some of the suite's settings, for the datasets of this entry; by default all of them.
    """

    settings: list[Setting] | None = Field(default=None, min_length=1, exclude_if=_not_given)

    def check(self, key: str, settings: Sequence[Setting]) -> None:
        """Check fields that depend on each other, or on the settings of the suite.

        Raises
        ------
        ValueError
            If the entry is inconsistent. The message begins with ``key``, its place in the suite.
        """


def refuse_repeats(key: str, values: Sequence[Any], fix: str = "remove one of them") -> None:
    """Raise a ValueError if a value occurs twice."""
    for value in values:
        if list(values).count(value) > 1:
            raise ValueError(f"{key}: '{value}' occurs twice; {fix}".removeprefix(": "))


class LMEntry(Model):
    """A language model and its settings; see ``sdscm.load_lm``.

    Attributes
    ----------
    name
        An embedded model, a Hugging Face id, or the path of a folder.
    revision
        Branch, tag or commit of a Hugging Face id.
    device
        Device of the model: ``cpu``, ``cuda``, ...
    precision
        Arithmetic of the model; see docs/explanation/performance.md.
    options
        Options that only this kind of language model has, such as ``concurrency`` of a server.
    """

    name: str
    revision: str | None = None
    device: str = "cpu"
    precision: Precision = "float32"
    options: dict[str, str] = {}

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value

    @model_serializer(mode="wrap")
    def _without_empty(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave empty options out, so that manifests of before and after them are equal."""
        return {k: v for k, v in dump(self).items() if k != "options" or v}

    def __hash__(self) -> int:
        return hash(self.model_dump_json())

    @property
    def arguments(self) -> dict[str, Any]:
        """The settings that differ from the defaults, as arguments of ``sdscm.load_lm``."""
        return self.model_dump(exclude={"name"}, exclude_defaults=True)

    @property
    def marks(self) -> str:
        """The values of `arguments` but the options, for the name on a board; may be empty."""
        return ", ".join(str(v) for k, v in self.arguments.items() if k != "options")


class Variant(Model):
    """One combination of the size and the dials of an entry.

    Attributes
    ----------
    n
        Number of units of a dataset.
    dials
        See `sdscm.sampling.dials.Dials`.
    """

    n: PositiveInt
    dials: dict[Dial | Literal["noise"], float]


def variants(
    sizes: Sequence[int], dials: Mapping[Any, float | Sequence[float]]
) -> Iterator[Variant]:
    """Yield all combinations of sizes and dials, in the order of the suite."""
    for n, *values in product(sizes, *map(_listed, dials.values())):
        yield Variant(n=n, dials=dict(zip(dials, values, strict=True)))


def _check_dials(dials: Mapping[Any, float | Sequence[float]]) -> None:
    for variant in variants([1], dials):
        noise = variant.dials.get("noise", 0)
        try:
            Dials(**{name: value for name, value in variant.dials.items() if name != "noise"})
        except InputError as error:
            raise ValueError(f"dials: {error}") from None
        if not 0 <= noise < inf:
            raise ValueError(f"dials: noise {noise}: give a number of 0 (none) or more")


class ScenarioEntry(DatasetEntry):
    """Datasets to sample: one for each combination of the values below.

    Attributes
    ----------
    scenario
        Name of a shipped scenario, or path of a spec, relative to the suite's file.
    name
        Name on the board; by default the scenario.
    lm
        One language model or several: names, or mappings with the keys of `LMEntry`.
    phrasings
        Number of phrasings (numbered from 0), or a list of their numbers.
    replicates
        Number of datasets of each phrasing; their seeds derive from the suite's seed, the scenario,
        the phrasing and the replicate, so that entries of one scenario have the same units.
    seeds
        Seeds of the datasets, instead of ``replicates``; the same for every phrasing.
    n
        Number of units of a dataset, one or several. A smaller dataset is the first rows of a
        larger one, up to the scale of ``noise``.
    dials
        The dials ``overlap``, ``confounding``, ``effect``, ``strength`` and ``defiers``, one value
        or several of each; see `sdscm.sampling.dials.Dials`. All variants of a phrasing and
        replicate use the same noise of the units.
    temperature
        Divides the model's scores; above 1 the distributions are flatter.
    options
        Other keyword arguments of ``sdscm.SDSCM``.
    outcome
        Scale of the outcome y; ``outcome_value`` in ``dataset`` is the outcome value whose
        (log-)probability is taken.
    post_treatment
        ``hide`` the descendants of the treatment from every estimator, or ``show`` them as
        covariates. Then the boards say so, and the true CATE is unknown.
    dataset
        Other keyword arguments of ``SDSCM.dataset``: ``outcome_value``, ``scores``, ``contrast``,
        ``hide``, ``noise``, ``noise_coupling``, ``exclusion``, ``text_phrasing``,
        ``cate_contexts``, ``cate_draws``.
    """

    scenario: str
    name: Name | None = None
    lm: LMEntry | list[LMEntry] = LMEntry(name=DEFAULT_LM)
    phrasings: PositiveInt | list[Annotated[int, Field(ge=0)]] = 1
    replicates: PositiveInt = 1
    seeds: list[Annotated[int, Field(ge=0)]] | None = Field(default=None, min_length=1)
    n: PositiveInt | list[PositiveInt] = 500
    dials: dict[Dial, float | list[float]] = Field(
        default={},
        validation_alias=AliasChoices("dials", "knobs"),  # the old name
    )
    temperature: PositiveFloat = 1.0
    outcome: OutcomeKind = "log-probability"
    options: dict[str, Any] = {}
    post_treatment: PostTreatment = "hide"
    dataset: dict[str, Any] = {}

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.seeds is not None and self.replicates != 1:
            raise ValueError("'replicates' and 'seeds' exclude each other; remove one")
        _check_dials(self.dials)
        twice = sorted({*self.dials, "temperature"} & set(self.options))
        if twice:
            raise ValueError(f"'{twice[0]}' is in 'options', too; remove it there")
        return self

    def check(self, key: str, settings: Sequence[Setting]) -> None:
        refuse_repeats(f"{key}.phrasings", self.phrasing_numbers)
        refuse_repeats(f"{key}.lm", [" ".join([lm.name, lm.marks]).strip() for lm in self.lms])
        refuse_repeats(f"{key}.n", self.sizes)
        refuse_repeats(f"{key}.seeds", self.seeds or [])
        for dial, values in self.dials.items():
            refuse_repeats(f"{key}.dials.{dial}", _listed(values))

    @property
    def title(self) -> str:
        return self.name or Path(self.scenario).stem

    @property
    def lms(self) -> list[LMEntry]:
        return self.lm if isinstance(self.lm, list) else [self.lm]

    @property
    def phrasing_numbers(self) -> list[int]:
        if isinstance(self.phrasings, int):
            return list(range(self.phrasings))
        return self.phrasings

    @property
    def sizes(self) -> list[int]:
        return _listed(self.n)

    @property
    def variants(self) -> Iterator[Variant]:
        """All combinations of ``n`` and ``dials``, in the order of the suite."""
        return variants(self.sizes, self.dials)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


class Columns(Model):
    """Roles of the columns of a user's table.

    The columns of the truth determine which scores exist. All scores need ``y0`` and ``y1``, or
    ``outcome`` with ``counterfactual``, ``effect``, or ``mu0`` and ``mu1``. Scores of the average
    effect need ``outcome`` and ``ate``. Cost, widths and failures need ``outcome`` only.

    Attributes
    ----------
    treatment
        Treatment; the smaller one of its two values is control, or the first one of an ordered
        categorical.
    outcome
        Observed outcome; required unless ``y0`` and ``y1`` are given, which determine it.
    counterfactual
        Outcome of each row under the other treatment, beside ``outcome``.
    y0, y1
        Potential outcomes under control and treatment.
    effect
        Individual effect of each row, in units of the outcome.
    mu0, mu1
        Expected outcomes of each row under control and treatment given all covariates (without
        noise, as in IHDP); ``mu1 - mu0`` is the CATE in the setting ``all``. Without potential
        outcomes it is the individual effect, too.
    ate
        Average effect over the rows of a file: a number in units of the outcome, for example the
        result of a randomised trial of the same people.
    covariates
        Covariates that estimators see; by default all other columns, without row numbers. Name
        them if the table holds more columns of the truth.
    exogenous
        Covariates that the setting ``hidden`` removes.
    categorical
        Covariates whose values are names, as text or as numbers; the encoding ``one-hot`` splits
        them. A code is the position of a value in sorted order, over all files of an entry.
    propensity
        True probability of treatment.
    instrument
        Instrument, two numbers of which the larger is coded 1; the setting ``instrument`` shows it
        apart.
    """

    treatment: str
    outcome: str | None = None
    counterfactual: str | None = None
    y0: str | None = None
    y1: str | None = None
    effect: str | None = None
    mu0: str | None = None
    mu1: str | None = None
    ate: FiniteFloat | None = None
    covariates: list[str] | None = None
    exogenous: list[str] = []
    categorical: list[str] = []
    propensity: str | None = None
    instrument: str | None = Field(default=None, exclude_if=_not_given)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        problem = contradiction(self)
        if problem:
            raise ValueError(problem)
        return self


class FilesEntry(DatasetEntry):
    """Tables of the user, one dataset per file.

    Attributes
    ----------
    files
        Paths or patterns of Parquet or CSV files, relative to the suite's file. At least one of
        several patterns must match a file.
    name
        Name on the board.
    columns
        Roles of the columns, or the path of a YAML file with them; not needed for files that
        ``CausalDataset.to_parquet`` wrote.
    """

    files: str | list[str]
    name: Name
    columns: Columns | str | None = None

    def check(self, key: str, settings: Sequence[Setting]) -> None:
        if "hidden" not in settings or not isinstance(self.columns, Columns):
            return
        hidden, covariates = set(self.columns.exogenous), self.columns.covariates
        if not hidden:
            raise ValueError(
                f"{key}.columns: the setting 'hidden' hides nothing; name the covariates to hide "
                "in 'exogenous', or set 'settings: [all]'"
            )
        if covariates and set(covariates) <= hidden:
            raise ValueError(
                f"{key}.columns: the setting 'hidden' leaves no covariate; take one out of "
                "'exogenous', or set 'settings: [all]'"
            )

    @property
    def title(self) -> str:
        return self.name

    @property
    def patterns(self) -> list[str]:
        return [self.files] if isinstance(self.files, str) else self.files


class SimulationEntry(DatasetEntry):
    """Simulated datasets with effects that are known by a formula, to check estimators.

    Attributes
    ----------
    simulation
        The design: ``randomised`` (linear, no confounding), ``linear`` or ``nonlinear``. The
        setting ``hidden`` removes the only confounder.
    name
        Name on the board; by default the design.
    n
        Number of units of a dataset, one or several.
    covariates
        Number of covariates.
    replicates
        Number of datasets of each size; their seeds derive from the suite's seed.
    seeds
        Seeds of the datasets, instead of ``replicates``.
    """

    simulation: Literal["randomised", "linear", "nonlinear"]
    name: Name | None = None
    n: PositiveInt | list[PositiveInt] = 500
    covariates: int = Field(default=5, ge=3)
    replicates: PositiveInt = 1
    seeds: list[Annotated[int, Field(ge=0)]] | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.seeds is not None and self.replicates != 1:
            raise ValueError("'replicates' and 'seeds' exclude each other; remove one")
        return self

    def check(self, key: str, settings: Sequence[Setting]) -> None:
        refuse_repeats(f"{key}.n", self.sizes)
        refuse_repeats(f"{key}.seeds", self.seeds or [])

    @property
    def title(self) -> str:
        return self.name or self.simulation

    @property
    def sizes(self) -> list[int]:
        return _listed(self.n)


class SemisynthTable(Model):
    """A table without a known truth, and the models that are fitted to it.

    Attributes
    ----------
    table
        Path of a CSV or Parquet file, relative to the suite's file. It is read by the rule of
        ``sdscm estimate``: columns of texts are categories, and a table with gaps is refused.
    treatment
        Treatment: two values.
    outcome
        Outcome: numbers.
    treated
        The value of the treatment that is treated; by default the larger or later one.
    covariates
        Covariates, measured before the treatment; by default all other columns.
    exogenous
        Covariates that the setting ``hidden`` removes.
    categorical
        Covariates of numbers that are names.
    learner
        ``linear`` models, ``boosted`` trees, or ``auto``: the one that predicts better out of fold,
        for the treatment and the outcome each.
    """

    table: str
    treatment: str
    outcome: str
    treated: str | None = None
    covariates: list[str] | None = None
    exogenous: list[str] = []
    categorical: list[str] = []
    learner: Learner = "auto"


class SemisynthEntry(DatasetEntry):
    """Datasets with the covariates of a table, and effects of models that are fitted to it.

    Attributes
    ----------
    semisynth
        See `SemisynthTable`.
    name
        Name on the board; by default that of the table.
    n
        Number of rows of a dataset, one or several; by default all. A smaller dataset is a part of
        a larger one, up to the scale of ``noise`` if that is given.
    rows
        ``keep`` uses each row of the table at most once; ``bootstrap`` draws rows with replacement.
    replicates
        Number of datasets; their seeds derive from the suite's seed, the table and the replicate,
        so that entries of one table have the same units.
    seeds
        Seeds of the datasets, instead of ``replicates``.
    dials
        The dials ``overlap``, ``confounding``, ``effect`` and ``noise``, one value or several of
        each. The first three are those of scenarios. ``noise`` is the SD of the noise of both
        potential outcomes, in units of SD(y) without it; by default that of the model's residuals.
    noise_coupling
        The potential outcomes of a row have ``shared`` or ``independent`` noise.
    """

    semisynth: SemisynthTable
    name: Name | None = None
    n: PositiveInt | list[PositiveInt] | None = None
    rows: TableRows = "keep"
    replicates: PositiveInt = 1
    seeds: list[Annotated[int, Field(ge=0)]] | None = Field(default=None, min_length=1)
    dials: dict[Dial | Literal["noise"], float | list[float]] = {}
    noise_coupling: NoiseCoupling = "shared"

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.seeds is not None and self.replicates != 1:
            raise ValueError("'replicates' and 'seeds' exclude each other; remove one")
        _check_dials(self.dials)
        return self

    def check(self, key: str, settings: Sequence[Setting]) -> None:
        refuse_repeats(f"{key}.n", _listed(self.n))
        refuse_repeats(f"{key}.seeds", self.seeds or [])
        for dial, values in self.dials.items():
            refuse_repeats(f"{key}.dials.{dial}", _listed(values))
        if "hidden" in settings and not self.semisynth.exogenous:
            raise ValueError(
                f"{key}.semisynth: the setting 'hidden' hides nothing; name the covariates to hide "
                "in 'exogenous', or set 'settings: [all]'"
            )

    @property
    def title(self) -> str:
        return self.name or Path(self.semisynth.table).stem

    def sizes(self, rows: int) -> list[int]:
        """Numbers of units of the datasets, if the table has ``rows`` rows."""
        return [rows] if self.n is None else _listed(self.n)


class PaperData(Model):
    """Part of the paper's release that an entry uses.

    Attributes
    ----------
    lm
        Language model of the release.
    share
        Share of its datasets, spread over the phrasings. A larger share contains a smaller one.
    pools
        Use pools of 10,000 rows (ten datasets of one phrasing) instead of the datasets.
    """

    lm: Literal["gpt2", "llama-3-8b"]
    share: float = Field(default=1.0, gt=0, le=1)
    pools: bool = False


class PaperEntry(DatasetEntry):
    """Datasets that the authors of the paper released, read from the user's copy.

    Attributes
    ----------
    paper
        See `PaperData`. ``--data``, or else ``SDSCM_PAPER_DATA``, names a clone of the authors'
        repository.
    name
        Name on the board; by default the language model, with ``-pools`` for pools.
    """

    paper: PaperData
    name: Name | None = None

    @property
    def title(self) -> str:
        return self.name or self.paper.lm + "-pools" * self.paper.pools


def count_of_share(share: float, datasets: int) -> int:
    """Return the number of datasets in a share of an entry's datasets: at least one."""
    return max(round(share * datasets), 1)


#: Key that identifies each kind of dataset entry. A new kind needs a class, a line here and in
#: `Entry`, and a function in `benchmarks.datasets.prepare`.
_KINDS = {
    "files": "FilesEntry",
    "paper": "PaperEntry",
    "simulation": "SimulationEntry",
    "semisynth": "SemisynthEntry",
    "scenario": "ScenarioEntry",
}


def _kind(entry: Any) -> str:
    keys = entry if isinstance(entry, dict) else getattr(entry, "__dict__", {})
    return next((name for key, name in _KINDS.items() if key in keys), "ScenarioEntry")


# The tags are names of classes, so that `sdscm.validation` does not mistake them for user's keys.
Entry = Annotated[
    Annotated[ScenarioEntry, Tag("ScenarioEntry")]
    | Annotated[FilesEntry, Tag("FilesEntry")]
    | Annotated[PaperEntry, Tag("PaperEntry")]
    | Annotated[SimulationEntry, Tag("SimulationEntry")]
    | Annotated[SemisynthEntry, Tag("SemisynthEntry")],
    Discriminator(_kind),
]


class EstimatorEntry(Model):
    """A registered estimator with its parameters and its label on the board.

    Attributes
    ----------
    name
        Name in the list of ``sdscm estimators``.
    params
        Parameters that differ from the estimator's defaults.
    label
        Name on the board; by default the name.
    encodings
        Encodings for this estimator, instead of the suite's.
    share
        Share of the datasets of each entry that the estimator runs on: the first ones, at least
        one. For a costly estimator.
    repetitions
        Number of seeds for this estimator, instead of the suite's; also for a costly one. A
        deterministic method is fitted once.

    Examples
    --------
    >>> benchmarks.EstimatorEntry(name="RF", params={"n_estimators": 50}, label="small RF").title
    'small RF'
    """

    name: str
    params: dict[str, Any] = {}
    label: str | None = None
    encodings: list[Encoding] | None = Field(default=None, min_length=1)
    share: float = Field(default=1.0, gt=0, le=1)
    repetitions: PositiveInt | None = None

    @property
    def title(self) -> str:
        return self.label or self.name

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value
