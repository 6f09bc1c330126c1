"""Ask a language model behind a server, many requests at a time."""

from __future__ import annotations

import asyncio
import os
import queue
import random
import threading
import time
from collections.abc import Iterator, Sequence
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Any
from urllib.parse import urlsplit

from sdscm.errors import InputError, MissingExtraError

try:
    import httpx
    from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt
except ImportError:
    raise MissingExtraError("a language model behind a server", "server") from None

#: Environment variable of the key. It is read only here, and is in no record, log or message.
KEY = "SDSCM_LM_KEY"
_LONGEST_PAUSE = 60.0


class _TryAgainError(Exception):
    """A failure that may pass; ``pause`` is what the server asks for, in seconds."""

    def __init__(self, reason: str, pause: float | None = None) -> None:
        super().__init__(reason)
        self.pause = pause


class Client:
    """Post JSON to one server, with a bounded number of requests at a time.

    Failures that may pass (no connection, time-out, broken body, 429, 5xx) are tried again, with
    growing pauses or after the time that the server names. Other answers than 200 are errors, also
    redirects: a key must not travel to another server.

    Parameters
    ----------
    url
        Address of the server, such as ``http://127.0.0.1:8000/v1``.
    concurrency
        Number of requests at a time.
    timeout
        Seconds until a request counts as failed.
    attempts
        Number of times that a request is sent at most.
    pause
        Seconds before the second attempt; doubled before each further one.

    Raises
    ------
    InputError
        If the address has a user name, a query or a fragment.
    MissingExtraError
        If httpx or tenacity is not installed.
    """

    def __init__(
        self,
        url: str,
        *,
        concurrency: int = 8,
        timeout: float = 120.0,
        attempts: int = 6,
        pause: float = 0.5,
    ) -> None:
        parts = urlsplit(url)
        if not parts.hostname or parts.username or parts.password or parts.query or parts.fragment:
            raise InputError(
                "the address of a language model server is http://host:port/path, without a user "
                f"name, a query or a fragment; a key stands in the environment variable {KEY}"
            )
        self.url = url.rstrip("/")
        self._concurrency = concurrency
        self._timeout = timeout
        self._attempts = attempts
        self._pause = pause

    def get(self, path: str) -> Any:
        """The JSON document at a path below the address, or None if the server has none there."""
        return self._one("GET", path, None)

    def post(self, path: str, content: dict[str, Any]) -> Any:
        """The answer to one request."""
        return self._one("POST", path, content)

    def post_each(self, path: str, contents: Sequence[dict[str, Any]]) -> Iterator[tuple[int, Any]]:
        """The answers with the numbers of their requests, each as soon as it is there.

        Raises
        ------
        InputError
            If a request fails for good. The others are cancelled.
        """
        answers: queue.Queue[tuple[int, Any]] = queue.Queue()
        stopped = threading.Event()

        async def ask_all() -> None:
            left = iter(enumerate(contents))

            async def ask_some(client: httpx.AsyncClient) -> None:
                for number, content in left:  # shared: each request is taken once
                    answers.put((number, await self._ask(client, "POST", path, content)))

            async with self._http() as client, asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(ask_some(client))
                    for _ in range(min(self._concurrency, len(contents)))
                ]
                while not stopped.is_set() and not all(task.done() for task in tasks):
                    await asyncio.wait(tasks, timeout=0.1, return_when=asyncio.FIRST_EXCEPTION)
                for task in tasks:
                    task.cancel()

        def run() -> None:
            try:
                asyncio.run(ask_all())
                answers.put((-1, None))
            except BaseException as error:  # raised again where the answers are read
                answers.put((-1, error))

        # A thread of its own: notebooks run a loop already.
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        try:
            while (answer := answers.get())[0] >= 0:
                yield answer
            if isinstance(answer[1], BaseExceptionGroup):
                raise answer[1].exceptions[0]
            if answer[1] is not None:
                raise answer[1]
        finally:
            stopped.set()
            thread.join()

    def _one(self, method: str, path: str, content: Any) -> Any:
        found: list[Any] = []

        async def ask() -> None:
            async with self._http() as client:
                found.append(await self._ask(client, method, path, content))

        def run() -> None:
            try:
                asyncio.run(ask())
            except InputError as error:
                found.append(error)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        thread.join()
        if isinstance(found[0], InputError):
            raise found[0]
        return found[0]

    def _http(self) -> httpx.AsyncClient:
        key = os.environ.get(KEY)
        return httpx.AsyncClient(
            headers={"Authorization": f"Bearer {key}"} if key else None,
            timeout=self._timeout,
            limits=httpx.Limits(
                max_connections=self._concurrency, max_keepalive_connections=self._concurrency
            ),
        )

    async def _ask(self, client: httpx.AsyncClient, method: str, path: str, content: Any) -> Any:
        retrying = AsyncRetrying(
            retry=retry_if_exception_type(_TryAgainError),
            stop=stop_after_attempt(self._attempts),
            wait=self._wait,
            reraise=True,
        )
        try:
            return await retrying(self._ask_once, client, method, path, content)
        except _TryAgainError as error:
            raise InputError(
                f"language model server {self.url}: {error}, {self._attempts} times; is it running "
                "and reachable?"
            ) from None

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, _TryAgainError) and error.pause is not None:
            return min(error.pause, _LONGEST_PAUSE)
        pause = self._pause * 2 ** (state.attempt_number - 1)
        return min(pause, _LONGEST_PAUSE) * random.uniform(0.75, 1.25)

    async def _ask_once(
        self, client: httpx.AsyncClient, method: str, path: str, content: Any
    ) -> Any:
        try:
            # The time-out of httpx is for each read; a server that sends a byte a minute is slow.
            async with asyncio.timeout(self._timeout):
                answer = await client.request(method, f"{self.url}{path}", json=content)
        except (httpx.TimeoutException, TimeoutError):
            raise _TryAgainError(f"no answer within {self._timeout:g} s") from None
        except httpx.TransportError as error:
            raise _TryAgainError(f"no answer ({type(error).__name__})") from None
        if answer.status_code == 429 or answer.status_code >= 500:
            raise _TryAgainError(f"it answers {answer.status_code}", _asked_pause(answer))
        if answer.is_redirect:
            raise InputError(
                f"language model server {self.url}: it redirects to another address; name that one"
            )
        if answer.status_code == 404 and method == "GET":
            return None
        if answer.status_code != 200:
            raise InputError(
                f"language model server {self.url}: it answers {answer.status_code} to {path}"
                f"{self._reason(answer)}"
            )
        try:
            return answer.json()
        except ValueError:
            raise _TryAgainError("its answer is not JSON") from None

    def _reason(self, answer: httpx.Response) -> str:
        """The server's reason, in one line and without the key."""
        text = " ".join(answer.text.split())
        key = os.environ.get(KEY)
        if key:
            text = text.replace(key, "(key)")
        return f" ({text[:200]})" if text else ""


def _asked_pause(answer: httpx.Response) -> float | None:
    """Seconds of ``Retry-After``. A date is read against the server's clock, not against ours."""
    value = answer.headers.get("retry-after", "").strip()
    if not value:
        return None
    try:
        pause = float(value)
        return max(pause, 0.0) if isfinite(pause) else None
    except ValueError:
        pass
    try:
        then = parsedate_to_datetime(value).timestamp()
        now = answer.headers.get("date")
        return max(then - (parsedate_to_datetime(now).timestamp() if now else time.time()), 0.0)
    except (ValueError, TypeError):
        return None
