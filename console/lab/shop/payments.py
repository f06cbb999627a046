"""The payments: charges at a gateway with retries, webhooks on a list, a ledger on a stream; IETF health."""

import asyncio
import json
import logging
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import redis.asyncio
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from console.lab.shop import logs
from console.lab.shop.web import DEPENDENCY_ERRORS, Service, application, load, serve
from console.lab.shop.wiring import GROUP, STREAM, VERSION, WEBHOOKS

POOL_SIZE = 4
TRIES = 3
GATEWAY_PATIENCE = 2.0
SLOW = 0.5
RATES = {"EUR": 1.0, "USD": 1.08, "JPY": 169.4}


class Payments:
    """The handlers and the two consumers of one payments process."""

    def __init__(self, service: Service) -> None:
        self.service = service
        # without a time-out: the consumers block on purpose
        self.broker: Any = redis.asyncio.Redis.from_url(
            service.wiring.queues, decode_responses=True, socket_timeout=None
        )
        self.gateway = httpx.AsyncClient(base_url=service.wiring.url("gateway"), timeout=GATEWAY_PATIENCE)

    async def charge(self, request: Request) -> Response:
        """Charge an order at the gateway, note it, tell the shop and the ledger."""
        body = await request.json()
        order, amount = int(body["order"]), int(body["amount"])
        rate = await self.rate(str(body.get("currency", "EUR")))
        attempts = await self.try_gateway(order, amount)
        if not attempts:
            return JSONResponse({"error": "the gateway does not answer"}, status_code=504)
        async with self.service.pool.acquire(timeout=2) as connection:
            await connection.execute(
                "insert into charges (order_id, amount_cents, attempts) values ($1, $2, $3)",
                order,
                amount,
                attempts,
            )
        event = {"event": "charge.done", "order": order, "amount": round(amount * rate)}
        await self.broker.rpush(WEBHOOKS, json.dumps({**event, "time": time.time()}))
        await self.broker.xadd(STREAM, event, maxlen=1000, approximate=True)
        return JSONResponse({"order": order, "attempts": attempts})

    async def rate(self, currency: str) -> float:
        """Return the exchange rate, from the cache for a minute."""
        key = f"payments:rate:{currency}"
        if text := await self.service.cache.get(key):
            return float(text)
        await self.service.cache.set(key, RATES[currency], ex=60)
        return RATES[currency]

    async def try_gateway(self, order: int, amount: int) -> int:
        """Ask the gateway up to three times; return the number of tries, 0 if none succeeded."""
        for attempt in range(1, TRIES + 1):
            begin = time.perf_counter()
            try:
                answer = await self.gateway.post("/charge", json={"order": order, "amount": amount})
                answer.raise_for_status()
            except httpx.HTTPError as problem:
                spent = round((time.perf_counter() - begin) * 1000, 1)
                self.service.log(
                    logging.WARNING,
                    "gateway.retry",
                    order_id=order,
                    attempt=attempt,
                    duration_ms=spent,
                    error=type(problem).__name__,
                )
                await asyncio.sleep(0.1 * attempt)
            else:
                return attempt
        self.service.log(logging.ERROR, "charge.failed", order_id=order, attempts=TRIES)
        return 0

    async def deliver_webhooks(self) -> None:
        """Take webhooks from the list one by one."""
        while True:
            _, text = await self.broker.blpop([WEBHOOKS], timeout=0)
            await asyncio.sleep(0.02)
            self.service.log(logging.INFO, "webhook.delivered", order_id=json.loads(text)["order"])

    async def keep_ledger(self) -> None:
        """Read the stream as a member of the group and acknowledge."""
        try:
            await self.broker.xgroup_create(STREAM, GROUP, id="0", mkstream=True)
        except redis.ResponseError as problem:
            if "BUSYGROUP" not in str(problem):
                raise
        while True:
            news = await self.broker.xreadgroup(GROUP, "payments-1", {STREAM: ">"}, count=20, block=10_000)
            for entry, _fields in [pair for _, entries in news or [] for pair in entries]:
                await self.broker.xack(STREAM, GROUP, entry)

    async def forever(self, work: Any) -> None:  # noqa: ANN401 - a coroutine function
        """Run a consumer and start it again a second after its broker failed."""
        while True:
            try:
                await work()
            except DEPENDENCY_ERRORS as problem:
                self.service.log(
                    logging.ERROR, "consumer.failed", error=f"{type(problem).__name__}: {problem}"
                )
                await asyncio.sleep(1)

    async def live(self, _request: Request) -> Response:
        """Tell that the process answers."""
        return self.health("pass", {})

    async def ready(self, _request: Request) -> Response:
        """Tell each dependency; the gateway only warns, because orders can wait for it."""
        database, cache = await self.service.check_database(), await self.service.check_cache()
        begin = time.perf_counter()
        gateway = ""
        try:
            (await self.gateway.get("/ping")).raise_for_status()
        except httpx.HTTPError as problem:
            gateway = type(problem).__name__
        seconds = time.perf_counter() - begin
        checks = {
            "postgres:connections": [self.check("fail" if database else "pass", database)],
            "valkey:responseTime": [self.check("fail" if cache else "pass", cache)],
            "gateway:responseTime": [
                {
                    **self.check("warn" if gateway or seconds > SLOW else "pass", gateway),
                    "observedValue": round(seconds * 1000, 1),
                    "observedUnit": "ms",
                }
            ],
        }
        words = {check["status"] for group in checks.values() for check in group}
        if self.service.duty.draining_since is not None:
            # a word of our own: the draft recommends pass, warn and fail, and requires none of them
            words.add("draining")
        status = next(word for word in ("fail", "draining", "warn", "pass") if word in words)
        return self.health(status, checks, "draining" if "draining" in words else "")

    @staticmethod
    def check(status: str, output: str) -> dict[str, Any]:
        """Return one sub-check as the draft api-health-check writes it."""
        found: dict[str, Any] = {"status": status, "time": datetime.now(UTC).isoformat()}
        return {**found, "output": output} if output else found

    def health(self, status: str, checks: dict[str, Any], output: str = "") -> Response:
        """Return application/health+json; 503 for fail and draining, 200 for pass and warn."""
        body = {
            "status": status,
            "version": VERSION.split(".")[0],
            "releaseId": VERSION,
            "serviceId": "payments",
            "started_at": self.service.started.isoformat(),
            "checks": checks,
            **({"output": output} if output else {}),
        }
        code = 503 if status in ("fail", "draining") else 200
        return JSONResponse(body, status_code=code, media_type="application/health+json")


def build(wiring_path: str) -> tuple[Service, Any]:
    """Build the service and its ASGI application."""
    service = Service("payments", "payments", load(wiring_path), logging.getLogger("payments"))
    payments = Payments(service)

    @asynccontextmanager
    async def lifespan(_app: object) -> AsyncIterator[None]:
        await service.connect(size=POOL_SIZE)
        works = (payments.deliver_webhooks, payments.keep_ledger)
        tasks = [asyncio.create_task(payments.forever(work)) for work in works]
        service.log(logging.INFO, "service.started", version=VERSION)
        yield
        for task in tasks:
            task.cancel()
        await payments.broker.aclose()
        await payments.gateway.aclose()
        await service.close()

    routes = [
        Route("/v1/charges", payments.charge, methods=["POST"]),
        Route("/v2/charges", payments.charge, methods=["POST"]),
        Route("/health/live", payments.live),
        Route("/health/ready", payments.ready),
    ]
    return service, application(service, routes, lifespan)


def main() -> None:
    """Run the payments: `python -m console.lab.shop.payments WIRING`."""
    service, app = build(sys.argv[1])
    logs.write_to(service.wiring.log("payments.log"), logs.LogfmtFormatter())
    serve(app, service)


if __name__ == "__main__":
    main()
