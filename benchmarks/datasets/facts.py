"""Make the table of facts about the datasets of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import get_args

import pandas as pd

from benchmarks.datasets.source import Source
from benchmarks.suite.entries import Dial
from sdscm.data.dataset import CausalDataset
from sdscm.data.diagnostics import facts


def fact_table(sources: Sequence[Source], datasets: Mapping[str, CausalDataset]) -> pd.DataFrame:
    """Make one row for each dataset: its source and its ``sdscm.data.diagnostics.facts``."""
    rows = []
    for source in sources:
        dataset = datasets[source.name]
        found, sd = facts(dataset), float(dataset.y.std()) or float("nan")
        cate = dataset.cates.get("hidden")
        rows.append(
            {
                "dataset": source.name,
                "entry": source.entry,
                "lm": source.lm,
                "phrasing": dataset.meta.phrasing,
                "seed": dataset.meta.seed,
                **{dial: dataset.meta.options.get(dial, float("nan")) for dial in get_args(Dial)},
                "n": found.n,
                "distinct": found.distinct,
                "treated": found.treated,
                "sate_sd": found.sate / sd,
                "naive_sd": found.naive / sd,
                "bias_sd": found.bias,
                "heterogeneity": found.heterogeneity,
                "propensity_min": found.propensity_min,
                "propensity_max": found.propensity_max,
                # The SD of the true CATE in the setting `hidden`, in SD(y).
                "cate_spread": float("nan") if cate is None else float(cate.std()) / sd,
                "effective_n": found.effective_n,
                "hidden_share": found.hidden_share,
                "sign_flip": found.sign_flip,
                "problems": "; ".join(found.problems),
            }
        )
    return pd.DataFrame(rows)
