"""A causal dataset whose individual effects are known."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import TypeAdapter

from sdscm.arguments import check_type
from sdscm.data.leaks import check_leaks
from sdscm.data.settings import SETTING_INFOS, in_setting
from sdscm.data.table_checks import TableRoles, check_table, ordered_levels, shown
from sdscm.display import html_card, html_facts, html_note, html_table, listed
from sdscm.errors import InputError
from sdscm.files import write_atomically
from sdscm.literals import SETTINGS as SETTINGS
from sdscm.literals import Setting as Setting
from sdscm.number_format import NONE, number, percent

_FORMAT = 1
_SHOWN = 5  # rows in a notebook
_METADATA_KEY = b"sdscm"
#: Fields that only some settings need.
_OF_SETTINGS = ("potential_treatments", "complier_cate", "covariate_text")


@dataclass(frozen=True)
class Provenance:
    """Origin of a dataset, with all details that are needed to generate it again.

    Attributes
    ----------
    scenario
        Name of the spec, or of the source of other data.
    spec_hash
        Hash of the spec's content; empty for other data.
    lm, lm_revision
        Identifier and content revision of the language model; empty for other data.
    phrasing
        Number of the phrasing. Datasets of one phrasing are not independent, so that leaderboards
        resample phrasings.
    seed
        Seed of the units' noise.
    options
        All other options of the sampler (temperature, outcome, coupling, ...). ``contrast`` holds
        the two values of the treatment, control first. For a table of the user, ``leaks`` lists
        covariates that give away the truth; see `sdscm.data.leaks`.
    versions
        Versions of the libraries that can change the data.

    Examples
    --------
    >>> data = sdscm.SDSCM("headache", "tabular:0").dataset(200)
    >>> data.meta.scenario, data.meta.lm, data.meta.seed
    ('headache', 'tabular:0', 0)
    """

    scenario: str
    spec_hash: str = ""
    lm: str = ""
    lm_revision: str = ""
    phrasing: int = 0
    seed: int = 0
    options: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class CausalDataset:
    """Units with both potential outcomes.

    Parameters
    ----------
    X : DataFrame of shape (n, p)
        The covariates as numbers (integer codes for text variables), as estimators get them.
    t : array of shape (n,)
        The treatment received, 0 or 1.
    y0, y1 : arrays of shape (n,)
        The potential outcomes; the observed outcome ``y`` follows from them and ``t``. If the
        truth is unknown, as in real data, the unobserved potential outcome is NaN in every row.
    propensity : array of shape (n,), optional
        True P(t = 1 | parents of the treatment) of each unit.
    labels : DataFrame of shape (n, at most p), optional
        Text of those covariates whose numbers are codes.
    text : Series of shape (n,), optional
        The whole text of the observed unit.
    exogenous : tuple of str
        The covariates that the setting ``hidden`` removes.
    meta : Provenance
    post_treatment : tuple of str
        The covariates in ``X`` that descend from the treatment. To adjust for them removes effects
        that they transmit, or adds bias; see `sdscm.SDSCM.dataset`.
    covariates : Setting
        The setting whose covariates ``X`` shows.
    cates : for each setting with a known CATE, an array of shape (n,)
        E[y1 - y0 | the covariates of the setting]; see ``cate``.
    cate_errors : for each setting whose CATE is a Monte Carlo estimate, an array of shape (n,)
        Standard error of the estimate. The CATE of other settings is exact.
    known_ate
        The average effect of these units in units of y, if it is known although their individual
        effects are not (from a randomised trial).
    instrument
        The covariate in ``X`` that is the instrument, with codes 0 and 1; empty if there is none.
    proxies
        The covariates in ``X`` that are proxies of hidden confounders.
    potential_treatments : array of shape (n, 2), optional
        The treatment that the unit takes under each value of the instrument, by its own noise.
    complier_cate : array of shape (n,), optional
        E[y1 - y0 | the covariates of the setting ``instrument``, complier]; NaN where no unit
        complies.
    covariate_text : Series of shape (n,), optional
        The sentences of the covariates of each unit, none of which descends from the treatment.
    shown
        What the setting shows beside ``X``, ``t`` and ``y``; see `sdscm.data.settings.Shown`.

    Examples
    --------
    >>> data = sdscm.SDSCM("headache", "tabular:0").dataset(200)
    >>> data
    <CausalDataset: 200 units of headache, 7 covariates (all), t = 1 is a nap>
    >>> bool((data.y == data.y0)[data.t == 0].all())
    True
    >>> round(data.sate, 3)
    -0.025
    """

    X: pd.DataFrame
    t: np.ndarray
    y0: np.ndarray
    y1: np.ndarray
    meta: Provenance
    propensity: np.ndarray | None = None
    labels: pd.DataFrame | None = None
    text: pd.Series | None = None
    exogenous: tuple[str, ...] = ()
    post_treatment: tuple[str, ...] = ()
    covariates: Setting = "all"
    cates: Mapping[Setting, np.ndarray] = field(default_factory=dict)
    cate_errors: Mapping[Setting, np.ndarray] = field(default_factory=dict)
    known_ate: float | None = None
    instrument: str = ""
    proxies: tuple[str, ...] = ()
    potential_treatments: np.ndarray | None = None
    complier_cate: np.ndarray | None = None
    covariate_text: pd.Series | None = None
    shown: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_type("dataset: X", self.X, pd.DataFrame, "give a DataFrame")
        for name in ("t", "y0", "y1"):  # a list would compare as one thing
            object.__setattr__(self, name, np.asarray(getattr(self, name)))
        n = len(self.X)
        for name in ("t", "y0", "y1", "propensity", "labels", "text", *_OF_SETTINGS):
            column = getattr(self, name)
            if column is not None and len(column) != n:
                raise InputError(f"dataset: {name} has {len(column)} rows, but X has {n}")
        if n == 0:
            raise InputError("dataset: it has no rows")
        if not np.isin(self.t, (0, 1)).all():
            raise InputError("dataset: t must be 0 or 1 in every row")
        if not self.effects_known and np.isfinite(self.y).all():
            return
        for name in ("y0", "y1"):
            if not np.isfinite(getattr(self, name)).all():
                raise InputError(f"dataset: {name} has a value that is not a finite number")

    def __len__(self) -> int:
        return len(self.X)

    def __repr__(self) -> str:
        covariates = f"{self.X.shape[1]} covariates ({self.covariates})"
        treated = f", t = 1 is {self.contrast[1]}" if self.contrast else ""
        return (
            f"<CausalDataset: {len(self):,} units of {self.meta.scenario}, {covariates}{treated}>"
        )

    def _repr_html_(self) -> str:
        facts = {
            "covariates": f"{listed(list(self.X))} (setting: {self.covariates})",
            "hidden in the setting hidden": listed(self.exogenous) or NONE,
            "treated": percent(self.t.mean()),
            "treatment": " → ".join(self.contrast) or "0 → 1",
            "SATE": f"{number(self.sate)}; SD(y) is {number(self.y.std())}",
            "CATE known": ", ".join(self.cates) or NONE,
        }
        few = self.to_frame().head(_SHOWN)
        if self.labels is not None:
            few = few.assign(**{str(c): self.labels[c].head(_SHOWN) for c in self.labels})
        rows = [
            (i, *(number(v) if isinstance(v, float) else v for v in row))
            for i, row in enumerate(few.itertuples(index=False))
        ]
        about = f"{self.meta.lm}, phrasing {self.meta.phrasing}" if self.meta.lm else ""
        texts = () if self.text is None else (html_note(f"Unit 0: {self.text.iloc[0]}"),)
        return html_card(
            f"CausalDataset: {len(self):,} units of {self.meta.scenario}",
            about,
            html_facts(facts),
            html_table(["", *few], rows),
            *texts,
        )

    @property
    def y(self) -> np.ndarray:
        """The observed outcome, of shape (n,): the potential outcome of the treatment received."""
        return np.where(self.t == 1, self.y1, self.y0)

    @property
    def contrast(self) -> tuple[str, ...]:
        """The values of the treatment that t = 0 and t = 1 stand for; empty if not recorded."""
        return tuple(map(str, self.meta.options.get("contrast", ())))

    @property
    def effects_known(self) -> bool:
        """True if the individual effects are known: some unit has both potential outcomes."""
        return not np.isnan(np.where(self.t == 1, self.y0, self.y1).astype(float)).all()

    @property
    def ite(self) -> np.ndarray:
        """The individual treatment effects y1 - y0, of shape (n,); NaN if unknown."""
        return self.y1 - self.y0

    @property
    def sate(self) -> float:
        """The sample average treatment effect, the mean of ``ite``, or ``known_ate``."""
        return float(self.ite.mean()) if self.known_ate is None else self.known_ate

    @property
    def compliers(self) -> np.ndarray:
        """True for the units that take the treatment if and only if the instrument says so.

        A boolean array of shape (n,). The others are always-takers, never-takers and defiers
        (Angrist, Imbens and Rubin, "Identification of causal effects using instrumental variables",
        1996).

        Raises
        ------
        InputError
            If the dataset was made without the setting ``instrument``.
        """
        if self.potential_treatments is None:
            raise InputError("compliers: the dataset was made without the setting 'instrument'")
        return (self.potential_treatments == (0, 1)).all(axis=1)

    @property
    def late(self) -> float:
        """The local average treatment effect, the mean of ``ite`` of the compliers; NaN if none."""
        compliers = self.compliers
        return float(self.ite[compliers].mean()) if compliers.any() else float("nan")

    @property
    def cate(self) -> np.ndarray | None:
        """True E[y1 - y0 | X] of each unit given the covariates in X; None if unknown.

        It differs from ``ite`` wherever ``X`` does not determine the effect: if covariates are
        hidden, if a mediator (never in ``X`` by default) transmits the effect, or if the outcome
        is a sampled category. It is unknown if ``X`` shows post-treatment covariates.
        """
        return self.cates.get(self.covariates)

    def setting(self, name: Setting) -> CausalDataset:
        """The same units with the covariates of a setting.

        ``all`` keeps every covariate; ``hidden`` removes the exogenous ones, which become hidden
        confounders (paper, section 4.1). For the others see `sdscm.data.settings.SETTING_INFOS`;
        what they show beside X, t and y is in ``shown``.

        Raises
        ------
        InputError
            If the setting is unknown, or the dataset lacks what it shows.

        Examples
        --------
        >>> data = sdscm.SDSCM("headache", "tabular:0").dataset(200)
        >>> data.setting("hidden").X.columns.tolist()
        ['diary', 'season', 'day', 'sleep', 'weather', 'work']
        """
        return in_setting(self, name)

    def to_frame(self) -> pd.DataFrame:
        """One row for each unit: covariates, ``t y y0 y1 ite``, and ``propensity`` if known.

        Where a covariate has one of these names, it keeps the name, and the other column has an
        underscore after its name: ``t_``.

        Examples
        --------
        >>> data = sdscm.SDSCM("headache", "tabular:0").dataset(200)
        >>> data.to_frame()[["t", "y", "ite"]].head(2).round(3)
           t      y    ite
        0  0 -0.142 -0.005
        1  1 -0.826  0.100
        """
        columns = {name: getattr(self, name) for name in ("t", "y", "y0", "y1", "ite")}
        if self.propensity is not None:
            columns["propensity"] = self.propensity
        frame = self.X.copy()
        for name, values in columns.items():
            while name in frame:
                name += "_"
            frame[name] = values
        return frame

    @property
    def fingerprint(self) -> str:
        """Hash of all data that an estimator or a scorer gets."""
        digest = blake2b(digest_size=16)
        digest.update(repr([list(self.X.columns), self.exogenous, self.covariates]).encode())
        if self.propensity is not None:
            digest.update(np.ascontiguousarray(self.propensity, dtype=float).tobytes())
        for array in (self.X.to_numpy(dtype=float), self.t, self.y0, self.y1):
            digest.update(np.ascontiguousarray(array, dtype=float).tobytes())
        for setting in sorted(self.cates):
            digest.update(setting.encode())
            digest.update(np.ascontiguousarray(self.cates[setting], dtype=float).tobytes())
        if self.known_ate is not None:
            digest.update(repr(self.known_ate).encode())
        if self.instrument or self.proxies:
            digest.update(repr([self.instrument, self.proxies]).encode())
        for name in _OF_SETTINGS:
            if (values := getattr(self, name)) is not None:
                digest.update(name.encode())
                digest.update(_bytes(values))
        return digest.hexdigest()

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        *,
        treatment: str,
        y0: str | None = None,
        y1: str | None = None,
        outcome: str | None = None,
        counterfactual: str | None = None,
        effect: str | None = None,
        mu0: str | None = None,
        mu1: str | None = None,
        ate: float | None = None,
        covariates: list[str] | None = None,
        exogenous: tuple[str, ...] | list[str] = (),
        propensity: str | None = None,
        labels: pd.DataFrame | None = None,
        name: str = "frame",
        replicate: int = 0,
    ) -> CausalDataset:
        """Make a dataset from a table (IHDP, ACIC, ...), with the known part of its effects.

        Parameters
        ----------
        frame
            One row for each unit.
        treatment
            Column of the treatment: two values; the smaller is control. Of an ordered categorical
            it is the first of its order. ``contrast`` tells which is which.
        y0, y1
            Columns of the potential outcomes under control and treatment, if known.
        outcome, counterfactual, effect
            Columns of the observed outcome and, if known, of the outcome under the other treatment
            or of the individual effect, instead of ``y0`` and ``y1``.
        mu0, mu1
            Columns of the expected outcomes under control and treatment given all covariates, that
            is, of outcomes without noise, as in IHDP. ``mu1 - mu0`` is the CATE. Without ``y0`` and
            ``y1``, or ``counterfactual``, it is the individual effect, too.
        ate
            With ``outcome``: the average effect of these units, if known, in units of y.
        covariates
            Columns that estimators get; by default every other column, without row numbers.
        exogenous
            Covariates that the setting ``hidden`` removes.
        propensity
            Column of the true propensity, if known.
        labels
            As in the class: the text behind codes.
        name, replicate
            Recorded in the provenance.

        Raises
        ------
        InputError
            If a column is missing, named twice or not numeric, the treatment does not have two
            values, the arguments contradict each other, or, without ``covariates``, a column is a
            copy of a part of the truth or of the treatment; see `sdscm.data.table_checks` and
            `sdscm.data.leaks`.

        Examples
        --------
        >>> import pandas as pd
        >>> frame = pd.DataFrame({"age": [3, 4, 5], "drug": [0, 1, 1], "y0": 1.0, "y1": [2, 2, 5]})
        >>> data = sdscm.CausalDataset.from_frame(frame, treatment="drug", y0="y0", y1="y1")
        >>> data.y.tolist(), data.sate
        ([1.0, 2.0, 5.0], 2.0)
        """
        roles = TableRoles(
            treatment=treatment,
            outcome=outcome,
            counterfactual=counterfactual,
            y0=y0,
            y1=y1,
            effect=effect,
            mu0=mu0,
            mu1=mu1,
            ate=ate,
            covariates=covariates,
            exogenous=exogenous,
            propensity=propensity,
        )
        return cls.from_roles(frame, roles, name, "from_frame", labels, name, replicate)

    @classmethod
    def from_roles(
        cls,
        frame: pd.DataFrame,
        roles: TableRoles,
        where: str,
        source: str,
        labels: pd.DataFrame | None,
        name: str,
        replicate: int,
    ) -> CausalDataset:
        """Make a dataset from a table and the roles of its columns; see `from_frame`.

        ``where`` and ``source`` name the table and the place of the roles in messages.
        """
        chosen = check_table(frame, roles, where, source)
        X = frame[chosen].astype(float).reset_index(drop=True).rename(columns=str)
        levels = ordered_levels(frame[roles.treatment], where)
        t = (frame[roles.treatment] == levels[1]).to_numpy(dtype=np.int8)
        known = {
            key: frame[c].to_numpy(dtype=float) for key, c in roles.columns if key != "treatment"
        }
        control, active = _potential_outcomes(known, t)
        cates: dict[Setting, np.ndarray] = {}
        if "mu0" in known:
            cates["all"] = known["mu1"] - known["mu0"]
        truth = {
            "the outcome": np.where(t == 1, active, control),
            "the outcome under control": control,
            "the outcome under treatment": active,
            "the outcome under the other treatment": np.where(t == 1, control, active),
            "the effect": active - control,
        }
        if cates:
            truth |= {
                "the mean outcome under control": known["mu0"],
                "the mean outcome under treatment": known["mu1"],
                "the mean outcome under its treatment": np.where(
                    t == 1, known["mu1"], known["mu0"]
                ),
                "the mean outcome under the other treatment": np.where(
                    t == 1, known["mu0"], known["mu1"]
                ),
                "the mean effect": cates["all"],
            }
        found = check_leaks(X, t, truth, where, source, chosen=roles.covariates is not None)
        options: dict[str, Any] = {"contrast": [shown(level) for level in levels]}
        if found:
            options["leaks"] = list(map(str, found))
        return cls(
            X=X,
            t=t,
            y0=control,
            y1=active,
            known_ate=roles.ate,
            cates=cates,
            labels=labels,
            propensity=known.get("propensity"),
            exogenous=tuple(map(str, roles.exogenous)),
            meta=Provenance(scenario=name, seed=int(replicate), options=options),
        )

    def to_parquet(self, path: str | Path) -> Path:
        """Write the dataset with its provenance to one file, atomically.

        Examples
        --------
        >>> data = sdscm.SDSCM("headache", "tabular:0").dataset(200)
        >>> data.to_parquet("data.parquet").name
        'data.parquet'
        """
        if self.covariates != "all":
            raise InputError("write the dataset itself, not one of its settings")
        columns: dict[str, Any] = {f"X:{c}": self.X[c].to_numpy() for c in self.X}
        columns |= {"t": self.t.astype(np.int8), "y0": self.y0, "y1": self.y1}
        if self.propensity is not None:
            columns["propensity"] = self.propensity
        columns |= {f"cate:{setting}": values for setting, values in self.cates.items()}
        columns |= {f"cate_error:{setting}": e for setting, e in self.cate_errors.items()}
        if self.labels is not None:
            columns |= {f"label:{c}": self.labels[c].astype(str).to_numpy() for c in self.labels}
        if self.text is not None:
            columns["text"] = self.text.to_numpy()
        if self.potential_treatments is not None:
            columns |= {f"t_z{z}": self.potential_treatments[:, z] for z in (0, 1)}
        if self.complier_cate is not None:
            columns["complier_cate"] = self.complier_cate
        if self.covariate_text is not None:
            columns["covariate_text"] = self.covariate_text.to_numpy()
        meta = {
            "format": _FORMAT,
            "exogenous": self.exogenous,
            "post_treatment": self.post_treatment,
            "provenance": asdict(self.meta),
        }
        if self.known_ate is not None:
            meta["known_ate"] = self.known_ate
        if self.instrument:
            meta["instrument"] = self.instrument
        if self.proxies:
            meta["proxies"] = self.proxies
        table = pa.table(columns).replace_schema_metadata({_METADATA_KEY: json.dumps(meta)})
        path = Path(path)
        write_atomically(path, lambda file: pq.write_table(table, file, compression="zstd"))
        return path

    @classmethod
    def read_parquet(cls, path: str | Path) -> Self:
        """Read a file that ``to_parquet`` wrote.

        Raises
        ------
        InputError
            If the file is missing, damaged, or was not written by ``to_parquet``.

        Examples
        --------
        >>> data = sdscm.SDSCM("headache", "tabular:0").dataset(200)
        >>> path = data.to_parquet("data.parquet")
        >>> sdscm.CausalDataset.read_parquet(path).fingerprint == data.fingerprint
        True
        """
        check_type("read_parquet", path, str | Path, "give the path of a file")
        try:
            table = pq.read_table(path, partitioning=None)
        except FileNotFoundError:
            raise InputError(f"{path}: no such file") from None
        except (pa.ArrowException, OSError) as error:
            reason = str(error).splitlines()[0]
            raise InputError(
                f"{path}: not a readable Parquet file ({reason}); generate it again"
            ) from None
        raw = (table.schema.metadata or {}).get(_METADATA_KEY)
        if raw is None:
            raise InputError(
                f"{path}: not written by sdscm; read it with pandas, then CausalDataset.from_frame"
            )
        try:
            return cls._from_table(table, json.loads(raw))
        except InputError as error:
            raise InputError(f"{path}: {error}") from None
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            lost = f"it lacks {error}" if isinstance(error, KeyError) else "or of another version"
            raise InputError(
                f"{path}: this file of sdscm is damaged ({lost}); generate it again"
            ) from None

    @classmethod
    def _from_table(cls, table: pa.Table, meta: dict[str, Any]) -> Self:
        if meta["format"] != _FORMAT:
            raise InputError(f"format {meta['format']} is not known here; update sdscm")
        frame = table.to_pandas()

        def part(prefix: str) -> pd.DataFrame:
            found = [c for c in frame.columns if c.startswith(prefix)]
            return frame[found].rename(columns=lambda c: c.removeprefix(prefix))

        def each_setting(name: str) -> dict[Setting, np.ndarray]:
            found = ((s, f"{name}:{s}") for s in SETTING_INFOS)
            return {s: frame[column].to_numpy() for s, column in found if column in frame}

        X, labels = part("X:"), part("label:")
        # The conversion raises an error if they are no numbers.
        if not np.isfinite(X.to_numpy(dtype=float)).all():
            raise InputError("a covariate has an empty or infinite value; generate it again")
        origin = TypeAdapter(Provenance).validate_python(meta["provenance"])
        for name in ("temperature", "noise", "overlap", "confounding", "effect"):
            float(origin.options.get(name, 0))
        return cls(
            X=X,
            t=frame["t"].to_numpy(),
            y0=frame["y0"].to_numpy(),
            y1=frame["y1"].to_numpy(),
            propensity=frame["propensity"].to_numpy() if "propensity" in frame else None,
            labels=labels if len(labels.columns) else None,
            text=frame.get("text"),
            exogenous=tuple(meta["exogenous"]),
            post_treatment=tuple(meta.get("post_treatment", ())),  # older files lack it
            cates=each_setting("cate"),
            cate_errors=each_setting("cate_error"),
            known_ate=meta.get("known_ate"),
            instrument=meta.get("instrument", ""),
            proxies=tuple(meta.get("proxies", ())),
            potential_treatments=frame[["t_z0", "t_z1"]].to_numpy() if "t_z0" in frame else None,
            complier_cate=frame["complier_cate"].to_numpy() if "complier_cate" in frame else None,
            covariate_text=frame.get("covariate_text"),
            meta=origin,
        )


def _bytes(values: np.ndarray | pd.Series) -> bytes:
    """Numbers or texts as bytes, for a hash."""
    if isinstance(values, pd.Series):
        return "\0".join(map(str, values)).encode()
    return np.ascontiguousarray(values, dtype=float).tobytes()


def _potential_outcomes(
    known: Mapping[str, np.ndarray], t: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the outcomes under control and treatment, NaN where they are not known."""
    if "y0" in known:
        return known["y0"], known["y1"]
    y = known["outcome"]
    sign = np.where(t == 1, -1.0, 1.0)
    if "counterfactual" in known:
        other = known["counterfactual"]
    elif "effect" in known:
        other = y + sign * known["effect"]
    elif "mu0" in known:
        other = y + sign * (known["mu1"] - known["mu0"])
    else:
        other = np.full(len(y), np.nan)
    return np.where(t == 1, other, y), np.where(t == 1, y, other)


def is_dataset(path: Path) -> bool:
    """Return whether a file is one that ``CausalDataset.to_parquet`` wrote."""
    try:
        return _METADATA_KEY in (pq.read_schema(path).metadata or {})
    except (pa.ArrowException, OSError):
        return False
