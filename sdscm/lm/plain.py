"""Scoring with ordinary forward passes: slower, and right for every causal language model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from sdscm.lm.tokens import CandidateTokens, ChoiceTokens


class PlainScorer:
    """One row of a padded batch for each candidate, nothing shared, no key/value cache.

    Parameters
    ----------
    model
        A causal language model of ``transformers`` in evaluation mode.
    batch_tokens
        Tokens in one forward pass, about, padding included.
    """

    def __init__(self, model: Any, batch_tokens: int = 2048) -> None:
        self._model = model
        self._batch_tokens = batch_tokens
        self.tokens = 0

    def score(self, choices: Sequence[ChoiceTokens]) -> list[list[np.ndarray]]:
        """Log-probability of each scored token: for each choice, one array a candidate."""
        rows = [
            (index, place, choice.context, candidate)
            for index, choice in enumerate(choices)
            for place, candidate in enumerate(choice.candidates)
        ]
        rows.sort(key=lambda row: _length(row[2], row[3]))
        results = [[np.empty(0)] * len(choice.candidates) for choice in choices]
        begin = 0
        with torch.inference_mode():
            while begin < len(rows):
                end = begin + 1
                while (
                    end < len(rows)
                    and (end + 1 - begin) * _length(*rows[end][2:]) <= self._batch_tokens
                ):
                    end += 1
                batch = rows[begin:end]
                found = self._batch([(context, candidate) for _, _, context, candidate in batch])
                for (index, place, _, _), values in zip(batch, found, strict=True):
                    results[index][place] = values
                begin = end
        return results

    def _batch(self, rows: list[tuple[tuple[int, ...], CandidateTokens]]) -> list[np.ndarray]:
        """Log-probabilities of the scored tokens of each candidate behind its context."""
        texts = [context + candidate.tokens for context, candidate in rows]
        longest = max(len(tokens) for tokens in texts)
        ids = torch.zeros(len(rows), longest, dtype=torch.long)
        mask = torch.zeros(len(rows), longest, dtype=torch.long)
        for i, tokens in enumerate(texts):
            ids[i, : len(tokens)] = torch.tensor(tokens)
            mask[i, : len(tokens)] = 1
        device = self._model.device
        self.tokens += int(mask.sum())
        options = {} if bool(mask.all()) else {"attention_mask": mask.to(device)}
        logits = self._model(input_ids=ids.to(device), use_cache=False, **options).logits
        found = []
        for i, (context, candidate) in enumerate(rows):
            places, tokens = zip(*candidate.scored(), strict=True)
            part = logits[i, [len(context) + place for place in places]].float()
            targets = torch.tensor(tokens, device=device)
            picked = part.gather(-1, targets[:, None])[:, 0] - part.logsumexp(-1)
            found.append(picked.double().cpu().numpy())
        return found


def _length(context: tuple[int, ...], candidate: CandidateTokens) -> int:
    return len(context) + len(candidate.tokens)
