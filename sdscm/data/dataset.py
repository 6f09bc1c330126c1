"""A causal dataset whose individual effects are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any, Self

import networkx as nx
import numpy as np
import pandas as pd

from sdscm.arguments import check_type
from sdscm.data import parquet
from sdscm.data.leaks import check_leaks
from sdscm.data.provenance import Provenance as Provenance
from sdscm.data.settings import in_setting
from sdscm.data.table_checks import TableRoles, check_table, ordered_levels, shown
from sdscm.data.true_graph import as_content
from sdscm.display import html_card, html_facts, html_note, html_table, listed
from sdscm.errors import InputError
from sdscm.inference.confounding import HiddenConfounding
from sdscm.literals import SETTINGS as SETTINGS
from sdscm.literals import Setting as Setting
from sdscm.number_format import NONE, number, percent

_FORMAT = 1
_SHOWN = 5  # rows in a notebook
_METADATA_KEY = b"sdscm"
#: Fields that only some settings need.
_OF_SETTINGS = ("potential_treatments", "complier_cate", "covariate_text")


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
    hidden_confounding
        The true strength of hidden confounding, for each setting where it is known; see
        `sdscm.inference.confounding.HiddenConfounding`.
    graph : networkx.DiGraph, optional
        The true DAG over the names of all variables, hidden ones too. Nodes have the attributes
        ``role`` (``treatment``, ``outcome``, ``covariate``, and in the settings that show them
        ``instrument`` or ``proxy``) and ``observed``: True for treatment and outcome, and for what
        the setting shows as codes. A column of ``X`` has the name of its variable. Where a suite
        encodes it as indicators, their names are ``variable=value``, with underscores after it if
        that is another column. The names of codes, ``X.attrs["categories"]``, have the name of the
        variable, too.
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
    hidden_confounding: Mapping[Setting, HiddenConfounding] = field(default_factory=dict)
    graph: nx.DiGraph | None = None
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
        if self.hidden_confounding:
            digest.update(repr(sorted(self.hidden_confounding.items(), key=str)).encode())
        if self.graph is not None:
            digest.update(repr(as_content(self.graph)).encode())
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
        instrument: str | None = None,
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
        instrument
            Column of an instrument, two numbers: the larger is coded 1. The setting ``instrument``
            shows it apart; other settings have it among the covariates.
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
            instrument=instrument,
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
        if (z := known.get("instrument")) is not None:
            X[str(roles.instrument)] = (z == z.max()).astype(float)
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
            instrument="" if roles.instrument is None else str(roles.instrument),
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
        return parquet.write(self, Path(path))

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
        return parquet.read(cls, Path(path))


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
