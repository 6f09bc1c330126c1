"""List the commands, data and limits of a run."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping

import yaml

from benchmarks.storage.manifest import Manifest
from sdscm.data.dataset import Provenance
from sdscm.number_format import counted, joined, level


def commands(manifest: Manifest, mixed: bool = False) -> tuple[tuple[str, str], ...]:
    """List the commands that make the run and the HTML report again."""
    report = ["sdscm", "report", manifest.suite.name, *_plugins(manifest.command)]
    report += ["--mixed"] * mixed
    return (
        ("Run the suite (recorded cells are not computed again)", manifest.command),
        ("Make this page from the records", shlex.join(report)),
    )


def _plugins(command: str) -> list[str]:
    """List the options that name plugins in a command, since plugins may register metrics."""
    parts = shlex.split(command)
    places = [place for place, part in enumerate(parts) if part == "--plugin"]
    return [part for place in places for part in parts[place : place + 2]]


def facts(manifest: Manifest, provenance: Iterable[Provenance]) -> tuple[tuple[str, str], ...]:
    """List the suite, its seed, its limits, and the origin of the data."""
    suite = manifest.suite
    origins = dict.fromkeys(map(_origin, provenance))
    return (
        ("Suite", f"{suite.name}, seed {suite.seed}"),
        ("Seeds of the methods", "from the suite's seed and the cell's place, not from data"),
        ("Settings", joined(suite.settings)),
        ("Level of the methods' intervals", level(1 - suite.alpha)),
        ("Limits of a cell", f"{suite.time_limit:g} s, {counted(suite.threads, 'thread')}"),
        *(("Data", origin) for origin in origins),
    )


def _origin(meta: Provenance) -> str:
    if not meta.spec_hash:
        return meta.scenario
    # Sorted, since options that were read from a file have another order.
    options = ", ".join(
        f"{key} {dict(sorted(value.items())) if isinstance(value, Mapping) else value}"
        for key, value in sorted(meta.options.items())
    )
    return (
        f"scenario {meta.scenario} (spec {meta.spec_hash}), language model {meta.lm} "
        f"(revision {meta.lm_revision})" + (f"; {options}" if options else "")
    )


def suite_yaml(manifest: Manifest) -> str:
    """Write the suite with all defaults as YAML."""
    content = manifest.suite.model_dump(mode="json")
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=88)
