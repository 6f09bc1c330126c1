"""Write text with a causal language model of ``transformers``."""

from __future__ import annotations

from typing import Any

import torch
from transformers import (
    LogitsProcessor,
    LogitsProcessorList,
    StoppingCriteria,
    StoppingCriteriaList,
    TemperatureLogitsWarper,
    TopPLogitsWarper,
)

from sdscm.lm.engine.attention import input_device

#: Usual values for varied text without odd words: Holtzman et al., ICLR 2020 (arXiv 1904.09751).
_TEMPERATURE, _TOP_P = 0.8, 0.95


def continued_lines(
    model: Any, tokenizer: Any, prompt: str, begin: str, count: int, tokens: int, seed: int
) -> list[str]:
    """Continue an answer up to the end of its line; see ``GenerativeLanguageModel.generate``."""
    chat = bool(getattr(tokenizer, "chat_template", None))
    text = f"{prompt}\n{begin}"
    if chat:
        asked = [{"role": "user", "content": prompt}]
        head = tokenizer.apply_chat_template(asked, tokenize=False, add_generation_prompt=True)
        text = f"{head}{begin}"
    # The template writes its special tokens itself.
    ids = tokenizer(text, return_tensors="pt", add_special_tokens=not chat)["input_ids"]
    ids = ids.expand(count, -1).to(input_device(model))
    size = ids.shape[1]
    with torch.inference_mode():
        found = model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            do_sample=False,  # the noise below makes the largest score a draw
            num_beams=1,
            max_new_tokens=tokens,
            pad_token_id=tokenizer.eos_token_id,
            logits_processor=LogitsProcessorList(
                [
                    TemperatureLogitsWarper(_TEMPERATURE),
                    TopPLogitsWarper(_TOP_P),
                    _GumbelNoise(torch.Generator().manual_seed(seed)),
                ]
            ),
            stopping_criteria=StoppingCriteriaList([_LineEnd(tokenizer, size)]),
        )
    texts = tokenizer.batch_decode(found[:, size:], skip_special_tokens=True)
    return [each.partition("\n")[0] for each in texts]


class _GumbelNoise(LogitsProcessor):
    """Add Gumbel noise: the largest sum is a draw from the softmax of the scores.

    ``transformers`` itself draws with the global generator of PyTorch.
    """

    def __init__(self, generator: torch.Generator) -> None:
        self._generator = generator

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        waiting = torch.empty(scores.shape).exponential_(generator=self._generator)
        return scores - waiting.log().to(scores.device)


class _LineEnd(StoppingCriteria):
    """Stop a text that has a line break after its first ``size`` tokens."""

    def __init__(self, tokenizer: Any, size: int) -> None:
        self._tokenizer = tokenizer
        self._size = size

    def __call__(self, input_ids: Any, scores: Any, **_: Any) -> Any:
        texts = self._tokenizer.batch_decode(input_ids[:, self._size :])
        return torch.tensor(["\n" in each for each in texts], device=input_ids.device)
