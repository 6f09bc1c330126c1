"""Language models on two nodes of Ray: the same bytes as on this machine, also if a node dies."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import benchmarks
from benchmarks.cli import main
from benchmarks.datasets import prepare, sampling
from benchmarks.execution.ray_models import (
    ClusterLM,
    ClusterModels,
    NodeModel,
    _blocks,
    absolute,
    models_on,
)
from benchmarks.progress import Silent
from sdscm import SDSCM, InputError
from sdscm.lm import Choice, load_lm
from sdscm.lm.score_cache import ScoreCache


def choices(contexts: int, each: int = 3) -> list[Choice]:
    """In an order in which the choices of a context are apart."""
    return [
        Choice((f"She is {age} years old.",), f"{word} she is ", ("well", "ill"), ".")
        for word in ("Today", "Now", "Later")[:each]
        for age in range(contexts)
    ]


def test_blocks_keep_the_choices_of_a_context_together() -> None:
    asked = choices(200)
    blocks = _blocks(asked, workers=2)
    assert sorted(place for block in blocks for place in block) == list(range(600))
    contexts = [{asked[place].context for place in block} for block in blocks]
    assert sum(map(len, contexts)) == 200, "no context is in two blocks"
    assert len(blocks) == 8
    assert {len(block) for block in blocks} == {75}
    assert _blocks([], workers=2) == []
    assert [len(block) for block in _blocks(choices(1), workers=9)] == [3]


def test_paths_are_absolute_on_nodes(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "0").touch()
    assert absolute("0") == str(tmp_path / "0")
    assert absolute("gguf:0") == f"gguf:{tmp_path / '0'}"
    assert absolute("gpt2") == "gpt2"
    assert absolute("tabular:0") == "tabular:0"
    assert absolute("openai+http://host:8000/v1#m") == "openai+http://host:8000/v1#m"


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("vllm:gpt2", {}),
        ("smollm2-135m", {"options": {"device_map": "auto"}}),
        ("smollm2-135m", {"device": "cuda:1"}),
    ],
)
def test_models_on_several_devices_of_a_node_are_refused(name, options) -> None:
    with pytest.raises(InputError, match="without --cluster"):
        ClusterModels().load(name, **options)


def test_versions_that_change_scores_must_be_equal() -> None:
    found = NodeModel("tabular:0", {}, ("tabular:0", "0")).software()
    assert {"torch", "transformers", "tokenizers"} <= set(found)


def test_a_missing_cluster_is_one_line(tmp_path, capsys) -> None:
    pytest.importorskip("ray")
    out = ["--out", str(tmp_path / "x.parquet"), "--cluster", "127.0.0.1:1"]
    assert main(["generate", "headache", "--lm", "tabular:0", *out]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: --cluster 127.0.0.1:1: no Ray cluster found")
    assert not (tmp_path / "x.parquet").exists()


@pytest.fixture(scope="module")
def two_nodes():
    pytest.importorskip("ray")
    import ray
    from ray.cluster_utils import Cluster

    node = {"num_cpus": 1, "object_store_memory": 100 * 2**20, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=node)
    cluster.add_node(num_cpus=1, object_store_memory=100 * 2**20)
    ray.init(address=cluster.address, log_to_driver=False)
    yield cluster
    ray.shutdown()
    cluster.shutdown()


def scores_of(model: Any, asked: list[Choice]) -> list[bytes]:
    return [each.sentence.tobytes() + each.value.tobytes() for each in model.score(asked)]


@pytest.mark.slow
def test_two_nodes_give_the_same_bytes(two_nodes, tiny_lm, tmp_path, monkeypatch) -> None:
    """A whole suite with two language models, and its boards."""
    entry = {
        "scenario": "marathon_confounder",
        "lm": [str(tiny_lm), "tabular:0"],
        "phrasings": 2,
        "n": 60,
    }
    content = {"name": "s", "datasets": [entry], "estimators": ["DiffInMeans", "LinReg"]}
    suite = benchmarks.Suite.model_validate(content)
    results = {}
    for cluster in (None, "auto"):
        sampling.language_model.cache_clear()
        monkeypatch.setenv("SDSCM_CACHE", str(tmp_path / f"cache-{cluster}"))
        results[cluster] = benchmarks.run(
            suite,
            cluster=cluster,
            workers=None if cluster else 0,
            runs_dir=tmp_path / f"runs-{cluster}",
            results_dir=tmp_path / f"results-{cluster}",
        )
    here, there = results[None], results["auto"]
    assert there.computed == here.computed > 0
    names = sorted(path.name for path in (here.run_dir / "datasets").glob("*.parquet"))
    assert len(names) == 4
    for name in names:
        mine, theirs = (each.run_dir / "datasets" / name for each in (here, there))
        assert mine.read_bytes() == theirs.read_bytes()
    tables = [(each.files[0].parent / "scores.csv").read_bytes() for each in (here, there)]
    assert tables[0] == tables[1]
    caches = [ScoreCache(tmp_path / f"cache-{each}" / "scores.sqlite") for each in (None, "auto")]
    assert len(caches[0]) == len(caches[1]) > 0


class Dies(NodeModel):
    """A node whose process dies at its first block, once; or at every block."""

    def __init__(self, name: str, options: Any, content: Any) -> None:
        super().__init__(name, options, content)
        self._mark = Path(os.environ["SDSCM_TEST_MARK"])

    def score(self, kind: str, choices: list[Choice]) -> Any:
        always = self._mark.name == "always"
        if always or not self._mark.exists():
            self._mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().score(kind, choices)


def with_mark(monkeypatch: pytest.MonkeyPatch, mark: Path) -> None:
    """Send the classes and the mark to the nodes."""
    import sys

    import ray.cloudpickle

    from benchmarks.execution import ray_models

    ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])
    limits = ray_models.library_limits
    monkeypatch.setattr(
        ray_models, "library_limits", lambda n: limits(n) | {"SDSCM_TEST_MARK": str(mark)}
    )
    monkeypatch.setattr(ray_models, "NodeModel", Dies)


@pytest.mark.slow
def test_a_block_of_a_process_that_dies_goes_to_another_node(
    two_nodes, tmp_path, monkeypatch
) -> None:
    with_mark(monkeypatch, tmp_path / "once")
    asked = choices(100)
    expected = scores_of(load_lm("tabular:0"), asked)
    with models_on("auto") as models:
        lm = models.load("tabular:0")
        assert isinstance(lm, ClusterLM)
        assert lm.workers == 2
        assert scores_of(lm, asked) == expected
        assert lm.workers == 1
        assert (tmp_path / "once").exists()
        # Another model takes the nodes over, and the first one gets them back, whole.
        other = models.load("tabular:1")
        assert scores_of(other, asked) == scores_of(load_lm("tabular:1"), asked)
        assert scores_of(lm, asked) == expected
        assert lm.workers == 2


@pytest.mark.slow
def test_texts_that_kill_every_process_are_one_line(two_nodes, tmp_path, monkeypatch) -> None:
    with_mark(monkeypatch, tmp_path / "always")
    with models_on("auto") as models:
        lm = models.load("tabular:0")
        with pytest.raises(RuntimeError, match="processes of 3 nodes died on the same texts"):
            lm.score(choices(2))


@pytest.mark.slow
def test_errors_of_a_node_are_those_of_its_language_model(two_nodes) -> None:
    with models_on("auto") as models:
        lm = models.load("tabular:0")
        assert isinstance(lm, ClusterLM)
        with pytest.raises(InputError, match="'tabular:0' has no reference scores"):
            lm.score_reference(choices(1))
        lm.revision = "another"
        lm.stop()
        with pytest.raises(InputError, match=r"revision 0, but this machine has .*another; copy"):
            lm.score(choices(1))
        with pytest.raises(InputError, match="no node has a GPU; omit --device cuda"):
            models.load("tabular:0", device="cuda").score(choices(1))
    with pytest.raises(RuntimeError, match="disconnected"):
        models.load("tabular:1").score(choices(1))


@pytest.mark.slow
def test_a_node_that_dies_in_the_middle_loses_no_dataset(two_nodes, tiny_lm, tmp_path) -> None:
    """The second node goes while it scores; what is computed equals that of this machine."""
    added = two_nodes.add_node(num_cpus=1, object_store_memory=100 * 2**20)
    spec, asked = "marathon_confounder", {"n": 80, "seed": 1}
    expected = SDSCM(spec, load_lm(str(tiny_lm), store=False)).dataset(**asked)
    with models_on("auto") as models:
        lm = models.load(str(tiny_lm))
        cluster_lm = lm.model
        removed = []

        class Watched:
            """Removes the node after the first scores."""

            id, revision, workers = lm.id, lm.revision, 3

            def score(self, choices: list[Choice]) -> Any:
                found = []
                for place, scores in cluster_lm.score_each(choices):
                    found.append((place, scores))
                    if not removed:
                        removed.append(True)
                        two_nodes.remove_node(added)
                return [scores for _, scores in sorted(found, key=lambda pair: pair[0])]

        dataset = SDSCM(spec, Watched()).dataset(**asked)
    assert removed
    assert dataset.fingerprint == expected.fingerprint
    assert np.array_equal(dataset.ite, expected.ite)


def test_threads_report_one_at_a_time_and_stop_after_a_failure(tmp_path) -> None:
    """Without Ray: the loader is a function, and datasets of one model fail together."""
    suite = benchmarks.Suite.model_validate(
        {
            "name": "s",
            "datasets": [
                {"scenario": "headache", "lm": ["tabular:0", "tabular:1"], "phrasings": 3, "n": 50}
            ],
            "estimators": ["DiffInMeans"],
        }
    )
    asked = []

    def load(entry: Any) -> Any:
        asked.append(entry.name)
        if entry.name == "tabular:1":
            raise ConnectionError("gone")
        return load_lm(entry.name)

    requests = prepare.requests(suite)
    found = {
        source.name: dataset if isinstance(dataset, str) else dataset.fingerprint
        for source, dataset in prepare.prepare(requests, tmp_path / "a", Silent(), 2, load)
    }
    alone = {
        source.name: dataset.fingerprint
        for source, dataset in prepare.prepare(requests, tmp_path / "b", Silent())
        if not isinstance(dataset, str)
    }
    lost = {name: "ConnectionError: gone" for name in alone if name.endswith("tabular-1")}
    assert len(lost) == 3
    assert found == alone | lost
    assert asked.count("tabular:0") == 3


@pytest.mark.slow
def test_the_commands_give_the_same_files(two_nodes, tiny_lm, tmp_path, monkeypatch) -> None:
    commands = {
        "data.parquet": ["generate", "headache", "--units", "40", "--lm", str(tiny_lm)],
        "audit.json": ["audit", "headache", "--lm", str(tiny_lm), "--lm", "tabular:0", "--no-html"],
    }
    commands["audit.json"] += ["--phrasings", "2", "--units", "20", "--panel", "0", "--no-controls"]
    found: dict[str, dict[str, bytes]] = {"here": {}, "there": {}}
    for where, more in (("here", []), ("there", ["--cluster", "auto"])):
        monkeypatch.setenv("SDSCM_CACHE", str(tmp_path / f"cache-{where}"))
        folder = tmp_path / where
        for name, command in commands.items():
            out = folder / name if name.endswith("parquet") else folder
            assert main([*command, *more, "--out", str(out)]) == 0
            found[where][name] = (folder / name).read_bytes()
    assert found["here"] == found["there"]
