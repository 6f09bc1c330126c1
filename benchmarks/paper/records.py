"""The records of the paper's job: those of its runs, and packed ones that a repository holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.datasets.paper.release import ROWS
from benchmarks.datasets.paper.released import Released, parts_of_name, released
from benchmarks.execution.methods import methods_of
from benchmarks.paper.methods import PaperMethod, named, parameters_of
from benchmarks.paper.suites import SUITES
from benchmarks.storage.packed import MADE_WITH, read_packed, write_packed
from benchmarks.storage.store import Store
from benchmarks.suite.entries import EstimatorEntry, PaperEntry, count_of_share
from benchmarks.suite.model import Suite
from estimators import MissingExtraError
from sdscm.literals import Setting

#: Of the registered metrics, those that the paper's tables and figures need, and their complements.
METRICS = (
    "ate_coverage",
    "ate_width_sd",
    "pehe_sd",
    "r2",
    "r2_swapped",
    "rank_correlation",
    "cate_coverage",
    "cate_width_sd",
    "ite_coverage",
    "ite_width_sd",
    "seconds",
)
#: In units of y, and kept in double precision; the metrics have single precision.
EXACT = ("ate", "sate", "y_sd")
PLACE = ["lm", "rows", "number", "setting", "method"]
#: What the tables, figures and pages use.
COLUMNS = (*PLACE, "variant", "identity", "status", "reason", "ate", "sate", "sd", *METRICS)
_CELL = ["dataset", "setting", "estimator", "identity"]
_OF_NAME = ["lm", "rows", "number", "variant"]


def read_records(packed: Path, runs: Path) -> pd.DataFrame:
    """Read all records of the paper's suites, one of each cell and code.

    Parameters
    ----------
    packed
        File of packed records; it need not be there.
    runs
        Folder of the runs; those of the paper's suites are read, and need not be there.

    Returns
    -------
    DataFrame with the columns of `write_packed`, and ``lm``, ``rows``, ``number``, ``variant``,
    ``method`` and ``sd``.

    Raises
    ------
    InputError
        If the packed file or the file of a run is damaged.
    """
    parts = [read_packed(packed)] if packed.is_file() else []
    for name in SUITES.values():
        with Store.of(runs / name) as store:
            parts.append(store.frame())
    parts = [part for part in parts if len(part)]
    if not parts:
        return pd.DataFrame(columns=list(COLUMNS))
    table = pd.concat(parts, ignore_index=True)
    if MADE_WITH in table:  # the store of a run does not keep it
        table[MADE_WITH] = table.groupby(_CELL)[MADE_WITH].transform("first").fillna("")
    table = table.drop_duplicates(_CELL, keep="last")
    scores = {name: table.get(name, np.nan) for name in (*EXACT, *METRICS)}
    table = table.assign(**scores).astype(dict.fromkeys(METRICS, np.float32))
    names = {name: parts_of_name(name) for name in table["dataset"].unique()}
    places = pd.DataFrame([names[name] for name in table["dataset"]], index=table.index)
    same = {"method": table["estimator"], "sd": table["y_sd"]}
    return table.assign(**same).join(places).reset_index(drop=True)


def pack(records: pd.DataFrame, path: Path) -> None:
    """Write records of `read_records` to a packed file."""
    records = records.sort_values(["method", "lm", "rows", "setting", "number"])
    write_packed(records.drop(columns=["method", "sd", *_OF_NAME]), path, METRICS, EXACT)


def one_each(
    records: pd.DataFrame, current_only: bool = False
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Select one record for each cell: that of the installed code, or else the latest.

    Parameters
    ----------
    records
        From `read_records`.
    current_only
        Leave out the records that other code or other versions of libraries made.

    Returns
    -------
    The records, and for each method the number of those that other code or libraries made.
    """
    current = records["method"].map(identities(records["method"].unique())) == records["identity"]
    ordered = records.assign(current=current).sort_values("current", kind="stable")
    chosen = ordered.drop_duplicates(PLACE, keep="last").sort_values(PLACE, ignore_index=True)
    stale = chosen[~chosen["current"]].groupby("method").size()
    kept = chosen[chosen["current"]] if current_only else chosen
    counts = {str(name): int(n) for name, n in stale.items()}
    return kept.drop(columns="current"), counts


def identities(names: Iterable[str]) -> dict[str, str]:
    """The hash of the installed code, versions and parameters behind each method.

    Empty where its library is not installed.
    """
    found = {}
    for name in names:
        try:
            (method,) = methods_of([EstimatorEntry(name=name, params=parameters_of(name))])
            found[name] = method.identity
        except MissingExtraError:
            found[name] = ""
    return found


@dataclass(frozen=True)
class PaperFit:
    """One cell of the job, as the estimate of a run sees it."""

    dataset: Released
    setting: Setting
    method: PaperMethod

    @property
    def place(self) -> tuple[str, int, int, str, str]:
        """The columns `PLACE`."""
        dataset = self.dataset
        return dataset.lm, dataset.rows, dataset.number, self.setting, self.method.name


def fits_of(suite: Suite) -> list[PaperFit]:
    """The cells of one of the paper's suites."""
    methods = {method.name: method for method in named([e.name for e in suite.estimators])}
    found = []
    for entry in suite.datasets:
        assert isinstance(entry, PaperEntry)
        datasets = list(released(entry, suite.data))
        found += [
            PaperFit(each, setting, methods[estimator.name])
            for estimator in suite.estimators
            for each in datasets[: count_of_share(estimator.share, len(datasets))]
            for setting in suite.settings
        ]
    return found


def seconds(fits: Sequence[PaperFit], workers: int) -> float:
    """Expected seconds of cells on so many cores; methods that share a fit count once."""
    found: dict[object, float] = {}
    for each in fits:
        method = each.method
        key = each.dataset, each.setting, method.fit
        cost = method.seconds if each.dataset.rows == ROWS else method.pooled_seconds
        found[key] = max(found.get(key, 0.0), cost)
    return sum(found.values()) / max(workers, 1)
