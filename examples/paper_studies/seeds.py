"""Measure how much a number of Table 1 depends on the seed of a method.

The method is fitted again, with other seeds, to the datasets of the phrasings that make most of its
RMSE. The R2 and the RMSE are printed as they would be with each seed; the other datasets keep their
record.

    python examples/paper_studies/seeds.py
    python examples/paper_studies/seeds.py --method ForestDML --lm llama-3-8b --seeds 3
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import pandas as pd
from shared import (
    add_output,
    add_records,
    check_output,
    numbers_of,
    parser,
    positive,
    read_records,
    read_releases,
    records_of_number,
    say,
    say_table,
    script,
    write_output,
)

import estimators
from benchmarks.datasets.paper.release import LMS, Release
from benchmarks.paper.methods import METHODS, parameters_of
from benchmarks.provenance.hashing import derive_seed
from sdscm.data.dataset import SETTINGS, Setting
from sdscm.errors import InputError

#: Methods of Table 1 that depend on a seed.
STOCHASTIC = tuple(method.name for method in METHODS if method.average and not method.exact)


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
    """Compute Table 1's numbers with other seeds for the datasets that were fitted again.

    Parameters
    ----------
    records
        From `records_of_number`.
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


@script
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the script, and return its exit code."""
    made = parser(__doc__)
    made.add_argument("--method", default="LinearDML", help="a method of Table 1 with a seed")
    made.add_argument("--lm", default="gpt2", choices=LMS)
    made.add_argument("--setting", default="all", choices=SETTINGS, help="covariates it sees")
    made.add_argument(
        "--phrasings",
        type=positive,
        default=2,
        help="phrasings whose datasets are fitted again, the worst first",
    )
    made.add_argument("--seeds", type=positive, default=5, help="fits of each dataset")
    add_records(made)
    add_output(made, "every fit")
    options = made.parse_args(arguments)
    method, lm, setting = options.method, options.lm, options.setting
    if method not in STOCHASTIC:
        raise InputError(f"--method: '{method}' is not one of {', '.join(STOCHASTIC)}")
    check_output(options)
    release = read_releases(options.data, [lm])[lm]
    everything, _ = read_records(options.results, options.runs)
    records = records_of_number(everything, lm, setting, method)
    worst = worst_phrasings(records, options.phrasings)
    numbers = records.loc[records["variant"].isin(worst), "number"].tolist()
    refits = refit(release, numbers, setting, method, options.seeds)
    say(
        f"{method} on {lm}, setting {setting}. Fitted again: the datasets of phrasing "
        f"{' and '.join(map(str, sorted(worst)))} ({len(numbers)} of {len(records)})"
    )
    say_table(by_seed(records, refits), left=1)
    write_output(refits, options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
