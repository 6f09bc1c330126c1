"""Load models and tokenizers with ``transformers``, and refuse what its files do not hold."""

from __future__ import annotations

import hashlib
import warnings
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from sdscm.errors import InputError
from sdscm.lm.backends.adapters import with_adapter
from sdscm.lm.backends.hub import hub_answers, reason_of, without_bars
from sdscm.lm.backends.loadcheck import (
    LoadError,
    UnusedWeightsError,
    check_model,
    check_weights,
    load_tokenizer,
)
from sdscm.lm.backends.loadoptions import LoadOptions
from sdscm.lm.backends.quantized import multiply_exactly, quantization
from sdscm.lm.engine.attention import input_device
from sdscm.lm.engine.float64 import keep_float64
from sdscm.lm.engine.products import products


def load_pretrained(
    name: str,
    options: LoadOptions,
    *,
    revision: str | None = None,
    strict: bool = False,
    tokenizer: Any = None,
) -> tuple[Any, Any]:
    """A model in evaluation mode and its tokenizer; see ``HuggingFaceLM.from_pretrained``.

    Raises
    ------
    InputError
        If they cannot be found or loaded, or must not be used.
    """
    options.check()
    folder = Path(name) if Path(name).is_dir() else None
    source: dict[str, Any] = {"trust_remote_code": False}  # else transformers asks the user
    if folder is None and revision is not None:
        source["revision"] = revision
    if folder is not None or not hub_answers(name):
        source["local_files_only"] = True
    dtype = getattr(torch, options.precision.removesuffix("-fast"))
    try:
        with without_bars(), keep_float64(dtype):
            _check_no_adapter(folder)
            if tokenizer is None:
                tokenizer = load_tokenizer(AutoTokenizer, name, source)
            model, report = _load(name, options, dtype, source)
            try:
                check_weights(report, model)
            except UnusedWeightsError as error:
                if strict:
                    raise
                warnings.warn(f"language model '{name}': {error}", stacklevel=3)
            if options.adapter is not None:
                model = with_adapter(model, options.adapter)
        model = model.eval()
        with products(input_device(model), options.precision):
            check_model(model, window_of(model))
    except InputError:
        raise
    except Exception as error:  # its kind depends on transformers, torch and the files
        raise InputError(cannot_load(name, error, options)) from error
    return model, tokenizer


def _load(
    name: str, options: LoadOptions, dtype: torch.dtype, source: dict[str, Any]
) -> tuple[Any, dict[str, Any]]:
    """The model on its devices, and what transformers says of its weights."""
    more: dict[str, Any] = {}
    if options.placement is not None:
        more["device_map"] = options.placement
    if options.quantize is not None:
        more["quantization_config"] = quantization(options.quantize, dtype)
    loaded: Any = AutoModelForCausalLM.from_pretrained(
        name,
        dtype=dtype,
        output_loading_info=True,
        ignore_mismatched_sizes=True,  # `check_weights` refuses them by name
        **more,
        **source,
    )
    model, report = loaded
    if getattr(model, "_hf_peft_config_loaded", False):
        raise LoadError("it is an adapter; name its base model, and set the option adapter to it")
    if getattr(model, "quantization_method", None) == "bitsandbytes":
        multiply_exactly(model)
    return (model.to(options.device) if not more else model), report


def _check_no_adapter(folder: Path | None) -> None:
    """Raise a LoadError for a folder with an adapter, which only some versions would load."""
    if folder is not None and (folder / "adapter_config.json").exists():
        raise LoadError(
            "an adapter lies in its folder and is not in use; move its files to another folder, "
            "and set the option adapter to that folder"
        )


def window_of(model: Any) -> int | None:
    """Largest number of tokens of a text, if the model's configuration has it."""
    config = model.config.get_text_config()
    for name in ("max_position_embeddings", "n_positions", "max_seq_len"):
        size = getattr(config, name, None)
        if isinstance(size, int) and size > 0:
            return size
    return None


def cannot_load(name: str, error: Exception, options: LoadOptions | None = None) -> str:
    """The message for a model that cannot be loaded."""
    given = "" if options is None else ", ".join(options.given)
    return (
        f"language model '{name}' cannot be loaded ({reason_of(error)}); "
        f"{f'leave out {given}, or ' if given else ''}give the name "
        "of an embedded model (see: sdscm lm), a Hugging Face id that can be reached, or "
        "the path of a folder that save_pretrained wrote"
    )


def local_tokenizer(folder: Path) -> Any:
    """The tokenizer in a folder.

    Raises
    ------
    InputError
        If it cannot be loaded.
    """
    source = {"local_files_only": True, "trust_remote_code": False}
    try:
        with without_bars():
            return load_tokenizer(AutoTokenizer, str(folder), source)
    except Exception as error:  # its kind depends on transformers and the files
        raise InputError(cannot_load(str(folder), error)) from error


def folder_hash(folder: Path) -> str:
    """Hash of a local model's files, 32 hexadecimal digits."""
    digest = hashlib.blake2b(digest_size=16)
    for file in sorted(folder.glob("*")):
        if file.is_file():
            digest.update(file.name.encode())
            with file.open("rb") as content:
                digest.update(hashlib.file_digest(content, "blake2b").digest())
    return digest.hexdigest()
