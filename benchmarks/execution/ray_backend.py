"""Workers that run cells on the nodes of a Ray cluster."""

from __future__ import annotations

import logging
import socket
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import estimators
from benchmarks.execution.backend import BrokenWorker
from benchmarks.execution.batches import execute_batch
from benchmarks.execution.job import Job
from benchmarks.execution.worker import format_traceback
from benchmarks.interface import Outcome
from benchmarks.process.lifetime import timed_out
from benchmarks.process.sandbox import remove_stale_folders
from benchmarks.process.threads import library_limits
from benchmarks.provenance.versions import code_of_estimators, versions
from sdscm.errors import InputError, MissingExtraError

#: Names and contents of plugin files.
PluginFiles = Sequence[tuple[str, bytes]]


@contextmanager
def connected(address: str, threads: int) -> Iterator[int]:
    """Connect to a Ray cluster; ``auto`` is the cluster of this machine.

    Yields the number of workers of ``threads`` threads that the cores of the nodes allow.

    Raises
    ------
    MissingExtraError
        If Ray is not installed.
    InputError
        If there is no cluster at the address, or no node has enough cores.
    """
    try:
        import ray
    except ModuleNotFoundError:
        raise MissingExtraError("--cluster", "cluster") from None
    joined_here = not ray.is_initialized()
    try:
        if joined_here:
            _require_listener(address)
            ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except (OSError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise InputError(
            f"--cluster {address}: no Ray cluster found ({reason}); start one with 'ray start "
            "--head', or omit --cluster"
        ) from None
    try:
        nodes: Any = ray.nodes()
        cores = [int(node["Resources"].get("CPU", 0)) for node in nodes if node["Alive"]]
        workers = sum(each // threads for each in cores)
        if not workers:
            raise InputError(
                f"--cluster {address}: no node has {threads} cores for a worker; set fewer threads "
                "in the suite"
            )
        yield workers
    finally:
        if joined_here:
            ray.shutdown()


def _require_listener(address: str) -> None:
    """Raise an OSError if nothing listens at the address; Ray itself would try for minutes."""
    host, _, port = address.rpartition(":")
    if host and port.isdecimal() and "://" not in address:
        socket.create_connection((host, int(port)), timeout=10).close()


class NodeProcess:
    """Ray actor that runs batches in a process of the cluster."""

    def __init__(self, plugins: PluginFiles) -> None:
        remove_stale_folders()
        with tempfile.TemporaryDirectory(prefix="sdscm-plugins-") as folder:
            for number, (name, content) in enumerate(plugins):
                path = Path(folder) / str(number) / name
                path.parent.mkdir()
                path.write_bytes(content)
                estimators.load_plugin(path)

    def software(self) -> dict[str, str]:
        return software()

    def execute(self, jobs: Sequence[Job]) -> list[Outcome]:
        return execute_batch(jobs, in_worker=True)


def software() -> dict[str, str]:
    """Return the versions and the hash of the code that must be equal on all nodes."""
    return {**versions(), "code of estimators": code_of_estimators()}


def require_same_software(there: Mapping[str, str], here: Mapping[str, str]) -> None:
    """Raise an InputError if a node has other versions or other code than this machine."""
    for name, version in here.items():
        if there.get(name) != version:
            raise InputError(
                f"--cluster: a node has {name} {there.get(name)}, but this machine has "
                f"{version}; install the same version on all nodes"
            )


class RayWorker:
    """Worker in a Ray actor, which is replaced when it dies or is killed."""

    def __init__(self, plugins: Sequence[Path], threads: int, time_limit: float) -> None:
        self._plugins = [(path.name, path.read_bytes()) for path in plugins]
        self._threads, self._time_limit = threads, time_limit
        self._queue = ThreadPoolExecutor(1)
        self._actor: Any = None

    def submit(self, jobs: Sequence[Job]) -> Future[Any]:
        return self._queue.submit(self._run, jobs)

    def outcomes(self, future: Future[Any]) -> list[Outcome]:
        outcomes: list[Outcome] = future.result()
        return outcomes

    def alive(self) -> bool:
        return True  # its thread completes every future

    def stop(self, now: bool) -> None:
        if now:
            self._kill_actor()
        self._queue.shutdown(wait=not now, cancel_futures=now)
        self._kill_actor()

    def _start_actor(self) -> None:
        import ray

        options: dict[str, Any] = {
            "num_cpus": self._threads,
            "max_restarts": 0,
            "runtime_env": {"env_vars": library_limits(self._threads)},
        }
        actor: Any = ray.remote(NodeProcess).options(**options).remote(self._plugins)
        try:
            there: Any = ray.get(actor.software.remote())
        except ray.exceptions.RayActorError as error:
            raise BrokenWorker(" ".join(str(error).split())[-300:]) from None
        require_same_software(there, software())
        self._actor = actor

    def _run(self, jobs: Sequence[Job]) -> list[Outcome]:
        import ray

        if self._actor is None:
            self._start_actor()
        try:
            outcomes: list[Outcome] = ray.get(
                self._actor.execute.remote(jobs), timeout=self._time_limit * len(jobs)
            )
            return outcomes
        except ray.exceptions.GetTimeoutError:
            self._kill_actor()
            return [timed_out(self._time_limit)]
        except ray.exceptions.RayActorError:
            self._kill_actor()
            return [Outcome("failed", "its process ended; it may have run out of memory")]
        except ray.exceptions.RayError as error:  # the outcomes could not be sent back
            reason = " ".join(str(error).split())[:300]
            return [Outcome("failed", reason, traceback=format_traceback(error))]

    def _kill_actor(self) -> None:
        import ray

        if self._actor is not None and ray.is_initialized():
            ray.kill(self._actor)
        self._actor = None
