"""Endpoint → Dial: what the configuration names, and how a transport gets there."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from collectors.errors import OptionsError, UnsupportedError
from collectors.secret import SecretUrl
from collectors.transport.host import Host
from collectors.transport.local import LocalHost

_PORTS = {
    "http": 80,
    "https": 443,
    "redis": 6379,
    "rediss": 6379,
    "valkey": 6379,
    "valkeys": 6379,
    "postgres": 5432,
    "postgresql": 5432,
}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A source as configured: its URL and the server through which it is reached, if any."""

    url: SecretUrl
    server: str = ""


@dataclass(frozen=True, slots=True)
class TcpDial:
    """A TCP address; ``name`` is what a certificate must carry.

    Of a port of this machine that leads through a server, ``place`` says where to. Other users of this
    machine could connect to it too, so ``opened`` closes it: call it when the connection stands, or failed.
    """

    host: str
    port: int
    name: str
    place: str = ""
    opened: Callable[[], Awaitable[None]] | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class UnixDial:
    """A UNIX socket; ``name`` is what a certificate must carry, empty for a local server.

    Of a socket that leads through a server, ``place`` says where to. Such a socket takes every connection
    and hangs up if nobody is there: ``probe`` connects once and raises what the server said of the address.
    """

    path: str
    name: str = ""
    place: str = ""
    probe: Callable[[], Awaitable[None]] | None = field(default=None, compare=False, repr=False)


Dial = TcpDial | UnixDial


class Dialer(Protocol):
    """Turns an Endpoint into a Dial, opening a way to it where one is needed."""

    async def dial(self, endpoint: Endpoint) -> Dial:
        """The way to ``endpoint``; raises SourceError where there is none."""
        ...

    def host(self, server: str) -> Host:
        """The machine of a server's name, this one for an empty name; asking costs nothing."""
        ...


class DirectDialer:
    """Reaches sources from this machine."""

    async def dial(self, endpoint: Endpoint) -> Dial:
        """The address in the URL; raises UnsupportedError for a source behind a server."""
        if endpoint.server:
            raise UnsupportedError(
                f"{endpoint.server}: sources behind a server cannot be reached yet",
                "run the console on that server, or forward the port by hand and drop `server`",
            )
        return direct(endpoint.url)

    def host(self, server: str) -> Host:
        """This machine; raises UnsupportedError for a server."""
        if server:
            raise UnsupportedError(f"{server}: nothing runs on servers here")
        return LocalHost()


def direct(url: SecretUrl) -> Dial:
    """The address that a URL names; raises OptionsError where it names none.

    UNIX sockets: ``unix:///path``, ``redis+unix:///path``, ``postgres:///db?host=/folder``,
    ``http+unix://%2Frun%2Fapp.sock/readyz``.
    """
    try:
        parts = urlsplit(url.reveal())
    except ValueError:
        raise OptionsError(
            f"{url.shown}: its host cannot be read", "write it as scheme://host:port"
        ) from None
    scheme = parts.scheme.lower()
    if scheme in ("unix", "redis+unix", "valkey+unix"):
        return _socket(url, parts.path, elsewhere=parts.netloc.rpartition("@")[2])
    if scheme in ("http+unix", "https+unix"):
        return _socket(url, parts.netloc.rpartition("@")[2])
    port = _port(url, parts)
    if scheme in ("postgres", "postgresql"):
        query = parse_qs(parts.query)
        folder = query.get("host", [""])[0]
        if folder.startswith("/"):
            return UnixDial(f"{folder}/.s.PGSQL.{port or query.get('port', ['5432'])[0]}")
    host, port = parts.hostname, port or _PORTS.get(scheme)
    if not host or port is None:
        raise OptionsError(f"{url.shown} names no host and port", "write it as scheme://host:port")
    return TcpDial(host, port, host)


def _socket(url: SecretUrl, path: str, *, elsewhere: str = "") -> UnixDial:
    path = unquote(path)
    if elsewhere or not path.startswith("/"):
        raise OptionsError(f"{url.shown} names no socket", "write its whole path: scheme:///run/app.sock")
    return UnixDial(path)


def _port(url: SecretUrl, parts: SplitResult) -> int | None:
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise OptionsError(f"{url.shown}: the port is not a number from 1 to 65535") from None
    return port
