"""The release that comes with the package."""

from __future__ import annotations

from pathlib import Path

import pytest

import benchmarks
from benchmarks.archive.release import find_release
from benchmarks.release.verify import verify_release

RELEASE = "core-v1"


def test_its_files_are_whole_and_small() -> None:
    found = verify_release(RELEASE)
    assert (found.problems, found.cells) == ([], 696)
    release = find_release(RELEASE)
    assert release is not None
    assert sum(release.files.sizes.values()) < 3e6


def test_it_is_of_the_shipped_suite() -> None:
    released, suite = benchmarks.load_suite(RELEASE), benchmarks.load_suite("core")
    for key in ("datasets", "settings", "estimators", "repetitions", "alpha", "seed", "holdout"):
        assert getattr(released, key) == getattr(suite, key), key


@pytest.mark.slow
def test_its_fits_can_be_made_again() -> None:
    found = verify_release(RELEASE, refit=40)
    assert (found.problems, found.refitted) == ([], 40)


@pytest.mark.slow  # the README's command does it, too
def test_a_new_method_needs_no_language_model(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("sdscm.load_lm", lambda *_, **__: pytest.fail("loads a language model"))
    result = benchmarks.run(
        RELEASE,
        estimators=[("Again", benchmarks.experiment.registry.get("LinReg"))],
        workers=0,
        runs_dir=tmp_path,
        results_dir=None,
    )
    assert result.computed == 24
    errors = result.scores.groupby("estimator")["ate_abs_error_sd"].median()
    assert errors["Again"] == pytest.approx(errors["LinReg"], rel=1e-9)
