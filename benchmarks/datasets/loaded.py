"""Datasets of a run, by name."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping

from benchmarks.datasets.paper.released import Released
from benchmarks.datasets.source import Source
from sdscm.data.dataset import CausalDataset, Provenance

#: Largest number of released datasets in memory: a run may have thousands.
_MOST_RELEASED = 100


class Datasets(Mapping[str, CausalDataset]):
    """Datasets by name. Released datasets of the paper are read when they are used.

    Parameters
    ----------
    prepared
        Result of `benchmarks.datasets.prepare.prepare`.

    Attributes
    ----------
    sources
        Sources, in the order of the suite.
    provenance
        Origin of each dataset, by name.
    """

    def __init__(self, prepared: Iterable[tuple[Source, CausalDataset]]) -> None:
        self.sources: list[Source] = []
        self.provenance: dict[str, Provenance] = {}
        self._kept: dict[str, CausalDataset] = {}
        self._released: dict[str, Released] = {}
        self._latest: OrderedDict[str, CausalDataset] = OrderedDict()
        for source, dataset in prepared:
            self.sources.append(source)
            self.provenance[source.name] = dataset.meta
            if source.released is None:
                self._kept[source.name] = dataset
            else:
                self._released[source.name] = Released(**source.released)

    def __getitem__(self, name: str) -> CausalDataset:
        if name in self._kept:
            return self._kept[name]
        if name not in self._latest:
            self._latest[name] = self._released[name].load()
            if len(self._latest) > _MOST_RELEASED:
                self._latest.popitem(last=False)
        return self._latest[name]

    def __iter__(self) -> Iterator[str]:
        return (source.name for source in self.sources)

    def __len__(self) -> int:
        return len(self.sources)
