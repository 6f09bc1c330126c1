"""A server of the completions protocol: right numbers or one clear line, never a wrong number."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from email.utils import formatdate
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sdscm.errors import InputError
from sdscm.lm import Choice, load_lm
from sdscm.lm import client as client_module

CHOICES = [
    Choice((), "The patient is ", ("young", "old"), "."),
    Choice(("The patient is old.",), "She takes the ", ("statin", "placebo", "tea"), " now."),
    Choice(("The patient is old.", "She lives in Rome."), "In the end she ", ("recovers", "w"), ""),
]


FakeServer = Any  # see conftest.py


@pytest.fixture
def server(completions_server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> FakeServer:
    running = completions_server
    running.fault = lambda server, handler, answer: answer
    running.latency = 0.0
    running.asked.clear(), running.keys.clear(), running.pauses.clear()
    # The pauses themselves are tested below.
    original = client_module.Client.__init__

    def quick(self: Any, url: str, **options: Any) -> None:
        original(self, url, **{**options, "pause": 0.01})

    monkeypatch.setattr(client_module.Client, "__init__", quick)
    return running


@pytest.fixture
def tokenizer(completions_server: FakeServer, tmp_path: Path) -> str:
    completions_server.tiny.tokenizer.save_pretrained(tmp_path / "tokenizer")
    return str(tmp_path / "tokenizer")


def opened(server: FakeServer, **options: str) -> Any:
    return load_lm(f"openai+{server.url}#tiny", store=False, options=options)


def agree(found: Any, expected: Any) -> None:
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one.sentence, other.sentence, atol=1e-3)
        np.testing.assert_allclose(one.value, other.value, atol=1e-3)
        np.testing.assert_array_equal(one.sentence_tokens, other.sentence_tokens)
        np.testing.assert_array_equal(one.value_tokens, other.value_tokens)


def test_texts_have_the_scores_of_the_definition(server: FakeServer) -> None:
    agree(opened(server, start="<s>").score(CHOICES), server.tiny.expected(CHOICES))


def test_letters_that_are_split_over_tokens_have_the_scores_of_the_definition(server) -> None:
    values = ("naïve", "tea", "n東"), ("Zażółć", "Za東京")
    choices = [Choice(("Zażółć gęślą.",), "Straße: ", each, " 🙂.") for each in values]
    agree(opened(server, start="<s>").score(choices), server.tiny.expected(choices))


def test_a_split_letter_at_the_begin_of_a_value_needs_the_tokenizer(server, one_line) -> None:
    choice = Choice(("Zażółć gęślą.",), "Straße: ", ("東京", "tea"), ".")
    with pytest.raises(InputError, match=r"'東京' .*option tokenizer") as caught:
        opened(server, start="<s>").score([choice])
    one_line(caught.value)


def test_token_ids_have_the_scores_of_the_definition(server: FakeServer, tokenizer: str) -> None:
    choices = [*CHOICES, Choice(("Zażółć gęślą.",), "Straße: ", ("東京", "naïve"), " 🙂.")]
    agree(opened(server, tokenizer=tokenizer).score(choices), server.tiny.expected(choices))
    assert all(isinstance(p[0], int) for p in server.asked[-1]["prompt"])


def test_a_first_token_without_probability_is_an_error(server: FakeServer) -> None:
    lm = opened(server)
    agree(lm.score(CHOICES[1:2]), lm.score(CHOICES[1:2]))
    with pytest.raises(InputError, match="no probability to the first token"):
        lm.score([Choice((), "", ("young", "old"), ".")])


def _each(change: Callable[[Any], None]) -> Callable[..., Any]:
    def fault(server: FakeServer, handler: Any, answer: Any) -> Any:
        for choice in answer["choices"]:
            change(choice["logprobs"])
        return answer

    return fault


def _only_generated(logprobs: Any) -> None:
    for name in ("tokens", "token_logprobs"):
        logprobs[name] = logprobs[name][-1:]


def _shifted(logprobs: Any) -> None:
    logs = logprobs["token_logprobs"]
    logprobs["token_logprobs"] = [None, *logs[2:], logs[1]]


def _dropped(logprobs: Any) -> None:
    del logprobs["tokens"][2], logprobs["token_logprobs"][2]


def _without_a_number(logprobs: Any) -> None:
    logprobs["token_logprobs"][3] = None


def _cut(logprobs: Any) -> None:
    for name in ("tokens", "token_logprobs"):
        logprobs[name] = logprobs[name][4:]


def _other_tokenizer(logprobs: Any) -> None:
    logprobs["tokens"] = [token.replace("e", "a") for token in logprobs["tokens"]]


def _positive(logprobs: Any) -> None:
    logprobs["token_logprobs"] = [None, *(-log for log in logprobs["token_logprobs"][1:])]


def _of_the_future(logprobs: Any) -> None:
    """Scores that depend on later tokens, as stale or bidirectional ones would."""
    size = len(logprobs["tokens"])
    logs = logprobs["token_logprobs"]
    logprobs["token_logprobs"] = [None, *(log - size for log in logs[1:])]


def _more(logprobs: Any) -> None:
    logprobs["tokens"] += ["a", "b"]
    logprobs["token_logprobs"] += [-1.0, -1.0]


WRONG_CONTENT = {
    "ignores echo": (_each(_only_generated), "do not spell"),
    "shifts by one": (_each(_shifted), "shifted|in one text"),
    "drops a token": (_each(_dropped), "do not spell"),
    "a null": (_each(_without_a_number), "missing"),
    "cuts the text off": (_each(_cut), "do not spell"),
    "another tokenizer": (_each(_other_tokenizer), "do not spell"),
    "positive": (_each(_positive), "above 0"),
    "reads the future": (_each(_of_the_future), "in one text"),
    "generates more": (_each(_more), "do not spell|after the text"),
    "another model": (lambda s, h, a: {**a, "model": "other"}, "the model 'other'"),
    "no choices": (lambda s, h, a: {"error": "busy"}, "another form"),
    "one choice too few": (
        lambda s, h, a: {**a, "choices": a["choices"][1:]},
        "form|numbered|do not spell",
    ),
    "a list": (lambda s, h, a: [a], "another form"),
}


@pytest.mark.parametrize("name", WRONG_CONTENT)
@pytest.mark.parametrize("late", [False, True], ids=["at the start", "later"])
@pytest.mark.parametrize("ids", [False, True], ids=["texts", "ids"])
def test_wrong_content_is_one_line(server, tokenizer, one_line, name, late, ids) -> None:
    fault, message = WRONG_CONTENT[name]
    options = {"tokenizer": tokenizer} if ids else {"start": "<s>"}
    if late:
        lm = opened(server, **options)
        server.fault = fault
        with pytest.raises(InputError, match=message) as caught:
            lm.score(CHOICES)
    else:
        server.fault = fault
        with pytest.raises(InputError, match=message) as caught:
            opened(server, **options)
    assert server.url in one_line(caught.value)


def _fails(*replies: Callable[[Any], None]) -> Callable[..., Any]:
    """Each reply once, then right answers."""
    left = list(replies)

    def fault(server: FakeServer, handler: Any, answer: Any) -> Any:
        return left.pop(0)(handler) if left else answer

    return fault


def _closed(handler: Any) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"choi')
    handler.close_connection = True


PASSING = {
    "429": lambda handler: handler.reply({}, 429),
    "429 with a time": lambda handler: handler.reply({}, 429, Retry_After="0.2"),
    "500": lambda handler: handler.reply({}, 500),
    "closes mid-body": _closed,
    "bad JSON": lambda handler: handler.reply(b'{"choices": [{]'),
}


@pytest.mark.parametrize("name", PASSING)
def test_a_failure_that_passes_changes_no_number(server: FakeServer, name: str) -> None:
    lm = opened(server, start="<s>")
    server.fault = _fails(PASSING[name], PASSING[name])
    agree(lm.score(CHOICES), server.tiny.expected(CHOICES))


@pytest.mark.parametrize("name", PASSING)
def test_a_failure_that_stays_is_one_line(server, one_line, name) -> None:
    lm = opened(server, start="<s>", attempts="2")
    server.fault = _fails(*[PASSING[name]] * 20)
    with pytest.raises(InputError, match=r"2 times; is it running") as caught:
        lm.score(CHOICES)
    assert server.url in one_line(caught.value)


def test_a_server_that_hangs_is_one_line(server: FakeServer) -> None:
    lm = opened(server, start="<s>", attempts="1", timeout="0.3")
    server.latency = 1.0
    with pytest.raises(InputError, match=r"no answer within 0\.3 s"):
        lm.score(CHOICES)


@pytest.mark.parametrize("status", [400, 401])
def test_a_refusal_is_not_tried_again(server: FakeServer, status: int) -> None:
    lm = opened(server, start="<s>", concurrency="1")
    server.asked.clear()
    server.fault = lambda s, handler, a: handler.reply({"error": "context length"}, status)
    with pytest.raises(InputError, match=rf"{status} to /completions .*context length"):
        lm.score(CHOICES)
    assert len(server.asked) == 1


def test_a_redirect_is_not_followed(server: FakeServer, monkeypatch) -> None:
    monkeypatch.setenv(client_module.KEY, "secret-1")
    lm = opened(server, start="<s>")
    server.fault = lambda s, handler, a: handler.reply({}, 307, Location="http://127.0.0.1:9/x")
    with pytest.raises(InputError, match="redirects"):
        lm.score(CHOICES)


def test_a_proxy_of_the_environment_is_used(server, one_line, monkeypatch) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("http_proxy", server.url.removesuffix("/v1"))
    name = "openai+http://model.invalid/v1"
    assert load_lm(name, store=False, options={"start": "<s>"}).id == "tiny"
    monkeypatch.setenv("http_proxy", "name:word@proxy")
    with pytest.raises(InputError, match="proxy in the environment") as caught:
        load_lm(name, store=False)
    assert "word" not in one_line(caught.value)
    monkeypatch.setenv("no_proxy", "model.invalid")
    with pytest.raises(InputError, match="is it running"):
        load_lm(name, store=False, options={"attempts": "1"})


@pytest.mark.parametrize("clock", [0.0, 7200.0], ids=["right clock", "clock of the server is late"])
def test_the_pause_is_what_the_server_asks_for(server: FakeServer, clock: float) -> None:
    lm = opened(server, start="<s>", concurrency="1")
    asks = formatdate(time.time() - clock + 2, usegmt=True)

    def busy(handler: Any) -> None:
        handler.date_time_string = lambda timestamp=None: formatdate(
            time.time() - clock, usegmt=True
        )
        handler.reply({}, 429, Retry_After=asks)

    server.pauses.clear()
    server.fault = _fails(busy)
    lm.score(CHOICES[:1])
    assert 0.9 < server.pauses[1] - server.pauses[0] < 4


def test_the_key_is_sent_and_nowhere_else(server: FakeServer, monkeypatch, tmp_path) -> None:
    monkeypatch.setenv(client_module.KEY, "secret-1")
    store = tmp_path / "scores.sqlite"
    lm = load_lm(f"openai+{server.url}", store=store, options={"start": "<s>"})
    lm.score(CHOICES)
    assert set(server.keys) == {"Bearer secret-1"}
    server.fault = lambda s, handler, a: handler.reply({"error": "bad key secret-1"}, 401)
    with pytest.raises(InputError) as caught:
        lm.score([Choice((), "She is ", ("old", "young"), ".")])
    assert "secret-1" not in str(caught.value)
    assert "secret-1" not in f"{lm.id} {lm.revision} {lm!r} {vars(lm)} {vars(lm.model)}"
    assert all(b"secret-1" not in file.read_bytes() for file in tmp_path.glob("scores*"))


@pytest.mark.parametrize(
    "options",
    [{"device": "cuda"}, {"precision": "float64"}, {"memory": 2**30}, {"batch_tokens": 64}],
)
def test_what_the_server_decides_is_refused(server: FakeServer, one_line, options) -> None:
    with pytest.raises(InputError) as caught:
        load_lm(f"openai+{server.url}#tiny", store=False, **options)
    assert "of its own; leave them out" in one_line(caught.value)


@pytest.mark.parametrize("key", ["sécret", "secret\n"])
def test_a_key_that_no_header_can_hold_is_one_line(server, one_line, monkeypatch, key) -> None:
    monkeypatch.setenv(client_module.KEY, key)
    with pytest.raises(InputError, match=client_module.KEY) as caught:
        opened(server, start="<s>")
    assert "cret" not in one_line(caught.value)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("openai+http://user:word@127.0.0.1:1/v1", "without a user name"),
        ("openai+http://127.0.0.1:1/v1?key=1", "a query"),
        ("openai+http://", "http://host:port"),
        ("openai+http://127.0.0.1:1/v1#m", "is it running"),
    ],
)
def test_a_bad_address_is_one_line(server: FakeServer, one_line, name: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        load_lm(name, options={"attempts": "1"})
    assert "word" not in one_line(caught.value)


@pytest.mark.parametrize(
    "options", [{"attempts": "0"}, {"timeout": "soon"}, {"timeout": "nan"}, {"colour": "red"}]
)
def test_a_bad_option_is_one_line(server: FakeServer, one_line, options) -> None:
    with pytest.raises(InputError) as caught:
        opened(server, **options)
    assert any(name in one_line(caught.value) for name in options)


def test_an_unknown_model_is_one_line(server: FakeServer) -> None:
    with pytest.raises(InputError, match="no model 'other'; it has tiny"):
        load_lm(f"openai+{server.url}#other", store=False)


def test_what_is_scored_is_not_scored_again(server: FakeServer, tmp_path: Path) -> None:
    """After a failure in the middle, as after Ctrl-C, the store has what was answered."""
    name, store = f"openai+{server.url}", tmp_path / "scores.sqlite"
    many = [Choice((f"The patient is {n}.",), "She is ", ("old", "young"), ".") for n in range(12)]
    lm = load_lm(name, store=store, options={"start": "<s>", "concurrency": "1"})
    server.asked.clear()
    answered = []

    def fails_at_last(s: FakeServer, handler: Any, answer: Any) -> Any:
        if len(answered) == 8:
            return handler.reply({}, 400)
        answered.append(handler)
        return answer

    server.fault = fails_at_last
    with pytest.raises(InputError):
        lm.score(many)
    server.fault = lambda s, h, a: a
    before = [json.dumps(each["prompt"]) for each in server.asked[:8]]
    server.asked.clear()
    load_lm(name, store=store, options={"start": "<s>"}).score(many)
    again = [json.dumps(each["prompt"]) for each in server.asked]
    again = [each for each in again if "The patient is" in each]
    assert len(set(again) & set(before)) == 0
    assert len(again) == 4
