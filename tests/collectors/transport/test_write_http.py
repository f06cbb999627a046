"""Hands by HTTP against real servers: sent once, to the right one, and whether anything was sent is known."""

import asyncio
import json
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest
import trustme
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from collectors.action import RefusedError
from collectors.base import Collector, Context
from collectors.errors import AnswerError, SourceError, TimedOutError, UnreachableError, UnsupportedError
from collectors.hands import HttpHands, http_server
from collectors.model.practice import Practice
from collectors.model.sweep import Sweep
from collectors.options import Url
from collectors.secret import SecretUrl
from collectors.transport.tls import TlsFiles
from collectors.transport.write import open_hands
from collectors.transport.write.http import BODY_LIMIT, Hands
from tests.servers.web import black_hole, raw_server, reset, uvicorn_server

CALLS: list[dict[str, Any]] = []


async def _echo(request: Request) -> Response:
    body = await request.body()
    call = {
        "method": request.method,
        "path": request.scope["raw_path"].decode(),
        "query": request.url.query,
        "headers": dict(request.headers),
        "body": body.decode(),
    }
    CALLS.append(call)
    return JSONResponse(call)


async def _moved(_request: Request) -> Response:
    CALLS.append({"path": "/moved"})
    return RedirectResponse("/echo")


async def _failing(_request: Request) -> Response:
    CALLS.append({"path": "/failing"})
    return PlainTextResponse("no, and why", 503)


async def _large(_request: Request) -> Response:
    return PlainTextResponse("x" * (BODY_LIMIT + 1000))


async def _slow(_request: Request) -> Response:
    CALLS.append({"path": "/slow"})
    await asyncio.sleep(30)
    return PlainTextResponse("late")


async def _zipped(_request: Request) -> Response:
    return Response(b"\x1f\x8b-not-read", headers={"Content-Encoding": "gzip"})


METHODS = ["POST", "PUT", "PATCH", "DELETE", "GET"]
APP = Starlette(
    routes=[
        Route("/moved", _moved, methods=METHODS),
        Route("/failing", _failing, methods=METHODS),
        Route("/large", _large, methods=METHODS),
        Route("/slow", _slow, methods=METHODS),
        Route("/zipped", _zipped, methods=METHODS),
        Route("/{rest:path}", _echo, methods=METHODS),
    ]
)


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with uvicorn_server(APP) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(autouse=True)
def _no_calls() -> None:
    CALLS.clear()


Make = Callable[..., Hands]


@pytest.fixture
async def make() -> AsyncIterator[Make]:
    made: list[Hands] = []

    def hands(url: str, files: TlsFiles = TlsFiles(), **more: Any) -> Hands:  # noqa: B008 - frozen
        made.append(Hands([SecretUrl(url)], files, **more))
        return made[-1]

    yield hands
    for one in made:
        await one.close()


async def test_what_is_sent(make: Make, base: str) -> None:
    hands: HttpHands = make(f"http://kim:s3cret@{base[7:]}/anything")
    url = f"http://kim:s3cret@{base[7:]}/flags/a%2Fb?service=x%26y"
    answer = await hands.send("POST", url, {"X-Reason": "drain"}, b'{"on": false}')
    told = json.loads(answer.body)
    assert answer.status == 200
    assert (told["method"], told["path"], told["query"]) == ("POST", "/flags/a%2Fb", "service=x%26y")
    assert told["body"] == '{"on": false}'
    headers = told["headers"]
    assert headers["x-reason"] == "drain"
    assert headers["content-length"] == "13"
    assert headers["authorization"] == "Basic a2ltOnMzY3JldA=="
    assert headers["user-agent"] == "quarterdeck"
    assert len(headers["idempotency-key"]) == 32
    assert hands.server == base[7:]


@pytest.mark.parametrize("method", METHODS)
async def test_methods(make: Make, base: str, method: str) -> None:
    answer = await make(base).send(method, f"{base}/x")
    assert json.loads(answer.body)["method"] == method


async def test_each_request_has_a_key_of_its_own_or_that_of_the_action(make: Make, base: str) -> None:
    hands = make(base)
    await hands.send("POST", f"{base}/x")
    await hands.send("POST", f"{base}/x")
    await hands.send("POST", f"{base}/x", {"Idempotency-Key": "plan-1"})
    keys = [call["headers"]["idempotency-key"] for call in CALLS]
    assert len(set(keys)) == 3
    assert keys[2] == "plan-1"


async def test_a_redirect_is_an_answer_and_not_followed(make: Make, base: str) -> None:
    answer = await make(base).send("POST", f"{base}/moved")
    assert answer.status == 307
    assert [call["path"] for call in CALLS] == ["/moved"]


async def test_a_failure_is_an_answer_and_not_repeated(make: Make, base: str) -> None:
    answer = await make(base).send("POST", f"{base}/failing")
    assert (answer.status, answer.body) == (503, b"no, and why")
    assert len(CALLS) == 1


async def test_an_answer_is_capped_and_never_decompressed(make: Make, base: str) -> None:
    assert len((await make(base).send("POST", f"{base}/large")).body) == BODY_LIMIT
    answer = await make(base).send("POST", f"{base}/zipped")
    assert (answer.status, answer.body) == (200, b"")


async def test_without_an_answer_in_time_the_outcome_is_unknown(make: Make, base: str) -> None:
    began = time.monotonic()
    with pytest.raises(TimedOutError) as caught:
        await make(base, seconds=0.5).send("POST", f"{base}/slow")
    assert caught.value.why == "no answer in 0.5 s"
    assert time.monotonic() - began < 10
    assert len(CALLS) == 1


async def _hang_up(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    return


async def _reset(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    reset(writer)


async def _half(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf")


@pytest.mark.parametrize(
    ("answer", "error", "why"),
    [
        (_hang_up, UnreachableError, "closed without an answer"),
        (_reset, UnreachableError, "reset"),
        (_half, AnswerError, "cut off in the middle of the answer"),
        (b"what?\r\n\r\n", AnswerError, "not HTTP"),
    ],
)
async def test_once_sent_nothing_is_sent_again_and_the_outcome_is_unknown(
    make: Make,
    answer: bytes | Callable[..., Awaitable[None]],
    error: type[SourceError],
    why: str,
) -> None:
    async with raw_server(answer) as server:
        with pytest.raises(error) as caught:
            await make(server.url()).send("POST", server.url(), body=b"x")
        assert server.connections == 1
    assert why in caught.value.why


async def test_refused_means_that_nothing_was_sent(make: Make, free_port: Callable[[], int]) -> None:
    url = f"http://127.0.0.1:{free_port()}/"
    with pytest.raises(RefusedError, match="nothing was sent: refused"):
        await make(url).send("POST", url)


async def test_a_black_hole_gets_nothing(make: Make) -> None:
    with black_hole() as port:
        url = f"http://127.0.0.1:{port}/"
        with pytest.raises(RefusedError, match=r"nothing was sent: no connection in 0\.5 s"):
            await make(url, seconds=0.5).send("POST", url)


async def test_no_such_name(make: Make) -> None:
    url = "http://no-such-host.invalid/"
    with pytest.raises(RefusedError, match="nothing was sent: "):
        await make(url).send("POST", url)


async def test_a_server_behind_another_is_not_reached_directly(make: Make, base: str) -> None:
    with pytest.raises(RefusedError, match="nothing was sent: web-1: sources behind a server"):
        await make(base, behind="web-1").send("POST", f"{base}/x")
    assert CALLS == []


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://evil.internal/x", "is on no server that the configuration names"),
        ("http://127.0.0.1:1/x", "is on no server that the configuration names"),
        ("http://127.0.0.1.evil.internal/x", "is on no server that the configuration names"),
        ("https://127.0.0.1:9/x", "is on no server that the configuration names"),
        ("ftp://127.0.0.1:9/x", "is on no server that the configuration names"),
        ("http://[::1/", "cannot be read"),
    ],
)
async def test_other_servers_are_refused(make: Make, url: str, why: str) -> None:
    with pytest.raises(RefusedError, match=why):
        await make("http://127.0.0.1:9/").send("POST", url)


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({"X-A": "a\r\nX-B: b"}, "control character"),
        ({"X-A": "a\nb"}, "control character"),
        ({"X-A": "größe"}, "characters that headers cannot have"),
        ({"X-A:": "a"}, "cannot be set"),
        ({"Content-Length": "5"}, "cannot be set"),
        ({"Transfer-Encoding": "chunked"}, "cannot be set"),
    ],
)
async def test_headers_that_would_break_out_are_refused(
    make: Make, base: str, headers: dict[str, str], why: str
) -> None:
    with pytest.raises(RefusedError, match=why):
        await make(base).send("POST", f"{base}/x", headers)
    assert CALLS == []


async def test_other_methods_are_refused(make: Make, base: str) -> None:
    with pytest.raises(RefusedError, match="'TRACE' is not sent"):
        await make(base).send("TRACE", f"{base}/x")


async def test_it_keeps_no_leases_and_knows_no_rights(make: Make, base: str) -> None:
    hands = make(base)
    assert await hands.hold("x", "kim", 60) is None
    await hands.let_go("x", "kim")
    assert await hands.why_not(["anything"]) == ""


# TLS and sockets


async def test_certificates_are_verified_and_ours_are_shown(make: Make, tmp_path: Path) -> None:
    authority = trustme.CA()
    ca_file, client = tmp_path / "ca.pem", tmp_path / "client.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    authority.issue_cert("console").private_key_and_cert_chain_pem.write_to_path(str(client))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    ok = b"HTTP/1.1 204 No Content\r\n\r\n"
    async with raw_server(ok, context) as server:
        url = server.url(scheme="https")
        with pytest.raises(RefusedError, match="nothing was sent: TLS: "):
            await make(url).send("POST", url)
        answer = await make(url, TlsFiles(str(ca_file), str(client))).send("POST", url)
        assert answer.status == 204
        assert len(server.heads) == 1


async def test_over_a_unix_socket(make: Make, tmp_path: Path) -> None:
    path = tmp_path / "app.sock"
    with uvicorn_server(APP, uds=str(path)):
        url = f"http+unix://{str(path).replace('/', '%2F')}/flags"
        hands = make(url)
        assert json.loads((await hands.send("POST", url)).body)["path"] == "/flags"
        assert hands.server == str(path)


# hands of a collector


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    note: str = ""
    gauge: Url | None = None
    url: Url | None = None
    act_url: Url | None = None
    ca_file: str = ""


class Switch(Collector[Options]):
    practice: ClassVar[Practice] = Practice.DRAINS
    Options: ClassVar[type[Options]] = Options

    async def collect(self) -> Sweep:
        return self.sweep(())


def switch(options: Options, server: str = "") -> Collector[Any]:
    return Switch(options, Context(collector="switch", server=server))


async def test_a_collectors_hands_reach_the_servers_of_its_options(base: str) -> None:
    options = Options(
        gauge=SecretUrl(f"{base}/gauge"),
        url=SecretUrl("http://reads.internal/x"),
        act_url=SecretUrl("http://acts.internal:8080/x"),
    )
    hands = await open_hands("http", switch(options))
    assert isinstance(hands, Hands)
    assert hands.server == http_server(SecretUrl("http://kim:x@Acts.internal:8080?y")) == "acts.internal:8080"
    assert (await hands.send("POST", f"{base}/x")).status == 200
    with pytest.raises(RefusedError, match="names for this"):
        await hands.send("POST", "http://elsewhere.internal/")
    await hands.close()


async def test_without_a_url_there_are_no_hands() -> None:
    with pytest.raises(RefusedError, match="no URL to act on"):
        await open_hands("http", switch(Options()))


async def test_hands_on_processes_are_of_this_machine_alone() -> None:
    here = await open_hands("process", switch(Options()))
    assert here.server == "this machine"
    with pytest.raises(UnsupportedError, match="web-1: nothing runs on servers here"):
        await open_hands("process", switch(Options(), "web-1"))
