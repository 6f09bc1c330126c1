"""Each public name has an example that runs; none needs weights or a network."""

from __future__ import annotations

import doctest
import inspect
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import benchmarks
import estimators
import sdscm
from benchmarks import arms, discovery, mediation, metrics, selection
from sdscm.figure_style import has_matplotlib
from sdscm.spec import files

PACKAGES = (sdscm, estimators, benchmarks)
#: Classes whose methods people call.
CLASSES = {
    sdscm: (
        "Spec",
        "PhrasedSpec",
        "SDSCM",
        "Units",
        "Enumeration",
        "CausalDataset",
        "MultiArmDataset",
    ),
    estimators: (
        "EffectEstimator",
        "ATEEstimator",
        "CATEEstimator",
        "EffectIntervals",
        "ManyArms",
        "Pairwise",
    ),
    benchmarks: ("Board",),
    discovery: ("Graph", "DiscoveryInfo"),
    mediation: ("MediationInfo",),
}
#: Methods for this project's own code.
INTERNAL = {"SDSCM.run", "Spec.model_copy", "CausalDataset.from_roles"}
GLOBALS = {package.__name__: package for package in PACKAGES}


def is_documented(thing: Any) -> bool:
    return inspect.isroutine(thing) or (
        inspect.isclass(thing) and thing.__module__.partition(".")[0] in GLOBALS
    )


def methods(owner: type) -> Iterator[tuple[str, Any]]:
    """The public methods of a class that are defined in this project."""
    for name, thing in inspect.getmembers(owner, inspect.isroutine):
        ours = getattr(thing, "__module__", None) or ""
        if not name.startswith("_") and ours.partition(".")[0] in GLOBALS:
            yield f"{owner.__name__}.{name}", thing


def documented() -> Iterator[tuple[str, Any]]:
    """Pairs of a public name, and the object whose docstring has its example."""
    for package in (*PACKAGES, arms, metrics, discovery, mediation, selection):
        if package not in (metrics, selection):
            yield package.__name__, package
        for name in package.__all__:
            thing = getattr(package, name)
            if is_documented(thing):
                yield f"{package.__name__}.{name}", thing
    for package, names in CLASSES.items():
        for name in names:
            for method, thing in methods(getattr(package, name)):
                if method not in INTERNAL:
                    yield f"{package.__name__}.{method}", thing


#: Most examples read one scenario, and a spec does not change.
SPECS = cache(files.spec_from_yaml)
DOCUMENTED = dict(documented())


def examples(name: str) -> doctest.DocTest:
    thing = DOCUMENTED[name]
    text = (thing if isinstance(thing, ModuleType | type) else inspect.unwrap(thing)).__doc__ or ""
    return doctest.DocTestParser().get_doctest(inspect.cleandoc(text), {}, name, name, 0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("examples")  # one for all: runs are continued


@pytest.mark.parametrize("name", DOCUMENTED)
def test_the_example_runs(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    test = examples(name)
    assert test.examples, "this public name has no example"
    if ".plot()" in (test.docstring or "") and not has_matplotlib():
        pytest.skip("needs matplotlib")
    monkeypatch.chdir(folder)
    monkeypatch.setattr(files, "spec_from_yaml", SPECS)
    lines: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    with metrics.temporarily(), selection.temporarily():
        test.globs |= GLOBALS
        if name.startswith("benchmarks."):  # the examples of the package share its suite
            shared = examples("benchmarks")
            shared.globs = test.globs
            runner.run(shared, out=lines.append, clear_globs=False)
        runner.run(test, out=lines.append, clear_globs=False)
    assert not lines, "".join(lines)


def test_an_example_that_is_wrong_fails() -> None:
    test = doctest.DocTestParser().get_doctest(">>> 1 + 1\n3\n", {}, "wrong", "wrong", 0)
    assert doctest.DocTestRunner().run(test, out=lambda line: None).failed == 1
