"""Helpers of the drain tests: a clock that a test moves, one reading, an app whose requests wait."""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any, Self, cast

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from collectors.base import Collector
from collectors.model.drains import DrainReading
from collectors.model.sweep import Sweep


class StepClock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def boottime(self) -> float:
        return self.seconds

    def wall(self) -> float:
        return time.time()


def by_key(sweep: Sweep) -> dict[str, DrainReading]:
    return {
        reading.subject.id.key.decode(errors="replace"): cast("DrainReading", reading)
        for reading in sweep.readings
    }


async def one(collector: Collector[Any]) -> DrainReading:
    [reading] = (await collector.collect()).readings
    return cast("DrainReading", reading)


class Gated:
    """A service: `/slow` waits until the gate opens, `/readyz` says what `ready` and `status` hold.

    `metrics` is what `/metrics` answers; in it `{slow}` and `{served}` are the real counts of `/slow` under
    way and ended, `{any}` and `{all}` those of every request, the look at `/metrics` included.
    """

    def __init__(self, metrics: str = "") -> None:
        self.ready: Mapping[str, Any] | str = "ok"
        self.status = 200
        self.metrics = metrics
        self.metrics_status = 200
        self.under_way: Counter[str] = Counter()
        self.ended: Counter[str] = Counter()
        self.asked: list[tuple[str, str, str]] = []
        self.gate = threading.Event()
        routes = [
            Route("/readyz", self._readyz),
            Route("/metrics", self._metrics),
            Route("/slow", self._slow),
        ]
        self._inner = Starlette(routes=routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as an ASGI application, with a middleware that counts as the usual ones do."""
        path = scope["path"]
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.asked.append((scope["method"], path, headers.get("accept", "")))
        self.under_way[path] += 1
        try:
            await self._inner(scope, receive, send)
        finally:
            self.under_way[path] -= 1
            self.ended[path] += 1

    @property
    def slow(self) -> int:
        return self.under_way["/slow"]

    async def _readyz(self, _request: Request) -> Response:
        if isinstance(self.ready, str):
            return PlainTextResponse(self.ready, self.status)
        return JSONResponse(dict(self.ready), self.status)

    async def _metrics(self, _request: Request) -> Response:
        counts = {
            "{slow}": self.slow,
            "{served}": self.ended["/slow"],
            "{any}": sum(self.under_way.values()),
            "{all}": sum(self.ended.values()),
        }
        text = self.metrics
        for name, count in counts.items():
            text = text.replace(name, str(count))
        return PlainTextResponse(text, self.metrics_status)

    async def _slow(self, _request: Request) -> Response:
        await asyncio.to_thread(self.gate.wait, 30)
        return PlainTextResponse("done")


class Customers:
    """Requests under way against a URL, each in a task."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._client = httpx.AsyncClient(timeout=30, trust_env=False)
        self._tasks: list[asyncio.Task[httpx.Response]] = []

    async def __aenter__(self) -> Self:
        return self

    def come(self, number: int) -> None:
        self._tasks += [asyncio.create_task(self._client.get(self._url)) for _ in range(number)]

    async def leave(self) -> list[int]:
        """Status codes of all requests, once they are answered."""
        answers = await asyncio.gather(*self._tasks)
        self._tasks.clear()
        return [answer.status_code for answer in answers]

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._client.aclose()
