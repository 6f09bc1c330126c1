"""How much a number of Table 1 hangs on the seed of a method with chance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import r2_score

import estimators
from benchmarks.paper.data.release import ROWS, Release
from benchmarks.paper.run.methods import METHODS, parameters_of
from benchmarks.provenance.hashing import derive_seed
from sdscm.data.dataset import Setting
from sdscm.errors import InputError

#: Methods of Table 1 with chance.
CHANCY = tuple(method.name for method in METHODS if method.average and not method.exact)


def of_number(records: pd.DataFrame, lm: str, setting: str, method: str) -> pd.DataFrame:
    """The records that an R2 and an RMSE of Table 1 rest on, which must be of all phrasings.

    Returns
    -------
    A row for each dataset of 1,000 rows: ``number``, ``variant``, ``ate``, ``sate``, ``sd``.

    Raises
    ------
    InputError
        If there are none.
    """
    which = (records["lm"] == lm) & (records["setting"] == setting) & (records["rows"] == ROWS)
    which &= (records["method"] == method) & (records["status"] == "ok")
    found = records.loc[which, ["number", "variant", "ate", "sate", "sd"]]
    if found["ate"].isna().all():
        raise InputError(
            f"no records of {method} on {lm}, setting {setting}; run first: "
            f'sdscm paper run --rows {ROWS} --methods "{method}"'
        )
    return found.reset_index(drop=True)


def worst_phrasings(records: pd.DataFrame, most: int) -> list[int]:
    """The phrasings whose datasets make most of the RMSE, the worst first."""
    squares = (records["ate"] - records["sate"]) ** 2
    return squares.groupby(records["variant"]).sum().nlargest(most).index.tolist()


def refit(
    release: Release, numbers: Sequence[int], setting: Setting, method: str, seeds: int
) -> pd.DataFrame:
    """Fit a method to some datasets with other seeds than that of the records.

    Returns
    -------
    A row for each dataset and seed: ``seed``, ``number``, ``variant``, ``treated`` (share of the
    rows), ``ate``, ``sate``.
    """
    found = []
    for number in numbers:
        dataset = release.dataset(number)
        seen, sate = dataset.setting(setting), float(dataset.ite.mean())
        for seed in range(1, seeds + 1):
            state = derive_seed("seeds", release.lm, number, setting, method, seed)
            made: Any = estimators.get(method, random_state=state, **parameters_of(method))
            made.fit(seen.X, seen.t, seen.y)
            found.append(
                {
                    "seed": seed,
                    "number": number,
                    "variant": dataset.meta.phrasing,
                    "treated": float(seen.t.mean()),
                    "ate": float(made.ate(seen.X)),
                    "sate": sate,
                }
            )
    return pd.DataFrame(found)


def by_seed(records: pd.DataFrame, refits: pd.DataFrame) -> pd.DataFrame:
    """Table 1's numbers, had the datasets that were fitted again had another seed.

    Parameters
    ----------
    records
        From `of_number`.
    refits
        From `refit`; the datasets that are not in it keep their record.

    Returns
    -------
    A row for the records, whose ``seed`` is ``recorded``, and one for each seed: ``r2``, ``rmse``;
    ``worst``, the dataset with the largest error, and its ``error``, in units of y.
    """
    ates = records.set_index("number")["ate"]
    sates = records.set_index("number")["sate"]
    rows = [{"seed": "recorded"} | numbers_of(ates, sates)]
    for seed, part in refits.groupby("seed"):
        other = ates.copy()
        other.update(part.set_index("number")["ate"])
        rows.append({"seed": str(seed)} | numbers_of(other, sates))
    return pd.DataFrame(rows)


def numbers_of(ates: pd.Series, sates: pd.Series) -> dict[str, Any]:
    """``r2`` and ``rmse`` of average effects, by dataset, and the ``worst`` with its ``error``."""
    errors = (ates - sates).to_numpy()
    worst = int(np.argmax(np.abs(errors)))
    return {
        "r2": float(r2_score(sates, ates)),
        "rmse": float(np.sqrt((errors**2).mean())),
        "worst": int(ates.index[worst]),
        "error": float(errors[worst]),
    }
