"""The user's cache folder."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def cache_folder() -> Path:
    """Folder for converted models and scores; the variable ``SDSCM_CACHE`` moves it."""
    moved = os.environ.get("SDSCM_CACHE")
    return Path(moved) if moved else platformdirs.user_cache_path("sdscm", appauthor=False)
