"""Find the datasets of a run that depend on each other."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

from benchmarks.datasets.source import Source
from sdscm.data.dataset import CausalDataset


def clusters(sources: Sequence[Source], datasets: Mapping[str, CausalDataset]) -> dict[str, str]:
    """Map the name of each dataset to its cluster.

    The cluster is that of the source in its entry. Datasets of one spec and phrasing share a
    cluster across entries, because they have the same mechanisms.
    """
    found: dict[Hashable, str] = {}
    for source in sources:
        meta = datasets[source.name].meta
        marks: list[Hashable] = [source.cluster]
        if meta.spec_hash:
            marks.append((meta.spec_hash, meta.phrasing))
        known = [found[mark] for mark in marks if mark in found]
        label = known[0] if known else source.cluster
        if len(set(known)) > 1:
            found = {mark: label if other in known else other for mark, other in found.items()}
        found |= dict.fromkeys(marks, label)
    return {source.name: found[source.cluster] for source in sources}
