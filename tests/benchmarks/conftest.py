"""Small datasets with known truth, suites over them, and a tiny language model on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from benchmarks.progress import Silent
from benchmarks.suite.loading import load_suite
from benchmarks.suite.model import Suite
from sdscm.data.dataset import CausalDataset


def confounded(seed: int, n: int = 120) -> CausalDataset:
    """Units whose treatment and outcome share the cause ``u``; the effect varies with ``a``."""
    draw = np.random.Generator(np.random.Philox(seed))
    u, a, b = draw.normal(size=(3, n))
    propensity = 1 / (1 + np.exp(-1.5 * u))
    y0 = 2 * u + 0.5 * b + 0.2 * draw.normal(size=n)
    frame = pd.DataFrame({"u": u, "a": a, "b": b, "y0": y0, "y1": y0 + 0.5 + 0.5 * a})
    frame["t"] = (draw.uniform(size=n) < propensity).astype(int)
    frame["e"] = propensity
    return CausalDataset.from_frame(
        frame, treatment="t", y0="y0", y1="y1", exogenous=["u"], propensity="e", name="toy"
    )


def write_suite(folder: Path, datasets: int = 3, **changes: object) -> Suite:
    """A suite over ``datasets`` Parquet files in a folder; it holds no rows out."""
    for number in range(datasets):
        confounded(number).to_parquet(folder / "data" / f"toy{number}.parquet")
    content: dict[str, object] = {
        "name": "toy",
        "datasets": [{"name": "toy", "files": "data/*.parquet"}],
        "estimators": ["DiffInMeans", "LinReg", "Oracle"],
        "repetitions": 1,
        "holdout": 0,
        "board": {"resamples": 200},
        "time_limit": 60,
    }
    path = folder / "toy.yaml"
    path.write_text(yaml.safe_dump(content | changes))
    return load_suite(path)


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    """Three datasets, two settings, three estimators."""
    return write_suite(tmp_path)


@pytest.fixture
def make_suite(tmp_path: Path):
    """Return a function that writes a suite with changes: ``make_suite(estimators=[...])``."""

    def make(**changes: object) -> Suite:
        return write_suite(tmp_path, **changes)  # type: ignore[arg-type]

    return make


class Told(Silent):
    """A `Progress` that remembers its stages, and what is done and left in the last one."""

    def __init__(self) -> None:
        self.stages: list[tuple[str, int]] = []
        self.done, self.left = 0.0, list[float]()

    def begin(self, what: str, total: int) -> None:
        self.stages.append((what, total))
        self.done, self.left = 0.0, []

    def advance(self, step: str, amount: float = 1, failed: bool = False) -> None:
        self.done += amount

    def eta(self, left: float, slowest: str) -> None:
        self.left.append(left)


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture(scope="session")
def suite_in():
    """The function ``write_suite``, for fixtures that several tests share."""
    return write_suite


@pytest.fixture(name="confounded")
def confounded_fixture():
    """The function ``confounded(seed, n)``."""
    return confounded


@pytest.fixture(scope="session")
def tiny_lm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a Llama of one layer that reads bytes, as ``save_pretrained`` writes it."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    letters = ["<s>", *sorted(pre_tokenizers.ByteLevel.alphabet())]
    tokenizer = Tokenizer(models.BPE({each: i for i, each in enumerate(letters)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    config = LlamaConfig(
        vocab_size=len(letters),
        hidden_size=32,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        initializer_range=0.15,
        bos_token_id=0,
        eos_token_id=0,
    )
    folder = tmp_path_factory.mktemp("lm") / "tiny"
    with torch.random.fork_rng():
        torch.manual_seed(1)
        LlamaForCausalLM(config).save_pretrained(folder)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="<s>")
    fast.save_pretrained(folder)
    return folder


@pytest.fixture
def no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the figures out of pages: drawing those of one page takes 9 s."""
    monkeypatch.setattr("benchmarks.report.html.page.drawings", lambda study: [])
