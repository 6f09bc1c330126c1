"""Which datasets share a cluster, on sources known by hand."""

from __future__ import annotations

from types import SimpleNamespace

from benchmarks.datasets.loaded import clusters
from benchmarks.datasets.source import Source


def found(*rows: tuple[str, str, str, int]) -> dict[str, str]:
    """Of (name, cluster of the source, hash of the spec, phrasing)."""
    sources = [Source(name, "entry", cluster, "lm", name) for name, cluster, _, _ in rows]
    datasets = {
        name: SimpleNamespace(meta=SimpleNamespace(spec_hash=spec, phrasing=phrasing))
        for name, _, spec, phrasing in rows
    }
    return clusters(sources, datasets)  # type: ignore[arg-type]


def test_entries_of_one_spec_share_their_phrasings() -> None:
    """As `tea` and `tea with dials` do in the suite `standard`."""
    assert found(
        ("a", "tea, phrasing 0", "tea", 0),
        ("b", "tea, phrasing 1", "tea", 1),
        ("c", "dials, phrasing 0", "tea", 0),
        ("d", "run, phrasing 0", "run", 0),
    ) == {
        "a": "tea, phrasing 0",
        "b": "tea, phrasing 1",
        "c": "tea, phrasing 0",
        "d": "run, phrasing 0",
    }


def test_phrasings_that_an_entry_knows_to_be_alike_stay_together() -> None:
    """2 says the same as 0, and an entry in between has 2 alone."""
    clustered = found(
        ("a", "dials, phrasing 2", "tea", 2),
        ("b", "tea, phrasing 0", "tea", 0),
        ("c", "tea, phrasing 0", "tea", 2),
        ("d", "more, phrasing 0", "tea", 0),
    )
    assert len(set(clustered.values())) == 1


def test_files_of_users_are_clusters_by_themselves() -> None:
    assert found(("a", "a.csv", "", 0), ("b", "b.csv", "", 0)) == {"a": "a.csv", "b": "b.csv"}
