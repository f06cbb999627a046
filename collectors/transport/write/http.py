"""Hands by HTTP: each request sent once, to the servers that the configuration names, never redirected."""

import dataclasses
import uuid
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from collectors.action import RefusedError
from collectors.base import Collector
from collectors.errors import OptionsError, SourceError
from collectors.hands import HttpAnswer, http_server
from collectors.secret import Secret, SecretUrl
from collectors.transport.endpoint import Dialer, DirectDialer, Endpoint
from collectors.transport.exchange import Ask, Exchanger, Progress, Target
from collectors.transport.resolve import Resolver
from collectors.transport.tls import NO_FILES, TlsFiles

BODY_LIMIT = 64 * 1024
"""Bytes of an answer's body; the rest is not read."""

METHODS = ("POST", "PUT", "PATCH", "DELETE", "GET")
"""What may be sent: there are switches that listen to GET."""

KEY = "idempotency-key"
"""By it a server that knows the header takes one request for one, whoever repeats it on the way."""


class Hands(Exchanger):
    """``collectors.hands.HttpHands`` on the servers of ``urls``, the first of which is ``server``.

    ``seconds`` are for one request in all; ``behind`` is the server through which they are reached.
    """

    def __init__(
        self,
        urls: Sequence[SecretUrl],
        files: TlsFiles = NO_FILES,
        *,
        seconds: float = 10.0,
        dialer: Dialer | None = None,
        behind: str = "",
        resolver: Resolver | None = None,
    ) -> None:
        super().__init__(files, resolver)
        self._servers = {_origin(url): None for url in urls}
        self._server = http_server(urls[0])
        self._seconds = seconds
        self._dialer = dialer or DirectDialer()
        self._behind = behind

    @property
    def server(self) -> str:
        """Host and port as the URL writes them: ``flags.internal``."""
        return self._server

    async def send(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> HttpAnswer:
        """Send it once; RefusedError where nothing was sent, SourceError where no answer came.

        Any status is an answer. Of an answer that came in an encoding the body is left out.
        """
        ask, secret = self._ask(method, url, headers or {}, body)
        progress = Progress()
        try:
            dial = await self._dialer.dial(Endpoint(secret, self._behind))
            response = await self._exchange(ask, dial, self._seconds, progress)
        except (SourceError, OptionsError) as error:
            if progress.sent and isinstance(error, SourceError):
                raise
            raise RefusedError(f"nothing was sent: {error.why}", error.hint) from None
        return HttpAnswer(response.status, response.body)

    async def why_not(self, needs: Sequence[str]) -> str:  # noqa: ARG002 - HTTP tells rights by trying alone
        """Nothing: what this login may do is not told before it is done."""
        return ""

    async def hold(self, name: str, who: str, seconds: float) -> str | None:  # noqa: ARG002 - there is nothing to hold
        """None: a server by HTTP keeps no leases."""
        return None

    async def let_go(self, name: str, who: str) -> None:
        """Nothing is held."""

    def _ask(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> tuple[Ask, SecretUrl]:
        if method not in METHODS:
            raise RefusedError(f"{method!r} is not sent", f"there are {', '.join(METHODS)}")
        secret = SecretUrl(url)
        if _origin(secret) not in self._servers:
            raise RefusedError(f"{secret.shown} is on no server that the configuration names for this")
        sent = {KEY: uuid.uuid4().hex, **{name.lower(): value for name, value in headers.items()}}
        if not all(value.isascii() for value in sent.values()):
            raise RefusedError("a header has characters that headers cannot have", "encode it")
        try:
            target = Target.of(secret, {name: Secret(value) for name, value in sent.items()})
        except OptionsError as error:
            raise RefusedError(error.why, error.hint) from None
        return Ask(target, method, body, BODY_LIMIT, encoded=True), secret


async def open_hands(collector: Collector[Any]) -> Hands:
    """Hands on the servers of all URLs among the collector's options; nothing is dialled yet.

    Raises RefusedError where there is no URL that HTTP can reach.
    """
    options, context = collector.options, collector.context
    urls = http_urls(options)
    if not urls:
        raise RefusedError("there is no URL to act on", "set `act_url`")
    files = TlsFiles(*(str(getattr(options, name, "")) for name in ("ca_file", "client_cert", "client_key")))
    return Hands(urls, files, seconds=context.timeout, dialer=context.dialer, behind=context.server)


def http_urls(options: Any) -> list[SecretUrl]:  # noqa: ANN401 - an adapter's option dataclass
    """URLs of HTTP among the options: ``act_url`` first, then ``url``, then the others in their order."""
    names = [field.name for field in dataclasses.fields(options)]
    names.sort(key=lambda name: ("act_url", "url").index(name) if name in ("act_url", "url") else 2)
    found = [getattr(options, name) for name in names]
    return [url for url in found if isinstance(url, SecretUrl) and url.scheme.startswith("http")]


def _origin(url: SecretUrl) -> tuple[str, str, int | None]:
    """What makes two URLs go to one server."""
    try:
        parts = urlsplit(url.reveal())
        port = parts.port
    except ValueError:
        raise RefusedError("a URL whose host cannot be read is not sent to") from None
    host = parts.netloc.rpartition("@")[2]
    if url.scheme.endswith("unix"):
        return url.scheme, unquote(host), None
    return url.scheme, parts.hostname or "", port or {"http": 80, "https": 443}.get(url.scheme)
