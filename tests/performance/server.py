"""How near many requests at a time come to the ideal, with a local server of 20 ms latency.

    python tests/performance/server.py           # about a minute on an idle core

Prints the Markdown table of docs/how-to/language-model.md. The server is another process; it waits
20 ms, and answers with made-up log-probabilities. The ideal is a client that takes no time: as many
requests in 20 ms as there are in flight. The bare client writes requests with the same prompts to
the sockets and does not parse the answers; it shows what the machine and the server allow.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import re
import time
from multiprocessing.connection import Connection
from typing import Any
from zlib import crc32

from sdscm.lm import Choice, load_lm

LATENCY = 0.02


def _logprobs(prompt: str) -> dict[str, Any]:
    """Made-up log-probabilities of words; each depends on the text before it."""
    tokens = [*re.findall(r"\s*\S+", prompt), " so"]
    state, logs = 0, []
    for token in tokens:
        state = crc32(token.encode(), state)
        logs.append(-0.01 - state % 1000 / 100)
    return {"tokens": tokens, "token_logprobs": [None, *logs[1:]]}


def _answer(body: bytes) -> dict[str, Any]:
    if not body:
        return {"data": [{"id": "fake"}]}
    asked = json.loads(body)
    choices = [{"index": i, "logprobs": _logprobs(p)} for i, p in enumerate(asked["prompt"])]
    return {"model": "fake", "choices": choices}


async def _converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer the requests of one connection, 20 ms after each."""
    while True:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionResetError):
            writer.close()
            return
        begin = asyncio.get_running_loop().time()
        size = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
        body = await reader.readexactly(int(size[1])) if size else b""
        answer = json.dumps(_answer(body)).encode()
        await asyncio.sleep(begin + LATENCY - asyncio.get_running_loop().time())
        start = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
        writer.write(start + str(len(answer)).encode() + b"\r\n\r\n" + answer)


def _serve(port: Connection) -> None:
    async def run() -> None:
        server = await asyncio.start_server(_converse, "127.0.0.1", 0)
        port.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


def _choices(requests: int) -> list[Choice]:
    context = ("The patient is old, and she lives in the north of the country.",)
    return [
        Choice((*context, f"She has number {n}."), "In the end she ", ("recovers", "is ill"), ".")
        for n in range(requests)
    ]


def bare(port: int, flying: int, requests: int) -> float:
    """Requests a second of the bare client."""
    prompts = ["<s>" + " ".join((*c.context, s)) for c in _choices(1) for s in c.sentences]
    body = json.dumps({"prompt": prompts, "model": "fake"}).encode()
    head = b"POST /v1/completions HTTP/1.1\r\nContent-Length: " + str(len(body)).encode()
    left = iter(range(requests))

    async def ask() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in left:
            writer.write(head + b"\r\n\r\n" + body)
            found = re.search(rb"Length: (\d+)", await reader.readuntil(b"\r\n\r\n"))
            assert found is not None
            await reader.readexactly(int(found[1]))
        writer.close()

    async def run() -> None:
        await asyncio.gather(*(ask() for _ in range(flying)))

    begin = time.perf_counter()
    asyncio.run(run())
    return requests / (time.perf_counter() - begin)


def measure(port: int, flying: int, requests: int) -> float:
    """Requests a second of a language model."""
    lm = load_lm(
        f"openai+http://127.0.0.1:{port}/v1",
        store=False,
        options={"concurrency": str(flying), "start": "<s>"},
    )
    choices = _choices(requests)
    begin = time.perf_counter()
    lm.score(choices)
    return requests / (time.perf_counter() - begin)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=10, help="time of each ideal run")
    given = parser.parse_args()
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=_serve, args=(there,), daemon=True)
    server.start()
    port = here.recv()
    print("| requests in flight | requests/s | ideal | share | bare client |")
    print("| ---: | ---: | ---: | ---: | ---: |")
    for flying in (1, 8, 32):
        ideal = flying / LATENCY
        requests = int(ideal * given.seconds)
        rate, most = measure(port, flying, requests), bare(port, flying, requests)
        share = f"{rate / ideal:.2f} | {most / ideal:.2f}"
        print(f"| {flying} | {rate:,.0f} | {ideal:,.0f} | {share} |", flush=True)
    server.terminate()


if __name__ == "__main__":
    main()
