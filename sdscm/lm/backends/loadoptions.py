"""Options of a language model that this process loads with ``transformers``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from typing import Any

from sdscm.errors import InputError, MissingExtraError
from sdscm.lm.precision import Precision, check_precision, with_arithmetic
from sdscm.lm.registry import LMOptions

#: Meaning of the options beside those of `sdscm.load_lm`.
OPTIONS = {
    "device_map": "devices of the parts of the model: auto, a device, or JSON of parts and devices",
    "quantize": "bits of the weights of linear layers, 8 or 4 (bitsandbytes)",
    "adapter": "PEFT adapter that is added to the weights: a folder or a Hugging Face id",
}
_STRATEGIES = ("auto", "balanced", "balanced_low_0", "sequential")


@dataclass(frozen=True)
class LoadOptions:
    """Where a model is loaded, and what is changed on the way; see `OPTIONS`."""

    device: str = "cpu"
    precision: Precision = "float32"
    device_map: str | None = None
    quantize: str | None = None
    adapter: str | None = None

    @classmethod
    def of(cls, options: LMOptions) -> LoadOptions:
        """The options that a user gave."""
        return cls(options.device, options.precision, **options.more)

    @property
    def given(self) -> dict[str, str]:
        """The options of `OPTIONS` that are set."""
        return {name: getattr(self, name) for name in OPTIONS if getattr(self, name) is not None}

    @property
    def libraries(self) -> list[str]:
        """The libraries that these options need."""
        return ["peft"] * (self.adapter is not None) + ["bitsandbytes"] * (
            self.quantize is not None
        )

    @cached_property
    def placement(self) -> Any:
        """The ``device_map`` of ``from_pretrained``; None to load on the CPU and move."""
        if self.device_map is None:
            # A quantised model cannot be moved.
            return None if self.quantize is None else {"": self.device}
        if not self.device_map.lstrip().startswith("{"):
            return self.device_map
        try:
            return json.loads(self.device_map)
        except json.JSONDecodeError as error:
            raise InputError(
                f"device_map '{self.device_map}' is not JSON ({error}); write for example "
                '{"model.embed_tokens": "cuda:0", ...}'
            ) from None

    def check(self) -> None:
        """Raise an InputError for options that exclude each other or cannot be used here."""
        check_precision(self.precision)
        if self.quantize not in (None, "8", "4"):
            raise InputError(f"quantize '{self.quantize}': choose 8 or 4")
        if self.quantize is not None and self.precision == "float64":
            raise InputError(
                f"quantize '{self.quantize}' and precision float64: choose float32, since the "
                "weights are rounded"
            )
        for library in self.libraries:
            if find_spec(library) is None:
                option = "adapter" if library == "peft" else "quantize"
                raise MissingExtraError(f"the option {option}", "large")
        if self.device_map is not None and self.device != "cpu":
            raise InputError(
                f"device_map '{self.device_map}' and device '{self.device}': give one of them"
            )
        for device in {self.device, *self._devices}:
            check_device(device)

    def revision(self, content: str) -> str:
        """Revision of a model of this content with these options."""
        marks = [content]
        if self.adapter is not None:
            from sdscm.lm.backends.adapters import adapter_mark

            marks.append(adapter_mark(self.adapter))
        if self.quantize is not None:
            marks.append(f"{self.quantize}bit")
        return with_arithmetic("+".join(marks), self.precision, self._arithmetic)

    @property
    def _devices(self) -> list[str]:
        """The devices that ``device_map`` names."""
        if isinstance(self.placement, dict):
            return sorted({str(device) for device in self.placement.values()} - {"disk"})
        return [] if self.placement in (None, *_STRATEGIES) else [self.placement]

    @property
    def _arithmetic(self) -> str:
        """Name of the devices that compute."""
        if self.device_map is None:
            return self.device
        if self.device_map not in _STRATEGIES:
            return ",".join(self._devices) or "cpu"
        import torch

        accelerator = torch.accelerator.current_accelerator()
        return "cpu" if accelerator is None else f"{self.placement}-{accelerator.type}"


def check_device(device: str) -> None:
    """Raise an InputError if the device cannot be used."""
    import torch

    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise InputError(
            f"device '{device}' cannot be used here ({reason}); leave it out for the CPU"
        ) from None
