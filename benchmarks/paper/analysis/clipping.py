"""Why the doubly robust learners fail on a few datasets, and what clipping changes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

import estimators
from benchmarks.paper.analysis.seeds import numbers_of, of_number
from benchmarks.paper.data.release import ROWS, Release
from benchmarks.paper.run.methods import METHODS as OF_PAPER
from benchmarks.paper.run.plan import PaperCell, Unit
from benchmarks.provenance.hashing import derive_seed
from sdscm.data.dataset import SETTINGS, Setting

METHODS = ("LinearDR", "ForestDR")
#: EconML's default first.
CLIPS = (1e-6, 0.01, 0.05)
#: Size of an error, in SD(y), that no use could be made of.
FAILED = 1.0


def clipping(
    release: Release,
    ids: Sequence[int],
    method: str = "LinearDR",
    clips: Sequence[float] = CLIPS,
    seeds: int = 1,
) -> pd.DataFrame:
    """Fit a doubly robust learner with several lowest propensities.

    A doubly robust score divides the residual of a row by the probability of its own treatment.
    Where the propensity model says 0 and the row is there all the same, one row decides. EconML
    chooses between a logistic regression and a forest by cross-validation; a forest says 0 often.

    Parameters
    ----------
    release
    ids
        Datasets.
    method
        ``LinearDR`` or ``ForestDR``.
    clips
        Lowest propensities.
    seeds
        Fits of each with other seeds.

    Returns
    -------
    A row for each dataset, setting, seed and clip: ``number``, ``setting``, ``seed``, ``treated``
    (share of rows), ``models`` (the chosen propensity models), ``propensity`` (the lowest that they
    give to the treatment of a row, before clipping), ``clip``, ``ate``, ``sate``, ``error`` in
    SD(y).
    """
    found = []
    for number in ids:
        dataset = release.dataset(number)
        sate = float(dataset.ite.mean())
        for setting in SETTINGS:
            seen = dataset.setting(setting)
            for seed, clip in product(range(seeds), clips):
                state = derive_seed("clipping", release.lm, number, setting, method, seed)
                made: Any = estimators.get(method, random_state=state, min_propensity=clip)
                made.fit(seen.X, seen.t, seen.y)
                models = [one for each in made.model_.models_propensity for one in each]
                ate = float(made.ate(seen.X))
                found.append(
                    {
                        "number": number,
                        "setting": setting,
                        "seed": seed,
                        "treated": float(seen.t.mean()),
                        "models": " ".join(sorted({type(model).__name__ for model in models})),
                        "propensity": _lowest(models, seen.X.to_numpy(), seen.t),
                        "clip": clip,
                        "ate": ate,
                        "sate": sate,
                        "error": (ate - sate) / float(seen.y.std()),
                    }
                )
    return pd.DataFrame(found)


def over_seeds(table: pd.DataFrame) -> pd.DataFrame:
    """What `clipping` gave, put together over the seeds.

    Returns
    -------
    A row for each dataset, setting and clip: ``number``, ``setting``, ``treated``, ``clip``,
    ``seeds``; ``forests``, of how many of these the model of the propensity was a forest in at
    least one fold; ``failed``, how many have an error of the average effect above `FAILED`; the
    ``median`` and the ``largest`` size of the error, in SD(y).
    """
    sizes = table.assign(
        size=table["error"].abs(),
        forest=table["models"].str.contains("Forest"),
        fails=table["error"].abs() > FAILED,
    )
    groups = sizes.groupby(["number", "setting", "treated", "clip"], sort=False)
    found = groups.agg(
        seeds=("seed", "nunique"),
        forests=("forest", "sum"),
        failed=("fails", "sum"),
        median=("size", "median"),
        largest=("size", "max"),
    )
    return found.reset_index()


def failed(records: pd.DataFrame, lm: str, method: str) -> dict[Setting, list[int]]:
    """The datasets, by setting, on which a recorded fit failed: see `FAILED`.

    Raises
    ------
    InputError
        If a setting has no records.
    """
    found: dict[Setting, list[int]] = {}
    for setting in SETTINGS:
        number = of_number(records, lm, setting, method)
        errors = (number["ate"] - number["sate"]).abs() / number["sd"]
        found[setting] = sorted(number.loc[errors > FAILED, "number"])
    return found


def table_when_clipped(
    release: Release, records: pd.DataFrame, method: str, clips: Sequence[float] = CLIPS[1:]
) -> pd.DataFrame:
    """Table 1's numbers, had the fits that failed clipped their propensities.

    These are fitted again with the seed of their record, so that nothing but the clip is another;
    the other datasets keep their record.

    Parameters
    ----------
    release
    records
        As `one_each` gives them.
    method
        ``LinearDR`` or ``ForestDR``.
    clips
        Lowest propensities.

    Returns
    -------
    A row for each setting and clip, EconML's as recorded first: ``setting``, ``clip``,
    ``datasets``, ``failed`` (of the record), and as in `numbers_of` ``r2``, ``rmse``, ``worst``,
    ``error``.
    """
    (which,) = (one for one in OF_PAPER if one.name == method)
    rows = []
    for setting, those in failed(records, release.lm, method).items():
        number = of_number(records, release.lm, setting, method).set_index("number")
        told = {"setting": setting, "datasets": len(number), "failed": len(those)}
        rows.append(told | {"clip": CLIPS[0]} | numbers_of(number["ate"], number["sate"]))
        for clip in clips:
            ates = number["ate"].copy()
            for each in those:
                dataset = release.dataset(each)
                seen = dataset.setting(setting)
                unit = Unit(release.lm, ROWS, each, dataset.meta.phrasing, "")
                state = PaperCell(unit, setting, which).seed
                made: Any = estimators.get(method, random_state=state, min_propensity=clip)
                ates[each] = float(made.fit(seen.X, seen.t, seen.y).ate(seen.X))
            rows.append(told | {"clip": clip} | numbers_of(ates, number["sate"]))
    columns = ["setting", "clip", "datasets", "failed", "r2", "rmse", "worst", "error"]
    return pd.DataFrame(rows)[columns]


def _lowest(models: Sequence[Any], X: np.ndarray, t: np.ndarray) -> float:
    """The lowest propensity of a row's own treatment, over the models of all folds."""
    return float(np.min([model.predict_proba(X)[np.arange(len(t)), t] for model in models]))
