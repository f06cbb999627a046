"""Lists with dead jobs: what the tests of their actions fill, watch and compare."""

import json
from typing import Any

from collectors.base import Context
from collectors.queues.redis import ListCollector
from collectors.secret import SecretUrl
from tests.collectors.queues.looking import everything, looking

SMTP = "smtplib.SMTPServerDisconnected: Connection {} closed"
HOSTILE = [
    b"",
    bytes(range(256)),
    b"\x1b[31m[bold red]markup[/]\r\n",
    "\u202eevil\u202c".encode(),
    b"x" * 1_000_000,
    b"-1",
    b"{" * 5000,
    b'{"error": 1e999}',
]


def watch(url: str, *keys: str, **options: Any) -> Any:
    context = Context(collector="lists", timeout=5, service="orders")
    given = {"dead": "{queue}:dead"} | options
    return looking(ListCollector, context, url=SecretUrl(url), keys=keys or ("mail",), **given)


def job(number: int, error: str = SMTP) -> bytes:
    return json.dumps({"id": number, "error": error.format(number)}).encode()


def bury(client: Any, *elements: bytes, direction: str = "lpush-brpop") -> None:
    push = client.lpush if direction == "lpush-brpop" else client.rpush
    for element in elements:
        push("mail:dead", element)


def lists(client: Any) -> dict[bytes, Any]:
    """Everything but our notes."""
    return {key: told for key, told in everything(client).items() if not key.startswith(b"quarterdeck:")}
