"""The entries of a suite: where its data come from, and which estimators run."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    FiniteFloat,
    PositiveFloat,
    PositiveInt,
    Tag,
    model_validator,
)

from sdscm.errors import InputError
from sdscm.inference.outcome import OutcomeKind
from sdscm.lm import DEFAULT_LM
from sdscm.lm.precision import Precision
from sdscm.sampling.dials import Dials

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
Encoding = Literal["codes", "one-hot"]
Dial = Literal["overlap", "confounding", "effect"]


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LMEntry(Model):
    """A language model, and how it computes; see ``sdscm.load_lm``.

    Attributes
    ----------
    name
        An embedded model, a Hugging Face id, or the path of a folder.
    revision
        Branch, tag or commit of a Hugging Face id.
    device
        Where the model computes: ``cpu``, ``cuda``, ...
    precision
        How exactly it computes; see docs/performance.md.
    """

    name: str
    revision: str | None = None
    device: str = "cpu"
    precision: Precision = "float32"

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value

    @property
    def options(self) -> dict[str, Any]:
        """What is not as usual, as keyword arguments of ``sdscm.load_lm``."""
        return self.model_dump(exclude={"name"}, exclude_defaults=True)

    @property
    def marks(self) -> str:
        """What is not as usual, for the name on a board; empty if nothing is."""
        return ", ".join(map(str, self.options.values()))


class Variant(Model):
    """One choice of what an entry varies beside language model, phrasing and replicate.

    Attributes
    ----------
    n
        Units of a dataset.
    dials
        See `sdscm.sampling.dials.Dials`.
    """

    n: PositiveInt
    dials: dict[Dial, float]


class ScenarioEntry(Model):
    """Datasets to sample: one for each combination of what follows.

    Attributes
    ----------
    scenario
        Name of a shipped scenario, or path of a spec, relative to the suite's file.
    name
        What the board calls it; by default the scenario.
    lm
        One language model or several: names, or mappings as `LMEntry` has them.
    phrasings
        A count (the first so many), or the numbers of the phrasings.
    replicates
        Datasets of each phrasing, with seeds that derive from the suite's.
    seeds
        Instead of ``replicates``: the seeds themselves, the same for every phrasing.
    n
        Units of a dataset, one number or several. The smaller are the first rows of the larger.
    knobs
        The dials ``overlap``, ``confounding`` and ``effect``, one value or several of each; see
        `sdscm.sampling.dials.Dials`. All variants of a phrasing and replicate share the units'
        noise.
    temperature
        Divides the model's scores; above 1 the distributions are flatter.
    options
        Other keyword arguments of ``sdscm.SDSCM``.
    outcome
        What y is; ``outcome_value`` in ``dataset`` names the value whose (log-)probability it is.
    dataset
        Other keyword arguments of ``SDSCM.dataset``: ``outcome_value``, ``scores``, ``contrast``,
        ``hide``, ``cate_contexts``, ``cate_draws``.
    """

    scenario: str
    name: Name | None = None
    lm: LMEntry | list[LMEntry] = LMEntry(name=DEFAULT_LM)
    phrasings: PositiveInt | list[Annotated[int, Field(ge=0)]] = 1
    replicates: PositiveInt = 1
    seeds: list[Annotated[int, Field(ge=0)]] | None = Field(default=None, min_length=1)
    n: PositiveInt | list[PositiveInt] = 500
    knobs: dict[Dial, float | list[float]] = {}
    temperature: PositiveFloat = 1.0
    outcome: OutcomeKind = "log-probability"
    options: dict[str, Any] = {}
    dataset: dict[str, Any] = {}

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.seeds is not None and self.replicates != 1:
            raise ValueError("'replicates' and 'seeds' are two ways to say it; leave one out")
        for variant in self.variants:
            try:
                Dials(**variant.dials)
            except InputError as error:
                raise ValueError(f"knobs: {error}") from None
        twice = sorted({*self.knobs, "temperature"} & set(self.options))
        if twice:
            raise ValueError(f"'{twice[0]}' stands in 'options' too; leave it out there")
        return self

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
        """Every combination of ``n`` and ``knobs``, in the order of the suite."""
        for n, *values in product(self.sizes, *map(_listed, self.knobs.values())):
            yield Variant(n=n, dials=dict(zip(self.knobs, values, strict=True)))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


class Columns(Model):
    """Which column of a user's table is what.

    What is known of the truth decides what can be scored: with ``y0`` and ``y1``, or ``outcome``
    and ``effect``, everything; with ``outcome`` and ``ate`` the average effect; with ``outcome``
    alone cost, widths and failures.

    Attributes
    ----------
    treatment
        The treatment; of its two values the smaller is control.
    outcome
        The observed outcome; needed without ``y0`` and ``y1``, from which it follows.
    y0, y1
        The potential outcomes under control and treatment.
    effect
        The individual effect of each row, in units of the outcome.
    ate
        The average effect over the rows of a file, a number in units of the outcome, as a
        randomised trial of the same people gives it.
    covariates
        What estimators see; by default every other column, so name them where a table holds more
        of the truth.
    exogenous
        The covariates that the setting ``hidden`` removes.
    categorical
        The covariates whose values are names, as text or as numbers; the encoding ``one-hot``
        splits them. Codes are the places of the values in sorted order, over all files of an entry.
    propensity
        The true probability of treatment.
    """

    treatment: str
    outcome: str | None = None
    y0: str | None = None
    y1: str | None = None
    effect: str | None = None
    ate: FiniteFloat | None = None
    covariates: list[str] | None = None
    exogenous: list[str] = []
    categorical: list[str] = []
    propensity: str | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        potential = [name for name in ("y0", "y1") if getattr(self, name) is not None]
        if len(potential) == 1:
            raise ValueError(f"'{potential[0]}' needs the other potential outcome beside it")
        if not potential and self.outcome is None:
            raise ValueError("say which column is the 'outcome', or which are 'y0' and 'y1'")
        for name in ("outcome", "effect", "ate"):
            if potential and getattr(self, name) is not None:
                raise ValueError(f"'{name}' follows from 'y0' and 'y1'; leave it out")
        if self.effect is not None and self.ate is not None:
            raise ValueError("'ate' follows from 'effect'; leave it out")
        return self


class FilesEntry(Model):
    """Data brought by the user, one dataset a file.

    Attributes
    ----------
    files
        Paths or patterns of Parquet or CSV files, relative to the suite's file; one of several
        patterns may match nothing.
    name
        What the board calls it.
    columns
        What the columns mean, or the path of a YAML file that says it; leave it out for files that
        ``CausalDataset.to_parquet`` wrote.
    """

    files: str | list[str]
    name: Name
    columns: Columns | str | None = None

    @property
    def title(self) -> str:
        return self.name

    @property
    def patterns(self) -> list[str]:
        return [self.files] if isinstance(self.files, str) else self.files


class SimulationEntry(Model):
    """Datasets that are drawn from a formula, whose effects are known: to check estimators.

    Attributes
    ----------
    simulation
        The design: ``randomised`` (linear, no confounding), ``linear`` or ``nonlinear``. The
        setting ``hidden`` removes the only confounder.
    name
        What the board calls it; by default the design.
    n
        Units of a dataset, one number or several.
    covariates
        Number of covariates.
    replicates
        Datasets of each size, with seeds that derive from the suite's.
    seeds
        Instead of ``replicates``: the seeds themselves.
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
            raise ValueError("'replicates' and 'seeds' are two ways to say it; leave one out")
        return self

    @property
    def title(self) -> str:
        return self.name or self.simulation

    @property
    def sizes(self) -> list[int]:
        return _listed(self.n)


class PaperData(Model):
    """Which datasets of the paper's release an entry takes.

    Attributes
    ----------
    lm
        Language model of the release.
    share
        Part of its datasets. It is spread over the phrasings, and a larger one contains a smaller.
    pools
        Take the pools of 10,000 rows, ten datasets of one phrasing each, instead of the datasets.
    """

    lm: Literal["gpt2", "llama-3-8b"]
    share: float = Field(default=1.0, gt=0, le=1)
    pools: bool = False


class PaperEntry(Model):
    """Datasets that the authors of the paper released, read where the user has them.

    Attributes
    ----------
    paper
        Which: see `PaperData`. ``--data``, or else ``SDSCM_PAPER_DATA``, names a clone of the
        authors' repository.
    name
        What the board calls it; by default the language model, with ``-pools`` for pools.
    """

    paper: PaperData
    name: Name | None = None

    @property
    def title(self) -> str:
        return self.name or self.paper.lm + "-pools" * self.paper.pools


#: The key that tells the kind of a dataset entry. Another kind is a class, a line here and in
#: `Entry`, and a function in `benchmarks.datasets.prepare`.
_KINDS = {
    "files": "FilesEntry",
    "paper": "PaperEntry",
    "simulation": "SimulationEntry",
    "scenario": "ScenarioEntry",
}


def _kind(entry: Any) -> str:
    keys = entry if isinstance(entry, dict) else getattr(entry, "__dict__", {})
    return next((name for key, name in _KINDS.items() if key in keys), "ScenarioEntry")


# The tags are names of classes, so that `sdscm.validation` does not take them for keys of the user.
Entry = Annotated[
    Annotated[ScenarioEntry, Tag("ScenarioEntry")]
    | Annotated[FilesEntry, Tag("FilesEntry")]
    | Annotated[PaperEntry, Tag("PaperEntry")]
    | Annotated[SimulationEntry, Tag("SimulationEntry")],
    Discriminator(_kind),
]


class EstimatorEntry(Model):
    """A registered estimator, with parameters of its own and a label for the board.

    Attributes
    ----------
    name
        As ``sdscm estimators`` lists it.
    params
        Parameters that differ from the estimator's defaults.
    label
        What the board calls it; by default the name.
    encodings
        Instead of the suite's.
    share
        Part of the datasets of each entry that the estimator runs on, the first ones, at least one:
        for a costly estimator.
    """

    name: str
    params: dict[str, Any] = {}
    label: str | None = None
    encodings: list[Encoding] | None = Field(default=None, min_length=1)
    share: float = Field(default=1.0, gt=0, le=1)

    @property
    def title(self) -> str:
        return self.label or self.name

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value
