"""The catalogue of built-in estimators."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import estimators
from estimators.catalogue import BUILT_INS

ADAPTER = '''
import numpy as np

from estimators.base import CATEEstimator


class Medians(CATEEstimator):
    """Difference of the medians of the arms."""

    def _fit(self, X, t, y):
        self.effect_ = float(np.median(y[t == 1]) - np.median(y[t == 0]))

    def _effect(self, X):
        return np.full(len(X), self.effect_)
'''
CATALOGUE = """
from estimators.catalogue.family import Family

FAMILY = Family("Robust")
FAMILY.add("Medians", "medians:Medians", "difference of medians", "a textbook")
"""


def test_a_family_is_added_with_two_files(tmp_path):
    """In a copy of the package: an adapter and a catalogue file, and no other file changes."""
    copy = shutil.copytree(
        Path(estimators.__file__).parent,
        tmp_path / "estimators",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    (copy / "adapters" / "medians.py").write_text(ADAPTER)
    (copy / "catalogue" / "robust.py").write_text(CATALOGUE)
    code = (
        "import estimators; info = estimators.info('Medians'); "
        "print(info.family, info.estimand, info.origin, sep='|'); "
        "print(len(estimators.check_estimator('Medians').passed) > 20)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\n")[:2] == ["Robust|CATE|built-in", "True"]


#: Methods that no article describes.
UNPUBLISHED = {"Oracle": "it is shown the truth", "Zero": "it estimates nothing"}


@pytest.mark.parametrize("info", [info for info, _ in BUILT_INS], ids=lambda info: info.name)
def test_each_method_has_a_citation_and_its_assumptions(info):
    assert bool(info.source) != (info.name in UNPUBLISHED)
    assert info.assumes.isprintable()
    assert 10 < len(info.assumes) < 120
    assert not info.assumes.endswith(".")


def test_names_are_unique_and_each_family_has_one_extra():
    infos = [info for info, _ in BUILT_INS]
    families = {info.family for info in infos}
    assert len({info.name.lower() for info in infos}) == len(infos)
    assert len({(info.family, info.extra) for info in infos}) == len(families)
