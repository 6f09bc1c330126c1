"""Show why the doubly robust learners fail on a few datasets, and what clipping changes.

Prints the lowest propensity that the models of a learner give to a row's own treatment, and the
error of the average effect in SD(y), for several lowest propensities. With several seeds: how many
of them fail, and the median and the largest error. The file has every fit.

With --ids failed: Table 1's R2 and RMSE as recorded, and with clipped propensities for the recorded
fits that are off by more than 1 SD(y).

    python examples/paper_studies/clipping.py --ids 556,306
    python examples/paper_studies/clipping.py --ids failed --method ForestDR
    python examples/paper_studies/clipping.py --ids 556,306,706 --seeds 5 --out clipping.csv
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from shared import (
    FAILED,
    add_output,
    add_records,
    check_output,
    numbers_of,
    parser,
    positive,
    read_records,
    read_releases,
    records_of_number,
    say_table,
    script,
    write_output,
)

import estimators
from benchmarks.datasets.paper.release import LMS, ROWS, Release
from benchmarks.provenance.hashing import derive_seed
from sdscm.data.dataset import SETTINGS, Setting
from sdscm.errors import InputError

METHODS = ("LinearDR", "ForestDR")
#: EconML's default first.
CLIPS = (1e-6, 0.01, 0.05)


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
    """Summarise what `clipping` gave over the seeds.

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
    """Find the datasets, by setting, on which a recorded fit is off by more than `FAILED` SD(y).

    Raises
    ------
    InputError
        If a setting has no records.
    """
    found: dict[Setting, list[int]] = {}
    for setting in SETTINGS:
        number = records_of_number(records, lm, setting, method)
        errors = (number["ate"] - number["sate"]).abs() / number["sd"]
        found[setting] = sorted(number.loc[errors > FAILED, "number"])
    return found


def table_when_clipped(
    release: Release, records: pd.DataFrame, method: str, clips: Sequence[float] = CLIPS[1:]
) -> pd.DataFrame:
    """Compute Table 1's numbers with clipped propensities for the fits that failed.

    These are fitted again with the seed of their record, so that only the clip differs; the other
    datasets keep their record.

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
    rows = []
    for setting, those in failed(records, release.lm, method).items():
        number = records_of_number(records, release.lm, setting, method).set_index("number")
        known = {"setting": setting, "datasets": len(number), "failed": len(those)}
        rows.append(known | {"clip": CLIPS[0]} | numbers_of(number["ate"], number["sate"]))
        for clip in clips:
            ates = number["ate"].copy()
            for each in those:
                dataset = release.dataset(each)
                seen = dataset.setting(setting)
                state = derive_seed("paper", release.lm, ROWS, each, setting, method)
                made: Any = estimators.get(method, random_state=state, min_propensity=clip)
                ates[each] = float(made.fit(seen.X, seen.t, seen.y).ate(seen.X))
            rows.append(known | {"clip": clip} | numbers_of(ates, number["sate"]))
    columns = ["setting", "clip", "datasets", "failed", "r2", "rmse", "worst", "error"]
    return pd.DataFrame(rows)[columns]


def _lowest(models: Sequence[Any], X: np.ndarray, t: np.ndarray) -> float:
    """The lowest propensity of a row's own treatment, over the models of all folds."""
    return float(np.min([model.predict_proba(X)[np.arange(len(t)), t] for model in models]))


@script
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the script, and return its exit code."""
    made = parser(__doc__)
    made.add_argument(
        "--ids",
        default="556,306,706,363",
        help="datasets, between commas; or failed, for Table 1 with those clipped that failed",
    )
    made.add_argument("--lm", default="gpt2", choices=LMS)
    made.add_argument("--method", default="LinearDR", help="LinearDR or ForestDR")
    made.add_argument("--seeds", type=positive, default=1, help="fits of each with other seeds")
    add_records(made)
    add_output(made, "the numbers")
    options = made.parse_args(arguments)
    method, seeds = options.method, options.seeds
    if method not in METHODS:
        raise InputError(f"--method: '{method}' is not one of {', '.join(METHODS)}")
    check_output(options)
    if options.ids == "failed":
        if seeds != 1:
            raise InputError("--seeds: fits that failed are made again with the seed of the record")
        release = read_releases(options.data, [options.lm])[options.lm]
        records, _ = read_records(options.results, options.runs)
        table = shown = table_when_clipped(release, records, method)
    else:
        numbers = _numbers(options.ids)
        # What is printed is about these datasets alone, so a part of the data is enough.
        release = read_releases(options.data, [options.lm], whole=False)[options.lm]
        there = release.ids.tolist()
        for number in numbers:
            if number not in there:
                raise InputError(
                    f"--ids: there is no dataset {number} of {options.lm}; its {len(there)} ids go "
                    f"from {there[0]} to {there[-1]}"
                )
        table = clipping(release, numbers, method, seeds=seeds)
        shown = table if seeds == 1 else over_seeds(table)
    say_table(shown, left=2, form=".4g")
    write_output(table, options)
    return 0


def _numbers(text: str) -> list[int]:
    parts = [each.strip() for each in text.split(",") if each.strip()]
    if not parts or not all(each.isdigit() for each in parts):
        raise InputError(
            f"--ids: '{text}' is not whole numbers between commas, as 556,306; or failed"
        )
    return list(dict.fromkeys(map(int, parts)))


if __name__ == "__main__":
    sys.exit(main())
