"""What the latest run of a folder was about: enough to make its board again."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from benchmarks.datasets.source import Source
from benchmarks.execution.cells import Cell
from benchmarks.execution.methods import Method
from benchmarks.metrics.registry import UnknownMetricError
from benchmarks.provenance.hashing import digest
from benchmarks.suite.loading import load_suite
from benchmarks.suite.model import Suite
from sdscm.errors import InputError
from sdscm.files import put_atomically

_FORMAT = 1
_NAME = "run.json"


class NoRunError(InputError):
    """The folder holds no run."""


@dataclass(frozen=True)
class MethodInfo:
    """What a board says of an estimator beside its scores."""

    label: str
    family: str
    estimand: str
    oracle: bool

    @classmethod
    def of(cls, method: Method) -> MethodInfo:
        return cls(method.label, method.family, method.estimand, method.oracle)


@dataclass(frozen=True)
class Manifest:
    """The suite, data, estimators and cells of a run, in order.

    Attributes
    ----------
    suite, origin
        The suite, and how the user named it.
    command
        What makes the board again.
    sources, methods, cells
        See `Source`, `MethodInfo` and `Cell`.
    """

    suite: Suite
    origin: str
    command: str
    sources: tuple[Source, ...]
    methods: tuple[MethodInfo, ...]
    cells: tuple[Cell, ...]

    def write(self, folder: Path) -> None:
        """Write it to a run folder."""
        content: dict[str, Any] = {
            "format": _FORMAT,
            "suite": self.suite.model_dump(mode="json"),
            "origin": self.origin,
            "command": self.command,
            "sources": [asdict(source) for source in self.sources],
            "methods": [asdict(method) for method in self.methods],
            "cells": [asdict(cell) for cell in self.cells],
        }
        content["digest"] = digest(content)
        put_atomically(folder / _NAME, json.dumps(content, indent=1, ensure_ascii=False))

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Read it from a run folder.

        Raises
        ------
        NoRunError
            If there is no run.
        InputError
            If its file is damaged, or its suite names a metric of a plugin that is not here.
        """
        path = folder / _NAME
        damaged = InputError(f"{path}: damaged or of another version; run the suite again")
        try:
            content = json.loads(path.read_bytes())
            stated = content.pop("digest")
            if digest(content) != stated or content["format"] != _FORMAT:
                raise damaged
            return cls(
                suite=Suite.model_validate(content["suite"]),
                origin=content["origin"],
                command=content["command"],
                sources=tuple(Source(**source) for source in content["sources"]),
                methods=tuple(MethodInfo(**method) for method in content["methods"]),
                cells=tuple(Cell(**cell) for cell in content["cells"]),
            )
        except FileNotFoundError:
            raise NoRunError(f"{folder}: no run here; run the suite first") from None
        except ValidationError as error:
            problems = [each.get("ctx", {}).get("error") for each in error.errors()]
            unknown = [each for each in problems if isinstance(each, UnknownMetricError)]
            if not unknown:
                raise damaged from None
            raise InputError(
                f"{path}: unknown metric '{unknown[0].name}'; name the file that registers it "
                "with --plugin"
            ) from None
        except (ValueError, KeyError, TypeError, AttributeError):
            raise damaged from None


def folder_of(suite: Suite | str | Path, runs_dir: str | Path = "runs") -> Path:
    """The folder of a suite's records; of a suite that is not there any more, too."""
    if isinstance(suite, Suite):
        return Path(runs_dir) / suite.name
    is_file = Path(suite).suffix in (".yaml", ".yml")
    return Path(runs_dir) / (load_suite(suite).name if is_file else str(suite))
