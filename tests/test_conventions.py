"""Conventions of the code that no linter checks."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted(
    path for name in ("sdscm", "estimators", "benchmarks") for path in (ROOT / name).rglob("*.py")
)
_READING = ("replace", "startswith", "endswith", "find", "index", "removeprefix")


def is_error_text(node: ast.AST) -> bool:
    """Tell if an expression is ``str(error)`` or ``error.args[0]``."""
    names = r"(error|exc|exception|problem)(\.\w+)?"
    return bool(re.fullmatch(rf"str\({names}\)|{names}\.args\[0\]", ast.unparse(node)))


def reads_error_text(node: ast.AST) -> bool:
    """Tell if an expression compares, searches or changes the text of an error."""
    if isinstance(node, ast.Compare):
        return any(map(is_error_text, [node.left, *node.comparators]))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if ast.unparse(node.func.value) == "re":
            return any(map(is_error_text, node.args))
        return node.func.attr in _READING and is_error_text(node.func.value)
    return False


def lines_that_read_errors(code: str) -> list[int]:
    return [node.lineno for node in ast.walk(ast.parse(code)) if reads_error_text(node)]


@pytest.mark.parametrize(
    "code",
    [
        'if "no run" in str(error): ...',
        'str(error).replace("a", "b")',
        're.search("a", str(error))',
    ],
)
def test_the_check_finds_what_it_looks_for(code):
    assert lines_that_read_errors(code) == [1]


def test_no_code_decides_by_the_text_of_an_error():
    """The class of an error tells what happened; its text is for people."""
    found = {path.name: lines_that_read_errors(path.read_text()) for path in FILES}
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_tests_that_run_together_exist():
    """A renamed file or test would leave its group without notice."""
    conftest = ast.parse((ROOT / "tests" / "conftest.py").read_text())
    (together,) = (
        ast.literal_eval(node.value)
        for node in conftest.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_TOGETHER"
    )
    assert together
    for key in together:
        file, _, test = key.partition("::")
        assert (ROOT / file).exists(), key
        if test:
            defined = re.findall(r"^def (test_\w+)", (ROOT / file).read_text(), re.MULTILINE)
            assert test in defined, key
