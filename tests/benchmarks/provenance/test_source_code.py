"""The code that a definition reaches, which keys of long runs are made of."""

from __future__ import annotations

import pytest

from benchmarks.provenance import source_code as module


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Writes a package in place of `estimators`, and gives what its ``work.Method`` reaches."""
    monkeypatch.setattr(module, "_PACKAGE", tmp_path / "estimators")
    monkeypatch.setattr(module, "_module", module._module.__wrapped__)

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
