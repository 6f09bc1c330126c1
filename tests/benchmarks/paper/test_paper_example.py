"""The example of a dataset: what is read, against numbers worked out by hand."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.datasets.paper.loading import read_columns
from benchmarks.datasets.paper.release import COVARIATES
from benchmarks.paper.analysis.example import NUMBER, normalised_sates, read_example
from sdscm.errors import InputError
from sdscm.figure_style import BLUE, GREEN, ORANGE, PINK


def score(therapy: int, arm: int) -> str:
    return f"logP(X13={therapy})|do(X12={arm})"


@pytest.fixture
def folder(tmp_path):
    """Two datasets of four rows; in the second one no score depends on the treatment."""
    table = pd.DataFrame({name: [0, 1] * 4 for name in COVARIATES})
    table["dataset"] = [3] * 4 + [NUMBER] * 4
    table["X12"] = [0, 0, 1, 1] * 2
    table["X13"], table["X13|do(X12=0)"], table["X13|do(X12=1)"] = 0, [0, 1] * 4, 2
    table["logP(X12=0)"], table["logP(X12=1)"] = 0.0, np.log([3.0, 1] * 4)
    for therapy in range(4):
        for arm in (0, 1):
            table[score(therapy, arm)] = np.log([1.0, 2, 3, 4] * 2)
    # Dataset 3: weights 1, 1, 1 + arm, 1 of the therapies, the same scale in each row.
    first = table["dataset"] == 3
    for arm in (0, 1):
        for therapy in range(4):
            table.loc[first, score(therapy, arm)] = np.log(1 + arm * (therapy == 2))
    pq.write_table(pa.Table.from_pandas(table), tmp_path / "llama-3-8b.parquet")
    return tmp_path


def test_sates_on_a_normalised_probability(folder):
    """P(therapy 2) is 1/4 and 2/5; two units of each treatment have the SD 0.15 / sqrt(3)."""
    found = normalised_sates(folder, "llama-3-8b")
    assert found.index.tolist() == [3, NUMBER]
    assert found[3] == pytest.approx(0.15 / (0.15 / np.sqrt(3)))
    # The four therapies of a row have one score: a probability of 1/4 that never varies.
    assert not found[NUMBER] > 0


def test_the_example_by_hand(folder):
    example = read_example(folder)
    sd = np.log([1.0, 2, 3, 4]).std(ddof=1)
    assert example.ite.tolist() == [0, 0, 0, 0]
    assert example.y0 * sd == pytest.approx(np.log([1, 2, 3, 4]))
    assert example.mean_difference == pytest.approx((np.log(12) - np.log(2)) / 2 / sd)
    assert example.propensity == pytest.approx([0.75, 0.5] * 2)
    assert example.labels["age"].tolist() == ["25", "35"] * 2
    assert example.labels["PD-L1 level"].tolist() == ["low", "low", "high", "high"]
    assert example.categories.tolist() == [[0, 2], [1, 2]] * 2


def test_the_example_is_drawn(folder, tmp_path):
    pytest.importorskip("matplotlib")
    from benchmarks.paper.report.example_figure import draw_example, draw_sates

    example = read_example(folder)
    first = draw_example(example, tmp_path / "a.png").read_bytes()
    assert draw_example(example, tmp_path / "b.png").read_bytes() == first
    assert draw_sates({"llama-3-8b": normalised_sates(folder, "llama-3-8b")}, tmp_path / "c.png")


@pytest.fixture
def figures(monkeypatch):
    """The figures that are saved, in order."""
    kept = []
    monkeypatch.setattr(
        "benchmarks.paper.report.example_figure.save",
        lambda figure, path: kept.append(figure) or path,
    )
    return kept


def test_what_the_example_shows(folder, figures, tmp_path):
    pytest.importorskip("matplotlib")
    from matplotlib.colors import to_hex

    from benchmarks.paper.report.example_figure import draw_example

    example = read_example(folder)
    labels = example.labels.copy()
    labels["age"] = pd.Categorical(["25", "25", "25", "35"], labels["age"].cat.categories)
    y1 = example.y0 + np.array([0.3, 0.1, 0.2, 0.6])
    draw_example(dataclasses.replace(example, labels=labels, y1=y1), tmp_path / "a.png")
    (figure,) = figures
    effects, worlds, age = figure.axes[:3]
    assert effects.lines[0].get_ydata() == pytest.approx([0.1, 0.2, 0.3, 0.6])
    assert effects.lines[1].get_ydata() == pytest.approx([0.3, 0.3])
    # Half of the units had the therapies 0 and 2 in the two worlds, the others 1 and 2.
    counts = [text.get_text() for text in worlds.texts]
    assert counts == [*"0020", *"0020", *"0000", *"0000"]
    assert (age.get_title(), age.get_xlabel()) == ("age", "share of units")
    names = [label.get_text() for label in age.get_yticklabels()]
    shares = {
        (names[round(bar.get_y() + bar.get_height() / 2)], to_hex(bar.get_facecolor())): (
            bar.get_width()
        )
        for bar in age.patches
        if bar.get_width()
    }
    low, high = BLUE.lower(), ORANGE.lower()
    assert shares == {("25", low): 1, ("25", high): 0.5, ("35", high): 0.5}
    (legend,) = figure.legends
    named = zip(legend.get_patches(), legend.get_texts(), strict=True)
    assert [(to_hex(k.get_facecolor()), v.get_text()) for k, v in named] == [
        (low, "PD-L1 level low, 2 units"),
        (high, "PD-L1 level high, 2 units"),
    ]
    told = legend.get_title().get_text()
    assert all(f"Therapy {k}: {text}." in told for k, text in enumerate(example.therapies))


def test_what_the_histogram_shows(figures, tmp_path):
    pytest.importorskip("matplotlib")
    from matplotlib.colors import to_hex

    from benchmarks.paper.report.example_figure import draw_sates

    first, second = pd.Series([0.0, 0.0, 1.0]), pd.Series([2.0, 3.0])
    draw_sates({"gpt2": first, "llama-3-8b": second}, tmp_path / "a.png")
    for axis, values, colour in zip(figures[0].axes, (first, second), (GREEN, PINK), strict=True):
        heights = [bar.get_height() for bar in axis.patches]
        assert (heights[0], heights[-1], sum(heights)) == (len(values) - 1, 1, len(values))
        ends = axis.patches[0].get_x(), axis.patches[-1].get_x() + axis.patches[-1].get_width()
        assert ends == pytest.approx((values.min(), values.max()))
        assert to_hex(axis.patches[0].get_facecolor()) == colour.lower()
        assert "y = P(therapy 2)" in axis.get_xlabel()


def test_a_dataset_that_is_not_there(folder):
    with pytest.raises(InputError, match="no dataset 7 of llama-3-8b"):
        read_columns("llama-3-8b", folder, ["X0"], 7)


def test_columns_that_are_not_there(folder):
    with pytest.raises(InputError, match=r"llama-3-8b\.parquet: .*get the data again"):
        read_columns("llama-3-8b", folder, ["X99"])


def test_both_layouts_give_the_paper_s_example(paper_folder):
    files = paper_folder / "csv_layout"
    if not (files / "llama-3-8b").is_dir() or not list(paper_folder.glob("*.parquet")):
        pytest.skip("needs the packed copy and one CSV file of it")
    packed, single = (read_example(folder) for folder in (paper_folder, files))
    pd.testing.assert_frame_equal(packed.labels, single.labels)
    assert packed.ite == pytest.approx(single.ite, abs=1e-4)
    assert packed.ite.mean() == pytest.approx(0.0598, abs=1e-3)
    assert packed.mean_difference == pytest.approx(-0.1205, abs=1e-3)
