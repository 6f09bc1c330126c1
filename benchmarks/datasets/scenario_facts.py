"""Facts about the shipped scenarios: confounded or not, and if their effects vary.

They are measured once and kept in ``scenario_facts.csv``, since the language model needs minutes.
``python -m benchmarks.datasets.scenario_facts [SCENARIO ...]`` measures them again.
"""

from __future__ import annotations

import sys
from collections.abc import Hashable, Sequence
from importlib.resources import files
from pathlib import Path

import pandas as pd

from sdscm import SDSCM, Spec, load_lm, load_spec
from sdscm.data.diagnostics import Profile, facts
from sdscm.literals import DEFAULT_LM
from sdscm.spec import scenario_names

TEMPERATURE, PHRASINGS, UNITS = 2.5, 4, 100
#: Description of the conditions of the measurement.
CONDITIONS = (
    f"{DEFAULT_LM} at temperature {TEMPERATURE:g}, mean of {PHRASINGS} phrasings of {UNITS} units"
)
_COLUMNS = ["confounding", "sate", "heterogeneity", "hidden_spread"]
_FILE = "scenario_facts.csv"


def table() -> pd.DataFrame:
    """Read the table: ``content_hash`` and the fields of `Profile`, by scenario."""
    with files("benchmarks.datasets").joinpath(_FILE).open(encoding="utf-8") as file:
        return pd.read_csv(file, index_col="scenario", dtype={"content_hash": str})


def known(spec: Spec) -> Profile | None:
    """Look up the facts about a spec; None if they were not measured, or for another content."""
    rows = table()
    rows = rows[rows["content_hash"] == spec.content_hash]
    return None if rows.empty else Profile(*map(float, rows.iloc[0][_COLUMNS]))


def measure(spec: Spec) -> Profile:
    """Measure a scenario with the embedded language model under the `CONDITIONS`."""
    lm = load_lm(DEFAULT_LM, precision="float64")  # the same scores on every processor
    rows = []
    for phrasing in range(PHRASINGS):
        dataset = SDSCM(spec, lm, phrasing=phrasing, temperature=TEMPERATURE).dataset(UNITS)
        found, sd = facts(dataset), float(dataset.y.std())
        size = found.sate / sd if sd > 0 else float("nan")
        rows.append((abs(found.confounding), abs(size), found.heterogeneity, found.hidden_spread))
    return Profile(*map(float, pd.DataFrame(rows).mean()))


def main(names: Sequence[str]) -> None:
    """Measure scenarios, by default all, and write their rows of the table."""
    path, rows = Path(__file__).with_name(_FILE), table().to_dict("index")
    for name in names or scenario_names():
        spec, profile = load_spec(name), measure(load_spec(name))
        numbers: dict[Hashable, str] = {
            column: f"{getattr(profile, column):.4f}" for column in _COLUMNS
        }
        rows[name] = numbers | {"content_hash": spec.content_hash}
        kept = {known: rows[known] for known in scenario_names() if known in rows}
        frame = pd.DataFrame.from_dict(kept, "index", columns=["content_hash", *_COLUMNS])
        frame.to_csv(path, index_label="scenario", lineterminator="\n")
        print(f"{name}: {profile}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
