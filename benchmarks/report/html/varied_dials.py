"""Find the dials that a suite varies between its datasets."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.datasets.source import Source
from sdscm.data.dataset import CausalDataset

#: Titles of the dials by name, as in the options of a dataset. ``n`` is the number of rows.
DIALS = {
    "confounding": "Confounding dial",
    "overlap": "Overlap dial",
    "n": "Rows of a dataset, n",
    "effect": "Effect dial",
    "temperature": "Temperature",
}


@dataclass(frozen=True)
class VariedDial:
    """Hold the levels of a dial.

    Attributes
    ----------
    name, title
        Name of the dial, and its title.
    levels
        Level of each dataset that is compared, by the name of the dataset.
    """

    name: str
    title: str
    levels: Mapping[str, float]


def varied(
    sources: Sequence[Source], datasets: Mapping[str, CausalDataset]
) -> tuple[VariedDial, ...]:
    """List the dials that a suite varies.

    Datasets that are equal except for the dial form a group: the scenario, the language model and
    the other dials are the same. A group counts if the dial has two levels or more in it. Only
    groups with the most common set of levels are kept, so that each level averages the same groups.
    """
    designs = {source.name: _design(source, datasets[source.name]) for source in sources}
    found = []
    for name, title in DIALS.items():
        levels = _levels(name, designs)
        if levels:
            found.append(VariedDial(name, title, levels))
    return tuple(found)


def _design(source: Source, dataset: CausalDataset) -> dict[str, object]:
    meta = dataset.meta
    origin = (meta.scenario, meta.spec_hash, meta.lm) if meta.spec_hash else source.entry
    return {"origin": origin, "n": len(dataset), **meta.options}


def _levels(name: str, designs: Mapping[str, Mapping[str, object]]) -> dict[str, float]:
    groups: dict[str, dict[str, float]] = defaultdict(dict)
    for dataset, design in designs.items():
        level = design.get(name)
        if isinstance(level, int | float):
            rest = {key: value for key, value in design.items() if key != name}
            groups[json.dumps(rest, sort_keys=True, default=str)][dataset] = float(level)
    sets = Counter(frozenset(g.values()) for g in groups.values() if len(set(g.values())) > 1)
    if not sets:
        return {}
    # Of sets that are equally common, take the larger one.
    best = max(sets, key=lambda levels: (sets[levels], len(levels), sorted(levels)))
    kept = (group for group in groups.values() if frozenset(group.values()) == best)
    return {dataset: level for group in kept for dataset, level in group.items()}
