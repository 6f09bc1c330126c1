"""The pages of a release: whole, linked, escaped, and with the numbers of the boards."""

from __future__ import annotations

import posixpath
import re

import numpy as np
import pytest

from benchmarks.site.dots import dot_plot, histogram
from benchmarks.site.release import distinct_slugs
from sdscm.data.dataset import CausalDataset


def test_every_link_leads_to_a_page(site: dict[str, bytes]) -> None:
    found = 0
    for name, content in site.items():
        if not name.endswith(".md"):
            continue
        text = content.decode()
        ids = set(re.findall(r' id="([^"]+)"', text))
        assert len(ids) == len(re.findall(r' id="', text)), name
        for target in re.findall(r'(?:href|src|srcset)="([^"]+)"', text):
            path, _, anchor = target.partition("#")
            assert not re.match(r"\w+:", target), target
            if not path:
                assert anchor in ids, (name, target)
                continue
            there = posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
            assert there.replace(".html", ".md") in site, (name, target)
            found += 1
    assert found > 30


def test_every_method_and_dataset_has_a_page(site: dict[str, bytes]) -> None:
    methods = {"diffinmeans", "linreg", "t-only-ols", "b-broken-b-co", "oracle"}
    assert {f"toy-v1/methods/{name}.md" for name in methods} <= set(site)
    datasets = {name for name in site if re.fullmatch(r"toy-v1/datasets/.*\.md", name)}
    assert len(datasets) == 3
    assert {name.replace(".md", ".parquet") for name in datasets} <= set(site)


def test_a_hostile_name_is_text(site: dict[str, bytes]) -> None:
    pages = [each.decode() for name, each in site.items() if name.endswith(".md")]
    named = [page for page in pages if "&lt;b&gt;Broken&lt;/b&gt; &amp; co" in page]
    assert len(named) == 5, "the boards, its own page, and those of three datasets"
    for page in pages:
        assert "<b>Broken" not in page
        assert "<games>" not in page
        assert "<i>good" not in page


def test_a_number_is_that_of_the_board(site: dict[str, bytes], release) -> None:
    """The error of the difference in means, computed by hand from the released data."""
    errors = []
    for path in sorted((release / "datasets").glob("*.parquet")):
        data = CausalDataset.read_parquet(path)
        naive = data.y[data.t == 1].mean() - data.y[data.t == 0].mean()
        errors.append(abs(naive - data.sate) / data.y.std())
    page = site["toy-v1/index.md"].decode()
    table = page[page.index('id="board-ate-ate-abs-error-sd-') :]
    row = table[table.index(">DiffInMeans<") :]
    row = row[: row.index("</tr>")]
    assert f'data-value="{np.mean(errors):.9g}"' in row
    own = site["toy-v1/methods/diffinmeans.md"].decode()
    assert "a randomised treatment" in own
    for error in errors:
        assert f'data-value="{error:.9g}"' in own


def test_a_failure_is_told_with_its_reason(site: dict[str, bytes]) -> None:
    page = site["toy-v1/methods/b-broken-b-co.md"].decode()
    assert "Fits with a score: 0 of 3" in page
    assert "no &lt;i&gt;good&lt;/i&gt;" in page


def test_slugs_are_distinct() -> None:
    assert distinct_slugs(["RF", "rf", "日本"]) == {"RF": "rf", "rf": "rf-2", "日本": "unnamed"}


def test_dots_by_hand() -> None:
    values = {"a": [1.0, 2.0], "b": [4.0, float("nan")]}
    plot = dot_plot("t", ["s", "u"], values, {"a": (1.0, 3.0)}, {})
    assert plot is not None
    assert [dot[:2] for dot in plot.rows[0].dots] == [(0, 25.0), (1, 50.0)]
    assert plot.rows[0].band == (25.0, 50.0)
    assert [dot[:2] for dot in plot.rows[1].dots] == [(0, 100.0)]
    wide = dot_plot("t", ["s"], {"a": [0.01], "b": [1.0], "c": [0.1]}, {}, {})
    assert wide is not None
    assert [row.dots[0][1] for row in wide.rows] == [0.0, 100.0, 50.0]
    assert wide.ticks == ((0.0, "0.01"), (50.0, "0.1"), (100.0, "1"))
    assert dot_plot("t", ["s"], {"a": [float("inf")]}, {}, {}) is None


def test_a_histogram_by_hand() -> None:
    made = histogram(np.array([0.0, 0.1, 0.9, 1.0, 1.0, np.nan]), {"mean": 0.5}, bins=2)
    assert made is not None
    assert [bar[0] for bar in made.bars] == pytest.approx([66.7, 100.0])
    assert made.marks == ((50.0, "mean 0.500"),)
