"""Language models by name."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from sdscm.cache import cache_folder
from sdscm.errors import InputError, MissingExtraError
from sdscm.literals import DEFAULT_LM as DEFAULT_LM
from sdscm.lm.backends.embedded import EMBEDDED
from sdscm.lm.interface import LanguageModel
from sdscm.lm.precision import Precision, check_precision, with_arithmetic
from sdscm.lm.score_cache import ScoreStore, StoredLM

UNKNOWN_REVISION = "unknown"


def load_lm(
    name: str = DEFAULT_LM,
    *,
    store: bool | str | Path = True,
    revision: str | None = None,
    device: str = "cpu",
    precision: Precision = "float32",
    memory: int | None = None,
    batch_tokens: int = 1024,
) -> LanguageModel:
    """A language model by name.

    Parameters
    ----------
    name
        An embedded model (``smollm2-135m``, works offline), a Hugging Face id such as ``gpt2``, or
        the path of a folder that ``save_pretrained`` wrote.
    store
        Keep scores on disk: True for the file in the user's cache folder, a path for another,
        False for none.
    revision
        Branch, tag or commit of a Hugging Face id.
    device, precision
        Where the model computes, and how exactly; see `sdscm.lm.precision`.
    memory
        Bytes that the key/value cache may take; by default a quarter of the machine's memory, at
        most 4 GiB, and on a CUDA device a quarter of what is free there. What does not fit is
        computed again when it is needed.
    batch_tokens
        New tokens in one forward pass, about. Neither changes a score.

    Raises
    ------
    MissingExtraError
        If torch or transformers is not installed.
    InputError
        If there is no such model or device, or it cannot be loaded.
    """
    for library in ("torch", "transformers", "gguf", "accelerate"):
        if importlib.util.find_spec(library) is None:
            raise MissingExtraError(f"language model '{name}'", "lm")
    from sdscm.lm.backends.huggingface import HuggingFaceLM, check_device, folder_hash

    _check(name)
    check_device(device)
    check_precision(precision)
    sizes: dict[str, Any] = {"memory": memory, "batch_tokens": batch_tokens}
    if name in EMBEDDED or Path(name).is_dir():
        if revision is not None:
            raise InputError(
                f"revision '{revision}': only a Hugging Face id has revisions; '{name}' has one "
                "content; leave it out"
            )
        folder = EMBEDDED[name].folder() if name in EMBEDDED else Path(name)
        content = folder.name.rpartition("-")[2] if name in EMBEDDED else folder_hash(folder)
        id = name if name in EMBEDDED else folder.resolve().name

        def load() -> LanguageModel:
            return HuggingFaceLM.from_pretrained(
                str(folder), id=id, revision=content, device=device, precision=precision, **sizes
            )

        known = with_arithmetic(content, precision, device)
    else:
        model = HuggingFaceLM.from_pretrained(
            name, revision=revision, device=device, precision=precision, **sizes
        )
        id, known = model.id, model.revision

        def load() -> LanguageModel:
            return model

    # Scores of a content that nobody knows would be taken for those of the next one.
    if store is False or known.startswith(UNKNOWN_REVISION):
        return load()
    path = cache_folder() / "scores.sqlite" if store is True else Path(store)
    return StoredLM(load, id=id, revision=known, store=ScoreStore(path))


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
