from __future__ import annotations

import importlib
import subprocess
import sys
import threading
import types
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import benchmarks
import estimators
from benchmarks.execution import methods
from benchmarks.execution.methods import methods_of
from benchmarks.suite.entries import EstimatorEntry
from estimators.function_estimator import FunctionEffect
from estimators.text.featurisers import GROUP
from estimators.text.wrapped import Text
from sdscm.errors import InputError


class Mean:
    """Has no parameters, and no base class."""

    def fit(self, X, t, y):
        self.value = float(np.mean(y))
        return self

    def ate(self, X):
        return self.value


def test_identity_depends_on_parameters_and_not_on_labels() -> None:
    plain, labelled, deeper = methods_of(
        [
            "RF",
            EstimatorEntry(name="RF", label="again"),
            EstimatorEntry(name="RF", label="deep", params={"n_estimators": 7}),
        ]
    )
    assert plain.identity == labelled.identity
    assert plain.identity != deeper.identity
    assert [c.label for c in (plain, labelled, deeper)] == ["RF", "again", "deep"]


def test_a_wrapper_of_texts_is_known_by_the_code_that_it_names(monkeypatch) -> None:
    point = EntryPoint("lm", "sdscm.embeddings:Embeddings", GROUP)
    monkeypatch.setattr(
        methods.metadata, "entry_points", lambda group, name: [point] * (name == point.name)
    )
    changed = {"none"}

    def code_of(where: str) -> str:
        return f"{where}, edited" if where in changed else where

    monkeypatch.setattr(methods, "code_of", code_of)
    params = {"estimator": "LinReg", "featuriser": "lm"}
    entries = ["Text-RF", EstimatorEntry(name="Text-RF", label="lm", params=params)]

    def identities() -> tuple[str, ...]:
        return tuple(method.identity for method in methods_of(entries))

    plain, with_lm = identities()
    changed = {estimators.where("RF")}
    assert (identities()[0] != plain, identities()[1] == with_lm) == (True, True)
    changed = {estimators.where("LinReg")}
    assert (identities()[0] == plain, identities()[1] != with_lm) == (True, True)
    changed = {point.value}
    assert (identities()[0] == plain, identities()[1] != with_lm) == (True, True)


def test_the_seed_reaches_estimators_that_take_one() -> None:
    forest, fixed = methods_of(
        ["RF", EstimatorEntry(name="RF", label="fixed", params={"random_state": 3})]
    )
    assert forest.maker.make(11).random_state == 11
    assert fixed.maker.make(11).random_state == 3


def test_objects_become_copies() -> None:
    mine = Mean()
    (method,) = methods_of([mine])
    made = method.maker.make(0)
    assert made is not mine
    assert (method.label, method.estimand, method.oracle) == ("Mean", "ATE", False)


def test_a_plugins_content_is_part_of_what_it_registers_only(tmp_path: Path) -> None:
    one, two = tmp_path / "one.py", tmp_path / "two.py"
    one.write_text("a = 1")
    two.write_text("a = 2")
    assert methods_of(["RF"], [one])[0].identity == methods_of(["RF"], [two])[0].identity


@pytest.mark.parametrize(
    ("given", "part"),
    [
        (["LinRegg"], "did you mean 'LinReg'"),
        ([EstimatorEntry(name="RF", params={"tree": 3})], "RF: no parameter 'tree'"),
        ([EstimatorEntry(name="RF", params={"n_estimators": {1}})], "must be plain numbers"),
        ([Mean(), Mean()], "two estimators are called 'Mean'"),
        ([Mean], "not an estimator"),
        ([3], "int: not an estimator"),
        ([], "no estimators"),
    ],
)
def test_bad_ones_give_one_line(given: list[object], part: str) -> None:
    with pytest.raises(InputError) as caught:
        methods_of(given)
    assert part in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_object_that_cannot_travel_is_told() -> None:
    mine = Mean()
    mine.lock = threading.Lock()
    with pytest.raises(InputError, match="Mean: cannot be sent to the workers"):
        methods_of([mine])


REGISTERING = """
import estimators

@estimators.register(name={name!r}, family="f", estimand="CATE", summary="s")
def effects(X, t, y):
    return X[:, 0] * {number}
"""


BROKEN = """
import estimators

@estimators.register("Broken")
class Broken(estimators.CATEEstimator):
    def __init__(self, depth=1):
        raise RuntimeError("no key")

    def _fit(self, X, t, y):
        pass

    def _effect(self, X):
        return X[:, 0]
"""


def test_one_that_cannot_be_made_is_a_row_and_others_are_run(make_suite, tmp_path: Path) -> None:
    plugin = tmp_path / "broken.py"
    plugin.write_text(BROKEN)
    suite = make_suite(datasets=1, settings=["all"], estimators=["Broken", "DiffInMeans"])
    board = benchmarks.run(
        suite, plugins=[plugin], workers=0, results_dir=None, runs_dir=tmp_path / "runs"
    )
    rows = board.scores.set_index("estimator")
    assert rows.loc["DiffInMeans", "status"] == "ok"
    assert rows.loc["Broken", "status"] == "failed"
    assert rows.loc["Broken", "reason"].endswith("'Broken' cannot be made: RuntimeError: no key")


def test_edited_code_is_another_estimator(tmp_path: Path) -> None:
    """Registered by a module, as an entry point does: the name stays, the code changes."""
    name = f"Edited {tmp_path.name}"
    files = [str(tmp_path / f"module{place}.py") for place in range(3)]
    for file, number in zip(files, (1, 2, 2), strict=True):
        Path(file).write_text(REGISTERING.format(name=name, number=number))
    # Each file in a process of its own, which shares the imports: they take seconds.
    script = (
        "import os, runpy\n"
        "from benchmarks.execution.methods import methods_of\n"
        f"for file in {files!r}:\n"
        "    if os.fork() == 0:\n"
        "        runpy.run_path(file)\n"
        f"        print(methods_of([{name!r}])[0].identity, flush=True)\n"
        "        os._exit(0)\n"
        "    assert os.wait()[1] == 0\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    identities = done.stdout.split()
    assert len(identities) == 3
    assert identities[0] != identities[1]
    assert identities[1] == identities[2]


def test_an_object_of_a_script_is_the_same_in_the_next_run(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from benchmarks.execution.methods import methods_of\n"
        "class Mine:\n"
        "    def __init__(self, a): self.a = a\n"
        "    def fit(self, X, t, y): return self\n"
        "    def ate(self, X): return self.a\n"
        "print(*(c.identity for c in methods_of([('one', Mine(1)), ('two', Mine(2))])))\n"
    )
    runs = [
        subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True)
        for _ in range(2)
    ]
    one, two = runs[0].stdout.split()
    assert one != two
    assert runs[0].stdout == runs[1].stdout


@pytest.mark.parametrize("kind", ["class", "function"])
def test_an_estimator_of_a_notebook_is_known_by_its_code(kind, monkeypatch) -> None:
    """A notebook has no file; a cell that is changed and run again gives another method."""
    monkeypatch.setitem(sys.modules, "__main__", types.ModuleType("__main__"))

    def identity(number: int) -> str:
        cell = {
            "class": f"class Mine:\n    def fit(self, X, t, y):\n        self.all = {number}",
            "function": f"def Mine(X, t, y):\n    return {number}",
        }[kind]
        defined: dict[str, Any] = {"__name__": "__main__"}
        exec(compile(cell, "<cell>", "exec"), defined)
        sys.modules["__main__"].__dict__.update(defined)
        made = defined["Mine"]() if kind == "class" else FunctionEffect(defined["Mine"])
        (method,) = methods_of([("mine", made)])
        return method.identity

    assert identity(1) != identity(2)
    if kind == "function":
        assert identity(1) == identity(1)


@pytest.mark.parametrize("wrapper", [Text, estimators.Pairwise])
def test_identity_depends_on_the_code_of_a_wrapped_object(
    wrapper: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)

    def identity(number: int) -> str:
        code = "from sklearn.base import BaseEstimator\n\n\nclass Inner(BaseEstimator):\n"
        code += f"    def fit(self, X, t, y):\n        self.value = {number}\n        return self\n"
        # The pickle names class and module, which are equal here.
        (tmp_path / "inner.py").write_text(code)
        sys.modules.pop("inner", None)
        importlib.invalidate_caches()
        inner = importlib.import_module("inner").Inner()
        return methods_of([("wrapped", wrapper(inner))])[0].identity

    assert identity(1) != identity(22)
    assert identity(22) == identity(22)


def test_identity_of_a_wrapper_depends_on_the_estimator_that_it_names() -> None:
    codes = {methods._code_of_made(Text(name)) for name in ("LinReg", "RF", "LinearDML")}
    assert len(codes) == 3
