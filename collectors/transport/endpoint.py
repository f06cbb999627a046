"""Endpoint → Dial: what the configuration names, and how a transport gets there."""

from dataclasses import dataclass
from typing import Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from collectors.errors import OptionsError, UnsupportedError
from collectors.secret import SecretUrl

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
    """A TCP address; ``name`` is what a certificate must carry."""

    host: str
    port: int
    name: str


@dataclass(frozen=True, slots=True)
class UnixDial:
    """A UNIX socket; ``name`` is what a certificate must carry, empty for a local server."""

    path: str
    name: str = ""


Dial = TcpDial | UnixDial


class Dialer(Protocol):
    """Turns an Endpoint into a Dial, opening a way to it where one is needed."""

    async def dial(self, endpoint: Endpoint) -> Dial:
        """The way to ``endpoint``; raises SourceError where there is none."""
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


def direct(url: SecretUrl) -> Dial:
    """The address that a URL names; raises OptionsError where it names none.

    UNIX sockets: ``unix:///path``, ``redis+unix:///path``, ``postgres:///db?host=/folder``,
    ``http+unix://%2Frun%2Fapp.sock/readyz``.
    """
    parts = urlsplit(url.reveal())
    scheme = parts.scheme.lower()
    if scheme in ("unix", "redis+unix", "valkey+unix"):
        return UnixDial(unquote(parts.path))
    if scheme in ("http+unix", "https+unix"):
        return UnixDial(unquote(parts.netloc.rpartition("@")[2]))
    if scheme in ("postgres", "postgresql"):
        folder = parse_qs(parts.query).get("host", [""])[0]
        if folder.startswith("/"):
            return UnixDial(f"{folder}/.s.PGSQL.{_port(url) or 5432}")
    host = parts.hostname
    port = _port(url) or _PORTS.get(scheme)
    if not host or port is None:
        raise OptionsError(f"{url.shown} names no host and port", "write it as scheme://host:port")
    return TcpDial(host, port, host)


def _port(url: SecretUrl) -> int | None:
    try:
        return urlsplit(url.reveal()).port
    except ValueError:
        raise OptionsError(f"{url.shown}: the port is not a number from 1 to 65535") from None
