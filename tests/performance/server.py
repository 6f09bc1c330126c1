"""How near many requests at a time come to the ideal, with a local server of 20 ms latency.

    python tests/performance/server.py           # about a minute on an idle core

Prints the Markdown table of docs/how-to/language-model.md. The server is another process; it waits
20 ms, and answers with made-up log-probabilities. The ideal is a client that takes no time: as many
requests in 20 ms as there are in flight.
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


def measure(port: int, flying: int, requests: int) -> float:
    """Requests a second."""
    lm = load_lm(
        f"openai+http://127.0.0.1:{port}/v1",
        store=False,
        options={"concurrency": str(flying), "start": "<s>"},
    )
    context = ("The patient is old, and she lives in the north of the country.",)
    choices = [
        Choice((*context, f"She has number {n}."), "In the end she ", ("recovers", "is ill"), ".")
        for n in range(requests)
    ]
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
    print("| requests in flight | requests/s | ideal | share of the ideal |")
    print("| ---: | ---: | ---: | ---: |")
    for flying in (1, 8, 32):
        ideal = flying / LATENCY
        rate = measure(port, flying, int(ideal * given.seconds))
        print(f"| {flying} | {rate:,.0f} | {ideal:,.0f} | {rate / ideal:.2f} |", flush=True)
    server.terminate()


if __name__ == "__main__":
    main()
