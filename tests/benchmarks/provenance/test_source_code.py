"""The code that a definition reaches, which keys of long runs are made of."""

from __future__ import annotations

import ast
import importlib.util
import linecache
import sys
import types
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

import estimators
from benchmarks import metrics
from benchmarks.metrics import ate
from benchmarks.provenance import source_code as module


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Writes a package in place of `estimators`, and gives what its ``work.Method`` reaches."""
    monkeypatch.setattr(module, "_folder", lambda package: tmp_path / package)
    for name in ("_module", "_definition"):
        monkeypatch.setattr(module, name, getattr(module, name).__wrapped__)

    def write(**modules):
        folder = tmp_path / "estimators"
        folder.mkdir(exist_ok=True)
        for name, code in modules.items():
            (folder / f"{name}.py").write_text(code)
        return module.reached([(folder / "work.py", "Method")])

    return write


WORK = """
from estimators.tools import half
TRIALS = 3
class Method(Base):
    def fit(self):
        return half(TRIALS)
class Base:
    pass
"""
TOOLS = "def half(x):\n    return other(x) / 2\ndef other(x):\n    return x\n"


@pytest.mark.parametrize(
    "change",
    [
        {"work": WORK + "class Another:\n    pass\n"},
        {"work": WORK.replace("    pass", '    """Words."""\n    pass  # words')},
        {"tools": TOOLS + "def unused(x):\n    return 0\n"},
    ],
)
def test_code_stays_with_words_and_what_is_not_used(package, change):
    assert package(work=WORK, tools=TOOLS) == package(**change)


@pytest.mark.parametrize(
    "change",
    [
        {"work": WORK.replace("3", "4")},
        {"work": WORK.replace("half(TRIALS)", "half(TRIALS + 1)")},
        {"work": WORK.replace("    pass", "    depth = 1")},
        {"tools": TOOLS.replace("/ 2", "/ 3")},
        {"tools": TOOLS.replace("return x\n", "return -x\n")},
        {"work": WORK.replace("estimators.tools import half", "numpy import half")},
    ],
)
def test_code_changes_with_what_is_reached(package, change):
    assert package(work=WORK, tools=TOOLS) != package(**change)


def reworded(code: str) -> str:
    """The code with other docstrings, a comment and no blank lines; the syntax stays."""
    tree = ast.parse(code)
    for node in ast.walk(tree):
        documented = isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        if documented and ast.get_docstring(node) is not None:
            node.body[0].value.value = "Other words."
    return "# another comment\n" + ast.unparse(tree)


def test_rewording_the_packages_changes_no_hash(tmp_path, monkeypatch) -> None:
    """All files of `estimators` and `sdscm` in a copy with other docstrings and comments."""
    built_in = [info.name for info in estimators.infos() if info.origin == "built-in"]
    places = [estimators.where(name) for name in built_in]
    before = [module.code_of(place) for place in places[::7]]
    for package in ("estimators", "sdscm"):
        folder = module._folder(package)
        for path in folder.rglob("*.py"):
            copy = tmp_path / package / path.relative_to(folder)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(reworded(path.read_text()))
    # The generator's files also move, which changes the imports of others.
    leave_out = ("audit", "statistics", "graph_plot")
    generator = module.code_of_folder(module._folder("sdscm"), leave_out)
    moved = tmp_path / "sdscm" / "sampling" / "noise.py"
    moved.rename(moved.with_name("noise_of_units.py"))
    for path in (tmp_path / "sdscm").rglob("*.py"):
        path.write_text(path.read_text().replace("sampling.noise", "sampling.noise_of_units"))
    assert module.code_of_folder(tmp_path / "sdscm", leave_out) == generator
    monkeypatch.setattr(module, "_folder", lambda package: tmp_path / package)
    for name in ("_module", "_definition"):
        monkeypatch.setattr(module, name, cache(getattr(module, name).__wrapped__))
    assert [module.code_of(place) for place in places[::7]] == before
    changed = tmp_path / "sdscm" / "spec" / "__init__.py"
    changed.write_text(changed.read_text() + "\nADDED = 1\n")
    assert module.code_of_folder(tmp_path / "sdscm", leave_out) != generator


def test_a_plugin_is_its_file_and_what_it_imports_from_estimators(
    package, tmp_path, monkeypatch
) -> None:
    package(work=WORK, tools=TOOLS)
    plugin = tmp_path / "plugin.py"
    code = "from estimators.tools import half\nclass Mine:\n    def fit(self):\n        half(1)\n"

    def hashed(text: str) -> str:
        plugin.write_text(text)
        linecache.clearcache()
        spec = importlib.util.spec_from_file_location("plugin_of_test", plugin)
        assert spec is not None
        assert spec.loader is not None
        made = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, "plugin_of_test", made)
        spec.loader.exec_module(made)
        return module.code_behind(made.Mine())

    tools = types.ModuleType("estimators.tools")
    tools.half = lambda x: x  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "estimators.tools", tools)
    first = hashed(code)
    assert hashed(code + "# words\n") == first
    assert hashed(code.replace("half(1)", "half(20)")) != first
    package(tools=TOOLS.replace("/ 2", "/ 3"))
    assert hashed(code) != first


@pytest.mark.parametrize("name", ["pehe", "ate_coverage", "qini"])
def test_a_metric_is_its_code_and_not_its_title(name) -> None:
    found = metrics.get(name)
    assert replace(found, title="other", source="other").definition == found.definition
    assert replace(found, needs=()).definition != found.definition
    others = {each.definition for each in metrics.registered() if each.name != name}
    assert found.definition not in others


def test_what_a_metric_calls_is_part_of_it() -> None:
    reached = module.reached([(Path(ate.__file__), "coverage")])
    assert "formulas.coverage" in reached


def test_a_class_of_the_packages_is_known_by_all_that_it_uses(package, monkeypatch) -> None:
    """The methods of discovery and mediation are such classes."""

    class Method:
        pass

    def code(**modules) -> str:
        package(**modules)
        file = str(module._folder("estimators") / "work.py")
        monkeypatch.setattr(module.inspect, "getsourcefile", lambda thing: file)
        Method.__qualname__ = "Method"
        return module.code_of_function.__wrapped__(Method)

    registered = WORK.replace("class Method", "@register('A')\nclass Method")
    before = code(work=registered, tools=TOOLS)
    assert code(work=registered.replace("'A'", "'B'"), tools=TOOLS) == before
    assert code(work=registered, tools=TOOLS.replace("/ 2", "/ 3")) != before
    assert code(work=registered.replace("TRIALS = 3", "TRIALS = 4"), tools=TOOLS) != before
