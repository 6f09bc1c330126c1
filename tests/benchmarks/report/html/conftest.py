"""A finished toy run with intervals, a failure and hostile names, and its page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

import benchmarks
from benchmarks.report.html import write_page
from benchmarks.suite.loading import load_suite
from sdscm.data.dataset import CausalDataset

PLUGIN = """\
import estimators


@estimators.register("<b>Broken</b> & co", family="mine", estimand="ATE", summary="raises")
def broken(X, t, y):
    raise ValueError("no <i>good</i>")
"""


def toy(seed: int, n: int) -> CausalDataset:
    """Units whose treatment and outcome share the cause ``u``, more so the larger the seed."""
    draw = np.random.Generator(np.random.Philox(seed))
    u, a, b = draw.normal(size=(3, n))
    propensity = 1 / (1 + np.exp(-(0.5 + 0.4 * seed) * u))
    y0 = 2 * u + 0.5 * b + 0.2 * draw.normal(size=n)
    frame = pd.DataFrame({"u": u, "a": a, "b": b, "y0": y0, "y1": y0 + 0.5 + 0.5 * a})
    frame["t"] = (draw.uniform(size=n) < propensity).astype(int)
    frame["e"] = propensity
    return CausalDataset.from_frame(
        frame, treatment="t", y0="y0", y1="y1", exogenous=["u"], propensity="e", name="toy"
    )


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> benchmarks.Result:
    """Four datasets of two sizes, two settings, six estimators."""
    folder = tmp_path_factory.mktemp("toy")
    for seed in range(4):
        toy(seed, 80 if seed < 2 else 160).to_parquet(folder / "data" / f"toy{seed}.parquet")
    (folder / "mine.py").write_text(PLUGIN)
    content = {
        "name": "toy",
        "title": "Toys & <games>",
        "datasets": [{"name": "toy", "files": "data/*.parquet"}],
        "estimators": ["DiffInMeans", "LinReg", "RF", "T-Only OLS", "<b>Broken</b> & co", "Oracle"],
        "repetitions": 1,
        "holdout": 0,
        "board": {"resamples": 50},
    }
    (folder / "toy.yaml").write_text(yaml.safe_dump(content))
    return benchmarks.run(
        load_suite(folder / "toy.yaml"),
        workers=0,
        plugins=[folder / "mine.py"],
        runs_dir=folder / "runs",
        results_dir=None,
    )


@pytest.fixture(autouse=True, scope="session")
def _small_pictures() -> Iterator[None]:
    """Export figures with few pixels: the PNG files of one page take seconds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("benchmarks.report.html.page._DPI", 40)
        yield


@pytest.fixture(scope="session")
def page_files(finished, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    """What `write_page` wrote for it."""
    return write_page(finished, tmp_path_factory.mktemp("page"))


@pytest.fixture(scope="session")
def page(page_files) -> str:
    """The page's HTML."""
    return page_files[0].read_text(encoding="utf-8")
