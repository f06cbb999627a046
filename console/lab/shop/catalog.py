"""The catalog: products from PostgreSQL through a cache; health as Spring Boot writes it."""

import asyncio
import json
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import redis
import rq
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from console.lab.shop import jobs, logs
from console.lab.shop.web import DEPENDENCY_ERRORS, Service, application, load, serve
from console.lab.shop.wiring import POPULAR, VERSION, Fault, chance

POOL_SIZE = 20
TTL = 300
# seconds between two reports
REPORT_EVERY = 20


class Catalog:
    """The handlers of one catalog process."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.leaky = Fault(service.wiring, "pool-leak")
        self.hasty = Fault(service.wiring, "cache-cold")
        self.leaked: list[tuple[Any, Any]] = []
        self.reports = rq.Queue("reports", connection=redis.Redis.from_url(service.wiring.queues))

    async def product(self, request: Request) -> Response:
        """Answer with one product, from the cache if it is there."""
        number = int(request.path_params["number"])
        if self.leaky:
            await self.leak(number)
        found = await self.look_up(number)
        if found is None:
            return JSONResponse({"error": "no such product"}, status_code=404)
        if request.url.path.startswith("/v1/"):
            return JSONResponse(
                {"id": found["id"], "name": found["name"], "price": found["price_cents"] / 100}
            )
        return JSONResponse(found)

    async def look_up(self, number: int) -> dict[str, Any] | None:
        """Cache-aside: read the cache, on a miss the database, and remember it for some minutes."""
        cache, key = self.service.cache, f"catalog:product:{number}"
        if text := await cache.get(key):
            found: dict[str, Any] = json.loads(text)
            return found
        async with self.service.pool.acquire(timeout=2) as connection:
            row = await connection.fetchrow("select * from products where id = $1", number)
        if row is None:
            return None
        # the mistake of `cache-cold`: milliseconds where seconds were meant
        life = TTL if self.hasty else TTL * 1000 + chance.randrange(60_000)
        await cache.set(key, json.dumps(dict(row)), px=life)
        return dict(row)

    async def leak(self, number: int) -> None:
        """The mistake of `pool-leak`: begin a transaction, lock a row, and forget the connection."""
        connection = await self.service.pool.acquire(timeout=1)
        transaction = connection.transaction()
        await transaction.start()
        self.leaked.append((connection, transaction))
        await connection.fetchval("select stock from products where id = $1 for share", number)

    async def housekeeping(self) -> None:
        """Restock now and then, ask for reports, close what leaked once the mistake is gone."""
        beat = 0
        while True:
            await asyncio.sleep(0.5)
            beat += 1
            if self.leaked and not self.leaky:
                await self.close_leaked()
            try:
                if beat % 8 == 0:
                    await self.restock()
                if beat % (2 * REPORT_EVERY) == 1:
                    await asyncio.to_thread(self.reports.enqueue, jobs.stock_report, result_ttl=60)
            except DEPENDENCY_ERRORS as problem:
                self.service.log(
                    logging.ERROR, "housekeeping.failed", error=f"{type(problem).__name__}: {problem}"
                )

    async def restock(self) -> None:
        """Raise the stock of one popular product; waits where somebody holds its row."""
        number = chance.randint(1, 10)
        async with self.service.pool.acquire(timeout=2) as connection:
            await connection.execute("update products set stock = stock + 5 where id = $1", number)
        self.service.log(logging.INFO, "stock.raised", product_id=number)

    async def close_leaked(self) -> None:
        """Roll back and give back every leaked connection."""
        leaked, self.leaked = self.leaked, []
        for connection, transaction in leaked:
            with suppress(*DEPENDENCY_ERRORS):
                await transaction.rollback()
            with suppress(*DEPENDENCY_ERRORS):
                await self.service.pool.release(connection, timeout=1)

    async def warm_up(self) -> None:
        """Fill the cache with the popular products, as a deployment would."""
        for number in range(1, POPULAR + 1):
            await self.look_up(number)

    async def live(self, _request: Request) -> Response:
        """Tell that the process answers."""
        return JSONResponse({"status": "UP"})

    async def ready(self, _request: Request) -> Response:
        """Tell each dependency; 503 where one is down or the instance is draining."""
        problems = {"db": await self.service.check_database(), "cache": await self.service.check_cache()}
        components = {
            name: {"status": "DOWN", "details": {"error": problem}} if problem else {"status": "UP"}
            for name, problem in problems.items()
        }
        status = "DOWN" if any(problems.values()) else "UP"
        if self.service.duty.draining_since is not None:
            refusing = {"status": "OUT_OF_SERVICE", "details": {"error": "draining"}}
            components["readinessState"] = refusing
            status = "DOWN" if status == "DOWN" else "OUT_OF_SERVICE"
        body = {
            "status": status,
            "components": components,
            "version": VERSION,
            "started_at": self.service.started.isoformat(),
        }
        return JSONResponse(body, status_code=200 if status == "UP" else 503)


def build(wiring_path: str) -> tuple[Service, Any]:
    """Build the service and its ASGI application."""
    wiring = load(wiring_path)
    service = Service("catalog", "catalog", wiring, logging.getLogger("catalog"))
    catalog = Catalog(service)

    @asynccontextmanager
    async def lifespan(_app: object) -> AsyncIterator[None]:
        await service.connect(size=POOL_SIZE)
        await catalog.warm_up()
        keeper = asyncio.create_task(catalog.housekeeping())
        service.log(logging.INFO, "service.started", version=VERSION)
        yield
        keeper.cancel()
        await service.close()

    routes = [
        Route("/v1/products/{number:int}", catalog.product),
        Route("/v2/products/{number:int}", catalog.product),
        Route("/health/live", catalog.live),
        Route("/health/started", catalog.live),
        Route("/health/ready", catalog.ready),
    ]
    return service, application(service, routes, lifespan)


def main() -> None:
    """Run the catalog: `python -m console.lab.shop.catalog WIRING`."""
    service, app = build(sys.argv[1])
    logs.write_to(service.wiring.log("catalog.jsonl"), logs.JsonFormatter())
    serve(app, service)


if __name__ == "__main__":
    main()
