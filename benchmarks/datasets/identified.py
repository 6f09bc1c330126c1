"""Say for each entry of a suite if the effect is identified in each setting."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from benchmarks.suite.entries import ScenarioEntry
from benchmarks.suite.model import Suite
from sdscm.data.dataset import Provenance
from sdscm.data.identified import identified_in
from sdscm.errors import InputError
from sdscm.spec import Spec, load_spec

#: A sentence for each setting, by the title of an entry.
Identified = Mapping[str, Mapping[str, str]]


def identified(suite: Suite, provenance: Iterable[Provenance]) -> Identified:
    """Describe the identification of the effect; see `sdscm.identified_in`.

    Entries whose data come from elsewhere, or from a spec that is not there any more, are left
    out: their graph is unknown.
    """
    hashes = {each.spec_hash for each in provenance}
    found: dict[str, dict[str, str]] = {}
    for entry in suite.datasets:
        if not isinstance(entry, ScenarioEntry):
            continue
        spec = _spec(entry, suite)
        if spec is not None and spec.content_hash in hashes:
            found[entry.title] = {
                setting: identified_in(spec, setting, **_options(entry)).sentence
                for setting in suite.settings_of(entry.title)
            }
    return found


def _spec(entry: ScenarioEntry, suite: Suite) -> Spec | None:
    beside = suite.folder / entry.scenario
    try:
        return load_spec(str(beside) if beside.is_file() else entry.scenario)
    except InputError:  # a release has no specs
        return None


def _options(entry: ScenarioEntry) -> dict[str, Any]:
    """The options that decide; of several values of a dial those that break least or most."""
    confounding, defiers = (
        values if isinstance(values, list) else [values]
        for values in (
            entry.dials.get("confounding", entry.options.get("confounding", 1.0)),
            entry.dials.get("defiers", entry.options.get("defiers", 0.0)),
        )
    )
    return {
        "hide": entry.dataset.get("hide"),
        "post_treatment": entry.post_treatment,
        "exclusion": entry.dataset.get("exclusion", 0.0),
        "defiers": max(defiers),
        "confounding": max(confounding, key=abs),
    }


def of_board(found: Identified, group: Mapping[str, str]) -> str:
    """Join the sentences of a board: one, or several with the entry and setting of each."""
    parts = {
        f"{entry}, {setting}": sentence
        for entry, sentences in found.items()
        for setting, sentence in sentences.items()
        if group.get("dataset", entry) == entry and group.get("setting", setting) == setting
    }
    if len(set(parts.values())) == 1:
        return next(iter(parts.values()))
    return "; ".join(f"{where}: {sentence}" for where, sentence in parts.items())
