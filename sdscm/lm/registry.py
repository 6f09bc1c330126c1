"""Backends of language models, by scheme.

A backend is one file: a module in `sdscm.lm.backends`, or a user's module. It registers a function
that finds a model by name::

    @register_lm("dice", summary="fair dice", options={"bias": "weight of the first face"})
    def open_model(name: str, options: LMOptions) -> ModelHandle:
        return ModelHandle(id=f"dice-{name}", revision="1", load=lambda: DiceLM(int(name)))

``load_lm("dice:6")`` calls it with the name ``"6"``. A package offers a backend by an entry point
of the group ``sdscm.language_models``, whose name is the scheme.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from typing import Any, TypeVar

from sdscm.errors import InputError
from sdscm.lm.interface import LanguageModel
from sdscm.lm.precision import Precision

_PACKAGE = "sdscm.lm.backends"
#: Group of the entry points of other packages.
GROUP = "sdscm.language_models"


@dataclass(frozen=True)
class LMOptions:
    """Options of `sdscm.load_lm`; ``more`` holds those that only this backend has."""

    revision: str | None = None
    device: str = "cpu"
    precision: Precision = "float32"
    memory: int | None = None
    batch_tokens: int | None = None
    more: Mapping[str, str] = field(default_factory=dict)

    @property
    def local(self) -> dict[str, Any]:
        """The options of a model that this process runs."""
        return {each.name: getattr(self, each.name) for each in fields(self) if each.name != "more"}


@dataclass(frozen=True)
class ModelHandle:
    """A language model that may not be loaded yet.

    Attributes
    ----------
    id, revision
        Name of the model, and of its content. Cached scores are found by them.
    scorer
        Hash of all else that decides scores: the tokenizer as it was loaded, and the versions
        of libraries. Part of the key of cached scores only.
    load
        Loads the model; called only if a score is not in the cache.
    cacheable
        False if the content of the model is unknown, so that its scores must not be cached.
    """

    id: str
    revision: str
    load: Callable[[], LanguageModel]
    cacheable: bool = True
    scorer: str = ""


LMFactory = Callable[[str, LMOptions], ModelHandle]
_Factory = TypeVar("_Factory", bound=LMFactory)


@dataclass(frozen=True)
class LMInfo:
    """Describe a backend.

    Attributes
    ----------
    scheme
        Begin of the names of its models, before the colon.
    factory
        Finds a model by the rest of its name.
    summary
        What it is, in some words.
    needs
        Libraries that it imports beside the core.
    exact
        True if scores are full log-probabilities of the model, up to rounding.
    deterministic
        True if equal calls give equal bits on one machine.
    options
        Meaning of each option of its own (``more`` in `LMOptions`).
    """

    scheme: str
    factory: LMFactory
    summary: str = ""
    needs: tuple[str, ...] = ()
    exact: bool = True
    deterministic: bool = True
    options: Mapping[str, str] = field(default_factory=dict)

    def open(self, name: str, options: LMOptions) -> ModelHandle:
        """Find a model; an InputError if the backend lacks one of the options."""
        for option in options.more:
            if option not in self.options:
                known = ", ".join(self.options) or "none"
                raise InputError(
                    f"language model '{name}': no option '{option}'; options of the backend "
                    f"'{self.scheme}': {known}"
                )
        return self.factory(name, options)


_BACKENDS: dict[str, LMInfo] = {}


def register_lm(
    scheme: str,
    factory: LMFactory | None = None,
    *,
    summary: str = "",
    needs: tuple[str, ...] = (),
    exact: bool = True,
    deterministic: bool = True,
    options: Mapping[str, str] | None = None,
) -> Callable[[_Factory], _Factory]:
    """Register a backend of language models for names that begin with ``scheme:``.

    Parameters
    ----------
    scheme
        Begin of the names, without the colon.
    factory
        Function of the rest of the name and the options, see the module. Without it the returned
        decorator registers the decorated function.
    summary, needs, exact, deterministic, options
        See `LMInfo`.

    Raises
    ------
    InputError
        If the scheme is empty or holds a colon.

    Examples
    --------
    >>> import sdscm
    >>> from sdscm.lm.registry import ModelHandle
    >>> def dice(name, options):
    ...     lm = sdscm.TabularLM(lambda choice: [1.0] * len(choice.values))
    ...     return ModelHandle(id=f"dice-{name}", revision="1", load=lambda: lm)
    >>> _ = sdscm.register_lm("dice", dice)
    >>> sdscm.load_lm("dice:6", store=False).id
    'tabular'
    """
    if not scheme or ":" in scheme:
        raise InputError(f"scheme '{scheme}': give some letters without a colon")

    def register(function: _Factory) -> _Factory:
        _BACKENDS[scheme] = LMInfo(
            scheme, function, summary, needs, exact, deterministic, dict(options or {})
        )
        return function

    if factory is not None:
        register(factory)
    return register


def find_backend(scheme: str) -> LMInfo | None:
    """The backend of a scheme, or None.

    Raises
    ------
    ImportError
        If a library that the backend needs is not installed.
    """
    if scheme not in _BACKENDS:
        module = scheme.partition("+")[0]  # openai+http and openai+https are of one file
        if module.isidentifier() and find_spec(f"{_PACKAGE}.{module}") is not None:
            import_module(f"{_PACKAGE}.{module}")
    if scheme not in _BACKENDS:
        for point in entry_points(group=GROUP, name=scheme):
            register_lm(scheme, point.load())
    return _BACKENDS.get(scheme)
