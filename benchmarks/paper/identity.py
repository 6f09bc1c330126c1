"""What decides a method's numbers beside the data and the seed: code and versions."""

from __future__ import annotations

import ast
import inspect
from functools import cache
from pathlib import Path
from typing import Any

import estimators
from benchmarks.hashing import digest
from benchmarks.versions import versions

_PACKAGE = Path(estimators.__file__).parent


@cache
def identity(method: str) -> str:
    """Hash of the code behind a registered estimator, and of the versions that matter.

    The code is that of its classes and of every module of `estimators` that they import, without
    docstrings and comments: a run of hours must survive a better sentence, and nothing else. The
    harness's own key takes the whole folder, where any new estimator would end the run.
    """
    made = estimators.get(method)
    files: set[Path] = set()
    for parent in type(made).__mro__:
        if parent.__module__.startswith(f"{_PACKAGE.name}."):
            _collect(Path(inspect.getfile(parent)), files)
    code = [[path.name, _bare(path)] for path in sorted(files)]
    # With a letter before it no reader of CSV takes it for a number.
    return "i" + digest([method, code, versions(estimators.info(method).extra)])[:12]


def _collect(path: Path, files: set[Path]) -> None:
    """Add a module of the package and all modules of it that it imports."""
    if path in files:
        return
    files.add(path)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(_PACKAGE.name):
            inside = (node.module or "").split(".")[1:]
            module = _PACKAGE.joinpath(*inside).with_suffix(".py") if inside else None
            if module is not None and module.is_file():
                _collect(module, files)


def _bare(path: Path) -> str:
    tree: Any = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            first = node.body[0] if node.body else None
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                node.body = node.body[1:]
    return ast.dump(tree)
