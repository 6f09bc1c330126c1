"""Where a run comes from: commands, data, versions."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping

import yaml

from benchmarks.report.html.view import Cell, Column, Fact, Row, Table
from benchmarks.report.html.words import words
from benchmarks.storage.manifest import Manifest
from benchmarks.storage.store import Record
from sdscm.data.dataset import Provenance
from sdscm.number_format import counted, joined


def commands(manifest: Manifest, mixed: bool = False) -> tuple[Fact, ...]:
    """What to type to make the run, and this page, again."""
    again = ["sdscm", "report", manifest.suite.name, *_plugins(manifest.command)]
    again += ["--mixed"] * mixed
    return (
        Fact("Run the suite (what is on record is not computed again)", manifest.command, True),
        Fact("Make this page from the records", shlex.join(again), True),
    )


def _plugins(command: str) -> list[str]:
    """The options of a command that name plugins: they may register the metrics of a board."""
    words = shlex.split(command)
    places = [place for place, word in enumerate(words) if word == "--plugin"]
    return [word for place in places for word in words[place : place + 2]]


def facts(manifest: Manifest, provenance: Iterable[Provenance]) -> tuple[Fact, ...]:
    """The suite, its seed, and where each kind of data comes from."""
    suite = manifest.suite
    found = [
        Fact("Suite", f"{suite.name}, seed {suite.seed}"),
        Fact("Settings", joined(suite.settings)),
        Fact("Level of the methods' intervals", f"{1 - suite.alpha:.0%}"),
        Fact("Limits of a cell", f"{suite.time_limit:g} s, {counted(suite.threads, 'thread')}"),
    ]
    seen: dict[str, None] = {}
    for each in provenance:
        seen[_origin(each)] = None
    found += [Fact("Data", text) for text in seen]
    return tuple(found)


def _origin(meta: Provenance) -> str:
    if not meta.spec_hash:
        return meta.scenario
    options = ", ".join(f"{key} {value}" for key, value in sorted(meta.options.items()))
    return (
        f"scenario {meta.scenario} (spec {meta.spec_hash}), language model {meta.lm} "
        f"(revision {meta.lm_revision})" + (f"; {options}" if options else "")
    )


def versions(provenance: Iterable[Provenance], records: Mapping[str, Record]) -> Table:
    """Every version that made data or scores; more than one of a library is shown as such."""
    found: dict[str, set[str]] = {}
    makers: list[Provenance | Record] = [*provenance, *records.values()]
    for each in makers:
        for name, version in each.versions.items():
            found.setdefault(name, set()).add(version)
    rows = tuple(Row((words(name), Cell(", ".join(sorted(found[name]))))) for name in sorted(found))
    columns = (Column("Library", numeric=False), Column("Version", numeric=False))
    return Table("versions", "Versions of what made the data and the scores", columns, rows)


def suite_yaml(manifest: Manifest) -> str:
    """The suite with every default written out."""
    content = manifest.suite.model_dump(mode="json")
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=88)
