"""Language models behind a server that speaks the completions protocol of OpenAI.

Such as vLLM and SGLang. The name is ``openai+http://host:port/v1#model``; the part after ``#`` may
be left out if the server has one model. The server must return the log-probabilities of the prompt
(``echo`` with ``logprobs``); the service of OpenAI itself does not. What the server returns is
checked at the start and in each answer, since some servers ignore ``echo`` without an error.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sdscm.errors import InputError, MissingExtraError
from sdscm.lm.backends.echo import full_texts, of_ids, offsets, spelling
from sdscm.lm.client import Client
from sdscm.lm.engine.tokens import ChoiceTokenizer, ChoiceTokens, summed, tokens_in_text
from sdscm.lm.interface import Choice, ChoiceScores
from sdscm.lm.registry import LMOptions, ModelHandle, register_lm

#: Options of both backends of servers.
CLIENT_OPTIONS = {
    "concurrency": "requests at a time (8)",
    "timeout": "seconds until a request counts as failed (120)",
    "attempts": "times that a request is sent at most (6)",
}
_OPTIONS = CLIENT_OPTIONS | {
    "tokenizer": "Hugging Face id or folder of the model's tokenizer; texts are then sent as token "
    "ids, after the tokenizer's BOS or EOS",
    "start": "text before each text, such as the model's BOS token; not with tokenizer",
}
#: Largest difference of two log-probabilities that should be equal: servers round, and batch.
TOLERANCE = 0.1
#: The same in each answer, where one wrong alarm ends a run: 16 bits round a logit of 32 to 0.25.
_SHARED_TOLERANCE = 0.5
PROBE = "The answer is no. We were told so by Bob on Monday."
_PROBE_BEGIN = "The answer is no. We were told so by Bob"


@dataclass(frozen=True)
class _Echo:
    """A prompt as the server read it: its tokens as texts, and their log-probabilities."""

    tokens: tuple[str, ...]
    logs: tuple[float, ...]  # NaN for the first token of a text
    generated: tuple[str, float] | None


class CompletionsLM:
    """Scores choices with a server; see the module.

    Parameters
    ----------
    client
        The server.
    model
        Name of the model there.
    id, revision
        Name of the model, and of its content.
    tokenizer
        Tokenizer of the model, to send token ids; None to send texts.
    start
        Text before each text, if there is no tokenizer.
    """

    def __init__(
        self,
        client: Client,
        model: str,
        *,
        id: str,
        revision: str,
        tokenizer: ChoiceTokenizer | None = None,
        start: str = "",
    ) -> None:
        self._client = client
        self._model = model
        self.id = id
        self.revision = revision
        self._tokenizer = tokenizer
        self._start = start

    def score(self, choices: Sequence[Choice]) -> list[ChoiceScores]:
        """Scores of each choice; see `sdscm.lm.interface.LanguageModel`.

        Raises
        ------
        InputError
            If the server fails, or an answer cannot be right.
        """
        found = dict(self.score_each(choices))
        return [found[number] for number in range(len(choices))]

    def score_each(self, choices: Sequence[Choice]) -> Iterator[tuple[int, ChoiceScores]]:
        """The scores with the numbers of their choices, each as soon as the server has answered."""
        if self._tokenizer is None:
            yield from self._score_texts(choices)
        else:
            yield from self._score_ids(choices, self._tokenizer)

    def _score_texts(self, choices: Sequence[Choice]) -> Iterator[tuple[int, ChoiceScores]]:
        for choice in choices:
            self._check_readable(choice)
        texts = [[self._start + text for text in full_texts(choice)] for choice in choices]
        for number, echoes in self._echoes(texts, texts):
            choice = choices[number]
            begin = len(texts[number][0]) - len(choice.sentences[0])
            places = [offsets(echo.tokens) for echo in echoes]
            tokens = tokens_in_text(choice, [e.tokens for e in echoes], places, begin)
            yield number, self._summed(choice, tokens, echoes, 0)

    def _check_readable(self, choice: Choice) -> None:
        """Raise an InputError for a value whose first token the texts do not show.

        A token may hold a space and a part of a letter. Servers then return the space for it, and
        the letter for a later token, so that it seems to stand before the value.
        """
        for value in choice.values:
            if not value[:1].isascii():
                raise InputError(
                    f"language model '{self.id}': the value '{value}' begins with a letter that "
                    "may be split over tokens, and the server returns tokens as texts; name the "
                    "model's tokenizer (option tokenizer)"
                )

    def _score_ids(
        self, choices: Sequence[Choice], tokenizer: ChoiceTokenizer
    ) -> Iterator[tuple[int, ChoiceScores]]:
        tokens = [tokenizer(choice) for choice in choices]
        tokenizer.forget_contexts()
        prompts = [[[*t.context, *c.tokens] for c in t.candidates] for t in tokens]
        texts = [[tokenizer.tokenizer.decode(ids) for ids in each] for each in prompts]
        for number, echoes in self._echoes(prompts, texts):
            begin = len(tokens[number].context)
            yield number, self._summed(choices[number], tokens[number], echoes, begin)

    def _summed(
        self, choice: Choice, tokens: ChoiceTokens, echoes: Sequence[_Echo], begin: int
    ) -> ChoiceScores:
        found = [
            np.array(echo.logs[begin + candidate.start :])
            for echo, candidate in zip(echoes, tokens.candidates, strict=True)
        ]
        if any(np.isnan(each).any() for each in found):
            raise InputError(
                f"language model '{self.id}': the server gives no probability to the first token "
                f"of a text, which '{choice.sentences[0][:40]}' needs; name the model's tokenizer "
                "(option tokenizer) or a text to begin with (option start)"
            )
        return summed(tokens, found)

    def _echoes(
        self, prompts: Sequence[Sequence[Any]], texts: Sequence[Sequence[str]]
    ) -> Iterator[tuple[int, list[_Echo]]]:
        """The prompts as the server read them, all of one choice in one request."""
        requests = [self._request(each) for each in prompts]
        for number, answer in self._client.post_each("/completions", requests):
            echoes = self._read(answer, texts[number], prompts[number])
            self._check_shared(prompts[number], echoes)
            yield number, echoes

    def _request(self, prompts: Sequence[Any]) -> dict[str, Any]:
        return {
            "model": self._model,
            "prompt": list(prompts),
            "echo": True,
            "logprobs": 1,
            "max_tokens": 1,  # some servers refuse 0
            "temperature": 0,
        }

    def _read(self, answer: Any, texts: Sequence[str], prompts: Sequence[Any]) -> list[_Echo]:
        try:
            named = answer.get("model", self._model)
            choices = sorted(answer["choices"], key=lambda choice: choice["index"])
            echoes = [
                self._read_one(choice["logprobs"], text, prompt)
                for choice, text, prompt in zip(choices, texts, prompts, strict=True)
            ]
            numbers = [choice["index"] for choice in choices]
        except InputError:
            raise
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise self._wrong(f"its answer has another form ({type(error).__name__})") from None
        if named != self._model:
            raise self._wrong(f"it answers with the model '{named}'")
        if numbers != list(range(len(texts))):
            raise self._wrong("its answers are not numbered as the prompts are")
        return echoes

    def _read_one(self, logprobs: Any, text: str, prompt: Any) -> _Echo:
        tokens = [str(token) for token in logprobs["tokens"]]
        logs = logprobs["token_logprobs"]
        if len(tokens) != len(logs):
            raise self._wrong(f"it returns {len(logs)} log-probabilities for {len(tokens)} tokens")
        values = [np.nan if log is None else float(log) for log in logs]
        size = spelling(tokens, text) if isinstance(prompt, str) else of_ids(tokens, text, prompt)
        if size is None:
            raise self._wrong(
                f"the tokens that it returns do not spell '{text[:40]}': it ignores echo, cuts the "
                "text off, or has another tokenizer; name the right one (option tokenizer)"
            )
        # Tokens before the text: the server's own BOS, with which the text is read.
        head, end = size
        if not all(value <= 1e-3 for value in values[head + (not head) : end]):  # also NaN
            raise self._wrong("a log-probability is missing, or above 0")
        if len(tokens) - end > 1:
            raise self._wrong(f"it returns {len(tokens) - end} tokens after the text, not one")
        generated = (tokens[end], values[end]) if end < len(tokens) else None
        return _Echo(tuple(tokens[head:end]), tuple(values[head:end]), generated)

    def _check_shared(self, prompts: Sequence[Any], echoes: Sequence[_Echo]) -> None:
        """Raise an InputError if a token that texts share has two log-probabilities.

        The probe is at the start only. If scores are shifted later on, the last token that the
        candidates share has the log-probability of the first one in which they differ.
        """
        read = [
            echo.tokens if isinstance(prompt, str) else prompt
            for prompt, echo in zip(prompts, echoes, strict=True)
        ]
        for tokens, echo in zip(read[1:], echoes[1:], strict=True):
            places = zip(read[0], tokens, echoes[0].logs, echo.logs, strict=False)
            for token, other, log, other_log in places:
                if token != other:
                    break
                if abs(log - other_log) > _SHARED_TOLERANCE:
                    raise self._wrong(
                        "the log-probability of a token before the value is "
                        f"{log:.3f} in one text and {other_log:.3f} in another"
                    )

    def probe(self) -> str:
        """Check what the server does with texts whose scores must agree; a hash of the scores.

        The log-probability of a token must not depend on later tokens. That of the token which the
        server itself adds must be the one that it has in a text with this token.

        Raises
        ------
        InputError
            If the server ignores ``echo``, shifts the scores, or the like.
        """
        whole, begin = self._probed([PROBE, _PROBE_BEGIN])
        pairs = zip(whole.tokens, begin.tokens, whole.logs, begin.logs, strict=False)
        for token, other, log, other_log in pairs:
            if token != other:
                break
            if not _close(log, other_log):
                raise self._wrong(
                    f"the log-probability of '{token}' in one text is {log:.3f} and {other_log:.3f}"
                )
        if begin.generated is None:
            raise self._wrong("it adds no token, so that its log-probabilities cannot be checked")
        token, log = begin.generated
        if token.strip() and token.isascii() and token.isprintable():
            (longer,) = self._probed([_PROBE_BEGIN + token])
            if longer.tokens[-1] == token and not _close(longer.logs[-1], log):
                raise self._wrong(
                    f"it adds '{token}' with log-probability {log:.3f}, and gives it "
                    f"{longer.logs[-1]:.3f} in a text: its scores are shifted or of other tokens"
                )
        coarse = [None if np.isnan(log) else round(log, 1) for log in whole.logs]
        return hashlib.blake2b(
            json.dumps([whole.tokens, coarse]).encode(), digest_size=8
        ).hexdigest()

    def _probed(self, texts: Sequence[str]) -> list[_Echo]:
        return self._read(self._client.post("/completions", self._request(texts)), texts, texts)

    def _wrong(self, what: str) -> InputError:
        return InputError(
            f"language model server {self._client.url}: {what}; scores from it would be wrong"
        )


def _close(one: float, other: float) -> bool:
    return (np.isnan(one) and np.isnan(other)) or abs(one - other) <= TOLERANCE


def client_of(url: str, options: LMOptions) -> Client:
    """The client of a server, with the options of `CLIENT_OPTIONS`."""
    more = options.more
    given = (options.device, options.precision, options.memory, options.batch_tokens)
    if given != ("cpu", "float32", None, None):
        raise InputError(
            f"language model server {url}: it has a device, precision, memory and batch_tokens of "
            "its own; leave them out here"
        )
    try:
        return Client(
            url,
            concurrency=_positive(more.get("concurrency", "8"), int),
            timeout=_positive(more.get("timeout", "120"), float),
            attempts=_positive(more.get("attempts", "6"), int),
        )
    except ValueError as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            f"language model server {url}: the options concurrency, timeout and attempts are "
            "positive numbers"
        ) from None


def _positive(value: str, kind: type) -> Any:
    number = kind(value)
    if not 0 < number < float("inf"):
        raise ValueError(value)
    return number


def _tokenizer_of(name: str) -> ChoiceTokenizer:
    try:
        from transformers import AutoTokenizer
    except ImportError:
        raise MissingExtraError("the option tokenizer", "lm") from None
    from sdscm.lm.backends.hub import reason_of
    from sdscm.lm.backends.loadcheck import load_tokenizer

    try:
        return ChoiceTokenizer(load_tokenizer(AutoTokenizer, name, {"trust_remote_code": False}))
    except InputError:
        raise
    except Exception as error:  # its kind depends on transformers and the files
        raise InputError(
            f"tokenizer '{name}' cannot be loaded ({reason_of(error)[:120]}); give a "
            "Hugging Face id that can be reached, or a folder"
        ) from error


def _open(scheme: str, name: str, options: LMOptions) -> ModelHandle:
    address, _, model = name.partition("#")
    client = client_of(f"{scheme}:{address}", options)
    listed = _models(client)
    if not model:
        if len(listed) != 1:
            raise InputError(
                f"language model server {client.url} has {len(listed)} models; name one of them "
                f"after #: {', '.join(listed) or 'it lists none'}"
            )
        model = next(iter(listed))
    elif listed and model not in listed:
        raise InputError(
            f"language model server {client.url} has no model '{model}'; it has {', '.join(listed)}"
        )
    tokenizer = options.more.get("tokenizer")
    start = options.more.get("start", "")
    if tokenizer and start:
        raise InputError("give the option tokenizer or the option start, not both")
    read = _tokenizer_of(tokenizer) if tokenizer else None
    lm = CompletionsLM(
        client,
        model,
        id=model,
        revision="",
        tokenizer=read,
        start=start,
    )
    facts = [listed.get(model), lm.probe(), tokenizer, start]
    digest = hashlib.blake2b(json.dumps(facts).encode(), digest_size=8).hexdigest()
    lm.revision = f"{options.revision or 'server'}-{digest}"
    scorer = ""
    if read is not None:
        from sdscm.lm.backends.loadcheck import scorer_hash

        scorer = scorer_hash(read.tokenizer)  # the same path may get another tokenizer
    return ModelHandle(lm.id, lm.revision, lambda: lm, scorer=scorer)


def _models(client: Client) -> dict[str, list[Any]]:
    """The models of the server, with what it says of their content."""
    answer = client.get("/models")
    listed = answer.get("data", []) if isinstance(answer, dict) else []
    return {
        str(each["id"]): [each.get("root"), each.get("max_model_len")]
        for each in listed
        if isinstance(each, dict) and "id" in each
    }


for _scheme in ("http", "https"):

    def _factory(name: str, options: LMOptions, scheme: str = _scheme) -> ModelHandle:
        return _open(scheme, name, options)

    register_lm(
        f"openai+{_scheme}",
        _factory,
        summary="a server with /v1/completions, echo and logprobs, such as vLLM",
        needs=("httpx", "tenacity"),
        deterministic=False,
        options=_OPTIONS,
    )
