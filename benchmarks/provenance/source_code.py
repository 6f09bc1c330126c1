"""Hashes of source code: of its syntax trees, without comments, docstrings and file names.

A new wording of a docstring, or a move of a definition to another file, changes no hash.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Collection, Iterable, Iterator
from copy import copy
from dataclasses import dataclass
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.provenance.hashing import digest, digest_bytes

#: Packages of this project. Their definitions are hashed, because their versions do not change with
#: each edit.
_PACKAGES = ("estimators", "sdscm", "benchmarks")
_Where = tuple[Path, str]


def code_of(where: str) -> str:
    """Hash a definition of the packages, with all definitions that it uses; see `reached`.

    Parameters
    ----------
    where
        ``module:name``; the module is not imported. A function ``fit_many`` of the module is
        included: it fits many datasets at once, and the class need not refer to it.
    """
    module, _, name = where.partition(":")
    file = _file_of(module)
    if file is None:
        raise ValueError(f"{where}: not in {', '.join(_PACKAGES)}")
    return digest(sorted(reached([(file, name), (file, "fit_many")]).items()))


def own_code_of(function: Callable[..., Any]) -> str:
    """Hash a function of the packages, without the definitions that it uses."""
    file = Path(inspect.getsourcefile(function) or "")
    return digest(_definition(file, function.__name__))


@cache
def code_of_function(function: Callable[..., Any]) -> str:
    """Hash a function or class of the packages with the definitions that it uses.

    Of a user's function or class the whole file is hashed.
    """
    if isinstance(function, partial):
        given = [repr(function.args), repr(sorted(function.keywords.items()))]
        return digest([code_of_function(function.func), *given])
    name = getattr(function, "__qualname__", type(function).__qualname__)
    try:
        file = Path(inspect.getsourcefile(inspect.unwrap(function)) or "")
    except TypeError:  # built into Python, or a callable object
        return code_behind(function)
    if not file.is_file():
        return digest(name)
    statement = _module(file).definitions.get(name) if _is_ours(file) else None
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        # Decorators register it, and do not change its result.
        bare = copy(statement)
        bare.decorator_list = []
        return digest([_bare(bare), sorted(reached(_used(file, bare)).items())])
    return digest([name, code_of_file(file), sorted(reached(_imported(file)).items())])


def code_behind(made: Any) -> str:
    """Hash the code of a user's estimator.

    The code is the files of its classes and of the function that it calls, and the definitions that
    these import from `estimators`.
    """
    trees, start = set(), list[_Where]()
    for thing in (*type(made).__mro__, getattr(made, "function", None)):
        try:
            file = Path(inspect.getsourcefile(thing) or "")  # type: ignore[arg-type]
        except TypeError:  # built into Python, or defined without a file
            continue
        if not file.is_file():
            continue
        if _is_ours(file):
            start.append((file, getattr(thing, "__name__", "")))
        else:
            trees.add(code_of_file(file))
            start += _imported(file)
    return digest([sorted(trees), sorted(reached(start).items())])


def code_of_file(file: Path) -> str:
    """Hash a Python file; its bytes, if it cannot be parsed."""
    return _code_of_text(file.read_bytes())


@cache
def _code_of_text(text: bytes) -> str:
    try:
        return digest_bytes(_bare(ast.parse(text)).encode())
    except (SyntaxError, ValueError):
        return digest_bytes(text)


def code_of_folder(folder: Path, leave_out: Collection[str] = ()) -> str:
    """Hash the Python files below a folder, without the named subfolders and modules."""
    return digest(
        sorted(
            code_of_file(path)
            for path in folder.rglob("*.py")
            if path.relative_to(folder).parts[0].removesuffix(".py") not in leave_out
        )
    )


def reached(start: Iterable[_Where]) -> dict[str, str]:
    """Find the code of definitions and of all that they use, by ``<stem of the file>.<name>``.

    Parameters
    ----------
    start
        Files of the packages and names in them; names that a file does not have are ignored.
    """
    found: dict[_Where, str] = {}
    waiting = list(start)
    while waiting:
        where = path, name = waiting.pop()
        if where in found:
            continue
        module = _module(path)
        if name in module.imports:
            origin, original = module.imports[name]
            file = _file_of(origin)
            if file is None:
                found[where] = f"{origin}:{original}"
            else:
                waiting.append((file, original))
        elif name in module.definitions:
            found[where] = _definition(path, name)
            waiting += _used(path, module.definitions[name])
    return {f"{path.stem}.{name}": code for (path, name), code in found.items()}


@dataclass(frozen=True)
class _Module:
    """Definitions of a file by name, and the module and original name of each imported name."""

    definitions: dict[str, ast.stmt]
    imports: dict[str, tuple[str, str]]


def _parsed(path: Path) -> _Module:
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


#: Cached for the packages, which do not change while a process runs. Files of users may change.
_module = cache(_parsed)


def _used(path: Path, tree: ast.AST) -> Iterator[_Where]:
    """Find the names that code of a file uses, and the members of modules that it imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield path, node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield from _member(_module(path), node.value.id, node.attr)


@cache
def _definition(path: Path, name: str) -> str:
    return _bare(_module(path).definitions[name])


def _names(statement: ast.stmt) -> Iterator[str]:
    """Find the names that a statement of a module binds."""
    if isinstance(statement, ast.ClassDef | ast.FunctionDef):
        yield statement.name
    elif isinstance(statement, ast.Assign | ast.AnnAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        for target in targets:
            yield from (node.id for node in ast.walk(target) if isinstance(node, ast.Name))


def _member(module: _Module, name: str, member: str) -> list[_Where]:
    """Find the definition of ``name.member``, if ``name`` is an imported module of the packages."""
    origin, original = module.imports.get(name, ("", ""))
    file = _file_of(f"{origin}.{original}" if original else origin)
    return [] if file is None else [(file, member)]


def _imported(file: Path) -> list[_Where]:
    """Find the definitions that a user's file imports from `estimators`.

    A file that cannot be parsed has none.
    """
    try:
        module, tree = _parsed(file), ast.parse(file.read_text(encoding="utf-8"))
    except (SyntaxError, ValueError):
        return []
    found = [(_file_of(origin), name) for origin, name in module.imports.values()]
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            found += _member(module, node.value.id, node.attr)
    ours = _folder("estimators")
    return [(file, name) for file, name in found if file and file.is_relative_to(ours)]


@cache
def _folder(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(package)
    return Path(spec.origin).parent


def _is_ours(file: Path) -> bool:
    return any(file.is_relative_to(_folder(package)) for package in _PACKAGES)


def _file_of(module: str) -> Path | None:
    """Find the file of a module of the packages; None for any other module."""
    top, *inside = module.split(".")
    if top not in _PACKAGES:
        return None
    place = _folder(top).joinpath(*inside)
    files = (place.with_suffix(".py") if inside else place / "__init__.py", place / "__init__.py")
    return next((file for file in files if file.is_file()), None)


def _bare(tree: ast.stmt | ast.Module) -> str:
    """Format a syntax tree as text, without docstrings and positions."""
    plain = ast.parse(ast.unparse(tree))
    nodes = list(ast.walk(plain))
    for node in nodes if isinstance(tree, ast.Module) else nodes[1:]:
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                node.body = node.body[1:]
        elif (
            isinstance(tree, ast.Module)
            and isinstance(node, ast.ImportFrom)
            and (node.module or "").partition(".")[0] in _PACKAGES
        ):
            node.module = ""
    return ast.dump(plain)
