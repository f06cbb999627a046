"""The queue collectors keep the contract that every collector keeps."""

from collections.abc import Callable
from typing import Any

import pytest
import redis
from rq import Queue

from collectors.queues.redis import ListCollector
from collectors.queues.rq import RqCollector
from collectors.queues.streams import StreamCollector
from collectors.testing import ContractError, check_collector, options_of
from tests.servers.fixtures import MakeValkey


@pytest.mark.parametrize(
    ("kind", "more"),
    [(RqCollector, {}), (ListCollector, {"keys": ["jobs", "j*"]}), (StreamCollector, {"keys": ["orders"]})],
)
async def test_the_contract(
    make_valkey: MakeValkey, free_port: Callable[[], int], kind: Any, more: dict[str, Any]
) -> None:
    server = make_valkey(password="pass-w0rd-9")
    with redis.Redis.from_url(server.url) as client:
        Queue("mail", connection=client).enqueue("time.sleep", 1)
        client.lpush("jobs", "a")
        client.xadd("orders", {"n": 1})
        client.xgroup_create("orders", "mail", "0")
    dead = f"redis://:pass-w0rd-9@127.0.0.1:{free_port()}/0"
    await check_collector(
        kind, {"url": server.url, **more}, unreachable={"url": dead, **more}, secrets=["pass-w0rd-9"]
    )


def test_options_as_toml_writes_them() -> None:
    options = options_of(
        ListCollector, {"url": "redis://h", "act_url": "", "keys": ["a"], "direction": "rpush-blpop"}
    )
    assert options.act_url is None
    assert options.keys == ("a",)
    assert (
        options_of(StreamCollector, {"url": "redis://h", "keys": ["a"], "alive_within": "2m"}).alive_within
        == 120
    )
    for wrong in (
        {"keys": ["a"]},
        {"url": "redis://h"},
        {"url": "redis://h", "keys": ["a"], "direction": "up"},
    ):
        with pytest.raises(ContractError):
            options_of(ListCollector, wrong)
