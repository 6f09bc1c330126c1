"""Keep what the build has run: a run is repeated only if its source or the packages change."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TypeVar

from sdscm.files import put_atomically

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "build" / "cache"

Kept = TypeVar("Kept")


def kept(source: bytes, make: Callable[[], Kept]) -> Kept:
    """Return what ``make`` makes from the source, from the cache if it is there."""
    path = FOLDER / hashlib.sha256(_code() + source).hexdigest()
    if not path.exists():
        put_atomically(path, pickle.dumps(make()))  # a killed build leaves no half file
    return pickle.loads(path.read_bytes())


@cache
def _code() -> bytes:
    """Hash all files that decide results: the packages, their data, and the pins."""
    found = hashlib.sha256((ROOT / "constraints.txt").read_bytes())
    folders = [ROOT / name for name in ("sdscm", "estimators", "benchmarks")]
    scripts = [Path(__file__).with_name(f"{name}.py") for name in ("gallery", "notebooks")]
    for path in [*scripts, *(path for folder in folders for path in sorted(folder.rglob("*")))]:
        if path.suffix in (".py", ".yaml", ".csv", ".parquet", ".j2", ".css", ".js"):
            found.update(path.read_bytes())
    return found.digest()
