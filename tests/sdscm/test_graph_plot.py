"""``model.plot()`` and ``spec.plot()``: the figure of the DAG."""

from __future__ import annotations

import pytest

import sdscm.figure_style
from sdscm import SDSCM, MissingExtraError, Spec, TabularLM
from sdscm.lm.backends.tabular import random_table


def test_a_model_draws_its_graph_which_a_notebook_shows(clinic: Spec) -> None:
    figure = SDSCM(clinic, TabularLM(random_table(1))).plot()
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert set(clinic.order) <= set(texts)
    assert figure._repr_png_().startswith(b"\x89PNG")


def test_without_matplotlib_the_extra_is_named(
    clinic: Spec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sdscm.figure_style, "has_matplotlib", lambda: False)
    with pytest.raises(MissingExtraError, match=r"sdscm\[plot\]"):
        clinic.plot()
