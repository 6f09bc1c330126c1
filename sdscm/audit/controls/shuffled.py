"""The control ``shuffled``: the treatment's values are exchanged in half of the contexts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b

import numpy as np

from sdscm.audit.answers import scm_of
from sdscm.audit.plan import AuditPlan, values_of
from sdscm.lm.interface import LanguageModel
from sdscm.sampling.mechanisms import Mechanisms
from sdscm.scm import SDSCM


class ShuffledMechanisms(Mechanisms):
    """Mechanisms that read the contrast's other value in half of their contexts.

    In a contrast of groups, the other value is the one at the same position in the other group.

    A fair coin for each phrasing, variable and row of the other parents decides which contexts are
    exchanged. If all coins of a phrasing are turned, its effects change their sign. The effects are
    therefore symmetric about 0 for any language model, and any effect is an error of the audit.
    """

    def __init__(
        self, plain: Mechanisms, control: Sequence[str], treated: Sequence[str], seed: int
    ) -> None:
        super().__init__(
            plain.phrased,
            plain.lm,
            temperature=plain.temperature,
            scoring=plain.scoring,
            dials=plain.dials,
        )
        values = plain.phrased.spec.treatment.values
        self._other = np.arange(len(values))
        for low, high in zip(map(values.index, control), map(values.index, treated), strict=True):
            self._other[[low, high]] = high, low
        self._seed = seed

    def _of_model(self, name: str, codes: Mapping[str, np.ndarray], count: int) -> np.ndarray:
        spec = self.phrased.spec
        treatment = spec.treatment.name
        if treatment not in spec.parents(name):
            return super()._of_model(name, codes, count)
        others = [parent for parent in spec.parents(name) if parent != treatment]
        rows = np.array([codes[parent] for parent in others], dtype=np.int64).reshape(-1, count)
        distinct, where = np.unique(rows.T, axis=0, return_inverse=True)
        turned = np.array([self._coin(name, row) for row in distinct])[where.reshape(-1)]
        read = codes[treatment]
        codes_read = np.where(turned, self._other[read], read)
        return super()._of_model(name, {**codes, treatment: codes_read}, count)

    def _coin(self, name: str, row: np.ndarray) -> bool:
        text = f"{self._seed}\x1f{self.phrased.number}\x1f{name}\x1f{row.tolist()}"
        return bool(blake2b(text.encode(), digest_size=1).digest()[0] & 1)


def shuffled_scm(plan: AuditPlan, lm: LanguageModel, phrasing: int) -> SDSCM:
    """The SD-SCM of a phrasing with shuffled values of the first question's contrast."""
    scm = scm_of(plan, lm, phrasing)
    first = plan.questions[0]
    low, high = (values_of(plan.spec, name) for name in (first.control, first.treated))
    scm.mechanisms = ShuffledMechanisms(scm.mechanisms, low, high, plan.seed)
    return scm
