"""The Hugging Face hub, and the messages of its libraries."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError
from transformers.utils import logging as transformers_logging


def hub_answers(name: str) -> bool:
    """True if the hub can be reached; offline, transformers would retry for almost a minute."""
    try:
        HfApi().model_info(name, timeout=10)
    except (HfHubHTTPError, ValueError):
        return True  # it answered, if only that the model is unknown
    except Exception:  # the errors depend on the version of huggingface_hub
        return False
    return True


def reason_of(error: Exception) -> str:
    """The first line of an error's message, or its kind if it has none.

    The next line is added if the first one announces it.
    """
    if isinstance(error, KeyError):
        return f"a file lacks the key {error}"
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if not lines:
        return type(error).__name__
    return " ".join(lines[: 2 if lines[0].endswith(":") else 1]).rstrip(".:")


@contextmanager
def without_bars() -> Iterator[None]:
    """Switch off progress bars and advice of transformers."""
    verbosity = transformers_logging.get_verbosity()
    bars = transformers_logging.is_progress_bar_enabled()
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    try:
        yield
    finally:
        transformers_logging.set_verbosity(verbosity)
        if bars:
            transformers_logging.enable_progress_bar()
