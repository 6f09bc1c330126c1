"""A cell: one estimator on one dataset in one setting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from benchmarks.datasets.source import Source
from benchmarks.execution.methods import Method
from benchmarks.provenance.hashing import derive_seed, digest
from benchmarks.suite.model import Suite
from sdscm.data.dataset import Setting

#: Raised when a worker treats an estimator in another way, so that older records are not reused.
_PROTOCOL = 2


@dataclass(frozen=True)
class Cell:
    """What a record is the answer to.

    Attributes
    ----------
    dataset, fingerprint
        Name and content hash of the dataset.
    setting
        Which covariates the estimator sees.
    estimator, identity
        Label of the method, and the hash of all that decides its numbers.
    seed
        ``random_state`` of the estimator.
    alpha, threads, holdout
        As in the suite.
    version_free_key
        Hash of what the user chose of the method; `identity` without code and versions.
    """

    dataset: str
    fingerprint: str
    setting: Setting
    estimator: str
    identity: str
    seed: int
    alpha: float
    threads: int
    holdout: float = 0.0
    version_free_key: str = ""

    @property
    def key(self) -> str:
        """Content hash. Names are not part of it, except through the seed."""
        content = asdict(self)
        del content["dataset"], content["estimator"], content["version_free_key"]
        return digest([_PROTOCOL, content])

    @property
    def version_free_cell_key(self) -> str:
        """Content hash without code and versions: the same for cells that an upgrade parts."""
        content = asdict(self)
        del content["dataset"], content["estimator"], content["identity"]
        return digest(content)

    def __str__(self) -> str:
        return f"{self.estimator} on {self.dataset} ({self.setting})"


def plan(suite: Suite, sources: Sequence[Source], field: Sequence[Method]) -> list[Cell]:
    """Every cell of a suite, in the order of the suite."""
    return [
        Cell(
            dataset=source.name,
            fingerprint=source.fingerprint,
            setting=setting,
            estimator=method.label,
            identity=method.identity,
            seed=derive_seed(suite.seed, source.fingerprint, setting, method.seed_label),
            alpha=suite.alpha,
            threads=suite.threads,
            holdout=suite.holdout,
            version_free_key=method.version_free_key,
        )
        for source in sources
        for setting in suite.settings
        for method in field
    ]
