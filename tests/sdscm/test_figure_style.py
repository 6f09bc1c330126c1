from __future__ import annotations

import pytest

pytest.importorskip("matplotlib")

from sdscm import load_spec
from sdscm.figure_style import Format, figure_bytes, figure_style, in_figure_style, new_figure


def _bytes(kind: Format) -> bytes:
    with figure_style():
        figure = new_figure(2, 1)
        axes = figure.subplots()
        axes.plot([0, 1], [1, 0])
        axes.set_title("a title")
        return figure_bytes(figure, kind)


@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
def test_equal_figures_give_equal_bytes_in_any_style(kind: Format) -> None:
    """A library may set another style for the whole process, as CausalML does."""
    from matplotlib import style

    first = _bytes(kind)
    with style.context("fivethirtyeight"):
        assert _bytes(kind) == first


def test_the_style_is_left_as_it_was() -> None:
    import matplotlib

    @in_figure_style(size=7, text_parse_math=False)
    def size_within() -> tuple[float, bool]:
        return matplotlib.rcParams["font.size"], matplotlib.rcParams["text.parse_math"]

    with matplotlib.rc_context({"font.size": 20}):
        assert size_within() == (7, False)
        assert matplotlib.rcParams["font.size"] == 20


def test_a_picture_of_a_graph_has_the_style_of_the_project(tmp_path) -> None:
    from matplotlib import style

    from sdscm.graph_plot import save_graph

    spec = load_spec("breast_cancer")
    save_graph(spec, tmp_path / "first.svg")
    with style.context("fivethirtyeight"):
        save_graph(spec, tmp_path / "second.svg")
    assert (tmp_path / "first.svg").read_bytes() == (tmp_path / "second.svg").read_bytes()
