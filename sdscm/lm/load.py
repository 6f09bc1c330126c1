"""Language models by name."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from sdscm.cache import cache_folder
from sdscm.errors import InputError, MissingExtraError
from sdscm.lm.embedded import EMBEDDED
from sdscm.lm.interface import LanguageModel
from sdscm.lm.store import ScoreStore, StoredLM

DEFAULT_LM = "smollm2-135m"


def load_lm(name: str = DEFAULT_LM, *, store: bool | Path = True, **options: Any) -> LanguageModel:
    """A language model by name.

    Parameters
    ----------
    name
        An embedded model (``smollm2-135m``, works offline), a Hugging Face id such as ``gpt2``, or
        the path of a folder that ``save_pretrained`` wrote.
    store
        Keep scores on disk: True for the file in the user's cache folder, a path for another,
        False for none.
    options
        ``revision``, ``device`` (default ``cpu``), ``precision`` (``float32`` by default, or
        ``bfloat16``, which is approximate), ``memory`` in bytes for the key/value cache and
        ``batch_tokens`` for one forward pass.

    Raises
    ------
    MissingExtraError
        If torch or transformers is not installed.
    InputError
        If there is no such model or it cannot be loaded.
    """
    for library in ("torch", "transformers"):
        if importlib.util.find_spec(library) is None:
            raise MissingExtraError(f"language model '{name}'", "lm")
    from sdscm.lm.huggingface import HuggingFaceLM, folder_hash, with_precision

    _check(name)
    if name in EMBEDDED or Path(name).is_dir():
        folder = EMBEDDED[name].folder() if name in EMBEDDED else Path(name)
        content = folder.name.rpartition("-")[2] if name in EMBEDDED else folder_hash(folder)
        id = name if name in EMBEDDED else folder.resolve().name

        def load() -> LanguageModel:
            return HuggingFaceLM.from_pretrained(str(folder), id=id, revision=content, **options)

        revision = with_precision(content, options.get("precision", "float32"))
    else:
        model = HuggingFaceLM.from_pretrained(name, **options)
        id, revision = model.id, model.revision

        def load() -> LanguageModel:
            return model

    if store is False:
        return load()
    path = cache_folder() / "scores.sqlite" if store is True else store
    return StoredLM(load, id=id, revision=revision, store=ScoreStore(path))


def _check(name: str) -> None:
    """Tell a mistyped path from a Hugging Face id before anything is loaded."""
    choose = (
        "give the path of a folder that save_pretrained wrote, a Hugging Face id, or an embedded "
        f"model ({', '.join(EMBEDDED)})"
    )
    folder = Path(name)
    if folder.is_dir() and not (folder / "config.json").exists():
        raise InputError(f"language model '{name}': this folder has no config.json; {choose}")
    if name in EMBEDDED or folder.is_dir():
        return
    if not name.strip() or name.startswith((".", "/", "~")) or name.count("/") > 1:
        raise InputError(f"language model '{name}': no such folder; {choose}")
