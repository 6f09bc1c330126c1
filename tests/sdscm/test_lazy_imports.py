"""Importing the package loads none of the libraries that do the work."""

from __future__ import annotations

import subprocess
import sys

import pytest

import sdscm

HEAVY = ("numpy", "pandas", "networkx", "pydantic", "pyarrow", "scipy", "torch", "yaml")


@pytest.mark.parametrize("module", ["sdscm", "sdscm.errors", "sdscm.spec", "sdscm.lm.load"])
def test_an_import_is_light(module: str) -> None:
    script = f"import sys, {module}; print([m for m in {HEAVY} if m in sys.modules])"
    found = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert found.stdout == "[]\n"


def test_every_public_name_can_be_imported() -> None:
    assert set(dir(sdscm)) == set(sdscm.__all__)
    for package in (sdscm, sdscm.spec, sdscm.lm):
        for name in package.__all__:
            assert getattr(package, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'sdscm' has no attribute 'SDCSM'"):
        sdscm.SDCSM  # type: ignore[attr-defined]  # noqa: B018
