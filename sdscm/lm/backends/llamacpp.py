"""Language models behind a llama.cpp server, by forced tokens.

The name is ``llamacpp+http://host:port``. The server ignores ``echo``, so that each scored token
takes a request: the token is forced by its id, and the server returns its log-probability. The
server's cache of keys and values spares the computation of the text before it.
"""

from __future__ import annotations

import codecs
import hashlib
import json
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import Any

import numpy as np

from sdscm.errors import InputError
from sdscm.lm.backends.echo import full_texts
from sdscm.lm.backends.openai import CLIENT_OPTIONS, PROBE, TOLERANCE, client_of
from sdscm.lm.client import Client
from sdscm.lm.engine.tokens import ChoiceTokens, summed, tokens_in_text
from sdscm.lm.interface import Choice, ChoiceScores
from sdscm.lm.registry import LMOptions, ModelHandle, register_lm

_FORCED = 1000.0
#: More than there are tokens in any vocabulary.
_ALL = 500_000

#: A text as token ids, and the token after it.
_Step = tuple[tuple[int, ...], int]


class LlamaCppLM:
    """Scores choices with a llama.cpp server; see the module.

    Parameters
    ----------
    client
        The server.
    id, revision
        Name of the model, and of its content.
    start
        Token at the begin of each text.
    letter
        A token that is a whole letter.
    window
        Largest number of tokens of a text; 0 if it is unknown.
    """

    def __init__(
        self, client: Client, *, id: str, revision: str, start: int, letter: int, window: int
    ) -> None:
        self._client = client
        self.id = id
        self.revision = revision
        self._start = start
        self._letter = letter
        self._cut: set[int] = set()  # tokens that end inside a letter
        self._window = window

    def score(self, choices: Sequence[Choice]) -> list[ChoiceScores]:
        """Scores of each choice; see `sdscm.lm.interface.LanguageModel`.

        Raises
        ------
        InputError
            If the server fails, an answer cannot be right, or a text is longer than the window.
        """
        found = dict(self.score_each(choices))
        return [found[number] for number in range(len(choices))]

    def score_each(self, choices: Sequence[Choice]) -> Iterator[tuple[int, ChoiceScores]]:
        """The scores with the numbers of their choices, each as soon as it is complete."""
        tokens = self._tokens(choices)
        steps = [_steps(each) for each in tokens]
        missing = [set().union(*each) for each in steps]
        waiting: dict[_Step, list[int]] = {}
        for number, needed in enumerate(missing):
            for step in sorted(needed):
                waiting.setdefault(step, []).append(number)
        ordered = list(waiting)
        known: dict[_Step, float] = {}
        for place, log in self._logs(ordered):
            step = ordered[place]
            known[step] = log
            for number in waiting[step]:
                missing[number].discard(step)
                if not missing[number]:
                    found = [np.array([known[s] for s in each]) for each in steps[number]]
                    yield number, summed(tokens[number], found)

    def _tokens(self, choices: Sequence[Choice]) -> list[ChoiceTokens]:
        texts = list(dict.fromkeys(text for choice in choices for text in full_texts(choice)))
        read: dict[str, tuple[tuple[int, ...], list[tuple[int, int]]]] = {}
        requests = [{"content": t, "add_special": False, "with_pieces": True} for t in texts]
        for place, answer in self._client.post_each("/tokenize", requests):
            read[texts[place]] = self._read_tokens(answer, texts[place])
        found = []
        for choice in choices:
            ids, places = zip(*(read[text] for text in full_texts(choice)), strict=True)
            begin = len(full_texts(choice)[0]) - len(choice.sentences[0])
            tokens = tokens_in_text(choice, ids, places, begin, (self._start,))
            if self._window and tokens.length > self._window:
                raise InputError(
                    f"the text up to '{choice.sentences[0][:40]}...' has {tokens.length} tokens, "
                    f"but the server of '{self.id}' reads {self._window}; start it with a larger "
                    "context (option -c), or shorten the sentences"
                )
            found.append(tokens)
        return found

    def _read_tokens(self, answer: Any, text: str) -> tuple[tuple[int, ...], list[tuple[int, int]]]:
        try:
            ids = tuple(int(each["id"]) for each in answer["tokens"])
            pieces = [_bytes(each["piece"]) for each in answer["tokens"]]
        except (KeyError, TypeError, ValueError) as error:
            raise self._wrong(f"its tokens have another form ({type(error).__name__})") from None
        if b"".join(pieces) != text.encode():
            raise self._wrong(f"its tokens do not spell '{text[:40]}'")
        self._cut |= {token for token, piece in zip(ids, pieces, strict=True) if _is_cut(piece)}
        return ids, _places(text, pieces)

    def _logs(self, steps: Sequence[_Step]) -> Iterator[tuple[int, float]]:
        """The log-probability of the token of each step, as soon as it is there."""
        requests = [self._request(before, token) for before, token in steps]
        for place, answer in self._client.post_each("/completion", requests):
            wanted = steps[place][1]
            if wanted in self._cut:
                yield place, self._listed(answer, wanted)
                continue
            token, log, _ = self._read(answer)
            if token != wanted:
                raise self._wrong(f"it returns the token {token} where {wanted} is forced")
            yield place, log

    def _request(self, before: Sequence[int], token: int | None = None) -> dict[str, Any]:
        # The server waits for the rest of a letter, and returns no probability of a part. But it
        # lists those of all tokens beside another token: 5 MB and 3 s.
        is_cut = token in self._cut
        forced = [] if token is None else [[self._letter if is_cut else token, _FORCED]]
        return {
            "prompt": list(before),
            "logit_bias": forced,
            "n_predict": 1,
            "n_probs": _ALL if is_cut else 1,
            "temperature": 1.0,
            "cache_prompt": True,
        }

    def _listed(self, answer: Any, token: int) -> float:
        """The log-probability of a token in the list of all."""
        self._read(answer)
        try:
            listed = answer["completion_probabilities"][0]["top_logprobs"]
            logs = [float(each["logprob"]) for each in listed if each["id"] == token]
        except (KeyError, TypeError, ValueError) as error:
            raise self._wrong(f"its answer has another form ({type(error).__name__})") from None
        if logs and -np.inf < logs[0] <= 1e-3:
            return logs[0]
        raise self._wrong(f"it lists no probability of the token {token}")

    def _read(self, answer: Any) -> tuple[int, float, tuple[int, float]]:
        """The token, its log-probability, and the most probable token with its own."""
        try:
            (only,) = answer["completion_probabilities"]
            best = only["top_logprobs"][0]
            token, log = int(only["id"]), float(only["logprob"])
            top = int(best["id"]), float(best["logprob"])
            cut = bool(answer.get("truncated"))
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            raise self._wrong(f"its answer has another form ({type(error).__name__})") from None
        if cut:
            raise self._wrong("it cuts a text off")
        if not -np.inf < log <= 1e-3 or log > top[1] + TOLERANCE:
            raise self._wrong(
                f"it gives a token the log-probability {log}, and {top[1]} to the best"
            )
        return token, log, top

    def probe(self) -> str:
        """Check that a forced token has the log-probability of a free one; a hash of scores.

        Raises
        ------
        InputError
            If it has another one, such as 0.
        """
        answer = self._client.post(
            "/tokenize", {"content": PROBE, "add_special": False, "with_pieces": True}
        )
        ids, _ = self._read_tokens(answer, PROBE)
        text = (self._start, *ids)
        _, _, (token, log) = self._read(self._client.post("/completion", self._request(text)))
        steps = [(text, token), *((text[:k], text[k]) for k in range(1, len(text)))]
        logs = dict(self._logs(steps))
        if abs(logs[0] - log) > TOLERANCE:
            raise self._wrong(
                f"the best token has log-probability {log:.3f}, and {logs[0]:.3f} if it is forced"
            )
        if max(logs.values()) - min(logs.values()) < 1.0:
            raise self._wrong("all tokens have the same log-probability")
        content = [ids, [round(logs[k], 1) for k in range(len(steps))]]
        return hashlib.blake2b(json.dumps(content).encode(), digest_size=8).hexdigest()

    def _wrong(self, what: str) -> InputError:
        return InputError(
            f"llama.cpp server {self._client.url}: {what}; scores from it would be wrong"
        )


def _steps(tokens: ChoiceTokens) -> list[list[_Step]]:
    """The scored tokens of each candidate, each after the text before it."""
    found = []
    for candidate in tokens.candidates:
        text = (*tokens.context, *candidate.tokens)
        first = len(tokens.context) + candidate.start
        found.append([(text[:k], text[k]) for k in range(first, len(text))])
    return found


def _bytes(piece: Any) -> bytes:
    return piece.encode() if isinstance(piece, str) else bytes(piece)


def _is_cut(piece: bytes) -> bool:
    """True if the bytes end inside a letter."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    decoder.decode(piece)
    return bool(decoder.getstate()[0])


def _places(text: str, pieces: Sequence[bytes]) -> list[tuple[int, int]]:
    """Places of the letters of each token; a letter may be in several tokens."""
    ends = np.cumsum([len(letter.encode()) for letter in text]).tolist()
    begins = [0, *ends[:-1]]
    found, at = [], 0
    for piece in pieces:
        first = bisect_right(begins, at) - 1
        at += len(piece)
        found.append((first, bisect_right(begins, at - 1)))
    return found


def _open(url: str, options: LMOptions) -> ModelHandle:
    client = client_of(url, options)
    facts = client.get("/props")
    try:
        name = PurePath(facts["model_alias"] or facts["model_path"]).name
        start = facts["bos_token"] or facts["eos_token"]
        window = int(facts["default_generation_settings"].get("n_ctx", 0))
        content = [name, facts.get("model_ftype"), facts["build_info"]]
    except (KeyError, TypeError, ValueError, AttributeError):
        raise InputError(
            f"llama.cpp server {url}: it does not describe itself at /props; is it the address of "
            "a llama.cpp server?"
        ) from None
    first = _token(client, {"content": start, "parse_special": True})
    letter = _token(client, {"content": "a", "add_special": False})
    lm = LlamaCppLM(client, id=name, revision="", start=first, letter=letter, window=window)
    text = json.dumps([content, start, lm.probe()])
    digest = hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
    lm.revision = f"{options.revision or 'server'}-{digest}"
    return ModelHandle(lm.id, lm.revision, lambda: lm)


def _token(client: Client, content: dict[str, Any]) -> int:
    """The only token of a text."""
    answer = client.post("/tokenize", content)
    if not isinstance(answer, dict) or len(answer.get("tokens", [])) != 1:
        raise InputError(f"llama.cpp server {client.url}: '{content['content']}' is not one token")
    return int(answer["tokens"][0])


for _scheme in ("http", "https"):

    def _factory(name: str, options: LMOptions, scheme: str = _scheme) -> ModelHandle:
        return _open(f"{scheme}:{name}", options)

    register_lm(
        f"llamacpp+{_scheme}",
        _factory,
        summary="a llama.cpp server, one request for each scored token",
        needs=("httpx", "tenacity"),
        deterministic=False,
        options=CLIENT_OPTIONS,
    )
