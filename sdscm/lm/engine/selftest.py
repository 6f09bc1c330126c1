"""Compare packed passes of a model with plain passes (the self-test of packing)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers

from sdscm.lm.engine.attention import input_device, token_bytes
from sdscm.lm.engine.packed import PackedScorer, default_memory
from sdscm.lm.engine.plain import PlainScorer
from sdscm.lm.engine.products import products
from sdscm.lm.engine.tokens import CandidateTokens, ChoiceTokens
from sdscm.lm.interface import Choice
from sdscm.lm.precision import Precision

# Largest accepted difference of a token's log-probability in float32. Rounding gives about 1e-4.
_TOLERANCE = 5e-4
# Largest accepted error of packed passes in a coarser precision, in multiples of the largest
# rounding error of plain passes.
_COARSER = 8

#: Choices that both score. Long contexts are needed to test attention to distant tokens.
PROBES = [
    Choice((), "The answer is ", ("yes", "no", "not known yet"), "."),
    Choice(("The answer is no.",), "We were told so by ", ("Alice", "Bob"), " on Monday."),
    Choice(
        ("The answer is no.", "We were told so by Bob on Monday."),
        "",
        ("That was a surprise", "That was to be expected"),
        " after all that had been said before.",
    ),
    *(
        Choice(("We were told so by Bob on Monday.",) * sentences, "So say ", ("we", "I"), ".")
        for sentences in (8, 60)
    ),
]


def lengthened(probe: Sequence[ChoiceTokens], length: int) -> ChoiceTokens:
    """A choice of the probe's tokens in random order, of this length.

    It tests what begins at a length only: a window, sparse attention, or positions that change. In
    a random order no token can be guessed from those near it, and the first token is far away.
    """
    seen = sorted({token for tokens in probe for token in tokens.context})
    drawn = np.random.Generator(np.random.Philox(key=length)).choice(seen, length - 1)
    ids = (probe[0].context[0], *map(int, drawn))
    size = min(8, length // 2)
    ends = (ids[-size:], ids[-size:-1] + ids[:1])
    return ChoiceTokens(ids[:-size], tuple(CandidateTokens(end, 0, size) for end in ends))


def packs(
    model: Any, probe: Sequence[ChoiceTokens], memory: int | None, precision: Precision
) -> bool:
    """True if packed passes give the scores of plain passes.

    Both compute in float32 first, whatever the type of the model, since the rounding of a coarser
    precision could hide an error of packing.

    Parameters
    ----------
    model
        A causal language model of ``transformers`` in evaluation mode.
    probe
        Choices to score.
    memory
        Bytes for the key/value cache; only those that the probe needs are used.
    precision
        Precision in which the model will be used.

    Raises
    ------
    UnsupportedModelError
        If the model's attention or its positions cannot be packed.
    """
    limit = default_memory(input_device(model)) if memory is None else memory

    def packed() -> np.ndarray:
        needed = sum(tokens.size for tokens in probe) * token_bytes(model)
        # One worker: all threads share the layers that are converted to float32.
        scorer = PackedScorer(model, min(needed, limit), workers=1)
        # The second call reads contexts from the cache: a short pass at high positions.
        parts = [(each.candidates[:1], each.candidates[1:]) for each in probe]
        calls = [
            scorer.score([replace(c, candidates=p[k]) for c, p in zip(probe, parts, strict=True)])
            for k in range(2)
        ]
        return _flat([one + other for one, other in zip(*calls, strict=True)])

    def plain() -> np.ndarray:
        return _flat(PlainScorer(model).score(probe))

    with in_float32(model), products(input_device(model), "float32"):
        exact = plain()
        if not np.abs(packed() - exact).max() <= _TOLERANCE:
            return False
    if precision in ("float32", "float64"):
        return True
    with products(input_device(model), precision):
        rounding = np.abs(plain() - exact).max()
        return bool(np.abs(packed() - exact).max() <= max(_COARSER * rounding, _TOLERANCE))


class SelfTests:
    """Self-tests of one model, each made once, when texts of its length are scored.

    Parameters
    ----------
    model, tokenize
        The model, and its tokens of a choice.
    window
        Largest number of tokens of a text, if it is known.
    memory, precision
        See `packs`.
    records
        Folder that records passed self-tests on a CPU, for the next process; or None.
    """

    def __init__(
        self,
        model: Any,
        tokenize: Callable[[Choice], ChoiceTokens],
        window: int | None,
        memory: int | None,
        precision: Precision,
        records: Path | None,
    ) -> None:
        self._model = model
        self._tokenize = tokenize
        self._window = window
        self._memory = memory
        self._precision = precision
        self._records = records if input_device(model).type == "cpu" else None
        self._results: dict[str, bool] = {}

    def packs(self, length: int) -> bool:
        """True if packed passes are right for texts of this length, by a self-test as long.

        A window or sparse attention shows only in texts that are longer than it. So the longest
        text of the test has the length of the probe, doubled until it is as long, or the window.
        """
        tested = max((tokens.length for tokens in self._probe), default=0)
        if not tested or not self._passes(self._probe, ""):
            return False
        while tested < length:
            tested = min(2 * tested, self._window or 2 * tested)
            if not self._passes([lengthened(self._probe, tested)], f"-{tested}"):
                return False
        return True

    @cached_property
    def _probe(self) -> list[ChoiceTokens]:
        """The choices of the self-test, none without Latin letters or with a shorter window."""
        with suppress(Exception):  # its kind depends on the tokenizer
            probe = [self._tokenize(choice) for choice in PROBES]
            return [tokens for tokens in probe if tokens.length <= (self._window or tokens.length)]
        return []

    def _passes(self, probe: list[ChoiceTokens], name: str) -> bool:
        """Result of a self-test, from this process or from a record of a passed one."""
        if name not in self._results:
            record = None
            if self._records is not None:
                record = self._records / (fingerprint(self._memory, self._precision) + name)
            try:
                passed = (record is not None and record.exists()) or packs(
                    self._model, probe, self._memory, self._precision
                )
                if passed and record is not None:
                    with suppress(OSError):  # a folder without the right to write
                        record.parent.mkdir(exist_ok=True)
                        record.touch()
            except Exception:  # of the model's code, which may expect another mask or cache
                passed = False
            self._results[name] = passed
        return self._results[name]


def fingerprint(memory: int | None, precision: Precision) -> str:
    """Hash what decides the result for one model on a CPU: arguments, code, versions, kernels.

    Files are hashed as they are: an edit of a comment only repeats the test.
    """
    if memory is None:
        memory = default_memory(torch.device("cpu"))
    kernels = torch.backends.cpu.get_cpu_capability()
    facts = [memory, precision, torch.__version__, transformers.__version__, kernels]
    digest = hashlib.blake2b(repr(facts).encode(), digest_size=16)
    engine = Path(__file__).parent
    for file in [engine.with_name("precision.py"), *sorted(engine.glob("*.py"))]:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _flat(scores: list[list[np.ndarray]]) -> np.ndarray:
    return np.concatenate([values for choice in scores for values in choice])


@contextmanager
def in_float32(model: Any) -> Iterator[None]:
    """Let a model of 16 bits compute in float32 within this context.

    Layers are converted one at a time, when they run, since all together may not fit into memory.
    Afterwards they have their old weights.
    """
    lists = [m for m in model.modules() if isinstance(m, torch.nn.ModuleList)]
    layers = list(max(lists, key=lambda each: len(list(each)))) if lists else []
    inside = {id(tensor) for layer in layers for tensor in _coarse(layer)}
    held: list[tuple[torch.Tensor, torch.Tensor]] = []

    def widen(tensors: Sequence[torch.Tensor]) -> None:
        with torch.inference_mode(False), torch.no_grad():
            for tensor in tensors:
                held.append((tensor, tensor.data))
                tensor.data = tensor.data.float()

    def restore(first: int = 0) -> None:
        while len(held) > first:
            tensor, before = held.pop()
            tensor.data = before

    widen([tensor for tensor in _coarse(model) if id(tensor) not in inside])
    always = len(held)
    hooks = [layer.register_forward_pre_hook(lambda m, _: widen(_coarse(m))) for layer in layers]
    hooks += [layer.register_forward_hook(lambda *_: restore(always)) for layer in layers]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
        restore()


def _coarse(module: torch.nn.Module) -> list[torch.Tensor]:
    """The weights and buffers of 16 bits."""
    tensors = [*module.parameters(), *module.buffers()]
    return [tensor for tensor in tensors if tensor.dtype in (torch.bfloat16, torch.float16)]
