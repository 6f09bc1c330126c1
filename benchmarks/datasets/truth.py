"""Choose the truth that an estimate is compared with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.datasets.source import Source
from benchmarks.interface import Truth
from sdscm.data.dataset import CausalDataset, Setting

#: Names of the rows that a score is computed on. ``unseen`` rows are held-out rows whose covariates
#: occur in no fitted row.
FITTED, HELD_OUT, UNSEEN = "fitted", "held-out", "unseen"

#: The fewest unseen rows that are scored: an error over fewer rows is mostly chance.
MIN_UNSEEN = 10


@dataclass(frozen=True, eq=False)
class Part:
    """Rows of a dataset that are scored together.

    Attributes
    ----------
    rows
        ``fitted``, ``held-out`` or ``unseen``.
    chosen : boolean array of shape (n,)
        The rows.
    truth
        Their truth.
    unseen_share
        Share of the held-out rows that are unseen; NaN for the fitted rows.
    """

    rows: str
    chosen: np.ndarray
    truth: Truth
    unseen_share: float = float("nan")


def truth_of(dataset: CausalDataset, setting: Setting) -> Truth:
    """Return the truth that estimates of a setting are compared with.

    It is the true CATE given the covariates of the setting, if the dataset has it. In the setting
    ``all`` of an SD-SCM dataset the CATE is the ITE if the covariates and the treatment determine
    the outcome (paper, section 4.1). With a mediator, which is not shown, with a sampled category
    as outcome, or with hidden covariates they differ, and the CATE is enumerated or estimated.
    Otherwise the target is the ITE, as for tables of users, whose potential outcomes contain noise,
    or where post-treatment covariates are shown: no method that sees only X can reach an error of 0
    there.
    """
    cate = dataset.cates.get(setting)
    return Truth(
        ite=dataset.ite,
        effect=dataset.ite if cate is None else cate,
        target="ITE" if cate is None else "CATE",
        sd=float(dataset.y.std()),
        ate=dataset.known_ate,
    )


def with_compliers(part: Part, dataset: CausalDataset) -> Part:
    """Add the compliers and their effects to a truth, if the dataset knows them.

    Parameters
    ----------
    part
    dataset
        The dataset as its setting shows it.
    """
    if "instrument" not in dataset.shown or dataset.potential_treatments is None:
        return part
    rows, cate = part.chosen, dataset.complier_cate
    return replace(
        part,
        truth=replace(
            part.truth,
            compliers=dataset.compliers[rows],
            complier_effect=None if cate is None else cate[rows],
        ),
    )


def unseen_rows(X: pd.DataFrame, held_out: np.ndarray) -> np.ndarray:
    """Find the held-out rows whose covariates occur in no fitted row.

    Two rows have the same covariates if all numbers are equal. The encoding of the covariates does
    not matter, because it maps different rows to different rows.

    Parameters
    ----------
    X : DataFrame of shape (n, p)
        Covariates that estimators see, as numbers.
    held_out : boolean array of shape (n,)

    Returns
    -------
    Boolean array of shape (n,).
    """
    rows = [tuple(row) for row in X.to_numpy().tolist()]
    seen = {row for row, out in zip(rows, held_out, strict=True) if not out}
    return held_out & np.array([row not in seen for row in rows])


def parts_of(dataset: CausalDataset, setting: Setting, held_out: np.ndarray) -> Iterator[Part]:
    """Yield the fitted rows, the held-out rows, if any, and those of them that are unseen.

    The last part is left out if it has fewer than `MIN_UNSEEN` rows. ``held_out`` is a boolean
    array of shape (n,).
    """
    truth = truth_of(dataset, setting)
    if not held_out.any():
        yield Part(FITTED, ~held_out, truth)
        return
    unseen = unseen_rows(dataset.setting(setting).X, held_out)
    share = float(unseen.sum() / held_out.sum())
    yield Part(FITTED, ~held_out, truth.of_rows(~held_out))
    yield Part(HELD_OUT, held_out, truth.of_rows(held_out), share)
    if unseen.sum() >= MIN_UNSEEN:
        yield Part(UNSEEN, unseen, truth.of_rows(unseen), share)


def truth_table(
    sources: Sequence[Source],
    datasets: Mapping[str, CausalDataset],
    settings: Callable[[str], Sequence[Setting]],
    holdout: float,
) -> pd.DataFrame:
    """Make a table of the numbers of the truth; ``settings`` are those of an entry, by its title.

    Unseen rows are left out where, on all datasets of an entry with one language model and setting,
    they are all held-out rows, as with continuous covariates: their scores would be repeated.

    Returns
    -------
    DataFrame with a row for each dataset, setting and kind of ``rows`` (see `Part`), and the
    columns ``target``, ``sate``, ``y_sd``, the standard deviation of the outcome (NaN if it is
    constant), and ``unseen_share``.
    """
    found: list[tuple[tuple[str, str, str], list[Any]]] = []
    repeated: dict[tuple[str, str, str], bool] = {}
    for source in sources:
        dataset = datasets[source.name]
        mask = source.held_out(dataset, holdout)
        for setting in settings(source.entry):
            group = (source.entry, source.lm, setting)
            for part in parts_of(dataset.setting(setting), setting, mask):
                truth = part.truth
                numbers = [truth.target, truth.sate, truth.sd or float("nan"), part.unseen_share]
                found.append((group, [source.name, setting, part.rows, *numbers]))
                if part.rows == HELD_OUT:
                    repeated[group] = repeated.get(group, True) and part.unseen_share == 1
    columns = ["dataset", "setting", "rows", "target", "sate", "y_sd", "unseen_share"]
    kept = [row for group, row in found if not (row[2] == UNSEEN and repeated[group])]
    return pd.DataFrame(kept, columns=columns)
