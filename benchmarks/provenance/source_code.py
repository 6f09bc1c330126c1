"""The code that definitions of `estimators` reach by name: what decides an estimator's numbers.

A key of it survives a better sentence and an estimator that is added beside, and nothing else: for
runs of hours. The harness's own key takes the whole folder.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import estimators

_PACKAGE = Path(estimators.__file__).parent

_Where = tuple[Path, str]


def reached(start: Iterable[_Where]) -> dict[str, str]:
    """Code of definitions and of all that they name, by module and name.

    Parameters
    ----------
    start
        Files of the package and names in them; names that a file does not have are passed over.
    """
    found: dict[str, str] = {}
    waiting = list(start)
    while waiting:
        path, name = waiting.pop()
        module = _module(path)
        label = f"{path.stem}.{name}"
        if label in found:
            continue
        if name in module.imports:
            origin, original = module.imports[name]
            file = _file_of(origin)
            if file is None:
                found[label] = f"{origin}:{original}"
            else:
                waiting.append((file, original))
        elif name in module.definitions:
            statement = module.definitions[name]
            found[label] = _bare(statement)
            waiting += [
                (path, node.id) for node in ast.walk(statement) if isinstance(node, ast.Name)
            ]
    return found


@dataclass(frozen=True)
class _Module:
    """The definitions of a file by name, and of imported names the module and the name there."""

    definitions: dict[str, ast.stmt]
    imports: dict[str, tuple[str, str]]


@cache
def _module(path: Path) -> _Module:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    definitions = {name: statement for statement in tree.body for name in _names(statement)}
    imports: dict[str, tuple[str, str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                imports[alias.asname or alias.name] = (node.module or "", alias.name)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                imports[alias.asname or alias.name.partition(".")[0]] = (alias.name, "")
    return _Module(definitions, imports)


def _names(statement: ast.stmt) -> Iterator[str]:
    """The names that a statement of a module binds."""
    if isinstance(statement, ast.ClassDef | ast.FunctionDef):
        yield statement.name
    elif isinstance(statement, ast.Assign | ast.AnnAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        for target in targets:
            yield from (node.id for node in ast.walk(target) if isinstance(node, ast.Name))


def _file_of(module: str) -> Path | None:
    """The file of a module of the package; None for any other module."""
    top, *inside = module.split(".")
    file = _PACKAGE.joinpath(*inside).with_suffix(".py") if inside else _PACKAGE / "__init__.py"
    return file if top == _PACKAGE.name and file.is_file() else None


def _bare(statement: ast.stmt) -> str:
    """The code of a statement without comments and docstrings."""
    copy = ast.parse(ast.unparse(statement))
    for node in ast.walk(copy):
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            first = node.body[0]
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                node.body = node.body[1:]
    return ast.dump(copy)
