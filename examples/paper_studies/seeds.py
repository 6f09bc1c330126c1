"""Measure how much the numbers of the paper's tables depend on the seeds of the fits.

The method is fitted again, with other seeds, to the datasets of the phrasings that make most of its
RMSE. The R2 and the RMSE are printed as they would be with each seed; the other datasets keep their
record. With --spread it is fitted again to a sample instead: the first datasets of the order of the
shares (50 are one of each phrasing), and six that are picked for extreme records. The spread over
seeds of its numbers is written to benchmarks/paper/seed_spread.csv, which `sdscm paper tables`
reads.

    python examples/paper_studies/seeds.py
    python examples/paper_studies/seeds.py --method ForestDML --lm llama-3-8b --seeds 3
    python examples/paper_studies/seeds.py --method RF --lm gpt2 --spread 50 --seeds 2
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd
from refit import fit_again
from shared import (
    add_output,
    add_records,
    check_output,
    numbers_of,
    parser,
    positive,
    read_records,
    records_of_number,
    say,
    say_table,
    scored,
    script,
    write_output,
)

from benchmarks.cli.paper_data import suites_of
from benchmarks.cli.progress import run_progress
from benchmarks.datasets.paper.release import LMS, ROWS
from benchmarks.paper.analysis.seeds import KEY, PATH, read_spread
from benchmarks.paper.analysis.verdict import published
from benchmarks.paper.methods import METHODS
from benchmarks.paper.records import PaperFit, fits_of
from sdscm.data.dataset import SETTINGS
from sdscm.errors import InputError
from sdscm.files import put_atomically

#: Methods of the tables that depend on a seed.
STOCHASTIC = tuple(method.name for method in METHODS if method.effects and not method.exact)

#: Datasets of the largest errors, and of the most extreme swapped R2, that are always measured:
#: they may make most of the variance, but say nothing of the others.
_EXTREMES = 3


def worst_phrasings(records: pd.DataFrame, most: int) -> list[int]:
    """The phrasings whose datasets make most of the RMSE, the worst first."""
    squares = (records["ate"] - records["sate"]) ** 2
    return squares.groupby(records["variant"]).sum().nlargest(most).index.tolist()


def refit(fits: Sequence[PaperFit], seeds: int, workers: int = 0) -> pd.DataFrame:
    """Fit cells with other seeds than that of the records.

    Returns
    -------
    The rows of `fit_again` for each ``seed``, from 1.
    """
    with run_progress() as progress:
        found = [
            fit_again(fits, workers, progress, other_seed=seed).assign(seed=seed)
            for seed in range(1, seeds + 1)
        ]
    return pd.concat(found, ignore_index=True)


def extremes(records: pd.DataFrame) -> set[int]:
    """The datasets with the largest errors, and those with the most extreme swapped R2."""
    errors = (records["ate"] - records["sate"]).abs()
    apart = (records["r2_swapped"] - records["r2_swapped"].median()).abs()
    places = errors.nlargest(_EXTREMES).index.union(apart.nlargest(_EXTREMES).index)
    return set(records.loc[places, "number"])


def spread(records: pd.DataFrame, refits: pd.DataFrame, picked: Collection[int]) -> pd.DataFrame:
    """Estimate the spread over seeds of the numbers of one method, language model and setting.

    Each number follows from a mean over datasets: of the squared error of the average effect, or of
    the swapped R2. The seeds of the fits are independent, so that the variance of the sum is the
    sum of the variances of the datasets over seeds: of the swapped R2 itself, and 4 times the
    square of the error times the variance of the average effect (delta method). A dataset has the
    mean of the variances that were measured in its phrasing, or else of all. One that was picked
    has its own variance, which counts for no other.

    Parameters
    ----------
    records
        Of all datasets: ``number``, ``variant``, ``ate``, ``sate`` and ``r2_swapped``. The record
        of a dataset counts as one of its fits.
    refits
        ``number``, ``ate`` and ``r2_swapped`` of the datasets that were fitted again, a row for
        each fit; as many of each.
    picked
        Datasets that were fitted again because their records are extreme.

    Returns
    -------
    A row for each ``metric`` (``r2``, ``rmse``, ``r2_swapped``): ``datasets`` that were fitted
    again; how many of these were ``drawn``, hence not picked; ``fits`` of each, with the record;
    ``sd`` of the number, in its units; ``df``, the degrees of freedom of its square by
    Satterthwaite's rule: few, if a few datasets make most of it.
    """
    known = records[records["number"].isin(refits["number"])]
    fits = pd.concat([known, refits]).groupby("number")[["ate", "r2_swapped"]]
    measured, count = fits.var(), int(fits.count().to_numpy().min())
    every = records.set_index("number")
    errors = every["ate"] - every["sate"]
    phrasings = every["variant"].astype(int)
    strata = phrasings.where(~phrasings.index.isin(list(picked)), -1 - phrasings.index)
    of_each = strata[measured.index]
    drawn = (of_each >= 0).to_numpy()
    rmse = np.sqrt((errors**2).mean())
    rows = []
    for metric, column, weights, scale in (
        ("r2", "ate", 4 * errors**2, 1 / every["sate"].var(ddof=0)),
        ("rmse", "ate", 4 * errors**2, 1 / (2 * rmse)),
        ("r2_swapped", "r2_swapped", errors * 0 + 1, 1.0),
    ):
        totals = weights.groupby(strata).sum()
        # The weight of a stratum is shared by its fits, that of those without by all drawn.
        shares = totals[of_each].to_numpy() / of_each.map(of_each.value_counts()).to_numpy()
        shares += drawn * totals.drop(of_each.unique()).sum() / max(drawn.sum(), 1)
        parts = shares * measured[column]
        variance, doubt = parts.sum(), (parts**2 / (count - 1)).sum()
        rows.append(
            {
                "metric": metric,
                "datasets": len(measured),
                "drawn": drawn.sum(),
                "fits": count,
                "sd": scale * np.sqrt(variance) / len(every),
                "df": variance**2 / doubt if doubt else np.nan,
            }
        )
    return pd.DataFrame(rows)


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
    made.add_argument("--method", default="LinearDML", help="a method with a seed")
    made.add_argument("--lm", default="gpt2", choices=LMS)
    made.add_argument("--setting", default="all", choices=SETTINGS, help="covariates it sees")
    made.add_argument(
        "--phrasings",
        type=positive,
        default=2,
        help="phrasings whose datasets are fitted again, the worst first",
    )
    made.add_argument("--seeds", type=positive, default=5, help="fits of each dataset")
    made.add_argument(
        "--spread", type=positive, metavar="DATASETS", help="measure the spread on so many datasets"
    )
    add_records(made)
    add_output(made, "every fit")
    options = made.parse_args(arguments)
    method, lm, setting = options.method, options.lm, options.setting
    if method not in STOCHASTIC:
        raise InputError(f"--method: '{method}' is not one of {', '.join(STOCHASTIC)}")
    check_output(options)
    (fit,) = (each.fit for each in METHODS if each.name == method)
    names = [each.name for each in METHODS if each.fit == fit] if options.spread else [method]
    suites = suites_of(",".join(names), str(ROWS), setting, lm, options.data, options.results)
    fits = [each for suite in suites for each in fits_of(suite)]
    everything, _ = read_records(options.results, options.runs)
    if options.spread:
        here = scored(everything).query("lm == @lm and setting == @setting")
        picked = extremes(here[here["method"] == method])
        ordered = list(dict.fromkeys(each.dataset.number for each in fits))
        chosen = [*ordered[: options.spread], *picked]
    else:
        records = records_of_number(everything, lm, setting, method)
        worst = worst_phrasings(records, options.phrasings)
        chosen = records.loc[records["variant"].isin(worst), "number"].tolist()
    refits = refit([each for each in fits if each.dataset.number in set(chosen)], options.seeds)
    if options.spread:
        found = pd.concat(
            spread(here[here["method"] == name], part, picked).assign(method=name)
            for name, part in refits.groupby("method")
        ).assign(lm=lm, setting=setting)
        printed = published().query("rows == @ROWS")
        found = found.merge(printed[KEY])
        say_table(found[[*KEY, "datasets", "drawn", "fits", "sd", "df"]], left=4, form=".6f")
        both = pd.concat([read_spread(), found]).drop_duplicates(KEY, keep="last")
        both = both.astype({"sd": float, "df": float}).sort_values(KEY)
        text = both.to_csv(index=False, float_format="%.4g", lineterminator="\n")
        put_atomically(PATH, text)
    else:
        say(
            f"{method} on {lm}, setting {setting}. Fitted again: the datasets of phrasing "
            f"{' and '.join(map(str, sorted(worst)))} ({len(chosen)} of {len(records)})"
        )
        say_table(by_seed(records, refits), left=1)
    write_output(refits, options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
