"""The world outside the shop in one process: customers, the payment gateway, the mail server."""

import asyncio
import logging
import sys
import uuid
from contextlib import suppress
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from console.lab.shop import logs
from console.lab.shop.web import load
from console.lab.shop.wiring import POPULAR, Fault, Wiring, chance

# journeys of customers a second
PACE = 2.0
REGIONS = ("eu", "eu", "eu", "us", "us", "ap")
# clients of the API and whether they still call version 1
CLIENTS = (
    ("web/5.2", "v2"),
    ("web/5.2", "v2"),
    ("ios/3.9", "v2"),
    ("android/3.8", "v2"),
    ("kiosk/1.4", "v1"),
)


class MailServer:
    """SMTP, as far as smtplib needs it; during `dead-letters` it hangs up after its greeting."""

    def __init__(self, wiring: Wiring) -> None:
        self.down = Fault(wiring, "dead-letters")

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hold one conversation."""
        with suppress(ConnectionError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            async with asyncio.timeout(30):
                await self.converse(reader, writer)
        writer.close()

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer commands until QUIT."""
        writer.write(b"220 mail.shop.test ESMTP\r\n")
        while line := await reader.readline():
            verb = line[:4].upper()
            if self.down:
                return
            if verb == b"DATA":
                writer.write(b"354 go on\r\n")
                await reader.readuntil(b"\r\n.\r\n")
            writer.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")
            await writer.drain()
            if verb == b"QUIT":
                return


class Gateway:
    """The payment gateway; during `gateway-slow` it takes seconds."""

    def __init__(self, wiring: Wiring) -> None:
        self.slow = Fault(wiring, "gateway-slow")

    async def answer(self, _request: Request) -> Response:
        """Take our time and agree."""
        await asyncio.sleep(chance.uniform(1.4, 4.0) if self.slow else chance.uniform(0.01, 0.06))
        return JSONResponse({"state": "agreed"})


class Customers:
    """Customers that look, log in and buy."""

    def __init__(self, wiring: Wiring) -> None:
        self.wiring = wiring
        self.http = httpx.AsyncClient(timeout=12)
        self.sessions: dict[str, str] = {}
        self.last_order = 0

    async def call(
        self, method: str, service: str, path: str, body: object = None, user: str = ""
    ) -> httpx.Response:
        """Send one request as some client from some region."""
        client, version = chance.choice(CLIENTS)
        headers = {"user-agent": client, "x-region": chance.choice(REGIONS), "x-trace-id": uuid.uuid4().hex}
        if user:
            headers["x-user-id"] = user
        if service == "orders":
            url = f"{self.wiring.orders()}/v2{path}"
        else:
            url = f"{self.wiring.url(service)}/{version}{path}"
        return await self.http.request(method, url, json=body, headers=headers)

    async def journey(self) -> None:
        """Look at products; some log in, some buy, some ask where their order is."""
        user = f"u{chance.randint(1, 400)}"
        number = (
            min(int(chance.paretovariate(1.1)), POPULAR) if chance.random() < 0.97 else chance.randint(1, 200)
        )
        await self.call("GET", "catalog", f"/products/{number}", user=user)
        wish = chance.random()
        if wish < 0.3:
            await self.buy(user, number)
        elif wish < 0.6 and self.last_order:
            await self.call(
                "GET", "orders", f"/orders/{max(1, self.last_order - chance.randint(0, 8))}", user=user
            )

    async def buy(self, user: str, number: int) -> None:
        """Log in if need be (one try in seven with a wrong password) and order."""
        if user not in self.sessions:
            right = chance.random() > 0.15
            body = {"user": user, "password": f"secret-{user}" if right else "12345"}
            answer = await self.call("POST", "orders", "/login", body, user)
            if answer.status_code != 200:
                return
            self.sessions[user] = answer.json()["session"]
        wish = {"session": self.sessions[user], "product": number}
        answer = await self.call("POST", "orders", "/orders", wish, user)
        if answer.status_code == 201:
            self.last_order = answer.json()["order"]
        elif answer.status_code == 401:
            del self.sessions[user]

    async def live(self) -> None:
        """Start journeys at random moments, at most 40 at a time."""
        under_way: set[asyncio.Task[None]] = set()
        while True:
            await asyncio.sleep(chance.expovariate(PACE))
            if len(under_way) < 40:
                task = asyncio.create_task(self.try_journey())
                under_way.add(task)
                task.add_done_callback(under_way.discard)

    async def try_journey(self) -> None:
        """Go away without a word if the shop fails."""
        with suppress(httpx.HTTPError, ValueError):
            await self.journey()


async def run(wiring: Wiring) -> None:
    """Serve and buy until SIGTERM."""
    gateway = Gateway(wiring)
    routes: list[Any] = [Route("/charge", gateway.answer, methods=["POST"]), Route("/ping", gateway.answer)]
    server = uvicorn.Server(
        uvicorn.Config(
            Starlette(routes=routes),
            host="127.0.0.1",
            port=wiring.ports["gateway"],
            http="h11",
            loop="asyncio",
            ws="none",
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=1,
        )
    )
    mail = await asyncio.start_server(MailServer(wiring).talk, "127.0.0.1", wiring.ports["smtp"])
    customers = asyncio.create_task(Customers(wiring).live())
    await server.serve()
    customers.cancel()
    mail.close()


def main() -> None:
    """Run the world: `python -m console.lab.shop.world WIRING`."""
    wiring = load(sys.argv[1])
    logs.write_to(wiring.log("world.log"), logs.plain())
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    asyncio.run(run(wiring))


if __name__ == "__main__":
    main()
