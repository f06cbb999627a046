"""Hands on a real Valkey: a line that breaks is given up, and made anew where that is asked for."""

import pytest
import redis

from collectors.action import RefusedError
from collectors.base import Context
from collectors.drains.celery import CeleryDrain, CeleryDrainOptions
from collectors.errors import SourceError
from collectors.secret import SecretUrl
from collectors.transport.write.redis import open_hands
from tests.servers.fixtures import MakeValkey


async def test_a_line_is_made_anew_to_the_same_server_alone(make_valkey: MakeValkey) -> None:
    server = make_valkey()
    options = CeleryDrainOptions(url=SecretUrl(server.url))
    hands = await open_hands(CeleryDrain(options, Context(collector="celery", timeout=5)))
    try:
        with redis.Redis.from_url(server.url) as client:
            client.client_kill_filter(_type="normal", skipme=True)
        for _ in range(2):
            with pytest.raises(SourceError):
                await hands.send(("PING",))
        await hands.again()
        assert await hands.send(("PING",)) == [b"PONG"]
        port = server.port
        server.stop()
        with pytest.raises(SourceError):
            await hands.again()
        make_valkey(port=port)
        with pytest.raises(RefusedError, match="is another server by now"):
            await hands.again()
        with pytest.raises(SourceError, match="given up"):
            await hands.send(("PING",))
    finally:
        await hands.close()
