"""Causal language models of Hugging Face, by identifier or local path."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from sdscm.errors import InputError
from sdscm.literals import DEFAULT_LM
from sdscm.lm.backends.hub import reason_of, without_bars
from sdscm.lm.backends.loadcheck import scorer_hash
from sdscm.lm.backends.loadoptions import OPTIONS, LoadOptions
from sdscm.lm.backends.pretrained import (
    folder_hash,
    load_pretrained,
    local_tokenizer,
    window_of,
)
from sdscm.lm.engine.attention import input_device
from sdscm.lm.engine.float64 import rounded
from sdscm.lm.engine.generation import continued_lines
from sdscm.lm.engine.packed import PackedScorer
from sdscm.lm.engine.plain import PlainScorer
from sdscm.lm.engine.products import products
from sdscm.lm.engine.selftest import SelfTests
from sdscm.lm.engine.states import HiddenStates
from sdscm.lm.engine.tokens import ChoiceTokenizer, ChoiceTokens, summed
from sdscm.lm.interface import Choice, ChoiceScores
from sdscm.lm.precision import Precision
from sdscm.lm.registry import LMOptions, ModelHandle, register_lm

_UNKNOWN_REVISION = "unknown"
#: The allocators of PyTorch for CPUs and for MPS raise a plain RuntimeError.
_NO_MEMORY = re.compile(r"not enough memory|can't allocate memory|out of memory", re.IGNORECASE)


class HuggingFaceLM:
    """Scores choices with a causal language model of ``transformers``; one thread at a time.

    At the first use a self-test compares packed forward passes with plain ones
    (`sdscm.lm.engine.selftest`). If they differ, or the model cannot be packed, all choices are
    scored with plain passes; see ``scorer``. The test is repeated with a longer text before longer
    texts are scored; if it fails then, those texts are scored with plain passes.

    Parameters
    ----------
    model, tokenizer
        As loaded by ``transformers``; see `from_pretrained`.
    id, revision
        Name of the model, and of its content.
    memory
        Bytes for the key/value cache; see `sdscm.load_lm`.
    batch_tokens
        Approximate number of new tokens in one forward pass; see `sdscm.load_lm`.
    precision
        Precision of the arithmetic; see `sdscm.lm.precision`.
    selftests
        Folder that records passed self-tests of this model on a CPU, so that the next process skips
        the test; None to test in each process.
    libraries
        Further libraries whose versions may change scores.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        *,
        id: str,
        revision: str,
        memory: int | None = None,
        batch_tokens: int | None = None,
        precision: Precision = "float32",
        selftests: Path | None = None,
        libraries: Sequence[str] = (),
    ) -> None:
        self._model = model.eval()
        self._device = input_device(model)
        self._precision = precision
        try:
            self._tokenize = ChoiceTokenizer(tokenizer)
        except InputError as error:
            raise InputError(f"language model '{id}': {error}") from None
        self._turn = threading.Lock()
        self.id = id
        self.revision = revision
        self._memory = memory
        self._batch_tokens = batch_tokens
        self._libraries = libraries
        self._selftests = SelfTests(
            model, self._tokenize, self.window, memory, precision, selftests
        )
        self._scorers: dict[bool, PackedScorer | PlainScorer] = {}  # the key is true for packed
        self._states = HiddenStates(model, self._selftests.packs, memory, batch_tokens)

    @classmethod
    def from_pretrained(
        cls,
        name: str,
        *,
        id: str | None = None,
        revision: str | None = None,
        device: str = "cpu",
        precision: Precision = "float32",
        device_map: str | None = None,
        quantize: str | None = None,
        adapter: str | None = None,
        strict: bool = False,
        tokenizer: Any = None,
        **options: Any,
    ) -> HuggingFaceLM:
        """Load a model by its Hugging Face id or local path.

        Parameters
        ----------
        name
            Hugging Face id, or path of a folder that ``save_pretrained`` wrote.
        id
            Name of the model; by default its Hugging Face id, or the name of the folder.
        revision
            For a Hugging Face id, the branch, tag or commit; for a folder, the content hash if it
            is known.
        device, precision
            Device, and precision of the arithmetic; see `sdscm.lm.precision`.
        device_map, quantize, adapter
            See `sdscm.lm.backends.loadoptions.OPTIONS`.
        strict
            Refuse files with weights that the model does not use, such as an adapter; otherwise a
            warning. `sdscm.load_lm` is strict.
        tokenizer
            Its tokenizer, if it is loaded already.
        options
            ``memory``, ``batch_tokens`` and ``selftests``, see the class.

        Raises
        ------
        InputError
            If it cannot be found or loaded, is not a causal language model, or gives scores that
            are random or not numbers; see `sdscm.lm.backends.loadcheck`.
        """
        chosen = LoadOptions(device, precision, device_map, quantize, adapter)
        folder = Path(name) if Path(name).is_dir() else None
        model, tokenizer = load_pretrained(
            name, chosen, revision=revision, strict=strict, tokenizer=tokenizer
        )
        if folder is not None:
            content = revision or folder_hash(folder)
        else:
            content = getattr(model.config, "_commit_hash", None) or _UNKNOWN_REVISION
        return cls(
            model,
            tokenizer,
            id=id or (name if folder is None else folder.resolve().name),
            revision=chosen.revision(content),
            precision=precision,
            libraries=chosen.libraries,
            **options,
        )

    @property
    def window(self) -> int | None:
        """Largest number of tokens of a text, if the model's configuration has it."""
        return window_of(self._model)

    @property
    def tokens(self) -> int:
        """Number of tokens that the model has computed so far, without padding."""
        return sum(scorer.tokens for scorer in self._scorers.values())

    @property
    def scorer_hash(self) -> str:
        """See `sdscm.lm.backends.loadcheck.scorer_hash`."""
        return scorer_hash(self._tokenize.tokenizer, self._libraries)

    @property
    def scorer(self) -> str:
        """The scorer of texts of usual length: ``packed`` or ``plain``."""
        return "packed" if isinstance(self._scorer, PackedScorer) else "plain"

    def score(self, choices: Sequence[Choice]) -> list[ChoiceScores]:
        """Scores of each choice; see `sdscm.lm.interface.LanguageModel`.

        Raises
        ------
        InputError
            If a text is longer than the model's window.
        """
        with self._turn:
            tokens = self._tokens(self._tokenize, choices)
            self._tokenize.forget_contexts()
            found = self._found(choices, tokens)
        return [summed(t, f) for t, f in zip(tokens, found, strict=True)]

    def score_reference(self, choices: Sequence[Choice]) -> list[ChoiceScores]:
        """Scores as the reference code of the paper computes them.

        The score is not a log-probability of the value: it is the mean over the value's tokens of
        their log-probability *after* the value.
        """
        with self._turn:
            tokens = self._tokens(self._tokenize.reference, choices)
            found = self._found(choices, tokens)
        scores = []
        for values in found:
            mean = np.array([each.mean() for each in values])
            ones = np.ones(len(mean), dtype=int)
            scores.append(ChoiceScores(mean, mean, ones, ones))
        return scores

    def generate(self, prompt: str, begin: str, *, count: int, tokens: int, seed: int) -> list[str]:
        """Continue an answer; see `sdscm.lm.interface.GenerativeLanguageModel`."""
        with self._turn:
            try:
                with without_bars(), products(self._device, self._precision):
                    return continued_lines(
                        self._model, self._tokenize.tokenizer, prompt, begin, count, tokens, seed
                    )
            except Exception as error:  # its kind depends on the code of the model
                raise self._failed(error) from error

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Vectors of texts; see `sdscm.lm.interface.EmbeddingLanguageModel`.

        Raises
        ------
        InputError
            If a text has no token, or is longer than the model's window.
        """
        tokenizer, start = self._tokenize.tokenizer, self._tokenize.start_token
        tokens = [(start, *tokenizer(t, add_special_tokens=False)["input_ids"]) for t in texts]
        for text, each in zip(texts, tokens, strict=True):
            if not 1 < len(each) <= (self.window or len(each)):
                raise InputError(
                    f"the text '{text[:40]}' has {len(each) - 1} tokens; '{self.id}' embeds texts "
                    f"of 1 to {self.window or 'any number of'} tokens"
                )
        with self._turn:
            try:
                with products(self._device, self._precision):
                    return self._states.means(tokens)
            except Exception as error:  # its kind depends on the code of the model
                raise self._failed(error) from error

    def _failed(self, error: Exception) -> InputError:
        """The error of a model that cannot be run."""
        reason = reason_of(error)
        advice = "check its files, or take another model"
        if isinstance(error, MemoryError | torch.OutOfMemoryError) or _NO_MEMORY.search(reason):
            advice = (
                "the memory is too small for it: lower memory or batch_tokens, choose "
                "precision bfloat16, or take a smaller model"
            )
        return InputError(f"language model '{self.id}' cannot be run ({reason}); {advice}")

    def _tokens(
        self, tokenize: Callable[[Choice], ChoiceTokens], choices: Sequence[Choice]
    ) -> list[ChoiceTokens]:
        try:
            return [tokenize(choice) for choice in choices]
        except InputError:
            raise
        except Exception as error:  # its kind depends on the tokenizer's files
            raise InputError(
                f"language model '{self.id}': its tokenizer cannot read the sentences "
                f"({reason_of(error)}); check its files, or take another model"
            ) from error

    def _found(
        self,
        choices: Sequence[Choice],
        tokens: Sequence[ChoiceTokens],
    ) -> list[list[np.ndarray]]:
        for choice, each in zip(choices, tokens, strict=True):
            self._check_length(choice, each)
            self._check_known(choice, each)
        packed = [self._selftests.packs(each.length) for each in tokens]
        found: list[list[np.ndarray]] = [[] for _ in tokens]
        try:
            with products(self._device, self._precision):
                for kind in sorted(set(packed)):
                    places = [i for i, each in enumerate(packed) if each == kind]
                    scores = self._scorer_of(kind).score([tokens[i] for i in places])
                    for place, values in zip(places, scores, strict=True):
                        found[place] = values
        except Exception as error:  # its kind depends on the code of the model
            raise self._failed(error) from error
        self._check_scores(choices, found)
        if self._precision == "float64":
            return [[rounded(values) for values in each] for each in found]
        return found

    def _check_length(self, choice: Choice, tokens: ChoiceTokens) -> None:
        if self.window is not None and tokens.length > self.window:
            raise InputError(
                f"the text up to '{choice.sentences[0][:40]}...' has {tokens.length} tokens, but "
                f"'{self.id}' can read {self.window}; shorten the sentences, give the variable "
                "fewer parents, or take a model with a longer window"
            )

    def _check_known(self, choice: Choice, tokens: ChoiceTokens) -> None:
        """Raise an InputError for a token that the model has no embedding of."""
        rows = self._model.get_input_embeddings().weight.shape[0]
        largest = max(*tokens.context, *(max(each.tokens) for each in tokens.candidates))
        if largest >= rows:
            raise InputError(
                f"language model '{self.id}' has {rows} embeddings, but its tokenizer gives the "
                f"token {largest} for '{choice.sentences[0][:40]}...'; the tokenizer belongs to "
                "another model"
            )

    def _check_scores(self, choices: Sequence[Choice], found: list[list[np.ndarray]]) -> None:
        """Raise an InputError for scores that no log-probability has: NaN, or no value possible."""
        for choice, each in zip(choices, found, strict=True):
            sums = [values.sum() for values in each]
            if np.isnan(sums).any() or not np.isfinite(sums).any():
                raise InputError(
                    f"language model '{self.id}' gives no probability to the values of "
                    f"'{choice.prefix.strip()} ...' (a score is {min(sums, key=np.isfinite):.3g}); "
                    "its weights may be damaged, or overflow in this precision"
                )

    @property
    def _scorer(self) -> PackedScorer | PlainScorer:
        return self._scorer_of(self._selftests.packs(0))

    def _scorer_of(self, is_packed: bool) -> PackedScorer | PlainScorer:
        """The scorer of one kind, created at the first use."""
        if is_packed not in self._scorers:
            self._scorers[is_packed] = (
                PackedScorer(self._model, self._memory, self._batch_tokens)
                if is_packed
                else PlainScorer(self._model, self._batch_tokens)
            )
        return self._scorers[is_packed]


def folder_handle(
    folder: Path, id: str, content: str, options: LMOptions, selftests: Path | None = None
) -> ModelHandle:
    """The model in a folder that ``save_pretrained`` wrote; ``content`` is its hash."""
    if options.revision is not None:
        raise InputError(
            f"revision '{options.revision}': only a Hugging Face id has revisions; '{id}' has one "
            "content; leave it out"
        )
    chosen = LoadOptions.of(options)
    chosen.check()
    tokenizer = local_tokenizer(folder)

    def load() -> HuggingFaceLM:
        return HuggingFaceLM.from_pretrained(
            str(folder),
            id=id,
            strict=True,
            tokenizer=tokenizer,
            selftests=None if chosen.given else selftests,  # they are of the model as it is
            **{**options.local, **options.more, "revision": content},
        )

    scorer = scorer_hash(tokenizer, chosen.libraries)
    return ModelHandle(id, chosen.revision(content), load, scorer=scorer)


@register_lm(
    "huggingface",
    summary="a Hugging Face id or a folder",
    needs=("torch", "transformers"),
    options=OPTIONS,
)
def open_model(name: str, options: LMOptions) -> ModelHandle:
    """A model of Hugging Face, or one in a folder that ``save_pretrained`` wrote."""
    _check_name(name)
    folder = Path(name)
    if folder.is_dir():
        return folder_handle(folder, folder.resolve().name, folder_hash(folder), options)
    model = HuggingFaceLM.from_pretrained(name, strict=True, **{**options.local, **options.more})
    # Other content of unknown revision would get the cached scores of this one.
    cacheable = not model.revision.startswith(_UNKNOWN_REVISION)
    return ModelHandle(model.id, model.revision, lambda: model, cacheable, model.scorer_hash)


def _check_name(name: str) -> None:
    """Raise an InputError for a mistyped path, before anything is loaded."""
    choose = (
        "give the path of a folder that save_pretrained wrote, a Hugging Face id, or the name of "
        f"an embedded model, such as {DEFAULT_LM} (see: sdscm lm)"
    )
    folder = Path(name)
    if folder.is_dir():
        if not (folder / "config.json").exists():
            raise InputError(f"language model '{name}': this folder has no config.json; {choose}")
    elif not name.strip() or name.startswith((".", "/", "~")) or name.count("/") > 1:
        raise InputError(f"language model '{name}': no such folder; {choose}")
