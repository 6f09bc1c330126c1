"""Adapters of PEFT: their files, their hash, and their weights in a model."""

from __future__ import annotations

import hashlib
import warnings
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import snapshot_download

from sdscm.errors import InputError
from sdscm.lm.backends.hub import hub_answers, reason_of
from sdscm.lm.backends.loadcheck import LoadError, probe_logits

_CONFIG = "adapter_config.json"
#: Largest change of a logit by merging, in standard deviations of all logits. 16-bit weights round.
_TOLERANCE = {torch.float64: 1e-6, torch.float32: 1e-3}
_COARSE = 0.2


def adapter_folder(name: str) -> Path:
    """Folder of an adapter; one of the Hugging Face hub is downloaded.

    Raises
    ------
    InputError
        If there is none.
    """
    folder = Path(name)
    if not folder.is_dir():
        try:
            found = snapshot_download(
                name,
                allow_patterns=[_CONFIG, "adapter_model.*"],
                local_files_only=not hub_answers(name),
            )
        except Exception as error:  # its kind depends on the version of huggingface_hub
            raise InputError(
                f"adapter '{name}' cannot be found ({reason_of(error)}); give the path of a folder "
                "that PEFT wrote, or a Hugging Face id that can be reached"
            ) from error
        folder = Path(found)
    if not (folder / _CONFIG).exists():
        raise InputError(f"adapter '{name}' has no {_CONFIG}; give a folder that PEFT wrote")
    return folder


def adapter_mark(name: str) -> str:
    """Name and content hash of an adapter, for the revision of a model."""
    digest = hashlib.blake2b(digest_size=8)
    for file in sorted(adapter_folder(name).glob("adapter_*")):
        digest.update(file.name.encode())
        with file.open("rb") as content:
            digest.update(hashlib.file_digest(content, "blake2b").digest())
    return f"{Path(name).resolve().name}-{digest.hexdigest()}"


def with_adapter(model: Any, name: str) -> Any:
    """A model with the weights of an adapter, merged unless the model is quantised.

    Raises
    ------
    LoadError
        If the adapter changes no weights, or if its weights are not those that the model expects.
    """
    try:
        return _with_adapter(model, adapter_folder(name))
    except InputError:
        raise
    except Exception as error:  # its kind depends on peft and the files
        raise LoadError(f"adapter '{name}': {reason_of(error)}") from error


def _with_adapter(model: Any, folder: Path) -> Any:
    from peft import PeftConfig, PeftModel

    kind = PeftConfig.from_pretrained(str(folder))
    if kind.is_prompt_learning or kind.is_adaption_prompt:
        raise LoadError(
            f"its kind {kind.peft_type.value} adds tokens and changes no weights; take one of "
            "another kind, such as LoRA"
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what is an error below
        adapted = PeftModel.from_pretrained(model, str(folder)).eval()
        # Only this call returns what was left out. It loads the same weights again.
        report = adapted.load_adapter(str(folder), adapted.active_adapter)
        adapted.eval()
        _check_keys(report.missing_keys, "lacks the weights {}")
        _check_keys(
            report.unexpected_keys, "holds the weights {}, for which the model has no place"
        )
        if getattr(model, "is_quantized", False):
            return adapted.get_base_model()
        before = probe_logits(adapted.get_base_model())
        merged = adapted.merge_and_unload()
    after = probe_logits(merged)
    tolerance = _TOLERANCE.get(merged.dtype, _COARSE) * float(before.std())
    if not (after - before).abs().max() <= tolerance:
        raise LoadError(
            "it cannot be merged: the scores change, as with an adapter of tied embeddings"
        )
    return merged


def _check_keys(keys: list[str], sentence: str) -> None:
    if keys:
        more = f" and {len(keys) - 1} more" if len(keys) > 1 else ""
        raise LoadError(f"it {sentence.format(sorted(keys)[0] + more)}; it may be of another model")
