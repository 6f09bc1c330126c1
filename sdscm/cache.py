"""The user's cache folder."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from sdscm.errors import InputError


def cache_folder() -> Path:
    """Folder for converted models and scores; ``SDSCM_CACHE`` overrides it. Created if missing.

    Raises
    ------
    InputError
        If it cannot be created.
    """
    moved = os.environ.get("SDSCM_CACHE")
    folder = Path(moved) if moved else platformdirs.user_cache_path("sdscm", appauthor=False)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"the cache folder '{folder}' cannot be created ({error.strerror}); set the variable "
            "SDSCM_CACHE to a writable folder"
        ) from None
    return folder
