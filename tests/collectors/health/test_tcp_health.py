"""The TCP adapter on real ports."""

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trustme

from collectors.base import Context
from collectors.errors import OptionsError
from collectors.health.tcp import TcpHealth, TcpHealthOptions
from collectors.model.health import HealthReading
from collectors.model.quantity import Known
from collectors.secret import SecretUrl
from collectors.testing import check_collector
from tests.servers.waiting import wait_until_async
from tests.servers.web import black_hole, raw_server


def _make(url: str, *, within: float = 10.0, **options: Any) -> TcpHealth:
    context = Context(collector="port", service="orders", timeout=within)
    return TcpHealth(TcpHealthOptions(url=SecretUrl(url), **options), context)


async def _reading(collector: TcpHealth) -> HealthReading:
    (reading,) = (await collector.collect()).readings
    assert isinstance(reading, HealthReading)
    return reading


async def test_a_port_that_accepts_and_then_is_gone() -> None:
    async with raw_server(b"", read=False) as server:
        collector = _make(f"tcp://127.0.0.1:{server.port}")
        reading = await _reading(collector)
    assert (reading.state, reading.word, reading.format, reading.note) == ("up", "accepts", "tcp", "")
    assert reading.latency.known is Known.EXACT
    assert reading.tls_expires.known is Known.UNKNOWN
    assert reading.probe == "liveness"
    assert reading.subject.label == "port"
    seen = [await _reading(collector) for _ in range(2)]
    assert [(item.state, item.word) for item in seen] == [("up", "refused"), ("down", "refused")]


async def test_nothing_is_sent() -> None:
    received: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        received.append(await reader.read())

    async with raw_server(listen, read=False) as server:
        await _reading(_make(f"tcp://127.0.0.1:{server.port}"))
        await wait_until_async(lambda: received)
    assert received == [b""]


async def test_a_black_hole() -> None:
    with black_hole() as port:
        reading = await _reading(_make(f"tcp://127.0.0.1:{port}", within=0.5))
    assert (reading.state, reading.word) == ("down", "no connection in 0.47 s")
    assert reading.latency.known is Known.AT_LEAST


async def test_unix_sockets(tmp_path: Path) -> None:
    path = tmp_path / "app.sock"
    hung_up = asyncio.Event()

    async def accept(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()
        await writer.wait_closed()
        hung_up.set()

    server = await asyncio.start_unix_server(accept, path)
    assert (await _reading(_make(f"unix://{path}"))).state == "up"
    await hung_up.wait()
    server.close()
    await server.wait_closed()
    path.unlink(missing_ok=True)
    reading = await _reading(_make(f"unix://{path}"))
    assert (reading.state, reading.word) == ("down", "no such socket")


async def test_tls_is_verified_and_its_end_told(tmp_path: Path, free_port: Callable[[], int]) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    ca_file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    async with raw_server(b"", context, read=False) as server:
        url = f"tls://127.0.0.1:{server.port}"
        reading = await _reading(_make(url, ca_file=str(ca_file)))
        assert (reading.state, reading.format, reading.tls_expires.known) == ("up", "tls", Known.EXACT)
        reading = await _reading(_make(url))
        assert reading.state == "down"
        assert reading.word.startswith("TLS: ")


async def test_a_renewed_authority_file_is_read(tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    ca_file = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(str(ca_file))
    async with raw_server(b"", context, read=False) as server:
        collector = _make(f"tls://127.0.0.1:{server.port}", ca_file=str(ca_file), recover=1)
        assert (await _reading(collector)).state == "down"
        authority.cert_pem.write_to_path(str(ca_file))
        assert (await _reading(collector)).state == "up"


async def test_names_without_addresses() -> None:
    reading = await _reading(_make("tcp://nosuchname.invalid:80"))
    assert reading.state in ("down", "unknown")
    assert reading.word.startswith(("no such name", "name look-up failed"))


@pytest.mark.parametrize("url", ["http://a:80", "redis://a"])
def test_other_schemes_are_refused(url: str) -> None:
    with pytest.raises(OptionsError, match="is no port"):
        _make(url)


async def test_a_url_without_a_port_is_refused_in_words() -> None:
    with pytest.raises(OptionsError, match="names no host and port"):
        await _make("tcp://127.0.0.1").collect()


async def test_the_contract(free_port: Callable[[], int]) -> None:
    async with raw_server(b"", read=False) as server:
        url, dead = f"tcp://127.0.0.1:{server.port}", f"tcp://127.0.0.1:{free_port()}"
        await check_collector(TcpHealth, {"url": url}, type_name="health.tcp", unreachable={"url": dead})
