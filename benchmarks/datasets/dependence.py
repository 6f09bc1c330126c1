"""Which datasets of a run are not independent of each other."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

from benchmarks.datasets.source import Source
from sdscm.data.dataset import CausalDataset


def clusters(sources: Sequence[Source], datasets: Mapping[str, CausalDataset]) -> dict[str, str]:
    """The cluster of each dataset, by name.

    That of its source, which an entry of the suite knows; entries of one spec share it, since one
    phrasing has the same mechanisms in all of them.
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
