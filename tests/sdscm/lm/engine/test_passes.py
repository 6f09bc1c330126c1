"""Passes side by side: an error in one pass neither hangs the others nor changes their scores."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from sdscm.lm import Choice
from sdscm.lm.backends.huggingface import HuggingFaceLM
from sdscm.lm.engine import attention, passes
from sdscm.lm.engine.attention import token_bytes
from sdscm.lm.engine.packed import PackedScorer
from sdscm.lm.engine.plan import PassBuilder
from sdscm.lm.engine.tokens import ChoiceTokens

PATIENCE = 30.0  # seconds; a test that waits as long has found a deadlock

# Far longer than half the smallest cache, and with nothing in common.
LONG = [
    Choice(("The patient is young and lives in the old town.",), "She says ", ("yes", "no"), "."),
    Choice(("Her doctor gives her the placebo at home now.",), "She says ", ("yes", "no"), "."),
    Choice(("A month later she recovers in the end, and how.",), "She says ", ("yes", "no"), "."),
]


def read(lm: HuggingFaceLM, choices: list[Choice] = LONG) -> list[ChoiceTokens]:
    return [lm._tokenize(choice) for choice in choices]


def smallest(tokens: list[ChoiceTokens]) -> int:
    """Half of a cache that holds any one of the choices, but no two of them."""
    return max(each.size for each in tokens) // 2 + 1


@contextmanager
def watched_passes(model: Any, act: Callable[[int], None]) -> Iterator[None]:
    """Call ``act`` with the number of each pass before it computes."""
    forward, lock, seen = model.base_model.forward, threading.Lock(), [0]

    def watched(*given: Any, **options: Any) -> Any:
        with lock:
            number, seen[0] = seen[0], seen[0] + 1
        act(number)
        return forward(*given, **options)

    model.base_model.forward = watched
    try:
        yield
    finally:
        del model.base_model.forward


def outcome(work: Callable[[], Any]) -> Any:
    """What ``work`` returns or raises; a failure if it hangs."""
    found: list[Any] = []

    def run() -> None:
        try:
            found.append(work())
        except BaseException as error:
            found.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    assert found, "it hangs"
    return found[0]


def test_a_pass_that_fails_ends_the_one_that_waits_for_its_slots(tiny: Any) -> None:
    model = tiny("llama")
    tokens = read(model.lm())
    memory = 2 * smallest(tokens) * token_bytes(model.model)
    scorer = PackedScorer(model.model, memory, batch_tokens=smallest(tokens), workers=2)

    def fail(number: int) -> None:
        time.sleep(0.3)  # until the other worker waits
        raise RuntimeError(f"pass {number} fails")

    threads = torch.get_num_threads()
    with watched_passes(model.model, fail):
        found = outcome(lambda: scorer.score(tokens))
    assert isinstance(found, RuntimeError)
    assert "fails" in str(found)
    assert torch.get_num_threads() == threads
    equal(scorer.score(tokens), PackedScorer(model.model, workers=1).score(tokens))


def equal(found: list[list[np.ndarray]], expected: list[list[np.ndarray]]) -> None:
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        for a, b in zip(one, other, strict=True):
            np.testing.assert_allclose(a, b, rtol=0, atol=1e-4)


def test_a_pass_may_overtake_the_one_that_fills_the_first_slot(tiny: Any) -> None:
    """Padding reads the first slot, which must hold numbers before any pass writes to it.

    With a start token all texts share that slot; the reference's scoring may have none.
    """
    model = tiny("llama")
    tokens = [replace(each, context=each.context[1:]) for each in read(model.lm())]
    assert len({each.context[0] for each in tokens}) == len(tokens)
    expected = PackedScorer(model.model, workers=1).score(tokens)
    scorer = PackedScorer(model.model, batch_tokens=smallest(tokens), workers=2)
    overtaken = threading.Event()
    finish = passes.Passes._finish

    def wait(_: int) -> None:
        active = attention._ACTIVE.get() or pytest.fail("no pass")
        plan = active.plan(torch.device("cpu"))
        if 0 in plan.slots:
            assert overtaken.wait(PATIENCE)

    def finished(self: passes.Passes, builder: PassBuilder) -> None:
        finish(self, builder)
        overtaken.set()

    torch.use_deterministic_algorithms(True)  # memory that is not initialised holds NaN
    try:
        with watched_passes(model.model, wait), pytest.MonkeyPatch.context() as patch:
            patch.setattr(passes.Passes, "_finish", finished)
            found = outcome(lambda: scorer.score(tokens))
    finally:
        torch.use_deterministic_algorithms(False)
    equal(found, expected)


def test_a_pass_left_behind_by_an_interrupt_spoils_nothing(
    tiny: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second Ctrl-C ends the wait for running passes, which may still write to the cache."""
    model = tiny("llama")
    town = ("She lives in the old town of Rome, and every morning she takes the statin at 7:45.",)
    later = read(model.lm(), [Choice(town, f"No {i} says ", ("yes", "no"), ".") for i in range(40)])
    expected = PackedScorer(model.model, workers=1).score(later)
    tokens = read(model.lm())
    scorer = PackedScorer(model.model, batch_tokens=64, workers=2)
    first, left_behind = threading.Event(), threading.Event()
    leave, gone = threading.Event(), threading.Event()

    class Interrupted(ThreadPoolExecutor):
        def submit(self, *given: Any, **options: Any) -> Any:
            super().submit(*given, **options)
            assert left_behind.wait(PATIENCE)
            raise KeyboardInterrupt

        def __exit__(self, *_: object) -> None:
            self.shutdown(wait=False)

    def hold(number: int) -> None:
        if number == 0:
            left_behind.set()
            assert leave.wait(PATIENCE)
        elif first.is_set():
            leave.set()
            assert gone.wait(PATIENCE)
        else:
            first.set()

    finish = passes.Passes._finish

    def finished(self: passes.Passes, builder: PassBuilder) -> None:
        finish(self, builder)
        if leave.is_set():
            gone.set()

    monkeypatch.setattr(passes.Passes, "_finish", finished)
    with watched_passes(model.model, hold):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(passes, "ThreadPoolExecutor", Interrupted)
            with pytest.raises(KeyboardInterrupt):
                scorer.score(tokens)
        scorer._workers = 1
        found = outcome(lambda: scorer.score(later))
    equal(found, expected)


def test_a_gpu_beside_the_cpu_changes_nothing_there(
    tiny: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The device of the model decides the precision of products, not other devices."""
    model, used = tiny("llama"), []
    with watched_passes(model.model, lambda _: used.append(torch.get_float32_matmul_precision())):
        model.lm().score(LONG)
        without = used.copy()
        used.clear()
        monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
        model.lm().score(LONG)
    assert set(used) == set(without)
