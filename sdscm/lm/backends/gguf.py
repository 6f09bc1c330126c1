"""Language models in a GGUF file: ``gguf:PATH``.

The weights are dequantised once, into a folder of the user's cache, and the packed engine scores
them there. That is faster by far than llama.cpp, which takes a request for each scored token.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import io
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sdscm.cache import cache_folder
from sdscm.errors import InputError, MissingExtraError
from sdscm.lm.backends.loadoptions import OPTIONS
from sdscm.lm.registry import LMOptions, ModelHandle, register_lm

#: Version of the conversion, a part of the identity of the model. Increase it with each change of
#: `_convert`, so that no folder of an old conversion is used.
_CONVERSION = 2


def converted(file: Path, name: str) -> Path:
    """Folder of a model in safetensors in the user's cache, converted at the first call.

    Loading a GGUF file dequantises it each time (about 15 s for 135 million parameters); the
    converted copy loads in under 2 s. The name of the folder holds a hash of the file and of the
    version of the conversion.
    """
    with file.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256")
    digest.update(f"conversion {_CONVERSION}".encode())
    folder = cache_folder() / "models" / f"{name}-{digest.hexdigest()[:16]}"
    if not (folder / "config.json").exists():
        _convert(file, folder)
    return folder


def converted_handle(folder: Callable[[], Path], name: str, options: LMOptions) -> ModelHandle:
    """The model in the folder that a function converts, under a name."""
    for library in ("gguf", "accelerate", "torch", "transformers"):
        if importlib.util.find_spec(library) is None:
            raise MissingExtraError(f"language model '{name}'", "lm")
    from sdscm.lm.backends.huggingface import folder_handle

    found = folder()
    content = found.name.rpartition("-")[2]
    return folder_handle(found, name, content, options, selftests=found / "selftests")


@register_lm(
    "gguf",
    summary="a GGUF file, dequantised into the cache",
    needs=("torch", "transformers", "gguf", "accelerate"),
    options=OPTIONS,
)
def open_model(name: str, options: LMOptions) -> ModelHandle:
    """A model by the path of its GGUF file."""
    file = Path(name)
    if not file.is_file():
        raise InputError(f"language model 'gguf:{name}': no such file")
    return converted_handle(lambda: converted(file, file.stem), file.stem, options)


def _convert(file: Path, folder: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    splits = _splits_digits(file)
    folder.parent.mkdir(parents=True, exist_ok=True)
    source: dict[str, Any] = {"gguf_file": file.name}
    try:
        with contextlib.redirect_stderr(io.StringIO()):  # progress bars of transformers
            model: Any = AutoModelForCausalLM.from_pretrained(
                file.parent, dtype=torch.float32, **source
            )
            tokenizer = AutoTokenizer.from_pretrained(file.parent, **source)
    except Exception as error:  # its kind depends on transformers and the file
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise InputError(
            f"{file}: transformers cannot read this model ({reason[:120]}); start a llama.cpp "
            "server with it, and name that: llamacpp+http://host:port"
        ) from error
    if splits:
        _split_digits(tokenizer.backend_tokenizer)
    # The saved weights are dequantised: the loader must not look for a quantiser.
    model.hf_quantizer = None
    model.is_quantized = False
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            model.save_pretrained(temporary)
            tokenizer.save_pretrained(temporary)
        try:
            temporary.rename(folder)
        except OSError:
            if not (folder / "config.json").exists():  # otherwise another process was first
                raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _splits_digits(file: Path) -> bool:
    """True if the file's tokenizer splits numbers into digits, as SmolLM's does.

    transformers uses the pattern of GPT-2 for each file, so that others would be read wrongly.
    """
    from gguf import GGUFReader

    try:
        reader = GGUFReader(file)
    except Exception as error:  # its kind depends on gguf and the file
        raise InputError(
            f"{file}: not a GGUF file ({type(error).__name__}); give a .gguf file"
        ) from error
    field = reader.get_field("tokenizer.ggml.pre")
    name = None if field is None else field.contents()
    if name not in ("smollm", "gpt-2"):
        raise InputError(
            f"{file}: its pre-tokenizer is '{name}', and only 'smollm' and 'gpt-2' are supported; "
            "start a llama.cpp server with this file, and name that: llamacpp+http://host:port"
        )
    return name == "smollm"


def _split_digits(tokenizer: Any) -> None:
    from tokenizers.pre_tokenizers import Digits, Sequence

    tokenizer.pre_tokenizer = Sequence([Digits(individual_digits=True), tokenizer.pre_tokenizer])
