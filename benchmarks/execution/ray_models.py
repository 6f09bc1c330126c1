"""Language models on the nodes of a Ray cluster: each node scores blocks of choices."""

from __future__ import annotations

import math
import socket
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Any

from benchmarks.execution.ray_backend import connected, require_same_software, software
from benchmarks.process.threads import library_limits
from benchmarks.provenance.versions import code_of_generator, version_of
from benchmarks.suite.entries import LMEntry
from sdscm.errors import InputError
from sdscm.lm import Choice, ChoiceScores, LanguageModel, load_lm
from sdscm.lm.load import find_lm, with_store
from sdscm.lm.registry import LMOptions, ModelHandle
from sdscm.lm.score_cache import reference_scores

#: Seconds in which the first node must start a process, and the other nodes after it.
_START, _REST = 120, 20
#: Libraries whose versions may change a score. A cached score has those of this machine in its key.
_SCORING = ("torch", "transformers", "tokenizers", "peft", "bitsandbytes")
#: Schemes after which a name can be a path.
_OF_PATHS = ("", "gguf", "huggingface", "vllm")
#: Attempts for a block: it is given up if the processes of so many nodes die on it.
_ATTEMPTS = 3
#: Blocks for each node, so that a fast node takes more of them; and the least choices of a block.
_BLOCKS, _LEAST = 4, 16


@contextmanager
def models_on(address: str) -> Iterator[ClusterModels]:
    """Connect to a Ray cluster whose nodes score for language models.

    Raises
    ------
    MissingExtraError, InputError
        As `benchmarks.execution.ray_backend.connected`.
    """
    with connected(address, 1):
        models = ClusterModels()
        try:
            yield models
        finally:
            models.close()


class ClusterModels:
    """Loader of language models that the nodes of a cluster run, one model at a time.

    The scores go to the score store of this machine. They are equal to those of one machine, if
    the processors are alike.
    """

    def __init__(self) -> None:
        self._known: dict[LMEntry, LanguageModel] = {}
        self._running: ClusterLM | None = None
        self._lock = Lock()
        self.closed = False

    @property
    def nodes(self) -> int:
        """Number of nodes: so many datasets are made at a time."""
        import ray

        return sum(1 for node in ray.nodes() if node["Alive"])

    def of_entry(self, entry: LMEntry) -> LanguageModel:
        """Get the language model of a suite's entry; equal entries share one."""
        with self._lock:
            if entry not in self._known:
                self._known[entry] = self.load(entry.name, **entry.arguments)
            return self._known[entry]

    def load(self, name: str, **options: Any) -> LanguageModel:
        """Get a language model by name; ``options`` are those of `sdscm.load_lm`."""
        given = dict(options)
        more = dict(given.pop("options", None) or {})
        one_device = str(given.get("device", "cpu"))
        if name.startswith("vllm:") or "device_map" in more or ":" in one_device:
            raise InputError(
                f"--cluster: language model '{name}': a node gives one process a GPU, or its "
                "cores; leave out vllm:, device_map and the number of a device, or run without "
                "--cluster"
            )
        handle = find_lm(name, LMOptions(**given, more=dict(more)))
        if "adapter" in more:
            more["adapter"] = absolute(more["adapter"])
        model = ClusterLM(self, handle, absolute(name), {**given, "options": more})
        return with_store(replace(handle, load=lambda: model))

    def run(self, model: ClusterLM) -> None:
        """Free the nodes from another language model."""
        with self._lock:
            if self.closed:
                raise RuntimeError("the cluster is disconnected")
            if self._running is not None and self._running is not model:
                self._running.stop()
            self._running = model

    def close(self) -> None:
        """End all processes."""
        with self._lock:
            self.closed = True
            if self._running is not None:
                self._running.stop()


def absolute(name: str) -> str:
    """Name of a language model with an absolute path, since nodes have another working folder."""
    scheme, colon, rest = name.rpartition(":")
    if scheme not in _OF_PATHS or not Path(rest).exists():
        return name
    return f"{scheme}{colon}{Path(rest).resolve()}"


class NodeModel:
    """Ray actor that loads a language model on its node, and scores choices."""

    def __init__(self, name: str, options: Mapping[str, Any], content: tuple[str, str]) -> None:
        self._name, self._options, self._content = name, options, content
        self._model: LanguageModel | None = None

    def software(self) -> dict[str, str]:
        return _software()

    def score(self, kind: str, choices: list[Choice]) -> list[ChoiceScores]:
        if self._model is None:
            model = load_lm(self._name, store=False, **self._options)
            if (model.id, model.revision) != self._content:
                raise InputError(
                    f"--cluster: {socket.gethostname()} has the language model {model.id}, "
                    f"revision {model.revision}, but this machine has {self._content[0]}, revision "
                    f"{self._content[1]}; copy the model to all nodes"
                )
            self._model = model
        return reference_scores(self._model, choices) if kind else self._model.score(choices)


def _software() -> dict[str, str]:
    return {
        **software(),
        **{name: version_of(name) or "not installed" for name in _SCORING},
        "code of the generator": code_of_generator(),
    }


class ClusterLM:
    """A language model that one process on each node runs, or one for each GPU.

    The choices of one context stay together. A block of choices whose process dies goes to another
    node.

    Parameters
    ----------
    cluster
        The cluster.
    handle
        The model on this machine.
    name, options
        Name of the model on the nodes, and options of `sdscm.load_lm`.
    """

    def __init__(
        self,
        cluster: ClusterModels,
        handle: ModelHandle,
        name: str,
        options: Mapping[str, Any],
    ) -> None:
        self.id, self.revision = handle.id, handle.revision
        self._cluster, self._name, self._options = cluster, name, dict(options)
        self._busy: Counter[Any] = Counter()
        self._lock = Lock()

    @property
    def workers(self) -> int:
        """Number of processes; they are started if there are none."""
        with self._lock:
            self._start()
            return len(self._busy)

    def score(self, choices: Sequence[Choice]) -> list[ChoiceScores]:
        """Scores of each choice."""
        return _in_order(self._each("", choices))

    def score_each(self, choices: Sequence[Choice]) -> Iterator[tuple[int, ChoiceScores]]:
        """Scores with the numbers of their choices, as the nodes give them."""
        return self._each("", choices)

    def score_reference(self, choices: Sequence[Choice]) -> list[ChoiceScores]:
        """Reference scores of each choice; an InputError if the model has none."""
        return _in_order(self._each("reference", choices))

    def stop(self) -> None:
        """End the processes."""
        import ray

        with self._lock:
            for process in self._busy:
                ray.kill(process)
            self._busy.clear()

    def _each(self, kind: str, choices: Sequence[Choice]) -> Iterator[tuple[int, ChoiceScores]]:
        import ray

        blocks = deque((block, 1) for block in _blocks(choices, self.workers))
        running: dict[Any, tuple[Any, list[int], int]] = {}
        while blocks or running:
            while blocks and len(running) < 2 * self.workers:
                block, attempt = blocks.popleft()
                process = self._take()
                asked = process.score.remote(kind, [choices[place] for place in block])
                running[asked] = (process, block, attempt)
            (asked,), _ = ray.wait(list(running), num_returns=1)
            process, block, attempt = running.pop(asked)
            with self._lock:
                if process in self._busy:  # otherwise it died, or was stopped
                    self._busy[process] -= 1
            try:
                scores: list[ChoiceScores] = ray.get(asked)
            except ray.exceptions.RayTaskError as error:  # the model raised it
                raise error.cause from None
            except ray.exceptions.RayError as error:
                self._drop(process)
                if attempt == _ATTEMPTS:
                    raise RuntimeError(
                        f"{self.id}: the processes of {_ATTEMPTS} nodes died on the same texts; "
                        f"they may have run out of memory ({' '.join(str(error).split())[:200]})"
                    ) from None
                blocks.append((block, attempt + 1))
                continue
            yield from zip(block, scores, strict=True)

    def _take(self) -> Any:
        """Choose the process with the fewest blocks."""
        with self._lock:
            self._start()
            process = min(self._busy, key=self._busy.__getitem__)
            self._busy[process] += 1
            return process

    def _drop(self, process: Any) -> None:
        with self._lock:
            self._busy.pop(process, None)

    def _start(self) -> None:
        """Start a process on each node that is alive, unless there are some."""
        import ray

        if self._busy:
            return
        self._cluster.run(self)
        content = (self.id, self.revision)
        cuda = self._options.get("device", "cpu").startswith("cuda")
        options = self._options | ({"device": "cuda"} if cuda else {})  # a node shows one GPU
        remote: Any = ray.remote(NodeModel)
        started = {}
        for resources in _places(cuda):
            process = remote.options(**resources).remote(self._name, options, content)
            started[process.software.remote()] = process
        ray.wait(list(started), num_returns=1, timeout=_START)
        # A node that has just died would never be ready.
        ready, _ = ray.wait(list(started), num_returns=len(started), timeout=_REST)
        for there in ready:
            try:
                require_same_software(ray.get(there), _software())
            except ray.exceptions.RayError:  # the process or its node died
                continue
            self._busy[started[there]] = 0
        if not self._busy:
            raise InputError(
                f"--cluster: no node started a process in {_START} s; wait until their cores are "
                "free, or start more nodes"
            )


def _places(cuda: bool) -> list[dict[str, Any]]:
    """List the resources of each process: a GPU, or all cores of a node."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    found: list[dict[str, Any]] = []
    for node in ray.nodes():
        cores, gpus = (int(node["Resources"].get(name, 0)) for name in ("CPU", "GPU"))
        if not node["Alive"] or not cores or (cuda and not gpus):
            continue
        count = min(gpus, cores) if cuda else 1
        each = {
            "num_cpus": cores // count,
            "max_restarts": 0,
            "runtime_env": {"env_vars": library_limits(cores // count)},
            "scheduling_strategy": NodeAffinitySchedulingStrategy(node["NodeID"], soft=False),
        }
        found += [each | ({"num_gpus": 1} if cuda else {})] * count
    if not found:
        raise InputError("--cluster: no node has a GPU; omit --device cuda, or add such a node")
    return found


def _blocks(choices: Sequence[Choice], workers: int) -> list[list[int]]:
    """Split choices into blocks of neighbours; those of one context are in one block."""
    order = sorted(range(len(choices)), key=lambda place: choices[place].context)
    size = max(_LEAST, math.ceil(len(order) / (_BLOCKS * workers)))
    blocks: list[list[int]] = []
    for place in order:
        full = not blocks or len(blocks[-1]) >= size
        if full and (not blocks or choices[blocks[-1][-1]].context != choices[place].context):
            blocks.append([])
        blocks[-1].append(place)
    return blocks


def _in_order(found: Iterator[tuple[int, ChoiceScores]]) -> list[ChoiceScores]:
    scores = dict(found)
    return [scores[place] for place in range(len(scores))]
