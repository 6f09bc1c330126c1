"""Workers on the nodes of a Ray cluster."""

from __future__ import annotations

import logging
import socket
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import estimators
from benchmarks.execution.backend import BrokenWorker
from benchmarks.execution.job import Job
from benchmarks.execution.worker import execute
from benchmarks.interface import Outcome
from benchmarks.process.lifetime import stopped
from benchmarks.process.sandbox import sweep_scratch
from benchmarks.process.threads import library_limits
from benchmarks.provenance.versions import code_of_estimators, versions
from sdscm.errors import InputError, MissingExtraError

#: Code that comes with plugins: names of files, and what they hold.
Sources = Sequence[tuple[str, bytes]]


@contextmanager
def connected(address: str, threads: int) -> Iterator[int]:
    """Join a cluster, ``auto`` for the one that this machine belongs to.

    Gives the number of workers of so many threads that its nodes have cores for.

    Raises
    ------
    MissingExtraError
        If Ray is not installed.
    InputError
        If there is no cluster, or no node with so many cores.
    """
    try:
        import ray
    except ModuleNotFoundError:
        raise MissingExtraError("--cluster", "cluster") from None
    ours = not ray.is_initialized()
    try:
        if ours:
            _knock(address)
            ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except (OSError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise InputError(
            f"--cluster {address}: no Ray cluster there ({reason}); start one with 'ray start "
            "--head', or leave --cluster out"
        ) from None
    try:
        workers = _workers(threads)
        if not workers:
            raise InputError(
                f"--cluster {address}: no node has {threads} cores for a worker; set fewer threads "
                "in the suite"
            )
        yield workers
    finally:
        if ours:
            ray.shutdown()


def _workers(threads: int) -> int:
    import ray

    nodes: Any = ray.nodes()
    cores = [int(node["Resources"].get("CPU", 0)) for node in nodes if node["Alive"]]
    return sum(each // threads for each in cores)


def _knock(address: str) -> None:
    """An OSError at once if nobody listens there; Ray would try for minutes."""
    host, _, port = address.rpartition(":")
    if host and port.isdecimal() and "://" not in address:
        socket.create_connection((host, int(port)), timeout=10).close()


class Node:
    """What runs in a process of the cluster."""

    def __init__(self, plugins: Sources) -> None:
        sweep_scratch()
        with tempfile.TemporaryDirectory(prefix="sdscm-plugins-") as folder:
            for number, (name, content) in enumerate(plugins):
                path = Path(folder) / str(number) / name
                path.parent.mkdir()
                path.write_bytes(content)
                estimators.load_plugin(path)

    def about(self) -> dict[str, str]:
        """What decides numbers here."""
        return software()

    def execute(self, job: Job) -> Outcome:
        return execute(job, in_worker=True)


def software() -> dict[str, str]:
    """What must be the same on all nodes."""
    return {**versions(), "code of estimators": code_of_estimators()}


class RayWorker:
    """An actor: it can be killed in a cell, and is started anew then."""

    def __init__(self, plugins: Sequence[Path], threads: int, time_limit: float) -> None:
        self._plugins = [(path.name, path.read_bytes()) for path in plugins]
        self._threads, self._time_limit = threads, time_limit
        self._queue = ThreadPoolExecutor(1)
        self._actor: Any = None

    def submit(self, job: Job) -> Future[Any]:
        return self._queue.submit(self._run, job)

    def outcome(self, future: Future[Any]) -> Outcome:
        outcome: Outcome = future.result()
        return outcome

    def alive(self) -> bool:
        return True  # its thread ends every job with an answer

    def stop(self, now: bool) -> None:
        if now:
            self._end()
        self._queue.shutdown(wait=not now, cancel_futures=now)
        self._end()

    def _start(self) -> None:
        import ray

        options: dict[str, Any] = {
            "num_cpus": self._threads,
            "max_restarts": 0,
            "runtime_env": {"env_vars": library_limits(self._threads)},
        }
        actor: Any = ray.remote(Node).options(**options).remote(self._plugins)
        try:
            there: Any = ray.get(actor.about.remote())
        except ray.exceptions.RayActorError as error:
            raise BrokenWorker(" ".join(str(error).split())[-300:]) from None
        here = software()
        for name, version in here.items():
            if there.get(name) != version:
                raise InputError(
                    f"--cluster: a node has {name} {there.get(name)}, but here it is {version}; "
                    "install the same on all nodes"
                )
        self._actor = actor

    def _run(self, job: Job) -> Outcome:
        import ray

        if self._actor is None:
            self._start()
        try:
            outcome: Outcome = ray.get(self._actor.execute.remote(job), timeout=self._time_limit)
            return outcome
        except ray.exceptions.GetTimeoutError:
            self._end()
            return stopped(self._time_limit)
        except ray.exceptions.RayActorError:
            self._end()
            return Outcome("failed", "its process died; it may have run out of memory")
        except ray.exceptions.RayError as error:  # the answer did not survive the way back
            return Outcome("failed", " ".join(str(error).split())[:300])

    def _end(self) -> None:
        import ray

        if self._actor is not None and ray.is_initialized():
            ray.kill(self._actor)
        self._actor = None
