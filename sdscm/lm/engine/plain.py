"""Score choices with ordinary forward passes: slower, but correct for every causal model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch

from sdscm.lm.engine.attention import input_device
from sdscm.lm.engine.float64 import keep_float64
from sdscm.lm.engine.tokens import CandidateTokens, ChoiceTokens

_Row = tuple[int, int, tuple[int, ...], CandidateTokens]


class PlainScorer:
    """Scores one row for each candidate with its context, without a key/value cache.

    All rows of a pass have one length: in some models padding, or a longer text in the same pass,
    changes how a text is read (LongRoPE; Ding et al., 2024, arXiv 2402.13753). On a CPU each row
    has its own pass, so that its scores do not depend on other rows; on other devices this would
    leave most of the device idle.

    Parameters
    ----------
    model
        A causal language model of ``transformers`` in evaluation mode.
    batch_tokens
        Approximate number of tokens in one forward pass, if rows share a pass; default 8,192.
    """

    def __init__(self, model: Any, batch_tokens: int | None = None) -> None:
        self._model = model
        self._batch_tokens = batch_tokens or 8192
        self.tokens = 0

    def score(self, choices: Sequence[ChoiceTokens]) -> list[list[np.ndarray]]:
        """Log-probabilities of the scored tokens: for each choice, one array for each candidate."""
        rows = [
            (index, place, choice.context, candidate)
            for index, choice in enumerate(choices)
            for place, candidate in enumerate(choice.candidates)
        ]
        results = [[np.empty(0)] * len(choice.candidates) for choice in choices]
        with torch.inference_mode(), keep_float64(self._model.dtype):
            for batch in self._batches(rows):
                found = self._batch([(context, candidate) for _, _, context, candidate in batch])
                for (index, place, _, _), values in zip(batch, found, strict=True):
                    results[index][place] = values
        return results

    def _batches(self, rows: list[_Row]) -> Iterator[list[_Row]]:
        on_cpu = input_device(self._model).type == "cpu"
        lengths: dict[int, list[_Row]] = {}
        for row in rows:
            lengths.setdefault(len(row[2]) + len(row[3].tokens), []).append(row)
        for length, same in sorted(lengths.items()):
            many = 1 if on_cpu else max(self._batch_tokens // length, 1)
            for begin in range(0, len(same), many):
                yield same[begin : begin + many]

    def _batch(self, rows: list[tuple[tuple[int, ...], CandidateTokens]]) -> list[np.ndarray]:
        """Log-probabilities of the scored tokens of each candidate after its context."""
        ids = torch.tensor([context + candidate.tokens for context, candidate in rows])
        self.tokens += ids.numel()
        logits = self._model(input_ids=ids.to(input_device(self._model)), use_cache=False).logits
        found = []
        for i, (context, candidate) in enumerate(rows):
            places, tokens = zip(*candidate.scored(), strict=True)
            part = logits[i, [len(context) + place for place in places]].float()
            targets = torch.tensor(tokens, device=logits.device)
            picked = part.gather(-1, targets[:, None])[:, 0] - part.logsumexp(-1)
            found.append(picked.double().cpu().numpy())
        return found
