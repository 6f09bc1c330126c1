"""Choose the truth that an estimate is compared with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from benchmarks.datasets.source import Source
from benchmarks.interface import Truth
from sdscm.data.dataset import CausalDataset, Setting

#: Names of the rows that a score is computed on.
FITTED, HELD_OUT = "fitted", "held-out"


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


def truths_of(
    dataset: CausalDataset, setting: Setting, held_out: np.ndarray
) -> Iterator[tuple[str, Truth]]:
    """Yield the truth of the rows that are fitted on, and of the held-out rows, if any.

    ``held_out`` is a boolean array of shape (n,).
    """
    truth = truth_of(dataset, setting)
    if not held_out.any():
        yield FITTED, truth
        return
    yield FITTED, truth.of_rows(~held_out)
    yield HELD_OUT, truth.of_rows(held_out)


def truth_table(
    sources: Sequence[Source],
    datasets: Mapping[str, CausalDataset],
    settings: Sequence[Setting],
    holdout: float,
) -> pd.DataFrame:
    """Make a table of the numbers of the truth.

    Returns
    -------
    DataFrame with a row for each dataset, setting and kind of ``rows`` (``fitted`` or
    ``held-out``), and the columns ``target``, ``sate`` and ``y_sd``, the standard deviation of the
    outcome (NaN if it is constant).
    """
    found = []
    for source in sources:
        dataset = datasets[source.name]
        mask = source.held_out(dataset, holdout)
        for setting in settings:
            for rows, truth in truths_of(dataset, setting, mask):
                numbers = (truth.target, truth.sate, truth.sd or float("nan"))
                found.append((source.name, setting, rows, *numbers))
    columns = ["dataset", "setting", "rows", "target", "sate", "y_sd"]
    return pd.DataFrame(found, columns=columns)
