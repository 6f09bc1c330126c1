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
        found = facts(dataset)
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
                "sate_sd": found.sate / dataset.y.std() if dataset.y.std() > 0 else float("nan"),
                "naive_sd": found.naive / dataset.y.std() if dataset.y.std() > 0 else float("nan"),
                "bias_sd": found.bias,
                "heterogeneity": found.heterogeneity,
                "propensity_min": found.propensity_min,
                "propensity_max": found.propensity_max,
                "cate_spread": _cate_spread(dataset),
                "effective_n": found.effective_n,
                "hidden_share": found.hidden_share,
                "sign_flip": found.sign_flip,
                "problems": "; ".join(found.problems),
            }
        )
    return pd.DataFrame(rows)


def _cate_spread(dataset: CausalDataset) -> float:
    """Divide the SD of the true CATE in the setting ``hidden`` by SD(y); NaN if unknown."""
    cate, sd = dataset.cates.get("hidden"), float(dataset.y.std())
    return float("nan") if cate is None or sd == 0 else float(cate.std()) / sd
