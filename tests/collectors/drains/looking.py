"""Helpers of the drain tests: a clock that a test moves, one reading, an app whose requests wait."""

import asyncio
import threading
import time
from collections.abc import Mapping
from typing import Any, Self, cast

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

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
    return {reading.subject.id.key.decode(): cast("DrainReading", reading) for reading in sweep.readings}


async def one(collector: Collector[Any]) -> DrainReading:
    [reading] = (await collector.collect()).readings
    return cast("DrainReading", reading)


class Gated:
    """An ASGI application: `/slow` waits until the gate opens, `/readyz` says what `ready` holds.

    `metrics` is the text at `/metrics`, in which `{inflight}` and `{total}` are the real counts of `/slow`.
    """

    def __init__(self, metrics: str = "") -> None:
        self.ready: Mapping[str, Any] | str = "ok"
        self.status = 200
        self.metrics = metrics
        self.metrics_status = 200
        self.inflight = 0
        self.total = 0
        self.looks = 0
        self.gate = threading.Event()
        self.app = Starlette(
            routes=[
                Route("/readyz", self._readyz),
                Route("/metrics", self._metrics),
                Route("/slow", self._slow),
            ]
        )

    async def _readyz(self, _request: Request) -> Response:
        self.looks += 1
        if isinstance(self.ready, str):
            return PlainTextResponse(self.ready, self.status)
        return JSONResponse(dict(self.ready), self.status)

    async def _metrics(self, _request: Request) -> Response:
        self.looks += 1
        text = self.metrics.replace("{inflight}", str(self.inflight)).replace("{total}", str(self.total))
        return PlainTextResponse(text, self.metrics_status)

    async def _slow(self, _request: Request) -> Response:
        self.inflight += 1
        self.total += 1
        try:
            await asyncio.to_thread(self.gate.wait, 30)
        finally:
            self.inflight -= 1
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
