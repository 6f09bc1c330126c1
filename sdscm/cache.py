"""The user's cache folder."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from sdscm.errors import InputError


def cache_folder() -> Path:
    """Folder for converted models and scores, made if need be; ``SDSCM_CACHE`` moves it.

    Raises
    ------
    InputError
        If it cannot be made.
    """
    moved = os.environ.get("SDSCM_CACHE")
    folder = Path(moved) if moved else platformdirs.user_cache_path("sdscm", appauthor=False)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"the cache folder '{folder}' cannot be made ({error.strerror}); set the variable "
            "SDSCM_CACHE to a folder that can be written to"
        ) from None
    return folder
