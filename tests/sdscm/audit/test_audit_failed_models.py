"""An audit goes on if one of its language models fails, for whatever reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from sdscm import InputError, TabularLM
from sdscm.audit import audit
from sdscm.audit.controls.planted import planted_lm, planted_spec
from sdscm.audit.report.page import page
from sdscm.errors import MissingExtraError
from sdscm.lm import registry
from sdscm.lm.interface import Choice, ChoiceScores
from sdscm.lm.registry import ModelHandle, register_lm

QUICK: dict[str, Any] = {"units": 300, "panel": 20, "resamples": 500}


def broken_while_loading(options: object) -> ModelHandle:
    raise MissingExtraError("this backend", "server")


def broken_while_scoring(options: object) -> ModelHandle:
    class Damaged(TabularLM):
        def score(self, choices: Sequence[Choice]) -> list[ChoiceScores]:
            raise MemoryError

    return ModelHandle("damaged", "1", lambda: Damaged(lambda choice: []), cacheable=False)


def broken_by_its_author(options: object) -> ModelHandle:
    return {}["weights"]


def not_a_model(options: object) -> ModelHandle:
    return ModelHandle("nothing", "1", lambda: None, cacheable=False)


def test_whatever_one_backend_raises_the_others_are_audited(
    one_line: Callable[[BaseException], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = planted_spec()
    monkeypatch.setattr(registry, "_BACKENDS", dict(registry._BACKENDS))
    reasons = {
        broken_while_loading: "this backend needs the extra 'server'",
        broken_while_scoring: "MemoryError",
        broken_by_its_author: "KeyError: 'weights'",
        not_a_model: "language model 'nothing': its backend 'bad3' loads None; it must",
    }
    for place, function in enumerate(reasons):
        register_lm(f"bad{place}", lambda name, options, f=function: f(options))
    names = [f"bad{place}:x" for place in range(len(reasons))]
    lms = [names[0], planted_lm(), *names[1:]]
    found = audit(planted, lms, phrasings=5, controls=False, **QUICK)
    errors = {each.id: each.error for each in found.models}
    assert list(errors) == [names[0], "planted", *names[1:]]
    assert {each.model for each in found.findings} == {"planted"}
    for name, text in zip(names, reasons.values(), strict=True):
        assert errors[name].startswith(text)
    shown = page(found)
    assert [f"{name} is not reported on: {errors[name]}" for name in names] == list(
        shown.warnings[: len(names)]
    )
    with pytest.raises(InputError) as caught:
        audit(planted, names, controls=False)
    line = one_line(caught.value)
    assert all(f"lm: {name}: " in line for name in names)
    with pytest.raises(KeyError, match="weights"):
        audit(planted, names[2], controls=False)
