"""Show what trimming changes for the doubly robust learners on datasets with poor overlap.

Fits each learner with several seeds, with EconML's defaults and trimmed, and counts the fits that
explode: an average effect that is off by more than 1 SD(y), or a PEHE above 1 SD(y).

    python examples/paper_studies/trimming.py
    python examples/paper_studies/trimming.py --ids 556,363 --seeds 3 --out trimming.csv
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import product

import numpy as np
import pandas as pd
from shared import (
    FAILED,
    add_output,
    check_output,
    parser,
    positive,
    read_releases,
    say_table,
    script,
    write_output,
)

import estimators
from benchmarks.datasets.paper.release import Release
from benchmarks.provenance.hashing import derive_seed

METHODS = ("LinearDR", "LinearDR-trimmed", "ForestDR", "ForestDR-trimmed")


def trimming(
    release: Release, ids: Sequence[int], methods: Sequence[str] = METHODS, seeds: int = 10
) -> pd.DataFrame:
    """Fit methods with all covariates and several seeds.

    A method and its trimmed variant have the same seeds.

    Returns
    -------
    A row for each dataset, method and seed: ``number``, ``method``, ``seed``; in SD(y), the size
    ``ate`` of the error of the average effect, and ``pehe``.
    """
    found = []
    for number, method in product(ids, methods):
        seen = release.dataset(number).setting("all")
        for seed in range(seeds):
            label = method.removesuffix("-trimmed")
            state = derive_seed("trimming", release.lm, number, label, seed)
            fitted = estimators.get(method, random_state=state).fit(seen.X, seen.t, seen.y)
            errors = (fitted.effect(seen.X) - seen.ite) / seen.y.std()
            sizes = {"ate": abs(errors.mean()), "pehe": np.sqrt(np.mean(errors**2))}
            found.append({"number": number, "method": method, "seed": seed, **sizes})
    return pd.DataFrame(found)


def over_seeds(table: pd.DataFrame) -> pd.DataFrame:
    """Summarise what `trimming` gave over the seeds.

    Returns
    -------
    A row for each dataset and method: ``number``, ``method``, ``seeds``, ``exploded`` (fits with an
    error above `FAILED`), and the medians and the largest values of ``ate`` and ``pehe``.
    """
    exploded = table[["ate", "pehe"]].max(axis=1) > FAILED
    groups = table.assign(exploded=exploded).groupby(["number", "method"], sort=False)
    return groups.agg(
        seeds=("seed", "nunique"),
        exploded=("exploded", "sum"),
        ate_median=("ate", "median"),
        ate_largest=("ate", "max"),
        pehe_median=("pehe", "median"),
        pehe_largest=("pehe", "max"),
    ).reset_index()


@script
def main(arguments: Sequence[str] | None = None) -> int:
    made = parser(__doc__)
    made.add_argument("--ids", default="556,706,306", help="datasets, between commas")
    made.add_argument("--seeds", type=positive, default=10, help="fits of each method")
    add_output(made, "every fit")
    options = made.parse_args(arguments)
    check_output(options)
    release = read_releases(options.data, ["gpt2"], whole=False)["gpt2"]
    table = trimming(release, [int(each) for each in options.ids.split(",")], seeds=options.seeds)
    say_table(over_seeds(table), left=2, form=".2f")
    write_output(table, options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
