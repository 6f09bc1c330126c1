"""Checks of a language model when it is loaded: is it what its files say, and can it be scored?"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np
import tokenizers
import torch
import transformers
from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerFast
from transformers.utils.hub import cached_file

from sdscm.lm.engine.attention import input_device

#: Tokens of the probe of a model. Its two texts differ from token 47 on. Since 47 is a prime, this
#: place is inside a chunk of a model that attends to chunks, whatever their usual size.
_PROBE = 96
#: Largest difference of two logits that count as equal, in standard deviations of all logits.
_TOLERANCE = {torch.float64: 1e-6, torch.float32: 1e-3}
_COARSE = 0.05
#: Weights that many files hold and that change no score of a text: buffers of positions and masks,
#: parts for images and sound, and heads that predict further tokens.
_HARMLESS = re.compile(
    r"inv_freq|position_ids|masked_bias|\battn\.bias$|\battention\.bias$|vision|visual|image|audio"
    r"|\bmtp\b|multi_token"
)


class LoadError(ValueError):
    """The model must not be used; the message says why."""


class UnusedWeightsError(LoadError):
    """Files hold weights that the model does not use."""


def load_tokenizer(auto: Any, name: str, source: Mapping[str, Any]) -> Any:
    """Load a tokenizer that splits texts as its ``tokenizer.json`` says.

    transformers builds some tokenizers anew from the class that ``tokenizer_config.json`` names,
    and then splits texts in another way than the model was trained with. Such a tokenizer is
    replaced by the one in the file.

    Parameters
    ----------
    auto
        ``transformers.AutoTokenizer``.
    name
        Hugging Face id, or path of a folder.
    source
        Keyword arguments of ``from_pretrained``.
    """
    tokenizer = auto.from_pretrained(name, **source)
    file = cached_file(
        name,
        "tokenizer.json",
        _raise_exceptions_for_missing_entries=False,
        _raise_exceptions_for_connection_errors=False,
        **{key: value for key, value in source.items() if key != "trust_remote_code"},
    )
    if file is None or not getattr(tokenizer, "is_fast", False):
        return tokenizer
    if _splits_as(tokenizer, Tokenizer.from_file(file)):
        return tokenizer
    return PreTrainedTokenizerFast.from_pretrained(name, **source)


def scorer_hash(tokenizer: Any, libraries: Sequence[str] = ()) -> str:
    """Hash of what decides scores besides the files: the tokenizer as loaded, and versions.

    A version of transformers may split the same text into other tokens, or compute a model anew.
    ``libraries`` are those that the model needs in addition.
    """
    backend = getattr(tokenizer, "backend_tokenizer", None)
    content = [
        "" if backend is None else backend.to_str(),
        tokenizer.special_tokens_map,
        transformers.__version__,
        tokenizers.__version__,
        torch.__version__.partition(".")[0],
        *map(version, libraries),
    ]
    text = json.dumps(content, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _splits_as(loaded: Any, file: Tokenizer) -> bool:
    """True if a loaded tokenizer splits texts as its file says.

    It may have more special tokens than the file, since transformers adds those of the
    configuration.
    """
    here, there = (json.loads(each.to_str()) for each in (loaded.backend_tokenizer, file))
    if any(here[name] != there[name] for name in ("normalizer", "pre_tokenizer", "model")):
        return False
    added, expected = (
        {(token["id"], token["content"]) for token in each["added_tokens"]}
        for each in (here, there)
    )
    special = set(loaded.all_special_tokens)
    return expected <= added and all(text in special for _, text in added - expected)


def check_weights(report: Mapping[str, Any], model: Any) -> None:
    """Check that the model has the weights of its files, no fewer and no others.

    Parameters
    ----------
    report
        ``loading_info`` of ``from_pretrained``.
    model
        The loaded model.

    Raises
    ------
    LoadError
        If weights are missing, which transformers fills with random numbers.
    UnusedWeightsError
        If weights are left out.
    """
    missing = sorted(map(str, report["missing_keys"]))
    if missing:
        raise LoadError(f"its files lack the weights {missing[0]}")
    mismatched = sorted(str(each[0]) for each in report.get("mismatched_keys") or ())
    if mismatched:
        raise LoadError(f"the weights {mismatched[0]} have another shape than its configuration")
    unused = [key for key in sorted(report["unexpected_keys"]) if not _HARMLESS.search(key)]
    if unused:
        more = f" and {len(unused) - 1} more" if len(unused) > 1 else ""
        raise UnusedWeightsError(
            f"its files hold the weights {unused[0]}{more}, which {type(model).__name__} does not "
            "use; they may be of an adapter, or of a model for another task"
        )


def check_model(model: Any, window: int | None) -> None:
    """Check that a model gives the same finite scores twice, and reads no later token.

    Parameters
    ----------
    model
        A model of ``transformers`` in evaluation mode.
    window
        Largest number of tokens of a text, if it is known.

    Raises
    ------
    LoadError
        If its logits are not numbers, change from one pass to the next, or depend on later tokens,
        as those of a masked language model do.
    """
    tokens, rows = _probe_tokens(model, window)
    size = len(tokens)
    half = (size - 1) // 2
    # Other tokens, and not the same in another order, which a model may not tell apart.
    other = np.concatenate([tokens[:half], (tokens[half:] + rows // 3) % rows])
    first, again, changed = (_logits(model, each) for each in (tokens, tokens, other))
    if not torch.isfinite(first).all():
        raise LoadError("its scores are not numbers; its weights may be damaged, or overflow")
    tolerance = _TOLERANCE.get(model.dtype, _COARSE) * float(first.std())
    if (first - again).abs().max() > tolerance:
        raise LoadError("its scores are random: two passes over the same text differ")
    if half and (first - changed)[:half].abs().max() > tolerance:
        raise LoadError(
            "its scores of a token depend on later tokens, so that it is not a causal language "
            "model"
        )


def probe_logits(model: Any) -> torch.Tensor:
    """Logits of a fixed text, to compare a model with a changed one."""
    return _logits(model, _probe_tokens(model, None)[0])


def _probe_tokens(model: Any, window: int | None) -> tuple[np.ndarray, int]:
    """Tokens of the probe, and the number of tokens that the model knows."""
    size = min(_PROBE, window or _PROBE)
    rows = model.get_input_embeddings().weight.shape[0]
    tokens = np.linspace(rows // 8, rows - 1, size).astype(int) if rows > size else np.zeros(size)
    return tokens, rows


def _logits(model: Any, tokens: np.ndarray) -> torch.Tensor:
    """Logits of one text, of shape (number of tokens, size of the vocabulary)."""
    inputs = torch.as_tensor(tokens, dtype=torch.long, device=input_device(model))[None]
    with torch.inference_mode():
        return model(input_ids=inputs, use_cache=False).logits[0].double().cpu()
