"""Keep the graph of each cell as a JSON file, written whole."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.discovery.graph import Graph
from benchmarks.discovery.registry import DiscoveryInfo
from benchmarks.discovery.runner import DiscoveryOutcome
from benchmarks.discovery.tables import AnonymousTable
from benchmarks.provenance.hashing import digest
from benchmarks.provenance.source_code import code_of_function
from benchmarks.provenance.versions import version_of, versions
from sdscm.files import put_atomically

_FORMAT = 1


def library_versions() -> dict[str, str]:
    """Versions of the libraries that decide graphs."""
    others = {name: version_of(name) or "not installed" for name in ("causal-learn", "networkx")}
    return versions() | others


@dataclass(frozen=True)
class RecordFile:
    """The file of a cell. Its place says which cell it is; ``key`` hashes what decides the graph.

    A record of another key is stale and is written again. So is one that is not ``ok``.
    """

    path: Path
    key: str

    @classmethod
    def of(cls, path: Path, info: DiscoveryInfo, table: AnonymousTable, seed: int) -> RecordFile:
        """Make the record of a method on a table."""
        parts = [_FORMAT, info.name, code_of_function(info.factory), table.content, seed]
        return cls(path, digest([*parts, library_versions()]))

    def read(self) -> DiscoveryOutcome | None:
        """Return the stored outcome; None if there is none that counts."""
        try:
            stored = json.loads(self.path.read_text(encoding="utf-8"))
            if stored["key"] != self.key or stored["status"] != "ok":
                return None
            graph = Graph(tuple(stored["names"]), stored["ends"], stored["kind"])
            return DiscoveryOutcome("ok", "", graph, float(stored["seconds"]))
        except (OSError, ValueError, LookupError, TypeError):  # missing, or damaged
            return None

    def write(self, outcome: DiscoveryOutcome, facts: Mapping[str, Any]) -> None:
        """Store an outcome, with facts for readers of the file."""
        content: dict[str, Any] = {"key": self.key, **facts, "status": outcome.status}
        if outcome.graph is None:
            content["reason"] = outcome.reason
        else:
            content |= {
                "seconds": outcome.seconds,
                "kind": outcome.graph.kind,
                "names": outcome.graph.names,
                "ends": outcome.graph.ends.tolist(),
            }
        put_atomically(self.path, json.dumps(content, ensure_ascii=False) + "\n")
