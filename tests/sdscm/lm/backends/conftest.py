"""A fake server, a model in a folder, and the comparison of two models on what scenarios ask."""

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

from sdscm import SDSCM, load_spec
from sdscm.lm import Choice


class CompletionsServer:
    """Answers with the scores of a tiny model; ``fault`` changes an answer, or answers itself."""

    def __init__(self, tiny: Any) -> None:
        self.tiny = tiny
        self.fault: Callable[[CompletionsServer, Any, Any], Any] = lambda server, handler, answer: (
            answer
        )
        self.asked: list[Any] = []
        self.keys: list[str | None] = []
        self.pauses: list[float] = []
        self.latency = 0.0
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args: Any) -> None: ...

            def do_GET(self) -> None:
                self.reply({"data": [{"id": "tiny", "root": "tiny", "max_model_len": 1024}]})

            def do_POST(self) -> None:
                content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                fake.asked.append(content)
                fake.keys.append(self.headers.get("Authorization"))
                fake.pauses.append(time.monotonic())
                time.sleep(fake.latency)
                answer = fake.fault(fake, self, fake.answer(content))
                if answer is not None:
                    self.reply(answer)

            def reply(self, content: Any, status: int = 200, **headers: str) -> None:
                body = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.http.server_port}/v1"

    def answer(self, content: Any) -> Any:
        choices = []
        for index, prompt in enumerate(content["prompt"]):
            ids = prompt
            if isinstance(prompt, str):
                ids = self.tiny.tokenizer(prompt, add_special_tokens=False)["input_ids"]
            with torch.inference_mode():
                logits = self.tiny.model(torch.tensor([ids])).logits[0]
                logs = torch.log_softmax(logits.float(), -1)
            new = int(logs[-1].argmax())
            picked = [float(logs[i, token]) for i, token in enumerate([*ids[1:], new])]
            texts = self.texts([*ids, new])
            logprobs = {"tokens": texts, "token_logprobs": [None, *picked]}
            choices.append({"index": index, "text": "".join(texts), "logprobs": logprobs})
        return {"model": content["model"], "choices": choices}

    def texts(self, ids: list[int]) -> list[str]:
        """As vLLM does it: the last token of a letter has all of its text."""
        texts, spelled = [], ""
        for end in range(1, len(ids) + 1):
            whole = self.tiny.tokenizer.decode(ids[:end]).rstrip("\ufffd")
            texts.append(whole[len(spelled) :])
            spelled += texts[-1]
        return texts


@pytest.fixture(scope="module")
def completions_server(tiny: Any) -> Iterator[CompletionsServer]:
    """A server of the completions protocol, in a thread of this process."""
    server = CompletionsServer(tiny("llama"))
    yield server
    server.http.shutdown()


@pytest.fixture(scope="session")
def drawn_choices() -> Callable[..., list[Choice]]:
    """Distinct choices that a model answers while units of a scenario are drawn."""

    def draw(scenario: str, lm: Any, units: int = 60) -> list[Choice]:
        seen: dict[Choice, None] = {}

        class Recorder:
            id, revision = lm.id, lm.revision

            def score(self, choices: Any) -> Any:
                seen.update(dict.fromkeys(choices))
                return lm.score(choices)

        SDSCM(load_spec(scenario), Recorder()).sample(units, seed=1)
        return list(seen)

    return draw


@pytest.fixture(scope="session")
def compare_datasets() -> Callable[..., tuple[float, float]]:
    """Share of equal labels, and largest difference of the potential outcomes where all agree."""

    def compare(scenario: str, one: Any, other: Any, units: int) -> tuple[float, float]:
        models = [SDSCM(load_spec(scenario), lm) for lm in (one, other)]
        labels = [model.sample(units, seed=1).labels for model in models]
        equal = (labels[0] == labels[1]).to_numpy()
        data = [model.dataset(units, seed=1, cate_contexts=0) for model in models]
        outcomes = [np.column_stack([each.y0, each.y1]) for each in data]
        rows = equal.all(axis=1)
        differences = np.abs(outcomes[0] - outcomes[1])[rows]
        print(
            f"{scenario}: {equal.mean():.4f} of {equal.size} labels equal, in {rows.sum()} of "
            f"{units} units all; outcomes differ by up to {differences.max():.1e}"
        )
        return float(equal.mean()), float(differences.max())

    return compare


@pytest.fixture
def folder(tiny: Callable[..., Any], tmp_path: Path) -> Path:
    """A random model as ``save_pretrained`` writes it."""
    made = tiny("llama")
    made.model.save_pretrained(tmp_path / "tiny")
    made.tokenizer.save_pretrained(tmp_path / "tiny")
    return tmp_path / "tiny"
