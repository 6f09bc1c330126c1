from __future__ import annotations

import pickle
import sys

import numpy as np
import pytest

import estimators
from estimators import PluginError

GOOD = """
import numpy as np
import estimators

@estimators.register("halves", estimand="CATE", family="Mine", summary="half of one")
class Halves(estimators.CATEEstimator):
    def _fit(self, X, t, y):
        self.value_ = 0.5

    def _effect(self, X):
        return np.full(len(X), self.value_)
"""


@pytest.fixture
def plugin_file(tmp_path):
    def write(source: str, name: str = "mine.py"):
        path = tmp_path / name
        path.write_text(source)
        return path

    return write


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Put a package with entry points on the path, as pip would."""

    def install(package: str, source: str, entry_points: str) -> None:
        (tmp_path / f"{package}.py").write_text(source)
        info = tmp_path / f"{package}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[sdscm.estimators]\n{entry_points}\n")
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delitem(sys.modules, package, raising=False)

    yield install
    for path in tmp_path.glob("*.py"):
        sys.modules.pop(path.stem, None)


def test_a_file_registers_its_estimators(registry, plugin_file, small_truth):
    path = plugin_file(GOOD)
    assert estimators.load_plugin(path) == ["halves"]
    assert estimators.info("halves").origin == f"plugin {path}"
    X, t, y, _ = small_truth
    fitted = estimators.get("halves").fit(X, t, y)
    assert fitted.ate(X) == 0.5
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(fitted)).effect(X), fitted.effect(X))


def test_loading_a_file_again_does_nothing(registry, plugin_file, monkeypatch):
    path = plugin_file(GOOD)
    monkeypatch.chdir(path.parent)
    estimators.load_plugin(path)
    first = type(estimators.get("halves"))
    assert estimators.load_plugin("mine.py") == ["halves"]
    assert type(estimators.get("halves")) is first


def test_a_changed_file_replaces_what_it_had_registered(registry, plugin_file):
    path = plugin_file(GOOD)
    estimators.load_plugin(path)
    plugin_file(GOOD.replace('"halves"', '"quarters"'))
    assert estimators.load_plugin(path) == ["quarters"]
    assert "halves" not in estimators.names()


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("def broken(:", "SyntaxError"),
        ("import no_such_library", "ModuleNotFoundError: No module named 'no_such_library'"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("assert False", "AssertionError without a text"),
        ("x = 1", "registers nothing"),
        (GOOD.replace('"halves"', '"RF"'), "the name 'RF' is taken by a built-in"),
        (GOOD.replace('"CATE"', '"LATE"'), "must be one of ATE, CATE, ITE"),
        (GOOD + "\nraise ValueError('too\\nlate')", "ValueError: too late"),
    ],
)
def test_a_broken_file_is_one_line_that_names_it(source, message, registry, plugin_file):
    path = plugin_file(source)
    before, modules = estimators.names(), set(sys.modules)
    with pytest.raises(PluginError) as caught:
        estimators.load_plugin(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert estimators.names() == before
    assert set(sys.modules) == modules


def test_a_file_may_register_something_else_alone(registry, plugin_file):
    """A metric, say; what is noted outside of a file does not excuse it."""
    source = "from estimators.plugins import note_other\nnote_other('largest_error')"
    assert estimators.load_plugin(plugin_file(source)) == []
    with pytest.raises(PluginError, match="registers nothing"):
        estimators.load_plugin(plugin_file("x = 1", "other.py"))


def test_a_missing_file_is_one_line_that_names_it(registry, tmp_path):
    with pytest.raises(PluginError, match=r"none\.py: cannot be read \(No such file"):
        estimators.load_plugin(tmp_path / "none.py")
    text = tmp_path / "notes.txt"
    text.write_text("hello")
    with pytest.raises(PluginError, match=r"notes\.txt: is not a Python file"):
        estimators.load_plugin(text)


def test_two_files_may_not_claim_one_name(registry, plugin_file):
    estimators.load_plugin(plugin_file(GOOD))
    with pytest.raises(
        PluginError, match=r"other\.py: the name 'halves' is taken by plugin .*mine"
    ):
        estimators.load_plugin(plugin_file(GOOD, "other.py"))


def test_an_entry_point_is_found_when_asked_for(registry, installed):
    installed("halver", GOOD, "anything = halver")
    assert estimators.get("halves").__class__.__module__ == "halver"
    assert estimators.info("halves").origin == "plugin 'anything' of halver"
    assert "halves" in estimators.names()
    assert estimators.problems() == []


def test_built_ins_do_not_load_entry_points(registry, installed):
    installed("loud", "raise RuntimeError('imported')", "loud = loud")
    estimators.get("LinReg")
    assert registry._problems is None


def test_a_package_that_was_imported_before_is_no_problem(registry, installed):
    installed("halver", GOOD, "anything = halver:Halves")
    import halver  # noqa: F401

    assert "halves" in estimators.names()
    assert estimators.problems() == []


@pytest.mark.parametrize(
    ("source", "point", "message"),
    [
        ("raise RuntimeError('on\\nimport')", "bad", "RuntimeError: on import"),
        ("x = 1", "bad", "registers nothing"),
        ("x = 1", "bad:missing", "AttributeError"),
        (GOOD.replace("halves", "Zero"), "bad", "the name 'Zero' is taken by a built-in"),
    ],
)
def test_a_broken_entry_point_does_not_stop_the_others(source, point, message, registry, installed):
    installed("bad", source, f"worse = {point}")
    installed("halver", GOOD, "anything = halver")
    assert "halves" in estimators.names()
    (problem,) = estimators.problems()
    assert problem.plugin == "worse"
    assert message in problem.message
    assert "'worse' of bad" in problem.message
    with pytest.raises(PluginError) as caught:
        estimators.get("worse")
    assert str(caught.value) == problem.message
    with pytest.raises(estimators.UnknownEstimatorError) as caught:
        estimators.get("Ridge of bad")
    assert str(caught.value).endswith(f"not loaded: {problem.message}")
