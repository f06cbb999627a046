"""The way to a Redis: through Sentinels, with TLS, and what is refused at the door."""

import asyncio
import ssl
from pathlib import Path

from redis.exceptions import RedisError

from collectors.base import Context
from collectors.errors import AccessError, SourceError, UnreachableError, UnsupportedError
from collectors.secret import SecretUrl
from collectors.text import one_line
from collectors.transport.endpoint import Dial, Endpoint
from collectors.transport.read.redis_address import Address, Login, parse_address
from collectors.transport.read.redis_errors import explain
from collectors.transport.read.redis_link import Link, Server
from collectors.transport.read.redis_options import RedisOptions


class Way:
    """How one collector's options reach their server; ``where`` names it in words.

    ``cluster``: whether a node of a cluster may be read by itself.
    """

    def __init__(self, context: Context, options: RedisOptions, *, cluster: bool) -> None:
        self._context = context
        self._options = options
        self._cluster = cluster
        self.address: Address = parse_address(options.url)
        self.where = str(one_line(options.url.shown, 120))
        self._tls: ssl.SSLContext | None = None

    async def open(self, dial: Dial) -> Link:
        """A connection that is logged in, named and known to be of the right kind."""
        tls = await self._tls_context() if self.address.tls else None
        link = await Link.open(dial, tls, self.address.login, self.address.db)
        try:
            await link.introduce(self._context.clock)
            self._refuse(link.server)
        except BaseException:
            await link.close()
            raise
        return link

    def _refuse(self, server: Server) -> None:
        if server.loading:
            raise UnreachableError(
                f"{self.where} is loading its data, {server.loading} % done", "it answers when that is done"
            )
        if server.mode == "sentinel":
            raise UnsupportedError(
                f"{self.where} is a Sentinel, not the server it watches",
                "write redis+sentinel://host:26379/primary-name",
            )
        if server.mode == "cluster" and not self._cluster:
            raise UnsupportedError(
                f"{self.where} is a node of a Redis Cluster, whose queues are spread over its nodes",
                "name a server that stands alone; clusters cannot be read here",
            )
        if self.address.sentinels and server.role not in ("", "master"):
            raise UnreachableError(
                f"{self.where}: the Sentinels name a primary that says it is a replica",
                "a failover is under way",
            )

    async def primary(self) -> Dial:
        """Where the server is now; asks the Sentinels where there are some."""
        address, dialer = self.address, self._context.dialer
        if not address.sentinels:
            return await dialer.dial(self._context.endpoint(address.url))
        reasons = []
        for sentinel in address.sentinels:
            try:
                found = await self._asked(sentinel, address.sentinel_login)
            except (RedisError, OSError, SourceError) as error:
                reasons.append(str(explain(error, str(sentinel.shown)).why))
                continue
            if found is not None:
                host, port = found
                url = SecretUrl(f"redis://{f'[{host}]' if ':' in host else host}:{port}")
                return await dialer.dial(Endpoint(url, self._context.server))
            reasons.append(f"{sentinel.shown} knows no primary {address.primary!r}")
        raise UnreachableError("no Sentinel named a primary: " + "; ".join(reasons), "check names and ports")

    async def _asked(self, sentinel: SecretUrl, login: Login) -> tuple[str, int] | None:
        """What one Sentinel says; a silent one gets its share of the time only."""
        share = self._context.timeout / (len(self.address.sentinels) + 1)
        async with asyncio.timeout(share):
            dial = await self._context.dialer.dial(Endpoint(sentinel, self._context.server))
            tls = await self._tls_context() if self.address.tls else None
            link = await Link.open(dial, tls, login)
            try:
                [found] = await link.exchange([("SENTINEL", "GET-MASTER-ADDR-BY-NAME", self.address.primary)])
            finally:
                await link.close()
        if isinstance(found, Exception):
            raise found
        return (found[0].decode(), int(found[1])) if found else None

    async def _tls_context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = await asyncio.to_thread(_tls_context, self._options)
        return self._tls


def _tls_context(options: RedisOptions) -> ssl.SSLContext:
    context = ssl.create_default_context()
    try:
        if options.ca_file:
            context.load_verify_locations(Path(options.ca_file).expanduser())
        if options.client_cert:
            key = Path(options.client_key).expanduser() if options.client_key else None
            context.load_cert_chain(Path(options.client_cert).expanduser(), key)
    except (OSError, ssl.SSLError) as error:
        raise AccessError(
            f"ca_file, client_cert or client_key cannot be read: {error.strerror or error}",
            "they must be PEM files that this user may read",
        ) from None
    return context
