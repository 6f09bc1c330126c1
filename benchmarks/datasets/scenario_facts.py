"""Facts about the shipped scenarios: confounding, overlap, varying effects, mass on the domains.

They are measured once and kept in ``scenario_facts.csv``, since the language model needs minutes.
``python -m benchmarks.datasets.scenario_facts [SCENARIO ...]`` measures them again: once with the
sentences for tuning, and once with the scored ones.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from sdscm import SDSCM, Spec, load_lm, load_spec
from sdscm.data.diagnostics import Profile, facts, mechanism_facts
from sdscm.literals import DEFAULT_LM
from sdscm.lm import LanguageModel
from sdscm.spec import scenario_names

#: ``all`` stands for the sentences of a spec without a split.
Sentences = Literal["tuning", "scored", "all"]

TEMPERATURE, PHRASINGS, UNITS = 2.5, 8, 100
#: Description of the conditions of the measurement.
CONDITIONS = (
    f"{DEFAULT_LM} at temperature {TEMPERATURE:g}, mean of {PHRASINGS} phrasings of {UNITS} units"
)
#: The columns that make a `Profile`, in its order.
PROFILE = ["confounding", "sate", "heterogeneity", "hidden_spread"]
_FILE = "scenario_facts.csv"


def table() -> pd.DataFrame:
    """Read the facts, by scenario and kind of sentences (`Sentences`).

    The columns are ``content_hash``, and means over phrasings: ``confounding`` (size of the
    expected bias of the difference in means), ``sate`` (size), ``heterogeneity`` (SD of the ITE)
    and ``hidden_spread`` (SD of the true CATE in the setting ``hidden``), all in SD(y); the share
    ``treated``; ``overlap``, the 5 % quantile of the probability of the rarer treatment of a unit;
    ``effective_n`` and ``distinct``, as shares of the rows; ``mass``, the smallest probability that
    the model gives to the domain of a variable, of the means over units.
    """
    with files("benchmarks.datasets").joinpath(_FILE).open(encoding="utf-8") as file:
        return pd.read_csv(file, index_col=["scenario", "sentences"], dtype={"content_hash": str})


def known(spec: Spec) -> Profile | None:
    """Look up the facts about a spec; None if they were not measured, or for another content."""
    rows = table()
    rows = rows[rows["content_hash"] == spec.content_hash]
    return None if rows.empty else Profile(*map(float, rows.iloc[0][PROFILE]))


def parts(spec: Spec) -> dict[Sentences, Spec]:
    """The spec with each kind of its sentences; the kind is ``all`` without a split."""
    return {"tuning": spec.for_tuning(), "scored": spec} if spec.split else {"all": spec}


def measure(spec: Spec, lm: LanguageModel) -> dict[str, float]:
    """Measure a spec under the `CONDITIONS`; the keys are those of `table`."""
    rows = []
    for phrasing in range(PHRASINGS):
        scm = SDSCM(spec, lm, phrasing=phrasing, temperature=TEMPERATURE)
        dataset = scm.dataset(UNITS)
        found, sd, e = facts(dataset), float(dataset.y.std()), dataset.propensity
        masses = [each.mass for each in mechanism_facts(scm, scm.sample(UNITS))]
        rows.append(
            {
                "confounding": abs(found.confounding),
                "sate": abs(found.sate) / sd if sd > 0 else float("nan"),
                "heterogeneity": found.heterogeneity,
                "hidden_spread": found.hidden_spread,
                "treated": found.treated,
                "overlap": float("nan")
                if e is None
                else float(np.quantile(np.minimum(e, 1 - e), 0.05)),
                "effective_n": found.effective_n / found.n,
                "distinct": found.distinct / found.n,
                "mass": float(np.nanmin(masses)),
            }
        )
    return {str(column): float(mean) for column, mean in pd.DataFrame(rows).mean().items()}


def main(names: Sequence[str]) -> None:
    """Measure scenarios, by default all, and write their rows of the table."""
    path, kept = Path(__file__).with_name(_FILE), table()
    lm = load_lm(DEFAULT_LM, precision="float64")  # the same scores on every processor
    for name in names or scenario_names():
        for sentences, part in parts(load_spec(name)).items():
            found = {column: float(f"{number:.4g}") for column, number in measure(part, lm).items()}
            kept.loc[(name, sentences), :] = {"content_hash": part.content_hash, **found}
            print(name, sentences, found, flush=True)
        kept[[each in scenario_names() for each in kept.index.get_level_values(0)]].sort_index(
            level="scenario", sort_remaining=False
        ).to_csv(path, lineterminator="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
