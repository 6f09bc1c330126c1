"""Dials that a suite varies, on designs known by hand."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.datasets.source import Source
from benchmarks.report.html.figures.style import is_cut, is_log
from benchmarks.report.html.varied_dials import varied
from sdscm.data.dataset import CausalDataset, Provenance


def design(name, n=10, scenario="tea", spec_hash="hash", **options):
    """A dataset of ``n`` rows with these options, and its source."""
    import pandas as pd

    dataset = CausalDataset(
        X=pd.DataFrame({"a": np.arange(n, dtype=float)}),
        t=np.arange(n) % 2,
        y0=np.zeros(n),
        y1=np.ones(n),
        meta=Provenance(scenario, spec_hash=spec_hash, lm="lm", options=options),
    )
    return Source(name, "entry", name, "lm", name), dataset


def levels(*designs):
    """The levels of each dial that varies."""
    sources = [source for source, _ in designs]
    datasets = {source.name: dataset for source, dataset in designs}
    return {dial.name: dict(dial.levels) for dial in varied(sources, datasets)}


def test_nothing_varies() -> None:
    assert levels(design("a", overlap=0.0), design("b", overlap=0.0)) == {}


def test_a_dial_that_varies() -> None:
    found = levels(design("a", overlap=0.0), design("b", overlap=0.5), design("c", overlap=0.5))
    assert found == {"overlap": {"a": 0.0, "b": 0.5, "c": 0.5}}


def test_crossed_dials() -> None:
    crossed = [design(f"{o}-{c}", overlap=o, confounding=c) for o in (0.0, 0.5) for c in (1.0, 2.0)]
    found = levels(*crossed)
    assert found["overlap"] == {"0.0-1.0": 0.0, "0.0-2.0": 0.0, "0.5-1.0": 0.5, "0.5-2.0": 0.5}
    assert found["confounding"] == {"0.0-1.0": 1, "0.0-2.0": 2, "0.5-1.0": 1, "0.5-2.0": 2}


def test_unlike_datasets_are_not_compared() -> None:
    """Two scenarios at different levels differ in more than the dial; a third has both levels."""
    found = levels(
        design("tea-0", overlap=0.0),
        design("run-1", scenario="run", spec_hash="other", overlap=1.0),
        design("sea-0", scenario="sea", spec_hash="third", overlap=0.0),
        design("sea-1", scenario="sea", spec_hash="third", overlap=1.0),
    )
    assert found == {"overlap": {"sea-0": 0.0, "sea-1": 1.0}}


def test_groups_with_the_most_common_levels_are_kept() -> None:
    """Else the mean at 2 would be over one scenario, and that at 0 over three."""
    found = levels(
        *(design(f"a{o}", scenario="a", spec_hash="a", overlap=o) for o in (0.0, 1.0)),
        *(design(f"b{o}", scenario="b", spec_hash="b", overlap=o) for o in (0.0, 1.0)),
        *(design(f"c{o}", scenario="c", spec_hash="c", overlap=o) for o in (0.0, 1.0, 2.0)),
    )
    assert set(found["overlap"]) == {"a0.0", "a1.0", "b0.0", "b1.0"}


def test_rows_vary_and_data_of_other_origin_are_grouped_by_entry() -> None:
    found = levels(design("small", n=10, spec_hash=""), design("large", n=40, spec_hash=""))
    assert found == {"n": {"small": 10, "large": 40}}


@pytest.mark.parametrize("level", ["high", None])
def test_a_level_is_a_number(level) -> None:
    assert levels(design("a", overlap=level), design("b", overlap="low")) == {}


@pytest.mark.parametrize(
    ("values", "logarithmic"),
    [
        ([0.1, 0.2, 1], False),
        ([0.1, 0.2, 980], True),
        ([0, 0.1, 0.2, 980], True),  # an exact answer, and one far off
        ([0, 0, 0, 0.1, 980], False),
        ([-1, 0.1, 980], False),
        ([0, 0], False),
        ([], False),
    ],
)
def test_an_axis_is_logarithmic_where_one_error_would_hide_the_others(values, logarithmic) -> None:
    assert is_log(np.array(values, dtype=float)) is logarithmic
    assert is_cut(np.array(values, dtype=float)) is (logarithmic and min(values) == 0)
