"""Backends of language models, by scheme.

A backend is one file: a module in `sdscm.lm.backends`, named after its scheme, or a user's module.
It registers a function that finds a model by name::

    @register_backend("dice")
    def open_model(name: str, options: LMOptions) -> ModelHandle:
        return ModelHandle(id=f"dice-{name}", revision="1", load=lambda: DiceLM(int(name)))

``load_lm("dice:6")`` calls it with the name ``"6"``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec

from sdscm.lm.interface import LanguageModel
from sdscm.lm.precision import Precision

_PACKAGE = "sdscm.lm.backends"


@dataclass(frozen=True)
class LMOptions:
    """Options of `sdscm.load_lm` that a backend may use."""

    revision: str | None = None
    device: str = "cpu"
    precision: Precision = "float32"
    memory: int | None = None
    batch_tokens: int = 1024


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


Backend = Callable[[str, LMOptions], ModelHandle]

_BACKENDS: dict[str, Backend] = {}


def register_backend(scheme: str) -> Callable[[Backend], Backend]:
    """Register the decorated function for names that begin with ``scheme:``."""

    def register(backend: Backend) -> Backend:
        _BACKENDS[scheme] = backend
        return backend

    return register


def find_backend(scheme: str) -> Backend | None:
    """The backend of a scheme, or None.

    Raises
    ------
    ImportError
        If a library that the backend needs is not installed.
    """
    module = f"{_PACKAGE}.{scheme}"
    if scheme not in _BACKENDS and scheme.isidentifier() and find_spec(module) is not None:
        import_module(module)
    return _BACKENDS.get(scheme)
