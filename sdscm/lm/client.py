"""Ask a language model behind a server, many requests at a time."""

from __future__ import annotations

import asyncio
import os
import queue
import random
import threading
import time
import urllib.request
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
        If the address has a user name, a query or a fragment, or the proxy of the environment
        cannot be used.
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
        bypassed = urllib.request.proxy_bypass(parts.hostname)
        self._proxy = None if bypassed else urllib.request.getproxies().get(parts.scheme)
        self._certificates = httpx.create_ssl_context()  # once: to read it takes 25 ms
        try:
            self._connection()
        except (ValueError, ImportError) as error:
            raise InputError(
                f"language model server {self.url}: the proxy in the environment cannot be used "
                f"({type(error).__name__}); give its whole address, such as http://proxy:3128, or "
                f"name the server in NO_PROXY"
            ) from None

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
        # Parts, since to wake the other thread takes as long as a tenth of a request.
        parts: queue.SimpleQueue[list[tuple[int, Any]] | BaseException | None] = queue.SimpleQueue()
        stopped = threading.Event()

        async def ask_all() -> None:
            left = iter(enumerate(contents))
            part: list[tuple[int, Any]] = []

            def hand_over() -> None:
                parts.put(part.copy())
                part.clear()

            async def ask_some() -> None:
                async with self._connection() as connection:
                    for number, content in left:  # shared: each request is taken once
                        answer = await self._ask(connection, "POST", path, content)
                        if not part:
                            asyncio.get_running_loop().call_soon(hand_over)
                        part.append((number, answer))

            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(ask_some())
                    for _ in range(min(self._concurrency, len(contents)))
                ]
                while not stopped.is_set() and not all(task.done() for task in tasks):
                    await asyncio.wait(tasks, timeout=0.1, return_when=asyncio.FIRST_EXCEPTION)
                for task in tasks:
                    task.cancel()
            hand_over()

        def run() -> None:
            try:
                asyncio.run(ask_all())
                parts.put(None)
            except BaseException as error:  # raised again where the answers are read
                parts.put(error)

        # A thread of its own: notebooks run a loop already.
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        try:
            while isinstance(part := parts.get(), list):
                yield from part
            if isinstance(part, BaseExceptionGroup):
                raise part.exceptions[0]
            if part is not None:
                raise part
        finally:
            stopped.set()
            thread.join()

    def _one(self, method: str, path: str, content: Any) -> Any:
        found: list[Any] = []

        async def ask() -> None:
            async with self._connection() as connection:
                found.append(await self._ask(connection, method, path, content))

        def run() -> None:
            try:
                asyncio.run(ask())
            except BaseException as error:  # raised again in the other thread
                found.append(error)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        thread.join()
        if isinstance(found[0], BaseException):
            raise found[0]
        return found[0]

    def _connection(self) -> httpx.AsyncHTTPTransport:
        """One connection.

        A client of httpx has a pool and looks at each of its connections for each request, keeps
        cookies, and takes four times as long.
        """
        return httpx.AsyncHTTPTransport(
            verify=self._certificates, proxy=self._proxy, limits=httpx.Limits(max_connections=1)
        )

    def _request(self, method: str, path: str, content: Any) -> httpx.Request:
        key = os.environ.get(KEY, "")
        if not (key.isascii() and key.isprintable()):
            raise InputError(
                f"the environment variable {KEY} has a line end or a letter outside ASCII, and "
                "cannot be sent; set it again"
            )
        return httpx.Request(
            method,
            httpx.URL(f"{self.url}{path}"),
            headers={"Authorization": f"Bearer {key}"} if key else None,
            json=content,
            extensions={"timeout": httpx.Timeout(self._timeout).as_dict()},
        )

    async def _ask(
        self, connection: httpx.AsyncHTTPTransport, method: str, path: str, content: Any
    ) -> Any:
        retrying = AsyncRetrying(
            retry=retry_if_exception_type(_TryAgainError),
            stop=stop_after_attempt(self._attempts),
            wait=self._wait,
            reraise=True,
        )
        try:
            return await retrying(self._ask_once, connection, method, path, content)
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
        self, connection: httpx.AsyncHTTPTransport, method: str, path: str, content: Any
    ) -> Any:
        try:
            # The time-out of httpx is for each read; a server that sends a byte a minute is slow.
            async with asyncio.timeout(self._timeout):
                request = self._request(method, path, content)
                answer = await connection.handle_async_request(request)
                await answer.aread()
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
