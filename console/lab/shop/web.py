"""What the services have in common: requests with ids and a log line, versions of the API, start and end."""

import logging
import socket
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import redis.asyncio
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.lab.shop.duty import METRICS_TYPE, Duty, is_work
from console.lab.shop.logs import log, request_fields
from console.lab.shop.wiring import VERSION, Wiring

V1_DEPRECATED = datetime(2026, 3, 1, tzinfo=UTC)
V1_SUNSET = datetime(2027, 6, 30, 23, 59, 59, tzinfo=UTC)
# the failures that a dependency may answer a request with
DEPENDENCY_ERRORS = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    redis.RedisError,
    httpx.HTTPError,
    TimeoutError,
    OSError,
)


@dataclass(slots=True)
class Service:
    """One service process: its name, its instance, what it is connected to, and since when."""

    name: str
    instance: str
    wiring: Wiring
    logger: logging.Logger
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    pool: Any = None
    cache: Any = None
    duty: Duty = field(default_factory=Duty)

    async def connect(self, *, size: int) -> None:
        """Open the database pool (2 to `size` sessions named after the instance) and the cache."""
        self.cache = redis.asyncio.Redis.from_url(
            self.wiring.caches[self.name], socket_timeout=1, decode_responses=True
        )
        self.pool = await asyncpg.create_pool(
            self.wiring.databases[self.name],
            min_size=2,
            max_size=size,
            command_timeout=3,
            server_settings={"application_name": self.instance},
        )

    async def close(self) -> None:
        """Give the connections back; what hangs is cut."""
        if self.pool is not None:
            self.pool.terminate()
        if self.cache is not None:
            await self.cache.aclose()

    def log(self, level: int, event: str, **fields: object) -> None:
        """Write one structured record of this service."""
        log(self.logger, level, event, **fields)

    async def check_database(self, sql: str = "select 1") -> str:
        """Return an empty text if the database answers `sql` within 2 s, else what is wrong."""
        try:
            async with self.pool.acquire(timeout=2) as connection:
                await connection.fetchval(sql, timeout=2)
        except DEPENDENCY_ERRORS as problem:
            return f"{type(problem).__name__}: {problem}".rstrip(": ")
        return ""

    async def check_cache(self) -> str:
        """Return an empty text if the cache answers, else what is wrong."""
        try:
            await self.cache.ping()
        except DEPENDENCY_ERRORS as problem:
            return f"{type(problem).__name__}: {problem}".rstrip(": ")
        return ""

    async def drain(self, request: Request) -> Response:
        """POST takes readiness away, DELETE gives it back, GET tells; requests are served all the same."""
        on = request.method == "POST"
        if request.method in ("POST", "DELETE") and self.duty.drain(on=on):
            self.log(logging.INFO, "drain.started" if on else "drain.ended")
        return JSONResponse(self.duty.told())

    async def metrics(self, _request: Request) -> Response:
        """Tell what is in flight as Prometheus reads it."""
        return Response(self.duty.metrics(), media_type=METRICS_TYPE)


class Requests:
    """ASGI middleware: counts and logs requests with their ids, announces the end of version 1."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self.app = app
        self.service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if not is_work(scope["path"]):
            await self.app(scope, receive, self._with_headers(send, scope["path"], []))
            return
        headers = {key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]}
        bound = {
            "request_id": uuid.uuid4().hex[:16],
            "trace_id": headers.get("x-trace-id") or uuid.uuid4().hex,
            "region": headers.get("x-region", "eu"),
        }
        if user := headers.get("x-user-id"):
            bound["user_id"] = user
        token = request_fields.set(bound)
        begin = time.perf_counter()
        status: list[int] = []
        try:
            with self.service.duty.at_work(scope["path"]):
                await self.app(scope, receive, self._with_headers(send, scope["path"], status))
        finally:
            self._log(scope, headers, (status or [500])[0], time.perf_counter() - begin)
            request_fields.reset(token)

    def _with_headers(self, send: Send, path: str, status: list[int]) -> Send:
        async def wrapped(message: Message) -> None:
            if message["type"] == "http.response.start":
                status.append(message["status"])
                extra = [(b"x-version", VERSION.encode())]
                if path.startswith("/v1/"):
                    extra += version_1_headers(path)
                message = {**message, "headers": [*message["headers"], *extra]}
            await send(message)

        return wrapped

    def _log(self, scope: Scope, headers: dict[str, str], status: int, seconds: float) -> None:
        level = logging.ERROR if status >= 500 else logging.INFO
        path: str = scope["path"]
        self.service.log(
            level,
            "request.finished",
            method=scope["method"],
            path=path,
            status=status,
            duration_ms=round(seconds * 1000, 1),
            api_version=path.split("/", 2)[1],
            client=headers.get("user-agent", ""),
        )


def version_1_headers(path: str) -> list[tuple[bytes, bytes]]:
    """Return Deprecation (RFC 9745), Sunset (RFC 8594) and the link to the successor."""
    sunset = V1_SUNSET.strftime("%a, %d %b %Y %H:%M:%S GMT")
    return [
        (b"deprecation", f"@{int(V1_DEPRECATED.timestamp())}".encode()),
        (b"sunset", sunset.encode()),
        (b"link", f'</v2/{path.removeprefix("/v1/")}>; rel="successor-version"'.encode()),
    ]


def application(service: Service, routes: list[Any], lifespan: Any) -> ASGIApp:  # noqa: ANN401 - starlette's own types
    """Build the ASGI application: the routes, drain and metrics, failures of dependencies as 503, the log."""

    async def unavailable(_request: Request, problem: Exception) -> Response:
        reason = f"{type(problem).__name__}: {problem}".rstrip(": ")
        service.log(logging.ERROR, "dependency.failed", error=reason)
        return JSONResponse({"error": "temporarily unavailable"}, status_code=503)

    handlers: dict[Any, Callable[[Request, Exception], Awaitable[Response]]] = dict.fromkeys(
        DEPENDENCY_ERRORS, unavailable
    )
    routes = [
        *routes,
        Route("/drain", service.drain, methods=["GET", "POST", "DELETE"]),
        Route("/metrics", service.metrics),
    ]
    return Requests(Starlette(routes=routes, lifespan=lifespan, exception_handlers=handlers), service)


class Server(uvicorn.Server):
    """uvicorn, which tells the service that it shuts down, so that streams end and do not hold it."""

    def __init__(self, config: uvicorn.Config, duty: Duty) -> None:
        super().__init__(config)
        self.duty = duty

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more connections, let requests in flight finish within the grace, end."""
        self.duty.ending.set()
        await super().shutdown(sockets)


def serve(app: ASGIApp, service: Service) -> None:
    """Run uvicorn on the instance's port until SIGTERM; requests in flight get 2 s."""
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=service.wiring.ports[service.instance],
        http="h11",
        loop="asyncio",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=2,
    )
    Server(config, service.duty).run()


def load(path: str) -> Wiring:
    """Read the wiring that the supervisor wrote."""
    return Wiring.load(Path(path))
