"""Load language models by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from sdscm.cache import cache_folder
from sdscm.errors import InputError, MissingExtraError
from sdscm.hints import kind_of
from sdscm.literals import DEFAULT_LM as DEFAULT_LM
from sdscm.lm.interface import LanguageModel
from sdscm.lm.precision import Precision, check_precision
from sdscm.lm.registry import LMInfo, LMOptions, ModelHandle, find_backend


def load_lm(
    name: str | Path | LanguageModel = DEFAULT_LM,
    *,
    store: bool | str | Path = True,
    revision: str | None = None,
    device: str = "cpu",
    precision: Precision = "float32",
    memory: int | None = None,
    batch_tokens: int | None = None,
    options: Mapping[str, str] | None = None,
) -> LanguageModel:
    """Load a language model by name.

    Parameters
    ----------
    name
        An embedded model (``smollm2-135m``, works offline), a Hugging Face id such as ``gpt2``, the
        path of a folder that ``save_pretrained`` wrote, or ``scheme:name`` for another backend
        (see `sdscm.lm.registry`). ``tabular:0`` is a random table of seed 0, for examples: it needs
        no weights, and knows no language. A language model is returned as it is.
    store
        Cache scores on disk: True for the file in the user's cache folder, a path for another file,
        False for no cache.
    revision
        Branch, tag or commit of a Hugging Face id.
    device, precision
        Device of the model, and precision of its arithmetic; see `sdscm.lm.precision`.
    memory
        Bytes for the key/value cache. Default: a quarter of the machine's memory, at most 4 GiB; on
        a CUDA device a quarter of its free memory. Keys and values that do not fit are computed
        again when they are needed.
    batch_tokens
        Approximate number of new tokens in one forward pass. Default: 1,024 on a CPU, 8,192 on
        other devices. ``memory`` and ``batch_tokens`` change no score.
    options
        Options that only the backend of this model has, by name; see `sdscm.lm.registry.LMInfo`.

    Raises
    ------
    MissingExtraError
        If torch or transformers is not installed.
    InputError
        If the model or the device does not exist, or the model cannot be loaded.

    Examples
    --------
    >>> lm = sdscm.load_lm("tabular:0")
    >>> lm.id
    'tabular:0'
    """
    check_precision(precision)
    if isinstance(name, LanguageModel) and not isinstance(name, type):
        return name
    if not isinstance(name, str | Path):
        raise InputError(
            f"language model: it is {kind_of(name)}; give a name such as '{DEFAULT_LM}', the path "
            "of a model's folder, or an object with score, id and revision"
        )
    chosen = LMOptions(revision, device, precision, memory, batch_tokens, dict(options or {}))
    return with_store(find_lm(str(name), chosen), store)


def find_lm(name: str, options: LMOptions) -> ModelHandle:
    """Find a language model without loading it; what is raised is as in `load_lm`."""
    backend, name = _backend(name)
    handle = backend.open(name, options)

    def load() -> LanguageModel:
        model = handle.load()
        if not isinstance(model, LanguageModel):
            raise InputError(
                f"language model '{handle.id}': its backend '{backend.scheme}' loads "
                f"{kind_of(model)}; it must load an object with score, id and revision"
            )
        return model

    return replace(handle, load=load)


def with_store(handle: ModelHandle, store: bool | str | Path = True) -> LanguageModel:
    """Get the language model of a handle, loaded when a score is not in its store."""
    if store is False or not handle.cacheable:
        return handle.load()
    from sdscm.lm.score_cache import CachedLM, ScoreCache  # imports NumPy

    path = cache_folder() / "scores.sqlite" if store is True else Path(store)
    return CachedLM(
        handle.load,
        id=handle.id,
        revision=handle.revision,
        scorer=handle.scorer,
        cache=ScoreCache(path),
    )


def _backend(name: str) -> tuple[LMInfo, str]:
    """The backend of a model, and the name of the model there."""
    from sdscm.lm.backends.embedded import EMBEDDED

    scheme, _, rest = name.partition(":")
    try:
        if rest and (backend := find_backend(scheme)):
            return backend, rest
        backend = find_backend("embedded" if name in EMBEDDED else "huggingface")
    except MissingExtraError:
        raise
    except ImportError:
        raise MissingExtraError(f"language model '{name}'", "lm") from None
    if backend is None:
        raise InputError(f"language model '{name}': no backend")
    return backend, name
