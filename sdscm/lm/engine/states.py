"""Means of the last hidden states of texts, with passes that share the beginnings of texts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import torch

from sdscm.lm.engine.attention import input_device
from sdscm.lm.engine.float64 import keep_float64
from sdscm.lm.engine.packed import PackedScorer
from sdscm.lm.engine.passes import Passes
from sdscm.lm.engine.plan import PassBuilder, PassPlan
from sdscm.lm.engine.tokens import CandidateTokens, ChoiceTokens


class _StatePasses(Passes):
    """The results are means of hidden states, in place of log-probabilities."""

    def _forward(self, builder: PassBuilder, plan: PassPlan) -> list[list[np.ndarray]]:
        rows = self._hidden(plan)[0][: len(builder.queries)].double().cpu().numpy()
        # A node comes after its parent, or another pass has computed the parent. Sums from the
        # first token on do not depend on the texts that share it.
        for node, row in zip(builder.queries, rows, strict=True):
            if node.parent is None:  # the start token is not a part of the text
                node.total = np.zeros_like(row)
            else:
                node.total = node.parent.total + row
        return [[each.path[-1].total / each.path[-1].depth] for each in builder.choices]


class _PackedStates(PackedScorer):
    passes = _StatePasses

    def means(self, texts: Sequence[tuple[int, ...]]) -> list[np.ndarray]:
        # A candidate that is not read: the last token of the text predicts its only token.
        asked = [ChoiceTokens(text, (CandidateTokens(text[:1], 0, 1),)) for text in texts]
        return [mean for (mean,) in self.score(asked)]


class HiddenStates:
    """Means of the last hidden states over the tokens of texts.

    Texts share the passes of their common beginnings, where the model can be packed. A mean has the
    same bits whatever other texts there are, as the scores of `PackedScorer`.

    Parameters
    ----------
    model
        A causal language model of ``transformers`` in evaluation mode.
    packs
        True if packed passes are right for texts of this length; see `SelfTests.packs`.
    memory, batch_tokens
        See `PackedScorer`.
    """

    def __init__(
        self,
        model: Any,
        packs: Callable[[int], bool],
        memory: int | None = None,
        batch_tokens: int | None = None,
    ) -> None:
        self._model = model
        self._packs = packs
        self._sizes = memory, batch_tokens

    @cached_property
    def _packed(self) -> _PackedStates:
        return _PackedStates(self._model, *self._sizes)

    def means(self, texts: Sequence[tuple[int, ...]]) -> np.ndarray:
        """Means of each text, of shape (n, size of a state), float32.

        The first token of a text is the start token, which is not averaged; at least one follows.

        Raises
        ------
        ValueError
            If a mean is not a number, or infinite.
        """
        packed = [i for i, text in enumerate(texts) if self._packs(len(text))]
        found: dict[int, np.ndarray] = {}
        if packed:
            found.update(zip(packed, self._packed.means([texts[i] for i in packed]), strict=True))
        for i, text in enumerate(texts):
            if i not in found:
                found[i] = self._plain(text)
        means = np.array([found[i] for i in range(len(texts))], dtype=np.float32)
        if not np.isfinite(means).all():
            raise ValueError("hidden states are not finite")
        return means

    def _plain(self, text: tuple[int, ...]) -> np.ndarray:
        """The mean by a pass of its own: slower, but right for every model."""
        with torch.inference_mode(), keep_float64(self._model.dtype):
            ids = torch.tensor([text], device=input_device(self._model))
            hidden = self._model.base_model(input_ids=ids, use_cache=False).last_hidden_state[0]
            mean: np.ndarray = hidden[1:].double().mean(0).cpu().numpy()
            return mean
