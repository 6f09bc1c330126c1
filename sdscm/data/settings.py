"""Settings: what an estimator sees of a dataset, and which effects are then known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from sdscm.arguments import check_choice
from sdscm.data.true_graph import as_seen
from sdscm.errors import InputError
from sdscm.literals import Setting
from sdscm.sampling.noise import uniform_noise

if TYPE_CHECKING:
    from sdscm.data.dataset import CausalDataset

#: What a setting can show beside X, t and y. ``instrument``: an array of 0 and 1. ``text``: a
#: Series of texts. ``proxies``: a DataFrame of codes.
Shown = Literal["instrument", "text", "proxies"]


@dataclass(frozen=True)
class SettingInfo:
    """Describe a setting.

    Attributes
    ----------
    name
        Name of the setting.
    summary
        What estimators see, in some words.
    hides
        True if the exogenous covariates are hidden.
    shows
        What estimators that need it get beside X, t and y.
    randomised
        True if the treatment is drawn again, by a fair coin.
    effects
        The true effects that exist in the setting.

    Examples
    --------
    >>> sdscm.SETTING_INFOS["instrument"].shows
    ('instrument',)
    """

    name: Setting
    summary: str
    hides: bool = True
    shows: tuple[Shown, ...] = ()
    randomised: bool = False
    effects: tuple[str, ...] = ("ITE", "CATE", "ATE")


#: The settings by name.
SETTING_INFOS: Mapping[Setting, SettingInfo] = {
    info.name: info
    for info in (
        SettingInfo("all", "all covariates seen", hides=False),
        SettingInfo("hidden", "exogenous covariates hidden"),
        SettingInfo(
            "randomised", "treatment randomised, all covariates seen", hides=False, randomised=True
        ),
        SettingInfo(
            "instrument",
            "exogenous covariates hidden, instrument shown",
            shows=("instrument",),
            effects=("ITE", "CATE", "ATE", "LATE"),
        ),
        SettingInfo("text", "exogenous covariates in sentences only", shows=("text",)),
        SettingInfo("proxies", "exogenous covariates hidden, proxies named", shows=("proxies",)),
    )
}


def in_setting(dataset: CausalDataset, name: Setting) -> CausalDataset:
    """Return the units of a dataset as a setting shows them; see `CausalDataset.setting`.

    Raises
    ------
    InputError
        If the setting is unknown, or the dataset lacks what it shows.
    """
    check_choice("setting", name, SETTING_INFOS)
    if name == dataset.covariates:
        return dataset
    if dataset.covariates != "all":
        raise InputError("this dataset lacks its hidden covariates; use the original one")
    info = SETTING_INFOS[name]
    removed = set(dataset.exogenous) if info.hides else set()
    shown: dict[str, Any] = {}
    changed: dict[str, Any] = {}
    if info.randomised:
        changed = _randomised(dataset)
    if name != "instrument":
        like: Setting = "hidden" if info.hides else "all"
        changed["hidden_confounding"] = _renamed(dataset.hidden_confounding, like, name)
    if "instrument" in info.shows:
        shown["instrument"] = _instrument(dataset)
        removed.add(dataset.instrument)
    if "text" in info.shows:
        if dataset.covariate_text is None:
            raise _not_made(dataset, name)
        shown["text"] = dataset.covariate_text
        # The sentences state every covariate.
        changed["cates"] = _renamed(dataset.cates, "all", name)
    if "proxies" in info.shows:
        if not dataset.proxies:
            raise _not_made(dataset, name)
        shown["proxies"] = dataset.X[list(dataset.proxies)]
        changed["cates"] = _renamed(dataset.cates, "hidden", name)
    kept = [c for c in dataset.X.columns if c not in removed]
    if not kept:
        raise InputError(
            f"dataset '{dataset.meta.scenario}': nothing is left when the exogenous covariates "
            f"are hidden; give the spec an observed covariate or leave the setting '{name}' out"
        )
    if dataset.graph is not None:
        changed["graph"] = as_seen(
            dataset.graph,
            kept,
            instrument=dataset.instrument if "instrument" in info.shows else "",
            proxies=dataset.proxies if "proxies" in info.shows else (),
            randomised=info.randomised,
        )
    labels = dataset.labels
    if labels is not None:
        labels = labels[[c for c in kept if c in labels]]
    return replace(
        dataset, X=dataset.X[kept], labels=labels, covariates=name, shown=shown, **changed
    )


def _renamed(known: Mapping[Setting, Any], old: Setting, new: Setting) -> dict[Setting, Any]:
    """What is known of settings, with that of one for another one, too."""
    return dict(known) | ({new: known[old]} if old in known else {})


def _randomised(dataset: CausalDataset) -> dict[str, Any]:
    """The fields of a dataset whose treatment is drawn again, by a fair coin."""
    where = f"dataset '{dataset.meta.scenario}': the setting 'randomised'"
    if not np.isfinite(dataset.ite).all():
        raise InputError(f"{where} needs both potential outcomes of each unit; leave it out")
    if dataset.post_treatment:
        raise InputError(
            f"{where} cannot show effects of the treatment ({', '.join(dataset.post_treatment)}), "
            "which the draw would change; write 'post_treatment: hide'"
        )
    n = len(dataset)
    draws = uniform_noise(dataset.meta.seed, "randomised treatment", 0, n, 1)[:, 0]
    return {
        "t": (draws < 0.5).astype(np.int8),
        "propensity": np.full(n, 0.5),
        "text": None,  # it states the treatment of the observed world
        "cates": _renamed(dataset.cates, "all", "randomised"),
    }


def _instrument(dataset: CausalDataset) -> np.ndarray:
    """The instrument of each unit, 0 or 1."""
    if not dataset.instrument:
        raise _not_made(dataset, "instrument")
    return dataset.X[dataset.instrument].to_numpy().astype(np.int8)


def _not_made(dataset: CausalDataset, name: Setting) -> InputError:
    where = f"dataset '{dataset.meta.scenario}'"
    if dataset.meta.spec_hash:
        return InputError(
            f"{where}: it was made without the setting '{name}'; make it with settings=['{name}']"
        )
    mend = (
        "name the column of the instrument in 'instrument'"
        if name == "instrument"
        else "leave the setting out"
    )
    return InputError(f"{where}: a table cannot be shown in the setting '{name}'; {mend}")
