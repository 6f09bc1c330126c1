"""The names that ``benchmarks`` documents are what they say, whatever was imported before."""

from __future__ import annotations

import subprocess
import sys
from inspect import isfunction, ismodule

import pytest

import benchmarks


@pytest.mark.parametrize("name", benchmarks.__all__)
def test_each_name_is_there(name):
    assert getattr(benchmarks, name) is not None
    assert name in dir(benchmarks)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'leaderbord'"):
        benchmarks.leaderbord  # noqa: B018


def test_functions_stay_functions_after_imports_of_modules():
    code = (
        "import pkgutil, importlib, benchmarks\n"
        "for each in pkgutil.iter_modules(benchmarks.__path__):\n"
        "    if each.name != '__main__':\n"
        "        importlib.import_module(f'benchmarks.{each.name}')\n"
        "import benchmarks.boards.board\n"
        "names = ('run', 'leaderboard', 'compare')\n"
        "print([type(getattr(benchmarks, name)).__name__ for name in names])\n"
    )
    out = subprocess.check_output([sys.executable, "-c", code], text=True)
    assert out == "['function', 'function', 'function']\n"
    assert isfunction(benchmarks.run)
    assert ismodule(benchmarks.metrics)
