"""Which truth an estimate is compared with. The one place that decides it."""

from __future__ import annotations

from benchmarks.interface import Truth
from sdscm.data.dataset import CausalDataset, Setting


def truth_of(dataset: CausalDataset, setting: Setting) -> Truth:
    """The truth that a setting is scored against.

    The true CATE given the covariates of the setting where the dataset knows it: in the setting
    ``all`` it is the ITE, since the outcome of an SD-SCM dataset is a deterministic function of all
    covariates and the treatment (paper, section 4.1); with hidden covariates it is enumerated. The
    ITE otherwise, as for data of other origin, whose potential outcomes carry noise: there no
    method that sees X only can reach an error of 0.
    """
    cate = dataset.cates.get(setting)
    return Truth(
        ite=dataset.ite,
        effect=dataset.ite if cate is None else cate,
        target="ITE" if cate is None else "CATE",
        sd=float(dataset.y.std()),
        ate=dataset.known_ate,
    )
