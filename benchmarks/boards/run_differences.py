"""List the differences between the suites and the library versions of two runs, one line each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any


def suite_differences(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> Iterator[str]:
    """List the keys of two suites whose values differ, except the names and the methods.

    If one suite lacks an entry, only the entry's name is listed.
    """
    if before is None or after is None:
        return
    first, second = dict(_flat(before, "")), dict(_flat(after, ""))
    for key in dict.fromkeys([*first, *second]):
        entry = re.match(r"(.*\])\.", key)
        in_both = entry is None or (entry[1] in first and entry[1] in second)
        is_name = key in ("name", "title") or re.fullmatch(r"estimators\[[^]]*\]", key)
        if in_both and not is_name and first.get(key) != second.get(key):
            texts = ("nothing" if each.get(key) is None else each[key] for each in (first, second))
            yield f"suite, {key}: {' -> '.join(map(str, texts))}"


def _flat(value: Any, key: str) -> Iterator[tuple[str, Any]]:
    """Flatten nested values; the key of a list's entry contains its name, not its position."""
    if isinstance(value, Mapping) and value:
        for name, inner in value.items():
            yield from _flat(inner, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list) and value and all(isinstance(each, Mapping) for each in value):
        for each in value:
            title = each.get("label") or each.get("name") or each.get("scenario")
            yield f"{key}[{title}]", "there"
            for name, inner in each.items():
                yield from _flat(inner, f"{key}[{title}].{name}")
    else:
        yield key, value


def version_differences(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    """List the libraries whose versions differ; empty if the versions of a run are not known."""
    if before and after:
        for library in sorted({*before, *after}):
            if before.get(library) != after.get(library):
                texts = (each.get(library, "not used") for each in (before, after))
                yield f"{library} {' -> '.join(texts)}"
