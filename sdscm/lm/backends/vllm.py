"""Language models that vLLM runs in this process: ``vllm:ID``, an id of Hugging Face or a folder.

vLLM brings fast kernels on GPUs, tensor parallelism and quantised models. Its prefix cache holds
the keys and values of contexts, as the trie of `sdscm.lm.engine` does. By default vLLM does not
read the cache for a request of log-probabilities, since it returns none for tokens that it finds
there. Here it reads the cache, and a text of which a scored token was found there is scored again
without the cache.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sdscm.errors import InputError, MissingExtraError
from sdscm.lm.engine.tokens import ChoiceTokenizer, summed
from sdscm.lm.interface import Choice, ChoiceScores
from sdscm.lm.registry import LMOptions, ModelHandle, register_lm

os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")  # it reads this when it is imported
try:
    import vllm
    from transformers import AutoConfig, AutoTokenizer
except ImportError:
    raise MissingExtraError("a language model in vLLM", "vllm") from None

_Ids = tuple[int, ...]


def _true(value: str) -> bool:
    return {"true": True, "false": False}[value]


#: Options of its own: the type of each, and its meaning. All are arguments of ``vllm.LLM``.
_ARGUMENTS: dict[str, tuple[Callable[[str], Any], str]] = {
    "dtype": (str, "type of the arithmetic (auto: that of the weights, 16 bits for float32)"),
    "quantization": (str, "method of quantised weights, if the model's files do not name it"),
    "tensor_parallel_size": (int, "number of GPUs that share each layer (1)"),
    "pipeline_parallel_size": (int, "number of GPUs or nodes that share the layers (1)"),
    "gpu_memory_utilization": (float, "share of the GPU's memory that vLLM takes (0.92)"),
    "max_model_len": (int, "largest number of tokens of a text (the model's window)"),
    "block_size": (int, "tokens of a block of the prefix cache; 32 on a CPU, where it is 128"),
    "enforce_eager": (_true, "true: compile nothing, for a fast start (false)"),
}


class VllmLM:
    """Scores choices with an engine of vLLM; see the module.

    Parameters
    ----------
    engine
        A ``vllm.LLM``.
    tokenizer
        Tokenizer of the model.
    id, revision
        Name of the model, and of its content.
    """

    def __init__(self, engine: Any, tokenizer: ChoiceTokenizer, *, id: str, revision: str) -> None:
        self._engine = engine
        self._tokenizer = tokenizer
        self.id = id
        self.revision = revision
        #: Number of tokens computed so far, and found in the prefix cache.
        self.computed = self.cached = 0

    @property
    def window(self) -> int:
        """Largest number of tokens of a text; vLLM adds one more."""
        return int(self._engine.model_config.max_model_len) - 1

    def score(self, choices: Sequence[Choice]) -> list[ChoiceScores]:
        """Scores of each choice; see `sdscm.lm.interface.LanguageModel`.

        Raises
        ------
        InputError
            If a text is longer than the window, or vLLM cannot run the model.
        """
        tokens = [self._tokenizer(choice) for choice in choices]
        self._tokenizer.forget_contexts()
        firsts: dict[_Ids, int] = {}  # place of the first scored token of each text
        for choice, each in zip(choices, tokens, strict=True):
            if each.length > self.window:
                raise InputError(
                    f"the text up to '{choice.sentences[0][:40]}...' has {each.length} tokens, but "
                    f"'{self.id}' reads {self.window} here; shorten the sentences, or raise the "
                    "option max_model_len if the model has a longer window"
                )
            for candidate in each.candidates:
                text = (*each.context, *candidate.tokens)
                first = len(each.context) + candidate.start
                firsts[text] = min(first, firsts.get(text, first))
        logs = self._logs(firsts)
        return [
            summed(
                each,
                [
                    logs[(*each.context, *c.tokens)][len(each.context) + c.start :]
                    for c in each.candidates
                ],
            )
            for each in tokens
        ]

    def _logs(self, firsts: dict[_Ids, int]) -> dict[_Ids, np.ndarray]:
        """Log-probabilities of the tokens of each text; NaN before the first scored one."""
        found, again = {}, []
        for text, answer in zip(firsts, self._ask(list(firsts), cache=True), strict=True):
            # The log-probability of a token comes from the token before it.
            if answer.num_cached_tokens < firsts[text]:
                found[text] = self._read(answer, text, firsts[text])
            else:
                again.append(text)
        for text, answer in zip(again, self._ask(again, cache=False), strict=True):
            found[text] = self._read(answer, text, firsts[text])
        return found

    def _ask(self, texts: Sequence[_Ids], cache: bool) -> list[Any]:
        if not texts:
            return []
        asked = vllm.SamplingParams(
            max_tokens=1,
            temperature=0.0,
            prompt_logprobs=0,
            detokenize=False,
            skip_reading_prefix_cache=not cache,
        )
        prompts = [{"prompt_token_ids": list(text)} for text in texts]
        try:
            answers = self._engine.generate(prompts, asked, use_tqdm=False)
        except Exception as error:  # its kind depends on vLLM and the device
            raise InputError(
                f"language model '{self.id}': vLLM cannot score it ({_reason(error)}); lower the "
                "option max_model_len or gpu_memory_utilization if memory is short"
            ) from error
        for answer in answers:
            self.cached += answer.num_cached_tokens
            self.computed += len(answer.prompt_token_ids) - answer.num_cached_tokens
        return list(answers)

    def _read(self, answer: Any, text: _Ids, first: int) -> np.ndarray:
        # Rows of the cached tokens are missing, or not set: the last row is that of the last token.
        rows = answer.prompt_logprobs or []
        logs = np.full(len(text), np.nan)
        for place in range(first, len(text)):
            back = place - len(text)
            row = rows[back] if len(rows) >= -back else None
            if row is None or text[place] not in row:
                raise InputError(
                    f"language model '{self.id}': vLLM {vllm.__version__} returns no "
                    "log-probability of a token of the text; take another version"
                )
            logs[place] = row[text[place]].logprob
        if not (logs[first:] <= 1e-3).all():
            raise InputError(
                f"language model '{self.id}': vLLM returns a log-probability that is not a number "
                "or above 0; the weights may be damaged, or overflow in this dtype"
            )
        return logs


def _reason(error: Exception) -> str:
    return (str(error).strip().partition("\n")[0] or type(error).__name__)[:160]


def _arguments(name: str, options: LMOptions) -> dict[str, Any]:
    """Arguments of ``vllm.LLM`` from the options."""
    if options.device != "cpu" or options.precision != "float32":
        raise InputError(
            f"language model 'vllm:{name}': vLLM chooses the device, and the precision is its "
            "option dtype: --lm-option dtype=float32"
        )
    if options.batch_tokens is not None:
        raise InputError(f"language model 'vllm:{name}': vLLM chooses batch_tokens; leave it out")
    arguments = {}
    for option, value in options.more.items():
        kind, meaning = _ARGUMENTS[option]
        try:
            arguments[option] = kind(value)
        except (ValueError, KeyError):
            raise InputError(
                f"language model 'vllm:{name}': the option {option} cannot be '{value}': {meaning}"
            ) from None
    if options.memory is not None:
        arguments["kv_cache_memory_bytes"] = options.memory
    return arguments


def _content(name: str, revision: str | None) -> str | None:
    """Hash of a folder, or commit of a Hugging Face id; None if it is unknown."""
    from sdscm.lm.backends.pretrained import folder_hash

    folder = Path(name)
    if not folder.is_dir():
        config = AutoConfig.from_pretrained(name, revision=revision, trust_remote_code=False)
        return getattr(config, "_commit_hash", None)
    if revision is not None:
        raise InputError(f"revision '{revision}': only a Hugging Face id has revisions")
    if (folder / "adapter_config.json").exists():
        raise InputError(
            f"language model 'vllm:{name}': an adapter lies in its folder and would not be used; "
            "merge it into the weights, or move adapter_config.json away"
        )
    return folder_hash(folder)


@register_lm(
    "vllm",
    summary="vLLM in this process: GPUs, tensor parallel and quantised models",
    needs=("vllm", "transformers"),
    deterministic=False,
    options={option: meaning for option, (_, meaning) in _ARGUMENTS.items()},
)
def open_model(name: str, options: LMOptions) -> ModelHandle:
    """A model by the id of Hugging Face, or by its folder."""
    from sdscm.lm.backends.loadcheck import load_tokenizer, scorer_hash

    arguments = _arguments(name, options)
    is_folder = Path(name).is_dir()
    source = {"trust_remote_code": False} | ({} if is_folder else {"revision": options.revision})
    try:
        content = _content(name, options.revision)
        loaded = load_tokenizer(AutoTokenizer, name, source)
        tokenizer = ChoiceTokenizer(loaded)
    except InputError:
        raise
    except Exception as error:  # its kind depends on transformers and the files
        raise _cannot_load(name, error) from error
    id = Path(name).resolve().name if is_folder else name
    facts = [f"{k}-{arguments[k]}" for k in ("dtype", "quantization") if k in arguments]
    revision = "-".join([content or "unknown", "vllm", vllm.__version__, *facts])

    def load() -> VllmLM:
        try:
            engine = vllm.LLM(
                name,
                revision=None if is_folder else content or options.revision,
                skip_tokenizer_init=True,  # it would decode the rows that are not set
                enable_prefix_caching=True,
                trust_remote_code=False,
                **arguments,
            )
        except Exception as error:  # its kind depends on vLLM and the device
            raise _cannot_load(name, error) from error
        return VllmLM(engine, tokenizer, id=id, revision=revision)

    return ModelHandle(id, revision, load, content is not None, scorer_hash(loaded))


def _cannot_load(name: str, error: Exception) -> InputError:
    return InputError(
        f"language model 'vllm:{name}' cannot be loaded ({_reason(error)}); give a Hugging Face id "
        "that can be reached, or a folder that save_pretrained wrote"
    )
