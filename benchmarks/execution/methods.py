"""Methods: estimators with parameters, a label and a hash of what determines their numbers."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Any, Literal, Protocol

import cloudpickle

import estimators
from benchmarks.provenance.hashing import canonical, digest, digest_bytes
from benchmarks.provenance.source_code import code_behind, code_of, code_of_file
from benchmarks.provenance.versions import versions
from benchmarks.suite.entries import Encoding, EstimatorEntry
from benchmarks.suite.model import Suite
from estimators.interface import bounds_of
from estimators.text.featurisers import GROUP
from sdscm.data.settings import SETTING_INFOS
from sdscm.errors import InputError
from sdscm.literals import Setting


class Maker(Protocol):
    """Factory of unfitted estimators. It is pickled and sent to the worker processes."""

    def make(self, seed: int) -> Any: ...


@dataclass(frozen=True)
class Registered:
    """Factory of an estimator of the registry."""

    name: str
    params: dict[str, Any]

    def make(self, seed: int) -> Any:
        params = dict(self.params)
        if "random_state" in estimators.parameters(self.name):
            params.setdefault("random_state", seed)
        return estimators.get(self.name, **params)


@dataclass(frozen=True)
class Pickled:
    """Factory of copies of a user's object. If the object has a seed, the copies keep it."""

    payload: bytes

    def make(self, seed: int) -> Any:
        estimator = pickle.loads(self.payload)
        if _takes_seed(estimator):
            estimator.set_params(random_state=seed)
        return estimator


def _takes_seed(thing: Any) -> bool:
    """Return whether an object has a parameter ``random_state`` that is None."""
    if not (hasattr(thing, "get_params") and hasattr(thing, "set_params")):
        return False
    return thing.get_params(deep=False).get("random_state", "none") is None


@dataclass(frozen=True)
class Method:
    """An estimator with its parameters: one row of a board.

    Attributes
    ----------
    label
        Name on the board.
    family, estimand, oracle
        As in ``estimators.EstimatorInfo``.
    extra
        Extra of this package that installs its library.
    identity
        Hash of the parameters, code and versions. With data and seed, they determine its numbers.
    maker
        See `Maker`.
    version_free_key
        Hash of the name and parameters, without code and versions.
    isolation_group
        Only methods of one isolation group share worker processes. The built-in methods are one
        group, the methods of each plugin are one, and the methods that get the truth are one.
    encoding
        Encoding of categorical covariates.
    fit_many, fit_group
        As in ``estimators.EstimatorInfo``.
    fit_key
        Hash that is equal for methods that can be fitted in one call of ``fit_many``.
    share
        Share of the datasets of each entry that the method runs on: the first ones.
    stochastic
        True if the seed of a cell changes the estimates.
    repetitions
        Number of seeds; None for the suite's number.
    needs, bounds
        As in ``estimators.EstimatorInfo``.
    """

    label: str
    family: str
    estimand: str
    oracle: bool
    extra: str
    identity: str
    maker: Maker
    version_free_key: str = ""
    isolation_group: str = ""
    encoding: Encoding = "codes"
    fit_many: estimators.FitMany = ""
    fit_group: str = ""
    fit_key: str = ""
    share: float = 1.0
    stochastic: bool = True
    repetitions: int | None = None
    needs: tuple[estimators.Need, ...] = ()
    bounds: estimators.Strength | Literal[""] = ""

    def applies(self, setting: Setting) -> bool:
        """Return whether a setting shows all that the method needs."""
        # Every setting shows the graph of a dataset that has one.
        return set(self.needs) - {"graph"} <= set(SETTING_INFOS[setting].shows)

    def fits(self, suite: Suite) -> int:
        """Return the number of fits with different seeds on each dataset."""
        return (self.repetitions or suite.repetitions) if self.stochastic else 1

    @property
    def seed_label(self) -> str:
        """Label that determines seeds: methods that share a fit have the same seed."""
        return self.fit_group or self.label

    @property
    def versions(self) -> dict[str, str]:
        return dict(versions(self.extra))


def methods_of(
    entries: Iterable[Any],
    plugins: Sequence[Path] = (),
    encodings: Sequence[Encoding] = ("codes",),
) -> list[Method]:
    """Make methods from names, entries and objects.

    Parameters
    ----------
    entries
        Names, `EstimatorEntry`, objects with ``fit``, or pairs (label, object).
    plugins
        Plugin files, already loaded. Their code is part of the identity of their estimators.
    encodings
        Each encoding gives one method, unless the entry has its own encodings.

    Raises
    ------
    InputError
        If a name is unknown, a parameter is not plain data, or two labels are equal.
    """
    code = digest(sorted(map(code_of_file, plugins)))
    found: list[Method] = []
    for entry in entries:
        if isinstance(entry, str):
            entry = EstimatorEntry(name=entry)
        method = _registered(entry, code) if isinstance(entry, EstimatorEntry) else _object(entry)
        own = entry.encodings if isinstance(entry, EstimatorEntry) else None
        found += [_with_encoding(method, encoding) for encoding in own or encodings]
    labels = [method.label for method in found]
    for label in labels:
        if labels.count(label) > 1:
            raise InputError(f"two estimators are called '{label}': give one of them another label")
    if not found:
        raise InputError("no estimators: name at least one")
    return found


def _with_encoding(method: Method, encoding: Encoding) -> Method:
    """Set the encoding of a method; the label names any encoding but the default."""
    if encoding == "codes":
        return method
    return replace(
        method,
        label=f"{method.label} ({encoding})",
        identity=digest([method.identity, encoding]),
        version_free_key=digest([method.version_free_key, encoding]),
        encoding=encoding,
        fit_group=method.fit_group and f"{method.fit_group} ({encoding})",
        fit_key=digest([method.fit_key, encoding]),
    )


def _registered(entry: EstimatorEntry, plugin_code: str) -> Method:
    try:
        info = estimators.info(entry.name)
        # Parameters are checked before the run, so that a wrong one gives one error and not many
        # failed cells. The check imports the library, and is skipped if there are no parameters.
        known = estimators.parameters(entry.name) if entry.params else {}
    except estimators.MissingExtraError:
        known = entry.params
    except estimators.EstimatorError as error:
        raise InputError(str(error)) from None
    for name in entry.params:
        if name not in known:
            has = ", ".join(known) or "none"
            raise InputError(f"{entry.title}: no parameter '{name}'; its parameters: {has}")
    try:
        canonical(entry.params)
    except (TypeError, ValueError):
        raise InputError(
            f"{entry.title}: params must be plain numbers, texts and lists, but are {entry.params}"
        ) from None
    code = _code(entry, info.origin, plugin_code)
    identity = [info.name, entry.params, code, versions(info.extra)]
    return Method(
        label=entry.title,
        family=info.family,
        estimand=info.estimand,
        oracle=info.oracle,
        extra=info.extra,
        identity=digest(identity),
        maker=Registered(info.name, entry.params),
        version_free_key=digest([info.name, entry.params]),
        isolation_group="truth"
        if info.oracle
        else ""
        if info.origin == "built-in"
        else info.origin,
        fit_many=info.fit_many,
        fit_group=info.fit_group,
        fit_key=digest([info.fit_group or info.name, entry.params]),
        share=entry.share,
        # A seed among the parameters is the seed of every fit.
        stochastic=info.stochastic and "random_state" not in entry.params,
        repetitions=entry.repetitions or (1 if info.costly else None),
        needs=info.needs,
        bounds=info.bounds,
    )


def _code(entry: EstimatorEntry, origin: str, plugin_code: str) -> str:
    """Hash the code of an estimator.

    Empty if the estimator cannot be made. Its cells then fail with the reason, and others run.
    """
    if origin == "built-in":
        code = code_of(estimators.where(entry.name))
        named = _code_of_named(entry) if "text" in estimators.info(entry.name).needs else []
        return digest([code, named]) if named else code
    try:
        return digest([plugin_code, _code_of_made(estimators.get(entry.name, **entry.params))])
    except estimators.PluginError:
        return ""


def _code_of_named(entry: EstimatorEntry) -> list[str]:
    """Hash what a wrapper of texts names: the estimator and the featuriser that it uses."""
    try:
        params = {**estimators.parameters(entry.name), **entry.params}
    except estimators.MissingExtraError:
        return []
    inner, featuriser = (params.get(key) or "" for key in ("estimator", "featuriser"))
    found = []
    with suppress(ValueError, estimators.EstimatorError):  # not of this project, or unknown
        found.append(code_of(estimators.where(inner)))
    for point in metadata.entry_points(group=GROUP, name=featuriser):
        with suppress(ValueError):
            found.append(code_of(point.value))
    return found


def _code_of_made(made: Any) -> str:
    """Hash the code of an estimator and of those that it wraps.

    What a notebook defines has no file, and is hashed by value. The same class in another run of
    the notebook may have another hash: it is then fitted again.
    """
    code, wrapped = _own_code_of_made(made), _code_of_wrapped(made)
    return digest([code, wrapped]) if wrapped else code


def _code_of_wrapped(made: Any) -> list[str]:
    """Hash the estimators among the attributes: objects, and a registered name in ``estimator``."""
    inner = [
        value
        for value in getattr(made, "__dict__", {}).values()
        if callable(getattr(value, "fit", None))
    ]
    found = [_code_of_made(value) for value in inner if not isinstance(value, type)]
    name = getattr(made, "estimator", None)
    if isinstance(name, str):
        with suppress(ValueError, estimators.EstimatorError):  # not of this project, or unknown
            found.append(code_of(estimators.where(name)))
    return found


def _own_code_of_made(made: Any) -> str:
    parts = [*type(made).__mro__, getattr(made, "function", None)]
    own = [part for part in parts if getattr(part, "__module__", "") == "__main__"]
    if own and not hasattr(sys.modules["__main__"], "__file__"):
        return digest_bytes(cloudpickle.dumps(own))
    return code_behind(made)


def _object(given: Any) -> Method:
    label, thing = given if isinstance(given, tuple) else (type(given).__name__, given)
    if isinstance(thing, type) or not callable(getattr(thing, "fit", None)):
        raise InputError(
            f"{label}: not an estimator; give a registered name or an object with fit(X, t, y)"
        )
    try:
        payload = cloudpickle.dumps(thing)
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        raise InputError(
            f"{label}: cannot be sent to the workers ({error}); make it picklable"
        ) from None
    return Method(
        label=str(label),
        family="yours",
        estimand="CATE" if hasattr(thing, "effect") else "ATE",
        oracle=False,
        extra="",
        identity=digest([_state(thing, payload), _code_of_made(thing), versions()]),
        maker=Pickled(payload),
        version_free_key=digest([type(thing).__qualname__, _state(thing, payload)]),
        isolation_group=str(label),
        stochastic=_takes_seed(thing),
        needs=tuple(getattr(thing, "needs", ())),
        bounds=bounds_of(thing),
    )


def _state(thing: Any, payload: bytes) -> str:
    """Hash the class and attributes of an object, or its whole pickle if they contain code.

    The pickle of a class that is defined in a script differs between runs.
    """
    try:
        attributes = pickle.dumps(vars(thing))
    except (pickle.PicklingError, TypeError, AttributeError):
        return digest_bytes(payload)
    return digest([type(thing).__qualname__, digest_bytes(attributes)])
