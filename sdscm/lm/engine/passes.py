"""Score choices with packed forward passes of a model, several passes side by side."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from sdscm.lm.engine.attention import (
    LOG2E,
    KeyValueCache,
    active_pass,
    attention_shape,
    input_device,
)
from sdscm.lm.engine.float64 import keep_float64
from sdscm.lm.engine.group import ROWS
from sdscm.lm.engine.plan import ChoiceNodes, PassBuilder, PassPlan
from sdscm.lm.engine.tokens import ChoiceTokens
from sdscm.lm.engine.trie import TokenTrie

# A smaller pass costs more for each token.
_LEAST_BATCH = 192


@dataclass(frozen=True)
class Sizes:
    """Sizes of products that suit a kind of device. They change no score.

    Attributes
    ----------
    batch : approximate number of new tokens in a pass
    attention : largest number of scores of a product of the attention, for each head
    head : rows of logits that are computed together
    summed : rows of logits that are summed together
    """

    batch: int
    attention: int
    head: int
    summed: int

    @classmethod
    def of(cls, device: torch.device) -> Sizes:
        """The sizes for a device."""
        return _CPU if device.type == "cpu" else _ACCELERATOR


# On a CPU what is summed stays in a processor's cache. Elsewhere each product costs the start of
# its kernel, whatever its size.
_CPU = Sizes(batch=1024, attention=44_000, head=128, summed=8)
_ACCELERATOR = Sizes(batch=8192, attention=2_000_000, head=1024, summed=1024)


class Passes:
    """Scores choices in several passes, some of them side by side.

    If a pass needs a token that another pass is computing, both compute it and write the same bits
    to the same slot.
    """

    def __init__(
        self,
        model: Any,
        trie: TokenTrie,
        cache: KeyValueCache,
        choices: Sequence[ChoiceTokens],
        batch_tokens: int,
        workers: int,
    ) -> None:
        self._model = model
        self._trie = trie
        self._cache = cache
        self._workers = workers
        self._turn = threading.Lock()  # held by the worker that plans a pass
        self._device = input_device(model)
        self._sizes = Sizes.of(self._device)
        self._changed = threading.Condition()  # guards the attributes below
        self._running: set[int] = set()
        self._stopped = False
        self._next = 0
        self._results: list[list[np.ndarray]] = [[] for _ in choices]
        self.tokens = 0
        trie.begin_wave()
        self._choices = [ChoiceNodes.of(choice, trie) for choice in choices]
        self._left = sum(choice.missing for choice in self._choices)
        self._batch_tokens = batch_tokens

    def run(self) -> list[list[np.ndarray]]:
        """Score all choices."""
        if self._workers == 1:
            self._work()
            return self._results
        threads = torch.get_num_threads()

        def work() -> None:
            torch.set_num_threads(max(threads // self._workers, 1))
            self._work()

        try:
            with ThreadPoolExecutor(self._workers) as pool:
                try:
                    for future in [pool.submit(work) for _ in range(self._workers)]:
                        future.result()
                finally:
                    self._stop()
        finally:
            torch.set_num_threads(threads)
        return self._results

    def _work(self) -> None:
        """Score passes until no choice is left."""
        try:
            with torch.inference_mode(), keep_float64(self._model.dtype):
                while (taken := self._take()) is not None:
                    builder, plan, first = taken
                    found = self._forward(builder, plan)
                    self._results[first : first + len(found)] = found
                    self._finish(builder)
        except BaseException:
            self._stop()
            raise

    def _stop(self) -> None:
        """Let no further pass begin, and no pass wait for slots."""
        with self._changed:
            self._stopped = True
            self._changed.notify()

    def _take(self) -> tuple[PassBuilder, PassPlan, int] | None:
        """The next pass and the position of its first choice; None if no choice is left."""
        with self._turn, self._changed:
            if self._stopped or self._next == len(self._choices):
                return None
            first, tick = self._next, self._trie.next_tick()
            self._running.add(tick)
            heads, shared, _ = attention_shape(self._model)
            builder = PassBuilder(
                self._trie, tick, heads // shared, self._model.dtype, self._sizes.attention
            )
            room = self._trie.capacity // self._workers
            # Passes become smaller, so that the workers end together.
            parts = 1 if self._workers == 1 else 2 * self._workers
            batch = min(max(self._left // parts, _LEAST_BATCH), self._batch_tokens)
            while self._next < len(self._choices) and len(builder) < batch:
                choice = self._choices[self._next]
                if builder.choices and builder.held + choice.tokens.size > room:
                    break
                self._left -= choice.missing
                builder.add(choice)
                self._next += 1
            while not self._stopped:
                try:
                    return builder, builder.build(min(self._running)), first
                except MemoryError:
                    if len(self._running) == 1:
                        raise
                    self._changed.wait()  # for slots of the other passes
            return None

    def _finish(self, builder: PassBuilder) -> None:
        with self._changed:
            for node in builder.queries:
                node.filled = True
            self._running.discard(builder.tick)
            self.tokens += len(builder)
            self._changed.notify()

    def _forward(self, builder: PassBuilder, plan: PassPlan) -> list[list[np.ndarray]]:
        hidden, outputs = self._hidden(plan)
        wanted = [
            [choice.scored(i) for i in range(len(choice.branches))] for choice in builder.choices
        ]
        flat = [pair for choice in wanted for scored in choice for pair in scored]
        rows = np.array([plan.rows[node] for node, _ in flat])
        targets = np.array([target for _, target in flat])
        values = iter(self._log_probabilities(hidden[outputs], rows, targets))
        return [
            [np.array([next(values) for _ in scored]) for scored in choice] for choice in wanted
        ]

    def _hidden(self, plan: PassPlan) -> tuple[torch.Tensor, torch.Tensor]:
        """Last hidden states of the tokens of the pass, and the positions of its outputs."""
        with active_pass(plan, self._cache) as active:
            here = active.plan(self._device)
            hidden: torch.Tensor = self._model.base_model(
                input_ids=here.tokens[None], position_ids=here.positions[None], use_cache=False
            ).last_hidden_state[0]
            return hidden, active.plan(hidden.device).outputs

    def _log_probabilities(
        self, hidden: torch.Tensor, rows: np.ndarray, targets: np.ndarray
    ) -> np.ndarray:
        """Log-probability of each target token after the text of its row."""
        head = self._model.get_output_embeddings()
        order: list[np.ndarray] = []
        found: list[torch.Tensor] = []
        for begin in range(0, len(hidden), self._sizes.head):
            begin = min(begin, max(len(hidden) - ROWS, 0))
            part = slice(begin, min(begin + self._sizes.head, len(hidden)))
            logits = head(hidden[part])
            inside = np.flatnonzero((rows >= part.start) & (rows < part.stop))
            asked = torch.from_numpy(np.stack([rows[inside] - begin, targets[inside]]))
            places, tokens = asked.to(logits.device, non_blocking=True)
            picked = logits[places, tokens].float()
            order.append(inside)
            found.append(picked - _log_sum_exp(logits, self._sizes.summed)[places])
        values = np.empty(len(rows))
        # One transfer, since the host waits for it.
        values[np.concatenate(order)] = torch.cat(found).double().cpu().numpy()
        return values


def _log_sum_exp(logits: torch.Tensor, at_once: int) -> torch.Tensor:
    """Log-sum-exp of each row, in float32."""
    sums = []
    for rows in logits.split(at_once):
        rows = rows.float()
        highest = rows.amax(-1, keepdim=True)
        total = rows.sub(highest).mul_(LOG2E).exp2_().sum(-1)
        sums.append(total.log_().add_(highest[:, 0]))
    return torch.cat(sums)
