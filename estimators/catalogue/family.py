"""A family of built-in estimators: those of one library."""

from dataclasses import dataclass, field
from typing import Any

from estimators.interface import EstimatorInfo


@dataclass
class Family:
    """Built-in estimators of one library.

    Attributes
    ----------
    name
        Name of the library, or of the kind of estimator.
    extra
        The optional extra of ``sdscm`` that installs the library; empty for the core.
    package
        Package of `estimators` that contains the adapters.
    members
        Pairs of what the registry knows of an estimator, and where its class is: ``module:class``.
    """

    name: str
    extra: str = ""
    package: str = "adapters"
    members: list[tuple[EstimatorInfo, str]] = field(default_factory=list)

    def add(self, name: str, where: str, summary: str, source: str = "", **others: Any) -> None:
        """Add the estimator of the class ``where``, ``module:class`` in the package of the family.

        ``others`` are further fields of `EstimatorInfo`; ``estimand`` is CATE unless it is given.
        """
        fields = {"estimand": "CATE", "extra": self.extra, **others}
        info = EstimatorInfo(name, self.name, summary=summary, source=source, **fields)
        self.members.append((info, f"estimators.{self.package}.{where}"))
