"""Describe the place of a problem in a spec, with the names of its file."""

from __future__ import annotations

from typing import Any

from sdscm.validation import KeyPath


def place_in_spec(path: KeyPath, data: Any) -> str:
    """The place of a key as ``variable 'drug': 'phrasings' number 2 ``."""
    path, subject = list(path), ""
    if len(path) >= 2 and path[0] == "variables" and isinstance(path[1], int):
        entry = data["variables"][path[1]]
        name = entry.get("name") if isinstance(entry, dict) else None
        named = isinstance(name, str) and name.strip()
        subject = f"variable {repr(name) if named else f'number {path[1] + 1}'}: "
        path = path[2:]
    key = f"{path[0]!r} " if path else ""
    number = f"number {path[1] + 1} " if len(path) > 1 and isinstance(path[1], int) else ""
    return subject + key + number
