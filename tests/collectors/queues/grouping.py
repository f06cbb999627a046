"""Streams with a group: what the tests of their actions fill, watch and compare."""

from typing import Any

from collectors.base import Context
from collectors.queues.streams import StreamCollector
from collectors.secret import SecretUrl
from tests.collectors.queues.looking import everything, looking
from tests.servers.waiting import wait_until

KEY = b"orders\0mail"


def watch(url: str, **options: Any) -> Any:
    context = Context(collector="streams", timeout=5, service="orders")
    return looking(StreamCollector, context, url=SecretUrl(url), keys=("orders",), **options)


def fill(client: Any, count: int, first: int = 0) -> list[bytes]:
    return [client.xadd("orders", {"n": n}) for n in range(first, first + count)]


def stuck(client: Any, count: int, *, consumer: str = "lost") -> list[bytes]:
    """Entries that a consumer was given and forgot."""
    ids = fill(client, count)
    if not client.xinfo_groups("orders"):
        client.xgroup_create("orders", "mail", "0")
    client.xreadgroup("mail", consumer, {"orders": ">"})
    wait_until(lambda: all(one["time_since_delivered"] > 50 for one in pending(client)))
    return ids


def pending(client: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.xpending_range("orders", "mail", "-", "+", 1000)
    return found


def held(client: Any) -> list[tuple[bytes, bytes, int, int]]:
    """Who holds what, since when (milliseconds since the epoch), how often given."""
    now = client.time()
    return [
        (
            one["message_id"],
            one["consumer"],
            round(now[0] * 1000 + now[1] / 1000 - one["time_since_delivered"]),
            one["times_delivered"],
        )
        for one in pending(client)
    ]


def streams(client: Any) -> dict[bytes, Any]:
    """Everything but our notes."""
    return {key: told for key, told in everything(client).items() if not key.startswith(b"quarterdeck:")}


def the_n(entries: list[dict[bytes, bytes]]) -> list[int]:
    return [int(fields[b"n"]) for fields in entries]
