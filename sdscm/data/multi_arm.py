"""A dataset of a treatment with several arms, whose individual effects are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Self, get_args

import numpy as np
import pandas as pd
from pydantic import TypeAdapter

from sdscm.arguments import check_choice, check_type
from sdscm.data import parquet
from sdscm.data.provenance import Provenance
from sdscm.display import html_card, html_facts, html_table, listed
from sdscm.errors import InputError
from sdscm.number_format import NONE, number, percent

ArmSetting = Literal["all", "hidden"]
_FORMAT = 1


@dataclass(frozen=True, eq=False)
class MultiArmDataset:
    """Units with the potential outcome of each of K arms.

    Arm 0 is the reference: column k - 1 of an array of effects is of arm k against arm 0.

    Attributes
    ----------
    X : DataFrame of shape (n, p)
        The covariates as codes, none of which descends from the treatment.
    t : array of shape (n,)
        The arm received, 0 to K - 1.
    potential_outcomes : array of shape (n, K)
        The outcome of each unit under each arm, by its own noise.
    propensities : array of shape (n, K)
        True P(t = k | parents of the treatment) of each unit.
    arms : tuple of str
        The values of the treatment that the arms stand for.
    labels : DataFrame of shape (n, p)
        Text of the covariates.
    exogenous : tuple of str
        The covariates that the setting ``hidden`` removes.
    meta : Provenance
    covariates
        The setting whose covariates ``X`` shows.
    cates : for each setting with known CATEs, an array of shape (n, K - 1)
        E[effects | the covariates of the setting]; see ``cate``.

    Examples
    --------
    >>> data = sdscm.SDSCM("commute", "tabular:0").multi_arm_dataset(200)
    >>> data
    <MultiArmDataset: 200 units of commute, 10 covariates (all), arms by bus, by bike, by car>
    >>> data.effects.shape
    (200, 2)
    """

    X: pd.DataFrame
    t: np.ndarray
    potential_outcomes: np.ndarray
    propensities: np.ndarray
    arms: tuple[str, ...]
    labels: pd.DataFrame
    exogenous: tuple[str, ...]
    meta: Provenance
    covariates: ArmSetting = "all"
    cates: Mapping[ArmSetting, np.ndarray] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.X)

    def __repr__(self) -> str:
        return (
            f"<MultiArmDataset: {len(self):,} units of {self.meta.scenario}, "
            f"{self.X.shape[1]} covariates ({self.covariates}), arms {', '.join(self.arms)}>"
        )

    def _repr_html_(self) -> str:
        facts = {
            "covariates": f"{listed(list(self.X))} (setting: {self.covariates})",
            "hidden in the setting hidden": listed(self.exogenous) or NONE,
            "reference": self.arms[0],
            "SD(y)": number(self.y.std()),
            "CATE known": ", ".join(self.cates) or NONE,
        }
        sates = ["reference", *map(number, self.sates)]
        rows = [
            (arm, percent((self.t == code).mean()), number(mean), sates[code])
            for code, (arm, mean) in enumerate(
                zip(self.arms, self.potential_outcomes.mean(axis=0), strict=True)
            )
        ]
        return html_card(
            f"MultiArmDataset: {len(self):,} units of {self.meta.scenario}",
            f"{self.meta.lm}, phrasing {self.meta.phrasing}",
            html_facts(facts),
            html_table(["arm", "units", "mean outcome of all", "SATE"], rows),
        )

    @property
    def y(self) -> np.ndarray:
        """The observed outcome, of shape (n,): the potential outcome of the arm received."""
        return self.potential_outcomes[np.arange(len(self)), self.t]

    @property
    def effects(self) -> np.ndarray:
        """The individual effects of arms 1 to K - 1 against arm 0, of shape (n, K - 1)."""
        return self.potential_outcomes[:, 1:] - self.potential_outcomes[:, :1]

    @property
    def sates(self) -> np.ndarray:
        """The sample average effects, the means of ``effects``, of shape (K - 1,)."""
        return self.effects.mean(axis=0)

    @property
    def cate(self) -> np.ndarray | None:
        """True E[effects | X] of each unit given the covariates in X; None if unknown."""
        return self.cates.get(self.covariates)

    def setting(self, name: ArmSetting) -> MultiArmDataset:
        """The same units with the covariates of a setting: ``all``, or ``hidden``.

        Raises
        ------
        InputError
            If the setting is unknown, or leaves no covariate.

        Examples
        --------
        >>> data = sdscm.SDSCM("commute", "tabular:0").multi_arm_dataset(200)
        >>> data.setting("hidden").X.columns.tolist()[:3]
        ['colleague', 'season', 'weather']
        """
        check_choice("setting", name, get_args(ArmSetting))
        if name == self.covariates:
            return self
        if self.covariates != "all":
            raise InputError("this dataset lacks its hidden covariates; use the original one")
        kept = [name for name in self.X if name not in self.exogenous]
        if not kept:
            raise InputError(
                f"dataset '{self.meta.scenario}': nothing is left when the exogenous covariates "
                "are hidden; give the spec an observed covariate, or use the setting 'all'"
            )
        return replace(self, X=self.X[kept], labels=self.labels[kept], covariates=name)

    def to_frame(self) -> pd.DataFrame:
        """One row for each unit: covariates, ``t``, ``y``, and the outcome ``y0``, ... of each arm.

        Examples
        --------
        >>> data = sdscm.SDSCM("commute", "tabular:0").multi_arm_dataset(200)
        >>> data.to_frame().columns[-5:].tolist()
        ['t', 'y', 'y0', 'y1', 'y2']
        """
        outcomes = {f"y{arm}": self.potential_outcomes[:, arm] for arm in range(len(self.arms))}
        frame = self.X.copy()
        for name, values in {"t": self.t, "y": self.y, **outcomes}.items():
            while name in frame:
                name += "_"
            frame[name] = values
        return frame

    def to_parquet(self, path: str | Path) -> Path:
        """Write the dataset with its provenance to one file, atomically.

        Examples
        --------
        >>> data = sdscm.SDSCM("commute", "tabular:0").multi_arm_dataset(200)
        >>> data.to_parquet("arms.parquet").name
        'arms.parquet'
        """
        if self.covariates != "all":
            raise InputError("write the dataset itself, not one of its settings")
        columns: dict[str, Any] = {f"X:{name}": self.X[name].to_numpy() for name in self.X}
        columns |= {f"label:{name}": self.labels[name].astype(str).to_numpy() for name in self.X}
        columns["t"] = self.t
        columns |= _columns("y", self.potential_outcomes)
        columns |= _columns("propensity", self.propensities)
        for setting, values in self.cates.items():
            columns |= _columns(f"cate:{setting}", values, first=1)
        meta = {
            "format": _FORMAT,
            "arms": self.arms,
            "exogenous": self.exogenous,
            "provenance": asdict(self.meta),
        }
        return parquet.write_table(columns, meta, Path(path))

    @classmethod
    def read_parquet(cls, path: str | Path) -> Self:
        """Read a file that ``to_parquet`` wrote.

        Raises
        ------
        InputError
            If the file is missing, damaged, or was not written by ``to_parquet``.

        Examples
        --------
        >>> data = sdscm.SDSCM("commute", "tabular:0").multi_arm_dataset(200)
        >>> path = data.to_parquet("arms.parquet")
        >>> sdscm.MultiArmDataset.read_parquet(path).sates.round(2).tolist()
        [0.08, -0.18]
        """
        check_type("read_parquet", path, str | Path, "give the path of a file")
        return parquet.read_table(Path(path), cls._from_table)

    @classmethod
    def _from_table(cls, table: Any, meta: dict[str, Any]) -> Self:
        if meta["format"] != _FORMAT:
            raise InputError(f"format {meta['format']} is not known here; update sdscm")
        if "arms" not in meta:
            raise InputError("it has two arms; read it with CausalDataset.read_parquet")
        frame, arms = table.to_pandas(), tuple(meta["arms"])
        names = [name.removeprefix("X:") for name in frame if name.startswith("X:")]

        def array(name: str, first: int = 0) -> np.ndarray:
            return frame[[f"{name}{arm}" for arm in range(first, len(arms))]].to_numpy()

        def part(prefix: str) -> pd.DataFrame:
            return frame[[prefix + name for name in names]].set_axis(names, axis=1)

        return cls(
            X=part("X:"),
            t=frame["t"].to_numpy(),
            potential_outcomes=array("y"),
            propensities=array("propensity"),
            arms=arms,
            labels=part("label:"),
            exogenous=tuple(meta["exogenous"]),
            cates={
                setting: array(f"cate:{setting}", first=1)
                for setting in get_args(ArmSetting)
                if f"cate:{setting}1" in frame
            },
            meta=TypeAdapter(Provenance).validate_python(meta["provenance"]),
        )


def _columns(name: str, values: np.ndarray, first: int = 0) -> dict[str, np.ndarray]:
    """The columns of an array, one for each arm from ``first`` on."""
    return {f"{name}{arm}": column for arm, column in enumerate(values.T, start=first)}
