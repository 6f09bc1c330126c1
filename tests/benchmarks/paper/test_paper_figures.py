"""The figures: which are drawn, what is in them, and equal for equal records."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks.paper.records import COLUMNS, METRICS
from sdscm.figure_style import BLUE, GREEN, ORANGE, PINK

pytest.importorskip("matplotlib")

from matplotlib.colors import to_hex
from matplotlib.markers import CARETLEFTBASE, CARETRIGHTBASE

from benchmarks.paper.report.figures import write_figures

#: Where the 5th, 25th, 50th, 75th and 95th percentile of 21 values are.
FIVE = (1, 5, 10, 15, 19)
SETTING = {BLUE.lower(): "all", ORANGE.lower(): "hidden"}
ARROW = {CARETLEFTBASE: "left", CARETRIGHTBASE: "right"}


@pytest.fixture
def records() -> pd.DataFrame:
    draw = np.random.default_rng(0)
    rows = [
        {"method": method, "setting": setting, "number": number, "variant": number % 3}
        for method in ("LinReg", "CQR")
        for setting in ("all", "hidden")
        for number in range(12)
    ]
    frame = pd.DataFrame(rows).assign(lm="gpt2", rows=1000, status="ok", reason="", sd=0.1)
    for name in ("ate", "sate", *METRICS):
        frame[name] = draw.uniform(size=len(frame))
    frame.loc[frame["method"] == "CQR", ["r2", "r2_swapped", "cate_coverage"]] = np.nan
    return frame.reindex(columns=list(COLUMNS))


def test_each_model_that_was_run_has_its_figures(records, tmp_path):
    names = [path.name for path in write_figures(tmp_path, records)]
    assert names == ["effects-gpt2.png", "intervals-gpt2.png", "examples-gpt2.png", "sate.png"]
    both = pd.concat([records, records.assign(lm="llama-3-8b")])
    assert len(write_figures(tmp_path, both)) == 7


def test_equal_records_give_equal_bytes(records, tmp_path):
    first = [path.read_bytes() for path in write_figures(tmp_path, records)]
    assert [path.read_bytes() for path in write_figures(tmp_path, records)] == first
    records.loc[0, "pehe_sd"] += 0.5
    assert [path.read_bytes() for path in write_figures(tmp_path, records)] != first


def test_failures_and_pools_are_left_out(records, tmp_path):
    assert write_figures(tmp_path, records.assign(status="failed")) == []
    assert write_figures(tmp_path, records.assign(rows=10_000)) == []


def test_estimators_beyond_the_paper_change_nothing(records, tmp_path):
    """Nor the number of datasets in the title, though they have fewer."""
    first = [path.read_bytes() for path in write_figures(tmp_path, records)]
    beyond = records[records["number"] < 2].assign(method="AIPW")
    both = write_figures(tmp_path, pd.concat([records, beyond]))
    assert [path.read_bytes() for path in both] == first


def test_the_style_that_a_library_sets_is_not_theirs(records, tmp_path):
    """CausalML sets one for the whole process where it is imported."""
    from matplotlib import style

    first = [path.read_bytes() for path in write_figures(tmp_path, records)]
    with style.context("fivethirtyeight"):
        again = [path.read_bytes() for path in write_figures(tmp_path, records)]
    assert again == first


@pytest.fixture
def drawn(monkeypatch, tmp_path):
    """Gives the figures of records by name, not as files."""

    def draw(records: pd.DataFrame) -> dict:
        kept = {}
        with monkeypatch.context() as patch:
            patch.setattr(
                "benchmarks.paper.report.figures.save",
                lambda figure, path: kept.update({path.stem: figure}) or path,
            )
            write_figures(tmp_path, records)
        return kept

    return draw


@pytest.fixture
def known() -> pd.DataFrame:
    """21 datasets, with `values` of each metric; BART has ITE intervals, LinReg CATE intervals."""
    parts = []
    for method in ("LinReg", "BART"):
        for setting in ("all", "hidden"):
            part = pd.DataFrame({"number": range(21), "method": method, "setting": setting})
            parts.append(part.assign(**{k: values(method, setting, k) for k in METRICS}))
    frame = pd.concat(parts, ignore_index=True)
    frame = frame.assign(lm="gpt2", rows=1000, status="ok", reason="", variant=frame["number"] % 3)
    frame["sd"] = 0.1 + 0.01 * frame["number"]
    frame["sate"] = 0.3 - 0.02 * frame["number"]
    frame["ate"] = frame["sate"] + 0.1 * frame["pehe_sd"]
    frame.loc[frame["method"] == "BART", ["cate_coverage", "cate_width_sd"]] = np.nan
    frame.loc[frame["method"] == "LinReg", ["ite_coverage", "ite_width_sd"]] = np.nan
    return frame.reindex(columns=list(COLUMNS))


def values(method: str, setting: str, metric: str) -> np.ndarray:
    """In even steps, from a start that no other method, setting or metric has."""
    start = 0.05 * METRICS.index(metric) + 0.02 * (method == "BART") + 0.01 * (setting == "all")
    return 0.1 + start + 0.005 * np.arange(21)


def method_at(axis, place: float) -> str:
    """Whose name stands nearest; the first panel has the names of all."""
    return axis.figure.axes[0].get_yticklabels()[round(place)].get_text()


def who(axis, place: float, colour: object) -> tuple[str, str]:
    """The method, and the setting that the colour means: ``all`` is the upper one."""
    setting = SETTING[to_hex(colour)]
    assert (place > round(place)) == (setting == "all")
    return method_at(axis, place), setting


def boxes(axis) -> dict[tuple[str, str], list[float]]:
    """Of each box its whiskers, edges and median, in order."""
    found = {}
    for patch in axis.patches:
        corners = patch.get_path().vertices
        place = (corners[:, 1].min() + corners[:, 1].max()) / 2
        near = [line for line in axis.lines if np.isclose(np.mean(line.get_ydata()), place)]
        (median,) = (line for line in near if line.get_color() == "black")
        colour = to_hex(patch.get_facecolor())
        whiskers = [line.get_xdata() for line in near if line.get_color().lower() == colour]
        five = [np.min(whiskers), corners[:, 0].min(), median.get_xdata()[0]]
        found[who(axis, place, colour)] = [*five, corners[:, 0].max(), np.max(whiskers)]
    return found


def arrows(axis) -> dict[tuple[str, str], tuple[str, float]]:
    """The direction of each arrow, and where it stands."""
    return {
        who(axis, line.get_ydata()[0], line.get_color()): (
            ARROW[line.get_marker()],
            line.get_xdata()[0],
        )
        for line in axis.lines
        if line.get_marker() in ARROW
    }


def texts(axis) -> list[str]:
    return [text.get_text() for text in axis.texts]


@pytest.mark.parametrize(
    ("figure", "panel", "title", "metrics"),
    [
        ("effects", 0, "R² of individual effects,\nswapped as", ("r2_swapped", "r2_swapped")),
        ("effects", 1, "R² of individual effects\n(log", ("r2", "r2")),
        ("effects", 2, "PEHE / SD(y)", ("pehe_sd", "pehe_sd")),
        ("intervals", 1, "Width of the SATE interval", ("ate_width_sd", "ate_width_sd")),
        ("intervals", 2, "Coverage of individual effects", ("cate_coverage", "ite_coverage")),
        ("intervals", 3, "Width of the intervals\nof indiv", ("cate_width_sd", "ite_width_sd")),
    ],
)
def test_each_box_has_the_percentiles_of_its_values(known, drawn, figure, panel, title, metrics):
    axis = drawn(known)[f"{figure}-gpt2"].axes[panel]
    assert axis.get_title().startswith(title)
    found = boxes(axis)
    assert len(found) == 4
    for method, metric in zip(("LinReg", "BART"), metrics, strict=True):
        for setting in ("all", "hidden"):
            expected = values(method, setting, metric)[list(FIVE)]
            assert found[method, setting] == pytest.approx(expected)
    assert arrows(axis) == {}
    assert "none" not in texts(axis)


def test_coverage_of_the_average_is_a_share_of_datasets(known, drawn):
    each = known["method"].map({"LinReg": 2, "BART": 4}) + (known["setting"] == "all")
    known["ate_coverage"] = (known["number"] % each == 0).astype(float)
    axis = drawn(known)["intervals-gpt2"].axes[0]
    assert axis.get_title().startswith("Coverage of the SATE")
    found = {
        who(axis, line.get_ydata()[0], line.get_color()): line.get_xdata()[0] * 21
        for line in axis.lines
        if line.get_marker() == "o"
    }
    assert found == pytest.approx(
        {
            ("LinReg", "all"): 7,
            ("LinReg", "hidden"): 11,
            ("BART", "all"): 5,
            ("BART", "hidden"): 6,
        }
    )


def test_the_words_around_the_boxes(known, drawn):
    figures = drawn(known)
    for name in ("effects-gpt2", "intervals-gpt2"):
        (legend,) = figures[name].legends
        told = legend.get_title().get_text()
        assert all(word in told for word in ("quartiles", "5th to 95th", "not drawn", "Arrows"))
        named = zip(legend.get_patches(), legend.get_texts(), strict=True)
        assert [(SETTING[to_hex(k.get_facecolor())], v.get_text()) for k, v in named] == [
            ("all", "all covariates"),
            ("hidden", "exogenous covariates hidden"),
        ]
    for axis in np.array(figures["intervals-gpt2"].axes)[[0, 2]]:
        assert "nominal 0.95" in texts(axis)
        assert any(list(line.get_xdata()) == [0.95, 0.95] for line in axis.lines)


def test_what_the_axis_cuts_has_an_arrow(known, drawn):
    def put(method: str, setting: str, metric: str, low: float, high: float) -> None:
        mine = (known["method"] == method) & (known["setting"] == setting)
        known.loc[mine, metric] = np.linspace(low, high, 21)

    put("LinReg", "all", "pehe_sd", 0.9, 1.9)  # the box ends beyond 1.5, its median before
    put("LinReg", "hidden", "pehe_sd", 2, 3)
    put("BART", "all", "r2_swapped", -3, 0)
    put("BART", "hidden", "r2_swapped", -2.5, 0.5)  # the whisker only
    put("LinReg", "all", "r2_swapped", -5, -5)
    put("LinReg", "all", "r2", -4000, 0)
    swapped, right, error = drawn(known)["effects-gpt2"].axes
    assert arrows(error) == {
        ("LinReg", "all"): ("right", 1.5),
        ("LinReg", "hidden"): ("right", 1.5),
    }
    assert texts(error) == ["median 2.5"]
    assert arrows(swapped) == {
        ("BART", "all"): ("left", -2),
        ("BART", "hidden"): ("left", -2),
        ("LinReg", "all"): ("left", -2),
    }
    assert texts(swapped) == ["median -5"]
    assert arrows(right) == {("LinReg", "all"): ("left", -2000)}


def test_values_that_do_not_vary_are_one_mark(known, drawn):
    mine = (known["method"] == "BART") & (known["setting"] == "hidden")
    known.loc[mine, "r2_swapped"] = 0.5
    axis = drawn(known)["effects-gpt2"].axes[0]
    assert len(boxes(axis)) == 3
    (mark,) = (line for line in axis.lines if line.get_marker() == "|")
    assert who(axis, mark.get_ydata()[0], mark.get_color()) == ("BART", "hidden")
    assert mark.get_xdata()[0] == 0.5


def test_a_method_without_the_number_has_none(known, drawn):
    known.loc[known["method"] == "BART", ["ate_coverage", "ate_width_sd"]] = np.nan
    axes = drawn(known)["intervals-gpt2"].axes
    for axis in axes[:2]:
        (none,) = (text for text in axis.texts if text.get_text() == "none")
        assert method_at(axis, none.get_position()[1]) == "BART"
    assert not any("none" in texts(axis) for axis in axes[2:])


def test_examples_have_the_estimates_and_the_truth(known, drawn):
    """Of the first dataset of each phrasing, in the order of their true effects."""
    axes = drawn(known)["examples-gpt2"].axes
    assert [axis.get_title() for axis in axes] == [f"dataset {k}" for k in (2, 1, 0)]
    for number, axis in zip((2, 1, 0), axes, strict=True):
        mine = known[known["number"] == number].set_index(["method", "setting"])
        sd, sate = 0.1 + 0.01 * number, 0.3 - 0.02 * number
        found = {}
        for point, _, (bar,) in axis.containers:
            (x,), (place,) = point.get_data()
            ends = bar.get_segments()[0][:, 0]
            found[who(axis, place, point.get_color())] = [x, *ends]
        assert len(found) == 4
        for key, three in found.items():
            middle, half = mine.loc[key, "ate"] / sd, mine.loc[key, "ate_width_sd"] / 2
            assert three == pytest.approx([middle, middle - half, middle + half])
        assert any(list(line.get_xdata()) == [sate / sd] * 2 for line in axis.lines)
        assert axis.get_xlabel() == "average effect / SD(y)"


def test_the_histogram_counts_each_dataset_once(known, drawn):
    other = known.assign(lm="llama-3-8b", sate=known["sate"] + 1)
    figure = drawn(pd.concat([known, other], ignore_index=True))["sate"]
    plain, scaled = figure.axes
    assert plain.get_xlabel() == "SATE, y = log score of therapy 0"
    assert scaled.get_xlabel() == "SATE / SD(y), y = log score of therapy 0"
    for colour, part in ((GREEN, known), (PINK, other)):
        each = part.drop_duplicates("number")
        for axis, true in ((plain, each["sate"]), (scaled, each["sate"] / each["sd"])):
            bars = [bar for bar in axis.patches if to_hex(bar.get_facecolor()) == colour.lower()]
            heights = [bar.get_height() for bar in bars]
            middles = [bar.get_x() + bar.get_width() / 2 for bar in bars]
            assert sum(heights) == 21
            mean = np.average(middles, weights=heights)
            assert mean == pytest.approx(true.mean(), abs=bars[0].get_width() / 2)
