"""The origin of a dataset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Provenance:
    """Origin of a dataset, with all details that are needed to generate it again.

    Attributes
    ----------
    scenario
        Name of the spec, or of the source of other data.
    spec_hash
        Hash of the spec's content; empty for other data.
    lm, lm_revision
        Identifier and content revision of the language model; empty for other data.
    phrasing
        Number of the phrasing. Datasets of one phrasing are not independent, so that leaderboards
        resample phrasings.
    seed
        Seed of the units' noise.
    options
        All other options of the sampler (temperature, outcome, coupling, ...). ``contrast`` holds
        the two values of the treatment, control first. For a table of the user, ``leaks`` lists
        covariates that give away the truth; see `sdscm.data.leaks`.
    versions
        Versions of the libraries that can change the data.

    Examples
    --------
    >>> data = sdscm.SDSCM("headache", "tabular:0").dataset(200)
    >>> data.meta.scenario, data.meta.lm, data.meta.seed
    ('headache', 'tabular:0', 0)
    """

    scenario: str
    spec_hash: str = ""
    lm: str = ""
    lm_revision: str = ""
    phrasing: int = 0
    seed: int = 0
    options: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
