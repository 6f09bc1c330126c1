"""A llama.cpp server: a fake one with a tiny model, and (slow) a real one."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from sdscm.errors import InputError
from sdscm.lm import Choice, load_lm

CHOICES = [
    Choice((), "The patient is ", ("young", "old"), "."),
    Choice(("The patient is old.",), "She takes the ", ("statin", "placebo", "tea"), " now."),
    Choice(("Zażółć gęślą.",), "Straße: ", ("東京", "naïve"), " 🙂."),
]


class FakeServer:
    """Answers as llama.cpp does, with a tiny model; ``fault`` changes the answers of a path."""

    def __init__(self, tiny: Any) -> None:
        self.tiny = tiny
        self.faults: dict[str, Callable[[Any, Any], Any]] = {}
        self.asked: list[str] = []
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args: Any) -> None: ...

            def do_GET(self) -> None:
                self.reply(None)

            def do_POST(self) -> None:
                self.reply(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

            def reply(self, content: Any) -> None:
                fake.asked.append(self.path)
                answer = getattr(fake, self.path.strip("/"))(content)
                fault = fake.faults.get(self.path)
                body = json.dumps(fault(content, answer) if fault else answer).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.http.server_port}"

    def props(self, content: Any) -> Any:
        settings = {"n_ctx": 64}
        names = {"model_alias": "folder/tiny.gguf", "bos_token": "<s>", "build_info": "b1"}
        return {**names, "eos_token": "</s>", "default_generation_settings": settings}

    def tokenize(self, content: Any) -> Any:
        ids = self.tiny.tokenizer(content["content"], add_special_tokens=False)["input_ids"]
        if not content.get("with_pieces"):
            return {"tokens": ids}
        return {"tokens": [{"id": each, "piece": self.piece(each)} for each in ids]}

    def piece(self, token: int) -> Any:
        """Text of a token, or its bytes where they are no text."""
        from transformers.convert_slow_tokenizer import bytes_to_unicode

        back = {letter: byte for byte, letter in bytes_to_unicode().items()}
        raw = bytes(back[c] for c in self.tiny.tokenizer.convert_ids_to_tokens(token))
        try:
            return raw.decode()
        except UnicodeDecodeError:
            return list(raw)

    def completion(self, content: Any) -> Any:
        with torch.inference_mode():
            logits = self.tiny.model(torch.tensor([content["prompt"]])).logits[0, -1]
            logs = torch.log_softmax(logits.float(), -1)
        top = int(logs.argmax())
        token = content["logit_bias"][0][0] if content["logit_bias"] else top
        if self.is_cut(token):  # it waits for the rest of the letter
            return {"truncated": False, "content": "\ufffd"}
        size = min(content["n_probs"], len(logs))
        best = [{"id": int(k), "logprob": float(logs[k])} for k in logs.topk(size).indices]
        only = {"id": token, "logprob": float(logs[token]), "top_logprobs": best}
        return {"truncated": False, "completion_probabilities": [only]}

    def is_cut(self, token: int) -> bool:
        piece = self.piece(token)
        if isinstance(piece, str):
            return False
        # A first byte says how many bytes the letter has.
        first = max((i for i, byte in enumerate(piece) if byte >= 0xC0), default=None)
        sizes = {0xC: 2, 0xD: 2, 0xE: 3, 0xF: 4}
        return first is not None and len(piece) - first < sizes[piece[first] >> 4]


@pytest.fixture(scope="module")
def running(tiny: Any) -> Iterator[FakeServer]:
    server = FakeServer(tiny("llama"))
    yield server
    server.http.shutdown()


@pytest.fixture
def server(running: FakeServer) -> FakeServer:
    running.faults.clear()
    running.asked.clear()
    return running


def opened(server: FakeServer) -> Any:
    return load_lm(f"llamacpp+{server.url}", store=False)


def test_scores_are_those_of_the_definition(server: FakeServer) -> None:
    lm = opened(server)
    assert lm.id == "tiny.gguf"
    server.asked.clear()
    found = lm.score(CHOICES)
    for one, other in zip(found, server.tiny.expected(CHOICES), strict=True):
        np.testing.assert_allclose(one.sentence, other.sentence, atol=1e-3)
        np.testing.assert_allclose(one.value, other.value, atol=1e-3)
        np.testing.assert_array_equal(one.sentence_tokens, other.sentence_tokens)
        np.testing.assert_array_equal(one.value_tokens, other.value_tokens)
    # A token after the same text is asked for once.
    assert server.asked.count("/completion") <= sum(each.sentence_tokens.sum() for each in found)


def _probability(change: Callable[[Any, Any], None]) -> Callable[[Any, Any], Any]:
    def fault(content: Any, answer: Any) -> Any:
        change(content, answer["completion_probabilities"][0])
        return answer

    return fault


def _unlisted(content: Any, answer: Any) -> Any:
    for only in answer.get("completion_probabilities", []):
        del only["top_logprobs"][10:]
    return answer


def test_a_token_that_is_not_listed_is_one_line(server: FakeServer, one_line: Any) -> None:
    lm = opened(server)
    server.faults["/completion"] = _unlisted
    with pytest.raises(InputError, match="lists no probability of the token") as caught:
        lm.score(CHOICES)
    assert server.url in one_line(caught.value)


FAULTS = {
    "ignores the bias": (
        "/completion",
        _probability(lambda c, only: only.update(only["top_logprobs"][0])),
        "is forced",
    ),
    "gives the forced score": (
        "/completion",
        _probability(lambda c, only: only.update(logprob=0.0) if c["logit_bias"] else None),
        "to the best|if it is forced",
    ),
    "a constant": (
        "/completion",
        _probability(
            lambda c, only: (only.update(logprob=-1), only["top_logprobs"][0].update(logprob=-1))
        ),
        "the same",
    ),
    "cuts off": ("/completion", lambda c, a: {**a, "truncated": True}, "cuts a text off"),
    "no probabilities": ("/completion", lambda c, a: {"content": " tea"}, "another form"),
    "not a number": (
        "/completion",
        _probability(lambda c, only: only.update(logprob=None)),
        "another form",
    ),
    "drops a token": (
        "/tokenize",
        lambda c, a: {"tokens": a["tokens"][1:]} if c.get("with_pieces") else a,
        "do not spell",
    ),
    "no pieces": ("/tokenize", lambda c, a: {"tokens": [1] * 3}, "not one token"),
    "not llama.cpp": ("/props", lambda c, a: {"hello": 1}, "llama.cpp server"),
    "a list": ("/props", lambda c, a: [a], "llama.cpp server"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_wrong_server_is_one_line(server: FakeServer, one_line: Any, name: str) -> None:
    path, fault, message = FAULTS[name]
    server.faults[path] = fault
    with pytest.raises(InputError, match=message) as caught:
        opened(server)
    assert server.url in one_line(caught.value)


def test_a_text_beyond_the_window_is_an_error(server: FakeServer) -> None:
    with pytest.raises(InputError, match=r"tokens, but the server of 'tiny\.gguf' reads 64"):
        opened(server).score([Choice(("The patient is old.",) * 20, "", ("yes", "no"), "")])


def _dequantised(source: Path, file: Path) -> None:
    """Copy a GGUF file with its weights in float32."""
    from gguf import GGUFReader, GGUFValueType, GGUFWriter
    from gguf.quants import dequantize

    reader = GGUFReader(source)
    writer = GGUFWriter(file, reader.get_field("general.architecture").contents())
    for name, field in reader.fields.items():
        if name.startswith("GGUF.") or name in ("general.architecture", "general.file_type"):
            continue
        parts = field.types[-1] if field.types[0] == GGUFValueType.ARRAY else None
        writer.add_key_value(name, field.contents(), field.types[0], parts)
    for tensor in reader.tensors:
        weights = dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
        writer.add_tensor(tensor.name, weights)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@pytest.fixture
def real(tmp_path: Path) -> Iterator[str]:
    """Address of a real server with the weights that the local engine has."""
    xllamacpp = pytest.importorskip("xllamacpp")
    from sdscm.lm.backends.embedded import EMBEDDED

    _dequantised(EMBEDDED["smollm2-135m"].file(), tmp_path / "model.gguf")
    options = xllamacpp.CommonParams()
    options.model.path = str(tmp_path / "model.gguf")
    options.port = 0
    options.n_ctx = 4096
    options.n_parallel = 2
    options.cpuparams.n_threads = options.cpuparams_batch.n_threads = 1
    server = xllamacpp.Server(options)  # it stops when the object goes
    yield str(server.listening_address)
    del server


@pytest.mark.slow
def test_a_real_server_agrees_with_the_local_engine(
    real: str, converted_model: None, drawn_choices: Any
) -> None:
    """With the file as it is, llama.cpp rounds activations to 8 bits, and differs by up to 0.6."""
    lm = load_lm(f"llamacpp+{real}", store=False, options={"concurrency": "2"})
    local = load_lm(store=False)
    for name in ("tea_or_coffee", "hiring", "coupon"):
        choices = drawn_choices(name, local, 200)[:70]
        assert len(choices) == 70
        begin = time.monotonic()
        pairs = list(zip(lm.score(choices), local.score(choices), strict=True))
        largest = max(float(np.abs(one.sentence - other.sentence).max()) for one, other in pairs)
        print(f"{name}: largest difference {largest:.1e}, {time.monotonic() - begin:.0f} s")
        for one, other in pairs:
            np.testing.assert_allclose(one.sentence, other.sentence, atol=2e-2)
            np.testing.assert_array_equal(one.sentence_tokens, other.sentence_tokens)


@pytest.mark.slow
def test_datasets_of_a_real_server_are_the_local_ones(
    real: str, converted_model: None, compare_datasets: Any, tmp_path: Path
) -> None:
    """A label differs if two values are closer than the rounding of the scores."""
    options = {"concurrency": "2"}
    lm = load_lm(f"llamacpp+{real}", store=tmp_path / "server.sqlite", options=options)
    local = load_lm(store=tmp_path / "local.sqlite")
    equal, difference = compare_datasets("tea_or_coffee", lm, local, 100)
    assert equal >= 0.99
    assert difference < 2e-2
