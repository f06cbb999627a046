"""The HTTP reader against real servers: what it sends, what it gives, and that each read dials anew."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from collectors.errors import OptionsError, UnreachableError
from collectors.secret import Secret, SecretUrl
from collectors.transport.endpoint import TcpDial, direct
from collectors.transport.lease import Leases
from collectors.transport.read import http
from collectors.transport.read.http import HttpReader, Target, http_lease
from collectors.transport.read.tcp import connect
from collectors.transport.resolve import Resolver
from collectors.transport.tls import NO_FILES
from tests.servers.web import raw_server, uvicorn_server

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


@pytest.fixture
async def reader() -> AsyncIterator[HttpReader]:
    made = HttpReader()
    yield made
    await made.close()


async def _echo(request: Request) -> Response:
    return JSONResponse(
        {
            "method": request.method,
            "path": request.url.path,
            "query": request.url.query,
            "headers": dict(request.headers),
        }
    )


def _app() -> Starlette:
    async def moved(_request: Request) -> Response:
        return RedirectResponse("/echo")

    async def cookie(request: Request) -> Response:
        answer = PlainTextResponse(request.headers.get("cookie", "none"))
        answer.set_cookie("session", "1")
        return answer

    async def failing(_request: Request) -> Response:
        return PlainTextResponse("no", 503, {"Retry-After": "20"})

    routes = [
        Route("/echo", _echo, methods=["GET", "HEAD"]),
        Route("/a b/ü", _echo),
        Route("/moved", moved),
        Route("/cookie", cookie),
        Route("/failing", failing),
    ]
    return Starlette(routes=routes)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with uvicorn_server(_app()) as found:
        yield found


def http_json(answer: http.Response) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(answer.body)
    return told


async def _read(
    reader: HttpReader, url: str, headers: dict[str, str] | None = None, method: http.Method = "GET"
) -> http.Response:
    secret = SecretUrl(url)
    target = Target.of(secret, {name: Secret(value) for name, value in (headers or {}).items()})
    return await reader.read(target, direct(secret), timeout=10, method=method)


async def test_a_read_gives_status_headers_body_and_time(reader: HttpReader, port: int) -> None:
    answer = await _read(reader, f"http://127.0.0.1:{port}/failing")
    assert (answer.status, answer.body) == (503, b"no")
    assert answer.header("Retry-After") == "20"
    assert answer.header("missing") == ""
    assert 0 < answer.elapsed < 10
    assert not answer.truncated
    assert answer.cert_not_after is None


async def test_what_is_sent(reader: HttpReader, port: int) -> None:
    url = f"http://us%20er:p%40ss@127.0.0.1:{port}/echo?full=1&name=ü"
    answer = await _read(reader, url, {"X-Api-Key": "key-1", "Accept": "text/plain"})
    told = http_json(answer)
    assert told["method"] == "GET"
    assert told["query"] == "full=1&name=%C3%BC"
    headers = told["headers"]
    assert headers["host"] == f"127.0.0.1:{port}"
    assert headers["authorization"] == "Basic dXMgZXI6cEBzcw=="
    assert headers["x-api-key"] == "key-1"
    assert headers["accept"] == "text/plain"
    assert headers["accept-encoding"] == "identity"
    assert headers["connection"] == "close"
    assert headers["user-agent"] == "quarterdeck"


async def test_paths_are_encoded_once(reader: HttpReader, port: int) -> None:
    for path in ("/a b/ü", "/a%20b/%C3%BC"):
        answer = await _read(reader, f"http://127.0.0.1:{port}{path}")
        assert (answer.status, http_json(answer)["path"]) == (200, "/a b/ü")


async def test_head_has_no_body(reader: HttpReader, port: int) -> None:
    answer = await _read(reader, f"http://127.0.0.1:{port}/echo", method="HEAD")
    assert (answer.status, answer.body) == (200, b"")


async def test_nothing_but_get_and_head_is_sent(reader: HttpReader, port: int) -> None:
    with pytest.raises(ValueError, match="does not send POST"):
        await _read(reader, f"http://127.0.0.1:{port}/echo", method="POST")  # type: ignore[arg-type]  # on purpose


async def test_a_redirect_is_an_answer_and_not_followed(reader: HttpReader, port: int) -> None:
    answer = await _read(reader, f"http://127.0.0.1:{port}/moved")
    assert (answer.status, answer.header("location")) == (307, "/echo")


async def test_no_cookie_is_kept(reader: HttpReader, port: int) -> None:
    for _ in range(2):
        assert (await _read(reader, f"http://127.0.0.1:{port}/cookie")).body == b"none"


async def test_each_read_dials_anew_and_hangs_up(reader: HttpReader) -> None:
    async def keep(read: asyncio.StreamReader, write: asyncio.StreamWriter) -> None:
        while True:
            write.write(OK)
            await read.readuntil(b"\r\n\r\n")

    async with raw_server(keep) as server:
        for _ in range(5):
            assert (await _read(reader, server.url())).body == b"ok"
        assert server.connections == 5
    transport = next(iter(reader._transports.values()))
    assert transport._pool.connections == []


async def test_a_server_that_restarts_is_seen_at_once(reader: HttpReader) -> None:
    with uvicorn_server(_app()) as port:
        url = f"http://127.0.0.1:{port}/echo"
        assert (await _read(reader, url)).status == 200
    with pytest.raises(UnreachableError, match="refused"):
        await _read(reader, url)
    with uvicorn_server(_app(), port):
        assert (await _read(reader, url)).status == 200


async def test_unix_sockets(reader: HttpReader, tmp_path: Path) -> None:
    path = str(tmp_path / "app.sock")
    with uvicorn_server(_app(), uds=path):
        answer = await _read(reader, f"http+unix://{path.replace('/', '%2F')}/echo?a=1")
    assert http_json(answer)["headers"]["host"] == "localhost"
    assert answer.status == 200
    with pytest.raises(UnreachableError, match=r"refused|no such socket"):
        await _read(reader, f"http+unix://{path.replace('/', '%2F')}/echo")


async def test_a_dial_elsewhere_keeps_the_name_in_the_host_header(reader: HttpReader) -> None:
    async with raw_server(OK) as server:
        target = Target.of(SecretUrl("http://orders.internal:8080/readyz"))
        dial = TcpDial("127.0.0.1", server.port, "orders.internal")
        assert (await reader.read(target, dial, timeout=5)).status == 200
        assert b"\r\nHost: orders.internal:8080\r\n".lower() in server.heads[0].lower()


async def test_a_configured_host_header_wins(reader: HttpReader) -> None:
    async with raw_server(OK) as server:
        await _read(reader, server.url(), {"Host": "shop.example"})
        assert server.heads[0].lower().count(b"host:") == 1
        assert b"host: shop.example" in server.heads[0].lower()


async def test_proxies_of_the_environment_are_ignored(
    reader: HttpReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    async with raw_server(OK) as server:
        assert (await _read(reader, server.url())).status == 200


async def test_no_secret_is_logged_or_printed(
    reader: HttpReader, port: int, caplog: pytest.LogCaptureFixture
) -> None:
    url = f"http://admin:hunter2@127.0.0.1:{port}/failing?token=abc123"
    with caplog.at_level(logging.INFO):
        await _read(reader, url, {"X-Api-Key": "key-777"})
    target = Target.of(SecretUrl(url), {"X-Api-Key": Secret("key-777")})
    printed = caplog.text + repr(target) + str(target)
    for secret in ("hunter2", "abc123", "key-777", "YWRtaW4"):
        assert secret not in printed


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"X-A\r\nB": "1"}, "cannot be set"),
        ({"": "1"}, "cannot be set"),
        ({"Transfer-Encoding": "chunked"}, "cannot be set"),
        ({"Connection": "keep-alive"}, "cannot be set"),
        ({"X-A": "1\r\nX-B: 2"}, "control character"),
    ],
)
def test_headers_that_cannot_be_sent_are_refused_by_name(headers: dict[str, str], words: str) -> None:
    with pytest.raises(OptionsError, match=words) as caught:
        Target.of(SecretUrl("http://a/"), {name: Secret(value) for name, value in headers.items()})
    assert "X-B" not in str(caught.value)


def test_other_schemes_are_refused() -> None:
    with pytest.raises(OptionsError, match="ftp://"):
        Target.of(SecretUrl("ftp://u:secret@a/"))


async def test_one_reader_serves_all_collectors_of_a_loop() -> None:
    leases = Leases()
    first_key, first = http_lease(leases, NO_FILES)
    second_key, second = http_lease(leases, NO_FILES)
    assert first_key == second_key
    async with first.hold() as one:
        pass
    async with second.hold() as two:
        assert one is two
    assert second.opened == 1
    await leases.release(first_key)
    assert len(leases) == 1
    await leases.release(second_key)
    assert len(leases) == 0


@pytest.mark.parametrize("scheme", ["http", "tcp"])
async def test_the_next_address_is_tried_where_one_refuses(scheme: str) -> None:
    resolver = Resolver(lambda _host: ("127.0.0.2", "127.0.0.1"))
    reader = HttpReader(resolver=resolver)
    async with raw_server(OK) as server:
        dial = TcpDial("shop.internal", server.port, "shop.internal")
        if scheme == "http":
            target = Target.of(SecretUrl(f"http://shop.internal:{server.port}/"))
            assert (await reader.read(target, dial, timeout=10)).body == b"ok"
        else:
            assert (await connect(dial, resolver, timeout=10)).elapsed < 10
        assert server.connections == 1 or scheme == "tcp"
    with pytest.raises(UnreachableError, match="refused"):
        await connect(dial, resolver, timeout=10)
    await reader.close()
