"""What decides a method's numbers beside the data and the seed: code and versions."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import estimators
from benchmarks.hashing import digest
from benchmarks.versions import versions

_PACKAGE = Path(estimators.__file__).parent
#: What trains networks together; the class of the method does not name it.
_BATCHED = "fit_many"

_Where = tuple[Path, str]


@cache
def identity(method: str) -> str:
    """Hash of the code behind a registered estimator, and of the versions that matter.

    The code is that of its class and of every definition of `estimators` that it reaches by name,
    without docstrings and comments: a run of hours must survive a better sentence and an estimator
    that is added beside it, and nothing else. The harness's own key takes the whole folder.
    """
    made = type(estimators.get(method))
    file = Path(inspect.getfile(made))
    code = sorted(reached([(file, made.__name__), (file, _BATCHED)]).items())
    # With a letter before it no reader of CSV takes it for a number.
    return "i" + digest([method, code, versions(estimators.info(method).extra)])[:12]


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
