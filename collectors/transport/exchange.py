"""One HTTP exchange: dialled anew, never redirected, never decompressed, never endless, never sent twice.

It is for the transports in ``read`` and ``write`` alone, and an import contract holds it: a reader gives
out GET and HEAD.
"""

import asyncio
import base64
import sys
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any, Self, cast
from urllib.parse import quote, unquote, urlsplit

import httpx

from collectors.errors import (
    AnswerError,
    OptionsError,
    SourceError,
    TimedOutError,
    UnreachableError,
)
from collectors.secret import Secret, SecretUrl
from collectors.text import one_line
from collectors.transport.endpoint import Dial, TcpDial, UnixDial
from collectors.transport.faults import place_of, socket_fault, through
from collectors.transport.headers import check_header
from collectors.transport.resolve import Resolver
from collectors.transport.spans import span
from collectors.transport.tls import NO_FILES, TlsFiles, client_context, not_after

BODY_LIMIT = 1 << 20
"""Bytes of a body, as they come over the wire."""

CHUNK_LIMIT = 20_000
"""Pieces of a body: one byte in each would otherwise keep the loop busy for minutes."""

ACCEPT = "application/health+json, application/json, text/plain;q=0.9, */*;q=0.1"
"""Some frameworks answer with an HTML page unless JSON is asked for."""

if "sniffio" not in sys.modules and find_spec("sniffio") is None:
    # httpcore asks for it several times a request, and each time the whole path was searched in vain.
    sys.modules["sniffio"] = None  # type: ignore[assignment]  # how Python is told that there is none

_PHASES = {
    "prepare": "this console was too busy to begin",
    "name": "the name server does not answer",
    "connect_tcp": "no connection",
    "connect_unix_socket": "no connection",
    "start_tls": "no TLS handshake",
    "send_request_headers": "no answer",
    "receive_response_body": "answer not finished",
}


@dataclass(frozen=True, slots=True)
class Response:
    """One answer.

    ``headers``: lower-case names and values in the order sent. ``body``: at most the limit, cut
    where ``truncated``. ``elapsed``: seconds from dialling to the end of the body.
    ``cert_not_after``: UTC epoch seconds, None without TLS. ``remembered``: the name server did not
    answer, and the last known address was used.
    """

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    elapsed: float = 0.0
    truncated: bool = False
    cert_not_after: float | None = None
    remembered: bool = False

    def header(self, name: str) -> str:
        """The value of a header, several joined by commas, empty where it is missing."""
        return ", ".join(value for header, value in self.headers if header == name.lower())


@dataclass(frozen=True, slots=True)
class Target:
    """What is asked for: with TLS or not, the Host header, path with query, and further headers."""

    tls: bool
    authority: str
    path: Secret
    headers: tuple[tuple[str, Secret], ...] = ()

    @classmethod
    def of(cls, url: SecretUrl, headers: Mapping[str, Secret] | None = None) -> Self:
        """From a configured URL (http, https, http+unix, https+unix) and its headers.

        A user and a password in the URL become Basic authentication. Raises OptionsError for what
        cannot be sent.
        """
        parts = urlsplit(url.reveal())
        scheme = parts.scheme.lower()
        if scheme not in ("http", "https", "http+unix", "https+unix"):
            raise OptionsError(
                f"{url.shown}: {scheme}:// cannot be read by HTTP", "write http:// or https://"
            )
        user, _, host = parts.netloc.rpartition("@")
        path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~")
        if parts.query:
            path += "?" + quote(parts.query, safe="/%:@!$&'()*+,;=~?")
        sent = {name.lower(): value for name, value in (headers or {}).items()}
        for name, value in sent.items():
            check_header(name, value)
        if user:
            name, _, password = user.partition(":")
            login = f"{unquote(name)}:{unquote(password)}".encode()
            sent.setdefault("authorization", Secret("Basic " + base64.b64encode(login).decode()))
        authority = "localhost" if scheme.endswith("unix") else host
        return cls(scheme.startswith("https"), authority, Secret(path), tuple(sent.items()))


@dataclass(frozen=True, slots=True)
class Ask:
    """What is sent: ``encoded`` takes an answer in an encoding too, and drops its body."""

    target: Target
    method: str
    body: bytes = b""
    limit: int = BODY_LIMIT
    encoded: bool = False


@dataclass(slots=True)
class Progress:
    """How far an exchange has come: httpcore tells each step.

    ``sent``: a byte of the request may have left, so that what came of it is not known without an answer.
    """

    phase: str = "prepare"
    sent: bool = False
    began: float = field(default_factory=time.perf_counter)

    def begin(self) -> None:
        """Start the clock: what came before was our own work."""
        self.phase, self.began = "name", time.perf_counter()

    async def __call__(self, event: str, _info: Mapping[str, Any]) -> None:
        """Note a step, as httpcore names it."""
        step, _, moment = event.rpartition(".")
        phase = step.rpartition(".")[2]
        self.sent = self.sent or phase == "send_request_headers"
        if moment == "started" and phase in _PHASES:
            self.phase = phase

    @property
    def connecting(self) -> bool:
        """Whether no connection stands yet."""
        return self.phase.startswith("connect_")


class Exchanger:
    """Makes exchanges; one for all of a loop that share TLS files, as making a context is dear.

    Each looks the name up, connects, shakes hands and hangs up. Proxies, cookies and redirects do not
    exist here.
    """

    def __init__(self, files: TlsFiles = NO_FILES, resolver: Resolver | None = None) -> None:
        self._files = files
        self._resolver = resolver or Resolver()
        self._transports: dict[tuple[str, bool], httpx.AsyncHTTPTransport] = {}
        self._making = asyncio.Lock()

    async def _exchange(self, ask: Ask, dial: Dial, seconds: float, progress: Progress) -> Response:
        """One answer within ``seconds`` in all; raises SourceError, or OptionsError for no request."""
        place = place_of(dial)
        try:
            async with asyncio.timeout(seconds):
                return await self._dialled(ask, dial, progress, seconds)
        except TimeoutError:
            raise _timed_out(progress, place, seconds) from None
        except (httpx.TransportError, httpx.InvalidURL, OSError) as error:
            if ask.target.tls and self._files != NO_FILES and not progress.connecting:
                await self._forget()  # a certificate may have been renewed; a refusal can come as a reset
            fault = _fault(error, progress, place, seconds)
            raise (await through(dial, fault) if isinstance(fault, SourceError) else fault) from None

    async def close(self) -> None:
        """Close everything; never raises."""
        await self._forget()

    async def _dialled(self, ask: Ask, dial: Dial, progress: Progress, seconds: float) -> Response:
        before = progress.began
        transport = await self._transport(ask.target, dial)
        progress.begin()
        seconds -= progress.began - before
        if isinstance(dial, UnixDial):
            return await _once(transport, _request(ask, dial, "localhost", progress, None), ask, progress)
        addresses, remembered = await self._resolver.addresses(dial.host, seconds)
        for left in range(len(addresses), 0, -1):
            spent = time.perf_counter() - progress.began
            patience = (seconds - spent) / left if left > 1 else None
            request = _request(ask, dial, addresses[-left], progress, patience)
            try:
                return await _once(transport, request, ask, progress, remembered=remembered)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if left == 1 or not progress.connecting:
                    raise
        raise UnreachableError("no such name", f"{dial.host} has no address")

    async def _transport(self, target: Target, dial: Dial) -> httpx.AsyncHTTPTransport:
        path = dial.path if isinstance(dial, UnixDial) else ""
        key = (path, target.tls)
        async with self._making:
            if key not in self._transports:
                # without TLS no context is needed; httpx makes an empty one for False
                verify = await asyncio.to_thread(client_context, self._files) if target.tls else False
                self._transports[key] = httpx.AsyncHTTPTransport(
                    verify=verify,
                    trust_env=False,
                    uds=path or None,
                    limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
                )
            return self._transports[key]

    async def _forget(self) -> None:
        transports, self._transports = self._transports, {}
        for transport in transports.values():
            await transport.aclose()


def _request(ask: Ask, dial: Dial, host: str, progress: Progress, connect: float | None) -> httpx.Request:
    target = ask.target
    scheme = "https" if target.tls else "http"
    port = dial.port if isinstance(dial, TcpDial) else None
    raw_path = target.path.reveal().encode("ascii")
    extensions: dict[str, Any] = {"trace": progress, "timeout": {"connect": connect}}
    if target.tls:
        extensions["sni_hostname"] = dial.name or target.authority.partition(":")[0]
    headers = {"host": target.authority, "accept": ACCEPT, "user-agent": "quarterdeck"}
    headers.update({name: value.reveal() for name, value in target.headers})
    headers.update({"accept-encoding": "identity", "connection": "close"})
    url = httpx.URL(scheme=scheme, host=host, port=port, raw_path=raw_path)
    content = ask.body or None
    return httpx.Request(ask.method, url, headers=headers, content=content, extensions=extensions)


async def _once(
    transport: httpx.AsyncHTTPTransport,
    request: httpx.Request,
    ask: Ask,
    progress: Progress,
    *,
    remembered: bool = False,
) -> Response:
    response = await transport.handle_async_request(request)
    try:
        encoding = response.headers.get("content-encoding", "identity").strip().lower()
        coded = encoding not in ("", "identity")
        if coded and not ask.encoded:
            raise AnswerError(
                f"{one_line(encoding, 40)}-encoded answer refused",
                "it was asked for a plain one; let the server or the proxy before it honour Accept-Encoding",
            )
        stream = response.extensions.get("network_stream")
        ends = not_after(stream.get_extra_info("ssl_object")) if stream is not None else None
        body, truncated = (b"", True) if coded else await _body(response, ask.limit)
        headers = tuple(
            (name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in response.headers.raw
        )
        elapsed = time.perf_counter() - progress.began
        return Response(response.status_code, headers, body, elapsed, truncated, ends, remembered)
    finally:
        await response.aclose()


async def _body(response: httpx.Response, limit: int) -> tuple[bytes, bool]:
    body = bytearray()
    pieces = 0
    # an asynchronous generator, though its annotation says less
    stream = cast("AsyncGenerator[bytes, None]", response.aiter_raw())
    async with aclosing(stream):
        async for piece in stream:
            pieces += 1
            over = len(body) + len(piece) > limit
            body += piece[: limit - len(body)]
            if over or pieces >= CHUNK_LIMIT:
                return bytes(body), True
            if pieces % 256 == 0:
                await asyncio.sleep(0)
    return bytes(body), False


def _timed_out(progress: Progress, place: str, seconds: float) -> TimedOutError:
    return TimedOutError(f"{_PHASES[progress.phase]} in {span(seconds)}", f"{place} takes too long")


def _fault(
    error: BaseException, progress: Progress, place: str, seconds: float
) -> SourceError | OptionsError:
    """Map by type: the drivers' messages are often empty."""
    if isinstance(error, httpx.TimeoutException):
        return _timed_out(progress, place, seconds)
    if isinstance(error, (httpx.LocalProtocolError, httpx.InvalidURL)):
        return OptionsError(f"cannot be asked for: {one_line(error, 120)}", "correct url and headers")
    if isinstance(error, httpx.RemoteProtocolError):
        message = str(error)
        if "without sending a response" in message:
            return UnreachableError("closed without an answer", f"{place} hung up")
        if "complete message body" in message or "incomplete chunked" in message:
            return AnswerError("cut off in the middle of the answer", f"{place} hung up")
        return AnswerError(f"not HTTP: {one_line(message, 120)}", f"does {place} speak HTTP?")
    return socket_fault(error, place) or UnreachableError(
        f"failed: {one_line(str(error) or type(error).__name__, 120)}", place
    )
