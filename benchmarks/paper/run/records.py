"""The records of the job: one line a cell, appended when it ends, and a packed table to keep.

The store of the harness keeps each prediction in a file of its own: for the 75,000 cells of the
paper that would be 150,000 files and gigabytes. Here a cell is its scores.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import metrics
from benchmarks.interface import Outcome, Truth
from benchmarks.paper.run.identity import identity
from benchmarks.paper.run.plan import PaperCell
from benchmarks.storage.csv_log import Log
from estimators import MissingExtraError
from sdscm.errors import InputError
from sdscm.files import write_atomically

#: Of the harness's metrics, those that the paper's tables and figures need, and their complements.
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
_WHICH = ("key", "identity", "lm", "rows", "number", "variant", "setting", "method")
_EXACT = ("ate", "sate", "sd")
COLUMNS = (*_WHICH, "status", "reason", *_EXACT, *METRICS)
_TEXTS = ("key", "identity", "lm", "setting", "method", "status", "reason")


class Records:
    """Records in a folder, and in a packed table that a repository can hold.

    Parameters
    ----------
    folder
        Of the lines, a file a method.
    packed
        The packed table, ``cells.parquet``; it need not be there.
    """

    def __init__(self, folder: Path, packed: Path) -> None:
        self.folder = folder
        self.packed = packed

    def append(self, cell: PaperCell, outcome: Outcome, truth: Truth) -> None:
        """Record how a cell ended; once this returns, a kill does not lose it."""
        name = re.sub(r"[^a-z0-9]+", "-", cell.method.name.lower())
        Log(self.folder / f"{name}.csv", COLUMNS).append(line(cell, outcome, truth))

    def table(self) -> pd.DataFrame:
        """A row a record with the columns `COLUMNS`, each key once.

        Raises
        ------
        InputError
            If the packed table or a file of lines is damaged.
        """
        parts = [_lines(path) for path in sorted(self.folder.glob("*.csv"))]
        if self.packed.is_file():
            parts.insert(0, self._unpack())
        parts = [part for part in parts if len(part)]
        if not parts:
            return pd.DataFrame(columns=list(COLUMNS))
        table = pd.concat(parts, ignore_index=True)
        table[list(_TEXTS)] = table[list(_TEXTS)].fillna("").astype(str)
        return table.drop_duplicates("key", keep="last", ignore_index=True)

    def done(self, retry: bool = False) -> set[str]:
        """Keys that need not be run; with ``retry``, without those that failed."""
        table = self.table()
        return set(table["key"][table["status"] == "ok"] if retry else table["key"])

    def pack(self) -> int:
        """Write one record of each cell, as `one_each` takes them, to the packed table.

        Returns
        -------
        How many.
        """
        table, _ = one_each(self.table())
        table = table.sort_values(["method", "lm", "rows", "setting", "number", "key"])
        small = {name: table[name].astype(np.float32) for name in METRICS}
        packed = pa.Table.from_pandas(table.assign(**small), preserve_index=False)
        write_atomically(
            self.packed,
            lambda file: pq.write_table(packed, file, compression="zstd", compression_level=19),
        )
        return len(table)

    def _unpack(self) -> pd.DataFrame:
        try:
            return pq.read_table(self.packed, columns=list(COLUMNS)).to_pandas()
        except (pa.ArrowException, OSError) as error:
            raise InputError(
                f"{self.packed}: not a readable Parquet file ({str(error).splitlines()[0]}); "
                "restore or delete it"
            ) from None


def _lines(path: Path) -> pd.DataFrame:
    """The records of a file of lines.

    Raises
    ------
    InputError
        If it is not such a file.
    """
    try:
        table = Log(path, COLUMNS).rows()
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise _damaged(path, " ".join(str(error).split())) from None
    for name in COLUMNS:
        if name not in table.columns:
            raise _damaged(path, f"no column '{name}'")
        if len(table) and name not in _TEXTS and not pd.api.types.is_numeric_dtype(table[name]):
            raise _damaged(path, f"column '{name}' is not of numbers")
    return table


def _damaged(path: Path, what: str) -> InputError:
    return InputError(
        f"{path}: not records of sdscm paper run ({what}); mend it, or move it away and run again"
    )


def one_each(table: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """One record for each cell: that of the code that is here, or else the latest.

    Returns
    -------
    The records, and for each method the number of those that other code or libraries made.
    """
    here = {method: _identity_here(method) for method in table["method"].unique()}
    current = table["identity"] == table["method"].map(here)
    which = ["lm", "rows", "number", "setting", "method"]
    ordered = table.assign(current=current).sort_values("current", kind="stable")
    chosen = ordered.drop_duplicates(which, keep="last").sort_values(which, ignore_index=True)
    stale = chosen[~chosen["current"]].groupby("method").size()
    return chosen.drop(columns="current"), {str(name): int(n) for name, n in stale.items()}


def _identity_here(method: str) -> str:
    """Empty where the method's library is not installed."""
    try:
        return identity(method)
    except MissingExtraError:
        return ""


def line(cell: PaperCell, outcome: Outcome, truth: Truth) -> Mapping[str, object]:
    """What is recorded of a cell: the columns `COLUMNS`."""
    unit, said = cell.unit, outcome.prediction
    scores = {} if said is None else {n: metrics.get(n).score(said, truth) for n in METRICS}
    return {
        "key": cell.key,
        "identity": cell.identity,
        "lm": unit.lm,
        "rows": unit.rows,
        "number": unit.number,
        "variant": unit.variant,
        "setting": cell.setting,
        "method": cell.method.name,
        "status": outcome.status,
        "reason": outcome.reason,
        "ate": None if said is None else said.ate,
        "sate": truth.sate,
        "sd": truth.sd,
        **scores,
    }
