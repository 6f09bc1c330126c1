"""Keep the answer of each cell as a JSON file, written whole."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic

from benchmarks.provenance.hashing import digest
from benchmarks.provenance.versions import version_of, versions
from benchmarks.tasks.runner import Answer, Outcome
from sdscm.files import put_atomically


def library_versions(*others: str) -> dict[str, str]:
    """Versions of the libraries that decide answers, and those of other packages."""
    return versions() | {name: version_of(name) or "not installed" for name in others}


@dataclass(frozen=True)
class AnswerFormat(Generic[Answer]):
    """Write answers as fields of a JSON object, and read them from it.

    Attributes
    ----------
    to_json
        Function from an answer to its fields.
    from_json
        Function from the whole object to the answer. It raises ValueError, LookupError or
        TypeError if a field is damaged.
    """

    to_json: Callable[[Answer], Mapping[str, Any]]
    from_json: Callable[[Mapping[str, Any]], Answer]


@dataclass(frozen=True)
class RecordFile(Generic[Answer]):
    """The file of a cell. Its place says which cell it is; ``key`` hashes what decides the answer.

    A record of another key is stale and is written again. So is one that is not ``ok``.
    """

    path: Path
    key: str
    form: AnswerFormat[Answer]

    @classmethod
    def of(
        cls, path: Path, deciding: Sequence[Any], form: AnswerFormat[Answer]
    ) -> RecordFile[Answer]:
        """Make the record of a cell; ``deciding``: all that decides the answer, as JSON values."""
        return cls(path, digest(list(deciding)), form)

    def read(self) -> Outcome[Answer] | None:
        """Return the stored outcome; None if there is none that counts."""
        try:
            stored = json.loads(self.path.read_text(encoding="utf-8"))
            if stored["key"] != self.key or stored["status"] != "ok":
                return None
            return Outcome("ok", "", self.form.from_json(stored), float(stored["seconds"]))
        except (OSError, ValueError, LookupError, TypeError):  # missing, or damaged
            return None

    def write(self, outcome: Outcome[Answer], facts: Mapping[str, Any]) -> None:
        """Store an outcome, with facts for readers of the file."""
        content: dict[str, Any] = {"key": self.key, **facts, "status": outcome.status}
        if outcome.answer is None:
            content["reason"] = outcome.reason
        else:
            content |= {"seconds": outcome.seconds, **self.form.to_json(outcome.answer)}
        put_atomically(self.path, json.dumps(content, ensure_ascii=False) + "\n")
