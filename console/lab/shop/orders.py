"""The orders: logins and purchases, jobs for the worker; health as Kubernetes writes it."""

import asyncio
import json
import logging
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any

import httpx
import redis
import rq
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from console.lab.shop import jobs, logs
from console.lab.shop.logs import request_fields
from console.lab.shop.web import DEPENDENCY_ERRORS, Service, application, load, serve
from console.lab.shop.wiring import VERSION, Fault, chance

POOL_SIZE = 6
SESSION_LIFE = 1800
REMINDER_AFTER = timedelta(seconds=45)


class Orders:
    """The handlers of one orders process."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.lying = Fault(service.wiring, "lying-health")
        self.broker = redis.Redis.from_url(service.wiring.queues, socket_timeout=2)
        self.mail = rq.Queue("mail", connection=self.broker)
        self.invoices = rq.Queue("invoices", connection=self.broker)
        self.http = httpx.AsyncClient(timeout=8, headers={"user-agent": f"orders/{VERSION}"})
        self.placed = 0

    async def login(self, request: Request) -> Response:
        """Check a password (right for all but some tries) and remember the session in the cache."""
        body = await request.json()
        user = str(body["user"])
        if body["password"] != f"secret-{user}":
            self.service.log(logging.WARNING, "login.failed", user_id=user, reason="wrong password")
            return JSONResponse({"error": "wrong user or password"}, status_code=401)
        token = uuid.uuid4().hex
        await self.service.cache.set(f"orders:session:{token}", user, ex=SESSION_LIFE)
        self.service.log(logging.INFO, "login.ok", user_id=user)
        return JSONResponse({"session": token})

    async def order(self, request: Request) -> Response:
        """Sell one product: ask the catalog, insert, charge, enqueue mail and invoice."""
        body = await request.json()
        user = await self.service.cache.get(f"orders:session:{body['session']}")
        if user is None:
            return JSONResponse({"error": "no such session"}, status_code=401)
        product = await self.ask("GET", "catalog", f"/v2/products/{int(body['product'])}", None)
        amount = int(product["price_cents"])
        async with self.service.pool.acquire(timeout=2) as connection:
            number = await connection.fetchval(
                "insert into orders (user_id, product_id, amount_cents, state)"
                " values ($1, $2, $3, 'new') returning id",
                user,
                product["id"],
                amount,
            )
        await self.ask("POST", "payments", "/v2/charges", {"order": number, "amount": amount})
        await asyncio.to_thread(self.enqueue, number, user, amount)
        await self.remember(number, "new")
        self.placed += 1
        self.service.log(logging.INFO, "order.placed", user_id=user, order_id=number, amount_cents=amount)
        return JSONResponse({"order": number, "state": "new"}, status_code=201)

    def announce(self, instance: str) -> None:
        """Tell the shop's people by mail that an instance has started."""
        self.mail.enqueue(jobs.send_mail, "operations", f"{instance} has started", 0, result_ttl=60)

    def enqueue(self, number: int, user: str, amount: int) -> None:
        """Hand the slow work to the worker; every fourth order gets a reminder through the scheduler."""
        keep = {"result_ttl": 60, "failure_ttl": 86_400}
        self.mail.enqueue(jobs.send_mail, user, "Your order", number, **keep)
        self.invoices.enqueue(jobs.write_invoice, number, amount, **keep)
        if number % 4 == 0:
            self.mail.enqueue_in(REMINDER_AFTER, jobs.send_mail, user, "How was it?", number, **keep)

    async def state(self, request: Request) -> Response:
        """Answer with the state of one order, from the cache if it is there."""
        number = int(request.path_params["number"])
        key = f"orders:order:{number}"
        if text := await self.service.cache.get(key):
            return Response(text, media_type="application/json")
        async with self.service.pool.acquire(timeout=2) as connection:
            row = await connection.fetchrow("select id, state from orders where id = $1", number)
        if row is None:
            return JSONResponse({"error": "no such order"}, status_code=404)
        return Response(await self.remember(number, row["state"]), media_type="application/json")

    async def stream(self, _request: Request) -> Response:
        """Tell each second how many orders this instance has sold, as server-sent events."""
        return StreamingResponse(self.events(), media_type="text/event-stream")

    async def events(self) -> AsyncIterator[str]:
        """Go on until the client leaves or the service shuts down."""
        ending = self.service.duty.ending
        while not ending.is_set():
            news = {"instance": self.service.instance, "placed": self.placed}
            yield f"event: orders\ndata: {json.dumps(news)}\n\n"
            with suppress(TimeoutError):
                await asyncio.wait_for(ending.wait(), 1)

    async def remember(self, number: int, state: str) -> str:
        """Keep the state of an order in the cache; return it as JSON."""
        text = json.dumps({"order": number, "state": state})
        await self.service.cache.set(f"orders:order:{number}", text, ex=SESSION_LIFE)
        return text

    async def ask(self, method: str, service: str, path: str, body: object) -> dict[str, Any]:
        """Call another service within the same trace; raises httpx.HTTPError if it fails."""
        bound = request_fields.get()
        headers = {"x-trace-id": bound.get("trace_id", ""), "x-region": bound.get("region", "eu")}
        url = self.service.wiring.url(service) + path
        answer = await self.http.request(method, url, json=body, headers=headers)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    async def livez(self, _request: Request) -> Response:
        """Tell that the process answers."""
        return PlainTextResponse("ok")

    async def readyz(self, request: Request) -> Response:
        """Tell each dependency line by line with `?verbose`; 500 where one fails, 503 while draining."""
        if self.lying:
            # the mistake of `lying-health`: an answer that looks at nothing
            problems = dict.fromkeys(("ping", "db", "cache", "queue"), "")
        else:
            problems = {
                "ping": "",
                "db": await self.service.check_database("select 1 from orders limit 1"),
                "cache": await self.service.check_cache(),
                "queue": await asyncio.to_thread(self.check_queue),
            }
        draining = self.service.duty.draining_since is not None
        failed = draining or any(problems.values())
        lines = [
            f"[-]{name} failed: reason withheld" if problem else f"[+]{name} ok"
            for name, problem in problems.items()
        ]
        # the name under which a Kubernetes server takes its readiness away
        lines += ["[-]shutdown failed: draining"] if draining else []
        lines += ["readyz check failed" if failed else "readyz check passed"]
        text = "\n".join(lines) if failed or "verbose" in request.query_params else "ok"
        headers = {"x-started-at": self.service.started.isoformat()}
        status = 503 if draining else 500 if failed else 200
        return PlainTextResponse(text, status_code=status, headers=headers)

    def check_queue(self) -> str:
        """Return an empty text if the broker answers, else what is wrong."""
        try:
            self.broker.ping()
        except DEPENDENCY_ERRORS as problem:
            return f"{type(problem).__name__}: {problem}"
        return ""


def build(wiring_path: str, instance: str) -> tuple[Service, Any]:
    """Build the service and its ASGI application."""
    service = Service("orders", instance, load(wiring_path), logging.getLogger("orders"))
    orders = Orders(service)

    @asynccontextmanager
    async def lifespan(_app: object) -> AsyncIterator[None]:
        await service.connect(size=POOL_SIZE)
        # instances of a fleet do not all start in the same moment
        await asyncio.sleep(chance.random() / 5)
        await asyncio.to_thread(orders.announce, instance)
        service.log(logging.INFO, "service.started", version=VERSION, instance=instance)
        yield
        await orders.http.aclose()
        await service.close()

    routes = [
        Route("/v1/login", orders.login, methods=["POST"]),
        Route("/v2/login", orders.login, methods=["POST"]),
        Route("/v1/orders", orders.order, methods=["POST"]),
        Route("/v2/orders", orders.order, methods=["POST"]),
        Route("/v2/orders/stream", orders.stream),
        Route("/v2/orders/{number:int}", orders.state),
        Route("/livez", orders.livez),
        Route("/readyz", orders.readyz),
    ]
    return service, application(service, routes, lifespan)


def main() -> None:
    """Run one instance: `python -m console.lab.shop.orders WIRING orders-1`."""
    instance = sys.argv[2]
    service, app = build(sys.argv[1], instance)
    logs.write_to(service.wiring.log(f"{instance}.jsonl"), logs.JsonFormatter())
    serve(app, service)


if __name__ == "__main__":
    main()
