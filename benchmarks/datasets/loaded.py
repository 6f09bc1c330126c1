"""Datasets of a run, by name, and which of them depend on each other."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from benchmarks.datasets.source import Source
from sdscm.data.dataset import CausalDataset, Provenance

#: Largest number of released datasets in memory: a run may have thousands.
_MOST_RELEASED = 100


class Datasets(Mapping[str, CausalDataset]):
    """Datasets by name. Released datasets of the paper are read when they are used.

    ``prepared`` is the result of `benchmarks.datasets.prepare.prepare`, ``sources`` holds its
    sources in the order of the suite, and ``provenance`` the origin of each dataset by name.
    ``planned`` holds the sources with those that could not be made, and ``lost`` the reason of
    each of the latter, by name.
    """

    def __init__(self, prepared: Iterable[tuple[Source, CausalDataset | str]]) -> None:
        self.sources: list[Source] = []
        self.planned: list[Source] = []
        self.lost: dict[str, str] = {}
        self.provenance: dict[str, Provenance] = {}
        self._kept: dict[str, CausalDataset] = {}
        released: dict[str, Source] = {}
        for source, dataset in prepared:
            self.planned.append(source)
            if isinstance(dataset, str):
                self.lost[source.name] = dataset
                continue
            self.sources.append(source)
            self.provenance[source.name] = dataset.meta
            if source.released is None:
                self._kept[source.name] = dataset
            else:
                released[source.name] = source
        self._read = lru_cache(_MOST_RELEASED)(lambda name: released[name].read(Path()))

    def __getitem__(self, name: str) -> CausalDataset:
        return self._kept[name] if name in self._kept else self._read(name)

    def __iter__(self) -> Iterator[str]:
        return (source.name for source in self.sources)

    def __len__(self) -> int:
        return len(self.sources)


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
