"""The released data, read in place where they are, and releases made up here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.datasets.paper.loading import find, read
from benchmarks.datasets.paper.release import LMS, Release
from sdscm.errors import InputError


@pytest.fixture(scope="session")
def paper_folder() -> Path:
    try:
        return find()
    except InputError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session", params=LMS)
def release(request, paper_folder) -> Release:
    return read(request.param, paper_folder)


@pytest.fixture(scope="session")
def gpt2(paper_folder) -> Release:
    return read("gpt2", paper_folder)


def made_up(phrasings: int, datasets: int, rows: int, seed: int = 0) -> Release:
    """A release in miniature: dataset i has phrasing i modulo ``phrasings``.

    The scores are a fixed function of the row, other for each phrasing.
    """
    draw = np.random.default_rng(seed)
    X = draw.integers(0, 2, size=(datasets, rows, 12)).astype(np.int8)
    X[..., 6:] = 0  # so that datasets share rows
    t = draw.integers(0, 2, size=(datasets, rows)).astype(np.int8)
    variant = np.arange(datasets) % phrasings
    weight = draw.normal(size=(2, phrasings, 12))
    y0, y1 = (
        (np.einsum("drp,dp->dr", X, arm[variant]) + k).astype(np.float32)
        for k, arm in enumerate(weight)
    )
    return Release("gpt2", np.arange(datasets), variant, X, t, y0, y1)


@pytest.fixture(name="made_up")
def made_up_fixture():
    """The function ``made_up(phrasings, datasets, rows, seed)``."""
    return made_up


@pytest.fixture
def clone(tmp_path: Path):
    """Writes a release as a clone of the authors' repository has it, and gives its folder."""

    def write(release: Release) -> Path:
        folder = tmp_path / "clone" / "data" / "cancer_example" / release.lm
        folder.mkdir(parents=True)
        header = [f"X{i}" for i in range(13)]
        header += ["logP(X13=0)", *(f"logP(X13=0)|do(X12={arm})" for arm in (0, 1))]
        for place, number in enumerate(release.ids):
            t, y0, y1 = (part[place] for part in (release.t, release.y0, release.y1))
            columns = [*release.X[place].T, t, np.where(t == 1, y1, y0), y0, y1]
            lines = [",".join(["", *header])]
            lines += [
                ",".join(map(str, [row, *values]))
                for row, values in enumerate(zip(*columns, strict=True))
            ]
            path = folder / f"{release.lm}_bcancer_{number}.csv"
            path.write_text("\n".join(lines) + "\n")
        return tmp_path / "clone"

    return write
