"""Conventions of the code that no linter checks."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted(
    path for name in ("sdscm", "estimators", "benchmarks") for path in (ROOT / name).rglob("*.py")
)
_READING = ("replace", "startswith", "endswith", "find", "index", "removeprefix")


def is_error_text(node: ast.AST) -> bool:
    """Tell if an expression is ``str(error)``, or ``error.args[0]``."""
    code = ast.unparse(node)
    return bool(
        re.fullmatch(r"str\((error|exc|problem|err)(\.\w+)*\)|(error|exc)\.args\[0\]", code)
    )


def readings(code: str) -> Iterator[int]:
    """List the lines of code that decide by the text of an error."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Compare):
            found = any(map(is_error_text, [node.left, *node.comparators]))
        elif isinstance(node, ast.Call):
            method = node.func
            found = isinstance(method, ast.Attribute) and (
                (method.attr in _READING and is_error_text(method.value))
                or (ast.unparse(method).startswith("re.") and any(map(is_error_text, node.args)))
            )
        else:
            found = False
        if found:
            yield node.lineno


@pytest.mark.parametrize(
    "code",
    [
        'if "no run" in str(error): ...',
        'str(error).replace("a", "b")',
        're.search("a", str(error))',
    ],
)
def test_the_check_finds_what_it_looks_for(code):
    assert list(readings(code)) == [1]


def test_no_code_decides_by_the_text_of_an_error():
    """The class of an error tells what happened; its text is for people."""
    found = [f"{path}:{line}" for path in FILES for line in readings(path.read_text())]
    assert found == []


def test_messages_say_is_not_a():
    words = re.compile(
        r"(?:is|are) no (?:variable|value|number|spec|method|metric|covariate|file)\b"
    )
    found = [str(path) for path in FILES if words.search(path.read_text())]
    assert found == []
